-- Tokens that let a new member in, each once.
CREATE TABLE internal_join_tokens (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  name       TEXT NOT NULL UNIQUE,
  secret     TEXT NOT NULL,
  expires_at TEXT NOT NULL
);
