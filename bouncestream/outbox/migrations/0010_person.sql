-- Whom an event is about, as a digest that can be looked up, and the domain by itself. What is there already is filled
-- in beside the work of `run`, as it takes long where there is much. Whether an old hard was sure is not known.
ALTER TABLE outbox ADD COLUMN person BLOB NOT NULL DEFAULT x''; -- keyed digest of the address or UUID that is told; empty: not yet noted
ALTER TABLE outbox ADD COLUMN domain TEXT NOT NULL DEFAULT ''; -- of the recipient
ALTER TABLE outbox ADD COLUMN sure INTEGER; -- of a proven hard: 0 when it rests on words alone, as whatever it is told

CREATE INDEX outbox_person ON outbox (person);

CREATE VIEW unsure AS
    SELECT id, occurred_at, kind, recipient, source, reason, diagnostic, evidence, event_id
    FROM outbox WHERE sure = 0 ORDER BY id DESC;

DROP VIEW by_domain;
CREATE VIEW by_domain AS
    SELECT domain,
           sum(kind = 'hard') AS hard, sum(kind = 'soft') AS soft,
           sum(kind = 'complaint') AS complaints, count(*) AS events, max(received_at) AS newest
    FROM outbox WHERE domain <> '' GROUP BY domain ORDER BY events DESC;
