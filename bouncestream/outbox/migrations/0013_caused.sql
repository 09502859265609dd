-- What our bounces caused in Listmonk, so that it can be undone.
CREATE TABLE caused (
    -- What a bounce of ours caused in Listmonk, as its read-back showed it, and what an undo made of it.
    outbox_id     INTEGER PRIMARY KEY,
    seen_at       TEXT NOT NULL,
    bounce_id     INTEGER NOT NULL,          -- of Listmonk's row
    attempt       INTEGER NOT NULL,          -- the one that left the row
    subscriber_id INTEGER NOT NULL,
    subscriber    BLOB NOT NULL,             -- keyed digest of its UUID
    status        TEXT NOT NULL,             -- of the subscriber, after it; that there is a row proves that it was not blocklisted before
    action        TEXT NOT NULL,             -- of Listmonk for that kind of bounce; empty: not known
    lists         TEXT NOT NULL DEFAULT '',  -- JSON: list id → subscription status before it; empty: not looked up
    undo          TEXT NOT NULL DEFAULT '' CHECK (undo = '' OR undo = 'begun' OR undo = 'restored'),
    undo_at       TEXT,
    undo_found    TEXT NOT NULL DEFAULT ''   -- when the subscriber was last changed, as the undo found it
) STRICT;

CREATE INDEX caused_begun ON caused (subscriber_id) WHERE undo = 'begun';
