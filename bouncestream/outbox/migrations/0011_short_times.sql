-- Views tell short times, and what each campaign and each day had. They hold nothing, so they are made anew.
DROP VIEW IF EXISTS inbox;
CREATE VIEW inbox AS
    SELECT id, replace(substr(received_at, 1, 16), 'T', ' ') AS received_at, source, kind, recipient, reason, diagnostic,
           state, why, event_id
    FROM outbox ORDER BY id DESC;

DROP VIEW IF EXISTS pending;
CREATE VIEW pending AS
    SELECT id, replace(substr(next_attempt_at, 1, 16), 'T', ' ') AS next_attempt_at, kind, recipient, source, attempt,
           failures, why, event_id
    FROM outbox WHERE state = 'pending' ORDER BY outbox.next_attempt_at, id;

DROP VIEW IF EXISTS dead;
CREATE VIEW dead AS
    SELECT id, replace(substr(finished_at, 1, 16), 'T', ' ') AS finished_at, kind, recipient, source, failures, why,
           event_id
    FROM outbox WHERE state = 'dead' ORDER BY id DESC;

DROP VIEW IF EXISTS recent;
CREATE VIEW recent AS
    SELECT replace(substr(h.at, 1, 16), 'T', ' ') AS at, o.kind, o.recipient, h.from_state, h.to_state, h.why, o.event_id
    FROM history AS h JOIN outbox AS o ON o.id = h.outbox_id ORDER BY h.id DESC LIMIT 100;

DROP VIEW IF EXISTS by_domain;
CREATE VIEW by_domain AS
    SELECT domain,
           sum(kind = 'hard') AS hard, sum(kind = 'soft') AS soft,
           sum(kind = 'complaint') AS complaints, count(*) AS events,
           replace(substr(max(received_at), 1, 16), 'T', ' ') AS newest
    FROM outbox WHERE domain <> '' GROUP BY domain ORDER BY events DESC;

DROP VIEW IF EXISTS by_reason;
CREATE VIEW by_reason AS
    SELECT kind, reason, count(*) AS events,
           replace(substr(max(received_at), 1, 16), 'T', ' ') AS newest
    FROM outbox GROUP BY kind, reason ORDER BY events DESC;

DROP VIEW IF EXISTS unsure;
CREATE VIEW unsure AS
    SELECT id, replace(substr(occurred_at, 1, 16), 'T', ' ') AS occurred_at, kind, recipient, source, reason,
           diagnostic, evidence, event_id
    FROM outbox WHERE sure = 0 ORDER BY id DESC;

DROP VIEW IF EXISTS quarantined;
CREATE VIEW quarantined AS
    SELECT id, replace(substr(received_at, 1, 16), 'T', ' ') AS received_at, source, provider, event_type, why, raw_id
    FROM quarantine WHERE replayed_at IS NULL AND unidentified = 0 ORDER BY id DESC;

DROP VIEW IF EXISTS unidentified;
CREATE VIEW unidentified AS
    SELECT id, replace(substr(received_at, 1, 16), 'T', ' ') AS received_at, source, why, raw_id
    FROM quarantine WHERE replayed_at IS NULL AND unidentified = 1 ORDER BY id DESC;

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
