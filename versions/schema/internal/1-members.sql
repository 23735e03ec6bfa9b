-- Who is in the cluster, and which schema version each member runs.
CREATE TABLE internal_cluster_members (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  name            TEXT NOT NULL UNIQUE,
  address         TEXT NOT NULL UNIQUE,
  schema_internal INTEGER NOT NULL,
  schema_external INTEGER NOT NULL,
  heartbeat       TEXT NOT NULL,
  role            TEXT NOT NULL
);
