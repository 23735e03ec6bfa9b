-- The names of the API extensions that each member's build knows, as a JSON list. Nobody has recorded any yet.
ALTER TABLE internal_cluster_members ADD COLUMN api_extensions TEXT NOT NULL DEFAULT '[]';
