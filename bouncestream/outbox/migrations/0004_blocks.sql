CREATE TABLE block (
    -- Raw bodies that were committed together, compressed together: half of the time, half of the space.
    id   INTEGER PRIMARY KEY, -- raw.id of the first one
    last INTEGER NOT NULL,    -- raw.id of the last one
    body BLOB NOT NULL        -- zlib
) STRICT;

ALTER TABLE raw ADD COLUMN block INTEGER; -- block.id, where the body is then instead of here: `bytes` bytes of it,
ALTER TABLE raw ADD COLUMN start INTEGER; -- from here on
