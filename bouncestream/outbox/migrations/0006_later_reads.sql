ALTER TABLE outbox ADD COLUMN unsent INTEGER NOT NULL DEFAULT 0; -- of its attempts: nothing of them left this host

-- What waits to be posted again after an attempt that may have been sent: few, and none while all is calm.
CREATE INDEX outbox_again ON outbox (label) WHERE state = 'pending' AND attempt > unsent AND label <> '';

CREATE TABLE later_reads (
    -- Labels that are read again later: an older attempt of one of their events may still be recorded.
    label  TEXT PRIMARY KEY,
    step   INTEGER NOT NULL, -- 0 for the first of these reads; each waits four times as long as the one before
    due_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
