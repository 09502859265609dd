-- An outbox may be sealed ([privacy]): the keys of its values, and views that show `sealed` instead of them.
CREATE TABLE data_keys (
    -- One for each month, and one for what is looked up by what it holds. `sealing` in meta: how far it is sealed.
    number  INTEGER PRIMARY KEY,  -- as it stands in each value that it sealed
    month   TEXT NOT NULL UNIQUE, -- 2026-11, or `always`
    wrapped BLOB NOT NULL         -- by the root key, which is in meta, wrapped by the operator's
) STRICT;

DROP VIEW IF EXISTS inbox;
CREATE VIEW inbox AS
    SELECT id, replace(substr(received_at, 1, 16), 'T', ' ') AS received_at, source, kind,
           iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, reason,
           iif(diagnostic LIKE 'sealed:%', 'sealed', diagnostic) AS diagnostic,
           state, iif(why LIKE 'sealed:%', 'sealed', why) AS why, event_id
    FROM outbox ORDER BY id DESC;

DROP VIEW IF EXISTS pending;
CREATE VIEW pending AS
    SELECT id, replace(substr(next_attempt_at, 1, 16), 'T', ' ') AS next_attempt_at, kind,
           iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, source, attempt,
           failures, iif(why LIKE 'sealed:%', 'sealed', why) AS why, event_id
    FROM outbox WHERE state = 'pending' ORDER BY outbox.next_attempt_at, id;

DROP VIEW IF EXISTS unsettled;
CREATE VIEW unsettled AS
    SELECT id, state, label, attempt, kind, iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, source,
           iif(why LIKE 'sealed:%', 'sealed', why) AS why, event_id
    FROM outbox WHERE state IN ('claimed', 'posted') AND finished_at IS NULL ORDER BY id;

DROP VIEW IF EXISTS dead;
CREATE VIEW dead AS
    SELECT id, replace(substr(finished_at, 1, 16), 'T', ' ') AS finished_at, kind,
           iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, source, failures,
           iif(why LIKE 'sealed:%', 'sealed', why) AS why,
           event_id
    FROM outbox WHERE state = 'dead' ORDER BY id DESC;

DROP VIEW IF EXISTS held;
CREATE VIEW held AS
    SELECT id, held_for, kind, iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, source,
           iif(why LIKE 'sealed:%', 'sealed', why) AS why, event_id
    FROM outbox WHERE state = 'held' ORDER BY id DESC;

DROP VIEW IF EXISTS recent;
CREATE VIEW recent AS
    SELECT replace(substr(h.at, 1, 16), 'T', ' ') AS at, o.kind,
           iif(o.recipient LIKE 'sealed:%', 'sealed', o.recipient) AS recipient, h.from_state, h.to_state,
           iif(h.why LIKE 'sealed:%', 'sealed', h.why) AS why, o.event_id
    FROM history AS h JOIN outbox AS o ON o.id = h.outbox_id ORDER BY h.id DESC LIMIT 100;

DROP VIEW IF EXISTS unsure;
CREATE VIEW unsure AS
    SELECT id, replace(substr(occurred_at, 1, 16), 'T', ' ') AS occurred_at, kind,
           iif(recipient LIKE 'sealed:%', 'sealed', recipient) AS recipient, source, reason,
           iif(diagnostic LIKE 'sealed:%', 'sealed', diagnostic) AS diagnostic,
           iif(evidence LIKE 'sealed:%', 'sealed', evidence) AS evidence, event_id
    FROM outbox WHERE sure = 0 ORDER BY id DESC;

DROP VIEW IF EXISTS quarantined;
CREATE VIEW quarantined AS
    SELECT id, replace(substr(received_at, 1, 16), 'T', ' ') AS received_at, source, provider,
           iif(event_type LIKE 'sealed:%', 'sealed', event_type) AS event_type,
           iif(why LIKE 'sealed:%', 'sealed', why) AS why, raw_id
    FROM quarantine WHERE replayed_at IS NULL AND unidentified = 0 ORDER BY id DESC;

DROP VIEW IF EXISTS unidentified;
CREATE VIEW unidentified AS
    SELECT id, replace(substr(received_at, 1, 16), 'T', ' ') AS received_at, source,
           iif(why LIKE 'sealed:%', 'sealed', why) AS why, raw_id
    FROM quarantine WHERE replayed_at IS NULL AND unidentified = 1 ORDER BY id DESC;
