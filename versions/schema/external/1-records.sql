-- The application's data. The columns named here stay, so that a build of any version can read and write them.
CREATE TABLE records (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  key   TEXT NOT NULL UNIQUE,
  value TEXT NOT NULL
);
