-- Members can be put in groups, by failure domain for instance.
CREATE TABLE internal_member_groups (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  label TEXT NOT NULL UNIQUE
);
ALTER TABLE internal_cluster_members ADD COLUMN group_id INTEGER REFERENCES internal_member_groups (id);
