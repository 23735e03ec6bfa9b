-- Records can carry labels.
CREATE TABLE record_labels (
  record_id INTEGER NOT NULL REFERENCES records (id) ON DELETE CASCADE,
  label     TEXT NOT NULL,
  PRIMARY KEY (record_id, label)
);
