-- The size of a value in bytes, kept up by the database itself so that older builds need not know of it.
ALTER TABLE records ADD COLUMN size INTEGER GENERATED ALWAYS AS (length(CAST(value AS BLOB))) VIRTUAL;
