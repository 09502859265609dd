-- The statements that PostgreSQL has in other words than SQLite; all others are made of ../queries.sql by `translate`.
-- {bridge} stands for the name of this bridge, as a literal.

-- Counted by each bridge for itself, and summed ------------------------------------------------------------------------

-- name: count
INSERT INTO tally (bridge, state, events) VALUES ({bridge}, ?2, ?1)
ON CONFLICT (bridge, state) DO UPDATE SET events = tally.events + excluded.events;

-- name: tally
SELECT states.state, coalesce(sum(tally.events), 0)::bigint
FROM unnest(ARRAY['pending', 'claimed', 'posted', 'verified', 'unstored', 'dead', 'held', 'dropped']) AS states (state)
LEFT JOIN tally ON tally.state = states.state COLLATE "C" GROUP BY states.state;

-- name: add_meta
INSERT INTO counters (name, bridge, value) VALUES (:name, {bridge}, :by)
ON CONFLICT (name, bridge) DO UPDATE SET value = counters.value + excluded.value;

-- name: get_meta
SELECT value FROM meta WHERE name = ?1
UNION ALL SELECT sum(value)::text FROM counters WHERE name = ?1 HAVING count(*) > 0;

-- name: delete_metas
DELETE FROM meta WHERE name LIKE replace(replace(replace(?, '_', '\_'), '%', '\%'), '*', '%');

-- name: wrapped_roots
SELECT name, value FROM meta WHERE starts_with(name, 'sealed_by:') ORDER BY name;

-- name: add_data_key
-- Another bridge may have made it meanwhile.
INSERT INTO data_keys (number, month, wrapped)
SELECT coalesce(max(number), 0) + 1, ?1, ?2 FROM data_keys ON CONFLICT DO NOTHING;

-- name: keys_of
SELECT upper(encode(key, 'hex')), day FROM seen
WHERE outbox_id IN (SELECT value FROM json_each(:rows)) ORDER BY day, key;

-- What is counted or ordered otherwise ---------------------------------------------------------------------------------

-- name: list_set_aside
SELECT {row}
FROM outbox
WHERE (state = 'held' OR state = 'dead')
  AND event_id >= :since_id AND id < :before_row
  AND state IN (SELECT value FROM json_each(:states))
  AND (:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))
  AND (:source = '' OR source = :source)
  AND (:provider = '' OR provider = :provider)
  AND (:recipient = '' OR person = :person OR address_form = 'uuid' OR person = x'')
ORDER BY id DESC LIMIT :limit;

-- name: aside_bytes
SELECT coalesce(sum(CASE WHEN block IS NULL THEN length(body) ELSE bytes END), 0)::bigint FROM main.raw
WHERE id IN (SELECT raw_id FROM quarantine WHERE provider = 'mailbox');

-- name: delete_old_alerts
DELETE FROM alerts WHERE (rule, subject) IN (
    SELECT rule, subject FROM alerts WHERE active = 0 AND subject <> '' ORDER BY bad_at DESC NULLS LAST OFFSET :keep);

-- name: deliveries
SELECT n.id, n.at, n.what, n.level, n.title, n.text, n.fix, n.rule, n.subject, n.since,
       d.channel, d.tries, d.due_at, d.ended_at, d.sent, d.error
FROM notice_deliveries AS d JOIN notices AS n ON n.id = d.notice
WHERE d.due_at IS NOT NULL OR :all <> 0 ORDER BY n.id, d.channel;

-- name: last_due
SELECT next_attempt_at FROM outbox WHERE state = 'pending' ORDER BY state DESC, next_attempt_at DESC, id DESC LIMIT 1;

-- name: insert_event
INSERT INTO outbox (id, event_id, state, held_for, next_attempt_at, raw_id, supersedes, why, {event})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, {event?});
