-- Watching: how each alert stands, what was told to whom, and what the sources usually bring. All of it may be
-- deleted: alerts that still hold are then told once more.

CREATE TABLE alerts (
    rule        TEXT NOT NULL,
    subject     TEXT NOT NULL, -- what it is about: a source, a mailbox, a finding; empty: the whole
    level       TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
    active      INTEGER NOT NULL CHECK (active IN (0, 1)),
    fired_at    TEXT,
    bad_at      TEXT,             -- when it was last bad
    told_at     TEXT,             -- when a person was last told
    resolved_at TEXT,
    value       INTEGER NOT NULL, -- of a rule that counts: the number as it was last seen,
    base        INTEGER NOT NULL, -- before it fired,
    told        INTEGER NOT NULL, -- and how much more than that was told
    text        TEXT NOT NULL,
    fix         TEXT NOT NULL,
    PRIMARY KEY (rule, subject),
    CHECK (active = 0 OR fired_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE notices (
    id      INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    what    TEXT NOT NULL CHECK (what IN ('fired', 'repeated', 'resolved', 'test', 'summary')),
    level   TEXT NOT NULL,
    title   TEXT NOT NULL,
    text    TEXT NOT NULL,
    fix     TEXT NOT NULL,
    rule    TEXT NOT NULL,
    subject TEXT NOT NULL,
    since   TEXT
) STRICT;

CREATE TABLE notice_deliveries (
    notice   INTEGER NOT NULL,
    channel  TEXT NOT NULL,
    tries    INTEGER NOT NULL,
    due_at   TEXT,    -- when it is tried (again); NULL: it is over
    ended_at TEXT,
    sent     INTEGER NOT NULL CHECK (sent IN (0, 1)),
    error    TEXT NOT NULL,
    PRIMARY KEY (notice, channel),
    CHECK ((due_at IS NULL) = (ended_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE source_hours (
    -- What came in by the hour: what is usual, and what the summary tells.
    hour   INTEGER NOT NULL, -- since 1970
    source TEXT NOT NULL,
    kind   TEXT NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (hour, source, kind)
) STRICT, WITHOUT ROWID;
