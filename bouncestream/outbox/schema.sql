-- A new outbox. A change here needs a file in migrations/ that does the same to an older outbox.
-- Times are ISO 8601 in UTC with milliseconds and a Z, so that they sort as text.
-- Order is always the integer key, never a time; the newest row of a table is never removed, so that no key returns.

PRAGMA application_id = 0x626e6365; -- 'bnce': this file is a bouncestream outbox

CREATE TABLE meta (
    -- What belongs to this database as a whole: `identity_secret`, `instance`, `rows_shown:<Listmonk version>` …
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id                INTEGER PRIMARY KEY,  -- the order of arrival
    event_id          TEXT NOT NULL UNIQUE, -- UUIDv7; Listmonk's row carries it in `meta`
    state             TEXT NOT NULL DEFAULT 'pending',
    kind              TEXT NOT NULL,
    recipient         TEXT NOT NULL,        -- bare address, lower case; empty when only the UUID is known
    subscriber_uuid   TEXT NOT NULL DEFAULT '',
    campaign_uuid     TEXT NOT NULL DEFAULT '',
    source            TEXT NOT NULL,        -- name of the webhook or mailbox
    provider          TEXT NOT NULL,
    received_at       TEXT NOT NULL,
    occurred_at       TEXT NOT NULL,        -- as told; received_at where nothing believable was told
    reason            TEXT NOT NULL DEFAULT '',
    reply_code        TEXT NOT NULL DEFAULT '',
    enhanced_status   TEXT NOT NULL DEFAULT '',
    diagnostic        TEXT NOT NULL DEFAULT '',
    message_id        TEXT NOT NULL DEFAULT '',
    provider_event_id TEXT NOT NULL DEFAULT '',
    evidence          TEXT NOT NULL DEFAULT '', -- which rule decided, in words
    raw_id            INTEGER,              -- raw.id; gone after [retention] raw
    supersedes        TEXT,                 -- event_id of the milder report that this one outdoes
    superseded_by     INTEGER,              -- outbox.id of the graver one; an identity key of the milder leads on to it
    held_for          TEXT NOT NULL DEFAULT '',
    label             TEXT NOT NULL DEFAULT '', -- what Listmonk was told as `source`
    attempt           INTEGER NOT NULL DEFAULT 0, -- goes up with each claim, never reused
    failures          INTEGER NOT NULL DEFAULT 0, -- answers that were this event's own fault
    absences          INTEGER NOT NULL DEFAULT 0, -- accepted, and yet absent with nothing else to explain it
    address_form      TEXT NOT NULL DEFAULT 'email',
    next_attempt_at   TEXT,                 -- when it is due; only while pending
    finished_at       TEXT,
    why               TEXT NOT NULL DEFAULT '', -- the reason of the newest move
    unsent            INTEGER NOT NULL DEFAULT 0, -- of its attempts: nothing of them left this host
    reported          TEXT NOT NULL DEFAULT '', -- another address that the mail names; evidence only
    person            BLOB NOT NULL DEFAULT x'', -- keyed digest of the address or UUID that is told; empty: not yet noted
    domain            TEXT NOT NULL DEFAULT '', -- of the recipient
    sure              INTEGER,              -- of a proven hard: 0 when it rests on words alone, as whatever it is told
    -- A row says when it is due, why it is held and when it was finished in exactly the states where that is true.
    -- CASE and OR, as SQLite builds a table for each IN (...) of a CHECK, each time: 7 us a row.
    CHECK (CASE state
        WHEN 'pending'  THEN next_attempt_at IS NOT NULL AND finished_at IS NULL     AND held_for = ''
        WHEN 'claimed'  THEN next_attempt_at IS NULL     AND finished_at IS NULL     AND held_for = ''
        WHEN 'posted'   THEN next_attempt_at IS NULL                                 AND held_for = ''
        WHEN 'verified' THEN next_attempt_at IS NULL     AND finished_at IS NOT NULL AND held_for = ''
        WHEN 'unstored' THEN next_attempt_at IS NULL     AND finished_at IS NOT NULL AND held_for = ''
        WHEN 'dead'     THEN next_attempt_at IS NULL     AND finished_at IS NOT NULL AND held_for = ''
        WHEN 'held'     THEN next_attempt_at IS NULL     AND finished_at IS NULL
                             AND held_for IN ('unproven', 'permission', 'brake', 'operator')
        WHEN 'dropped'  THEN next_attempt_at IS NULL     AND finished_at IS NOT NULL AND held_for = ''
        ELSE FALSE END),
    CHECK (kind = 'hard' OR kind = 'soft' OR kind = 'complaint' OR kind = 'unsubscribe'),
    CHECK (address_form = 'email' OR address_form = 'uuid' OR address_form = 'unicode'),
    CHECK (recipient <> '' OR subscriber_uuid <> '')
) STRICT;

-- With the state in it, though it is always the same: only then a walk of the index needs no table.
CREATE INDEX outbox_due ON outbox (state, next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX outbox_unsettled ON outbox (id) WHERE state IN ('claimed', 'posted') AND finished_at IS NULL;
-- With OR, as SQLite then sees that a query for one of the two may use it; with IN it does not.
CREATE INDEX outbox_set_aside ON outbox (state, id) WHERE state = 'held' OR state = 'dead';

CREATE INDEX outbox_person ON outbox (person);

CREATE TABLE history (
    -- Every move of every event, in order.
    id         INTEGER PRIMARY KEY,
    outbox_id  INTEGER NOT NULL,
    at         TEXT NOT NULL,
    from_state TEXT NOT NULL, -- empty: it came in
    to_state   TEXT NOT NULL,
    why        TEXT NOT NULL
) STRICT;

CREATE INDEX history_of ON history (outbox_id, id);

CREATE TABLE seen (
    -- Identity keys: two reports that share one are one event. Kept longer than the events.
    key       BLOB PRIMARY KEY,
    outbox_id INTEGER NOT NULL,
    day       INTEGER NOT NULL -- days since 1970-01-01
) STRICT, WITHOUT ROWID;

CREATE TABLE raw (
    -- What came in, byte for byte.
    id           INTEGER PRIMARY KEY,
    received_at  TEXT NOT NULL,
    source       TEXT NOT NULL,
    content_type TEXT NOT NULL,
    bytes        INTEGER NOT NULL, -- size before compression
    encoding     TEXT NOT NULL CHECK (encoding IN ('zlib', 'none')),
    body         BLOB NOT NULL,
    block        INTEGER, -- block.id, where the body is then instead of here: `bytes` bytes of it,
    start        INTEGER, -- from here on
    headers      TEXT NOT NULL DEFAULT '' -- that its provider reads, for when it is judged again
) STRICT;

CREATE TABLE quarantine (
    -- Authenticated input that could not be read, and the first of each unknown type of a day.
    id          INTEGER PRIMARY KEY,
    received_at TEXT NOT NULL,
    source      TEXT NOT NULL,
    provider    TEXT NOT NULL,
    why         TEXT NOT NULL,
    event_type  TEXT NOT NULL DEFAULT '',
    raw_id      INTEGER NOT NULL,
    replayed_at TEXT,
    unidentified INTEGER NOT NULL DEFAULT 0 CHECK (unidentified IN (0, 1)), -- does not tell whose it is: kept for a later version
    fingerprint BLOB -- of the mail: a folder that is read again brings it once
) STRICT;

CREATE INDEX quarantine_open ON quarantine (replayed_at, id) WHERE replayed_at IS NULL;
CREATE INDEX quarantine_raw ON quarantine (raw_id);
-- Only the first 20 of an unknown type are kept raw a day.
CREATE INDEX quarantine_type ON quarantine (source, event_type, received_at) WHERE event_type <> '';

CREATE TABLE labels (
    -- How many events each label holds: a read-back costs as much as its label has rows.
    source TEXT NOT NULL,
    day    TEXT NOT NULL,
    number INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (source, day, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE tally (
    -- How many events are in each state, so that no one ever counts a million rows. Kept by the store, in the same
    -- transaction, once for many rows: triggers would cost a fifth of all that is written.
    state  TEXT PRIMARY KEY,
    events INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO tally VALUES ('pending', 0), ('claimed', 0), ('posted', 0), ('verified', 0),
                         ('unstored', 0), ('dead', 0), ('held', 0), ('dropped', 0);

-- The times of views are short and for people; those of the tables are whole. What is sealed shows as `sealed`.
CREATE VIEW inbox AS
    SELECT id, replace(substr(received_at, 1, 16), 'T', ' ') AS received_at, source, kind,
           iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, reason,
           iif(diagnostic LIKE 'sealed:%', 'sealed', diagnostic) AS diagnostic,
           state, iif(why LIKE 'sealed:%', 'sealed', why) AS why, event_id
    FROM outbox ORDER BY id DESC;

CREATE VIEW pending AS
    SELECT id, replace(substr(next_attempt_at, 1, 16), 'T', ' ') AS next_attempt_at, kind,
           iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, source, attempt,
           failures, iif(why LIKE 'sealed:%', 'sealed', why) AS why, event_id
    FROM outbox WHERE state = 'pending' ORDER BY outbox.next_attempt_at, id;

CREATE VIEW unsettled AS
    SELECT id, state, label, attempt, kind, iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, source,
           iif(why LIKE 'sealed:%', 'sealed', why) AS why, event_id
    FROM outbox WHERE state IN ('claimed', 'posted') AND finished_at IS NULL ORDER BY id;

CREATE VIEW dead AS
    SELECT id, replace(substr(finished_at, 1, 16), 'T', ' ') AS finished_at, kind,
           iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, source, failures,
           iif(why LIKE 'sealed:%', 'sealed', why) AS why,
           event_id
    FROM outbox WHERE state = 'dead' ORDER BY id DESC;

CREATE VIEW held AS
    SELECT id, held_for, kind, iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, source,
           iif(why LIKE 'sealed:%', 'sealed', why) AS why, event_id
    FROM outbox WHERE state = 'held' ORDER BY id DESC;

CREATE VIEW recent AS
    SELECT replace(substr(h.at, 1, 16), 'T', ' ') AS at, o.kind,
           iif(o.recipient LIKE 'sealed:%', 'sealed', o.recipient) AS recipient, h.from_state, h.to_state,
           iif(h.why LIKE 'sealed:%', 'sealed', h.why) AS why, o.event_id
    FROM history AS h JOIN outbox AS o ON o.id = h.outbox_id ORDER BY h.id DESC LIMIT 100;

CREATE VIEW by_campaign AS
    SELECT campaign_uuid, sum(kind = 'hard') AS hard, sum(kind = 'soft') AS soft, sum(kind = 'complaint') AS complaints,
           sum(kind = 'unsubscribe') AS unsubscribes, count(*) AS events,
           replace(substr(max(received_at), 1, 16), 'T', ' ') AS newest
    FROM outbox WHERE campaign_uuid <> '' GROUP BY campaign_uuid ORDER BY max(received_at) DESC;

CREATE VIEW by_day AS
    SELECT substr(received_at, 1, 10) AS day,
           sum(kind = 'hard') AS hard, sum(kind = 'soft') AS soft, sum(kind = 'complaint') AS complaints,
           sum(kind = 'unsubscribe') AS unsubscribes, count(*) AS events
    FROM outbox GROUP BY day ORDER BY day DESC;

CREATE VIEW by_source AS
    SELECT source, provider,
           sum(kind = 'hard') AS hard, sum(kind = 'soft') AS soft, sum(kind = 'complaint') AS complaints,
           sum(kind = 'unsubscribe') AS unsubscribes, count(*) AS events,
           replace(substr(max(received_at), 1, 16), 'T', ' ') AS newest
    FROM outbox GROUP BY source, provider ORDER BY events DESC;

CREATE VIEW by_domain AS
    SELECT domain,
           sum(kind = 'hard') AS hard, sum(kind = 'soft') AS soft,
           sum(kind = 'complaint') AS complaints, count(*) AS events,
           replace(substr(max(received_at), 1, 16), 'T', ' ') AS newest
    FROM outbox WHERE domain <> '' GROUP BY domain ORDER BY events DESC;

CREATE VIEW by_reason AS
    SELECT kind, reason, count(*) AS events,
           replace(substr(max(received_at), 1, 16), 'T', ' ') AS newest
    FROM outbox GROUP BY kind, reason ORDER BY events DESC;

CREATE VIEW unsure AS
    SELECT id, replace(substr(occurred_at, 1, 16), 'T', ' ') AS occurred_at, kind,
           iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, source, reason,
           iif(diagnostic LIKE 'sealed:%', 'sealed', diagnostic) AS diagnostic,
           iif(evidence LIKE 'sealed:%', 'sealed', evidence) AS evidence, event_id
    FROM outbox WHERE sure = 0 ORDER BY id DESC;

CREATE VIEW by_state AS SELECT state, events FROM tally;

CREATE TABLE folders (
    -- How far each folder of a mailbox has been read. Written in the transaction that stores what was read.
    mailbox       TEXT NOT NULL,
    folder        TEXT NOT NULL,    -- as the configuration names it
    uidvalidity   INTEGER NOT NULL, -- UIDs mean something only together with it, RFC 3501 section 2.3.1.1
    last_uid      INTEGER NOT NULL, -- every mail up to here is done with
    first_read_at TEXT NOT NULL,
    read_at       TEXT NOT NULL,
    skipped       INTEGER NOT NULL DEFAULT 0, -- mails that were older than `start` at the first contact
    below         INTEGER NOT NULL DEFAULT 0, -- mails with a lower UID were there when these numbers were first seen
    renumbered    INTEGER NOT NULL DEFAULT 0, -- how often the server gave new numbers to all mails
    last_at       TEXT, -- INTERNALDATE of the mail `last_uid`, where it was read
    mails         INTEGER NOT NULL DEFAULT 0, -- that were really read
    aside         INTEGER NOT NULL DEFAULT 0, -- set aside unread since the last one that was read
    PRIMARY KEY (mailbox, folder)
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
    -- What is still to be done to mails whose events are stored: each is flagged or moved, and then forgotten here.
    mailbox     TEXT NOT NULL,
    folder      TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid         INTEGER NOT NULL,
    place       TEXT NOT NULL CHECK (place IN ('done', 'unidentified')),
    arrived_at  TEXT, -- INTERNALDATE: by it a mail is known again when a server gives its number to another one
    PRIMARY KEY (mailbox, folder, uidvalidity, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE tries (
    -- Mails that could not be fetched or read: after three tries, over some seconds, they go to quarantine.
    mailbox     TEXT NOT NULL,
    folder      TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid         INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    why         TEXT NOT NULL,
    at          TEXT NOT NULL, -- of the first try
    PRIMARY KEY (mailbox, folder, uidvalidity, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE passed_over (
    -- Mails that were not read again after the server gave new numbers to all of them (a new UIDVALIDITY), since they
    -- are older than the marks by which a repeated report is known.
    mailbox     TEXT NOT NULL,
    folder      TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid         INTEGER NOT NULL,
    arrived_at  TEXT NOT NULL, -- INTERNALDATE
    PRIMARY KEY (mailbox, folder, uidvalidity, uid)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX quarantine_once ON quarantine (source, fingerprint) WHERE fingerprint IS NOT NULL;

CREATE VIEW quarantined AS
    SELECT id, replace(substr(received_at, 1, 16), 'T', ' ') AS received_at, source, provider,
           iif(event_type LIKE 'sealed:%', 'sealed', event_type) AS event_type,
           iif(why LIKE 'sealed:%', 'sealed', why) AS why, raw_id
    FROM quarantine WHERE replayed_at IS NULL AND unidentified = 0 ORDER BY id DESC;

CREATE VIEW unidentified AS
    SELECT id, replace(substr(received_at, 1, 16), 'T', ' ') AS received_at, source,
           iif(why LIKE 'sealed:%', 'sealed', why) AS why, raw_id
    FROM quarantine WHERE replayed_at IS NULL AND unidentified = 1 ORDER BY id DESC;

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

CREATE TABLE block (
    -- Raw bodies that were committed together, compressed together: half of the time, half of the space.
    id   INTEGER PRIMARY KEY, -- raw.id of the first one
    last INTEGER NOT NULL,    -- raw.id of the last one
    body BLOB NOT NULL        -- zlib
) STRICT;

-- What waits to be posted again after an attempt that may have been sent: few, and none while all is calm.
CREATE INDEX outbox_again ON outbox (label) WHERE state = 'pending' AND attempt > unsent AND label <> '';

CREATE TABLE later_reads (
    -- Labels that are read again later: an older attempt of one of their events may still be recorded.
    label  TEXT PRIMARY KEY,
    step   INTEGER NOT NULL, -- 0 for the first of these reads; each waits four times as long as the one before
    due_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE data_keys (
    -- One for each month, and one for what is looked up by what it holds. `sealing` in meta: how far it is sealed.
    number  INTEGER PRIMARY KEY,  -- as it stands in each value that it sealed
    month   TEXT NOT NULL UNIQUE, -- 2026-11, or `always`
    wrapped BLOB NOT NULL         -- by the root key, which is in meta, wrapped by the operator's
) STRICT;

CREATE TABLE let_go (
    -- Events about which a person has decided: the brake holds them no more.
    outbox_id INTEGER PRIMARY KEY,
    at        TEXT NOT NULL
) STRICT;
