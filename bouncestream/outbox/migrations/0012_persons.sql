-- What a person may ask for: that all that is known of them is erased, and that nothing more is stored.
CREATE TABLE erasures (
    -- Whom an operator has erased, until nothing is left of them: what is on its way to Listmonk is settled first.
    person   BLOB PRIMARY KEY, -- keyed digest of the first of the names
    asked_at TEXT NOT NULL,
    names    TEXT NOT NULL,    -- JSON: addresses and UUIDs
    waiting  TEXT              -- JSON: numbers of the rows that are on their way; NULL: not all was looked at yet
) STRICT, WITHOUT ROWID;

CREATE TABLE suppressed (
    -- Of whom nothing is stored any more.
    person BLOB PRIMARY KEY, -- keyed digest of an address or a UUID
    day    INTEGER NOT NULL  -- days since 1970-01-01
) STRICT, WITHOUT ROWID;
