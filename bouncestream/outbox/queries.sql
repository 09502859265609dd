-- Every statement of the outbox. `-- name: x`, comments that say why, one statement. {row} stands for the columns of
-- `codec.Row`, {event} for those of `codec.Columns`, {event?} for as many question marks. A column that may be sealed is
-- read as it is, and never computed with: a server has no key.
-- A test explains each on the migrated schema, and lets none of those on the way of an event scan a table.

-- Arrivals -----------------------------------------------------------------------------------------------------------

-- name: probe
SELECT outbox_id FROM seen WHERE key = ?;

-- name: day_of_key
SELECT day FROM seen WHERE key = ?;

-- name: probe_many
-- (?) becomes as many as are looked up at once.
SELECT key, outbox_id FROM seen WHERE key IN (?);

-- name: newest_raw
SELECT coalesce(max(id), 0) FROM raw;

-- name: newest_row
SELECT coalesce(max(id), 0) FROM outbox;

-- name: known
-- The row that an identity key leads to, for the comparison with a new report.
SELECT id, event_id, state, kind, held_for, superseded_by, attempt, recipient, subscriber_uuid, address_form, unsent,
       reported, evidence, occurred_at, sure
FROM outbox WHERE id = ?;

-- name: insert_event
INSERT INTO outbox (event_id, state, held_for, next_attempt_at, raw_id, supersedes, why, {event})
VALUES (?, ?, ?, ?, ?, ?, ?, {event?});

-- name: upgrade_event
-- A graver report of an event that nobody was told of yet. Its place in the order and its own time stay.
UPDATE outbox SET kind = ?, reason = ?, reply_code = ?, enhanced_status = ?, diagnostic = ?, evidence = ?,
                  sure = ?, address_form = coalesce(?, address_form), reported = coalesce(?, reported),
                  person = coalesce(?, person),
                  state = ?, held_for = ?, next_attempt_at = coalesce(?, next_attempt_at), raw_id = ?, why = ?
WHERE id = ?;

-- name: proven_hard
-- The reports that somebody's mailbox is not there which may confirm another one: of the newest rows of a person.
SELECT event_id, occurred_at, campaign_uuid, recipient, subscriber_uuid, provider,
       address_form = 'uuid'
FROM (SELECT event_id, occurred_at, campaign_uuid, recipient, subscriber_uuid, provider, address_form, sure, state
      FROM outbox WHERE person = :person AND id < :before ORDER BY id DESC LIMIT :most) AS newest
WHERE sure IS NOT NULL AND state <> 'dropped';

-- name: reported_since
-- Any event of a person and a group since a time.
SELECT 1 FROM outbox
WHERE person = :person AND occurred_at >= :since AND (kind = :kind OR kind = :other) LIMIT 1;

-- name: rests_on_words
-- Another report of the event says so too: it may confirm a later one.
UPDATE outbox SET sure = 0 WHERE id = ?;

-- name: nameless
-- Rows of an earlier version, which did not note the person.
SELECT id, recipient, subscriber_uuid, address_form FROM outbox WHERE person = x'' ORDER BY id LIMIT ?;

-- name: name_person
UPDATE outbox SET person = ?, domain = ? WHERE id = ?;

-- name: evidence
SELECT evidence FROM outbox WHERE id = ?;

-- name: standing_kind
SELECT state, attempt, kind, occurred_at FROM outbox WHERE id = ?;

-- name: rejudge_event
-- Who is told, and how, is judged with it.
UPDATE outbox SET kind = ?, reason = ?, reply_code = ?, enhanced_status = ?, diagnostic = ?, evidence = ?,
                  recipient = ?, subscriber_uuid = ?, campaign_uuid = ?, address_form = ?, reported = ?,
                  person = ?, domain = ?, sure = ?, why = ?
WHERE id = ?;

-- name: tell_by_address
UPDATE outbox SET address_form = 'email', person = ?, why = ? WHERE id = ?;

-- name: supersede
UPDATE outbox SET superseded_by = ? WHERE id = ?;

-- name: insert_key
INSERT INTO seen (key, outbox_id, day) VALUES (?, ?, ?);

-- name: lead_key
-- A key now leads to the graver row.
INSERT INTO seen (key, outbox_id, day) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET outbox_id = excluded.outbox_id, day = excluded.day;

-- name: insert_history
INSERT INTO history (outbox_id, at, from_state, to_state, why) VALUES (?, ?, ?, ?, ?);

-- name: insert_raw
INSERT INTO raw (id, received_at, source, content_type, headers, bytes, encoding, body, block, start)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_block
INSERT INTO block (id, last, body) VALUES (?, ?, ?);

-- name: insert_quarantine
INSERT INTO quarantine (received_at, source, provider, why, event_type, raw_id, unidentified, fingerprint)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: kept_mail
SELECT 1 FROM quarantine WHERE source = ? AND fingerprint = ?;

-- name: unknown_type_today
-- How many of an unknown type are kept since a time; no more than :most are counted.
SELECT count(*) FROM (SELECT 1 FROM main.quarantine
                      WHERE source = :source AND event_type = :event_type AND event_type <> ''
                        AND received_at >= :since LIMIT :most) AS kept;

-- Relay --------------------------------------------------------------------------------------------------------------

-- name: claim_due
-- The oldest due rows. One writer, so no lock is needed between this and `claim`.
SELECT {row}
FROM outbox WHERE state = 'pending' AND next_attempt_at <= :now
ORDER BY next_attempt_at, id LIMIT :limit;

-- name: claim_absurd
-- Rows due further away than any delay of ours: the clock has jumped back since, they are due now.
SELECT {row}
FROM outbox WHERE state = 'pending' AND next_attempt_at > :horizon
ORDER BY next_attempt_at, id LIMIT :limit;

-- name: claim
UPDATE outbox SET state = 'claimed', next_attempt_at = NULL, attempt = attempt + 1, label = ?, why = ? WHERE id = ?;

-- name: any_again
-- INDEXED BY, as SQLite would walk all that is pending.
SELECT 1 FROM main.outbox INDEXED BY outbox_again WHERE state = 'pending' AND attempt > unsent AND label <> '' LIMIT 1;

-- name: due_again
-- The labels that `claim_due` would take; empty for what is not posted again.
SELECT CASE WHEN attempt > unsent THEN label ELSE '' END FROM outbox
WHERE state = 'pending' AND next_attempt_at <= :now
ORDER BY next_attempt_at, id LIMIT :limit;

-- name: absurd_again
-- The same for `claim_absurd`.
SELECT CASE WHEN attempt > unsent THEN label ELSE '' END FROM outbox
WHERE state = 'pending' AND next_attempt_at > :horizon
ORDER BY next_attempt_at, id LIMIT :limit;

-- name: reposts
SELECT id, event_id, label, attempt - unsent FROM main.outbox INDEXED BY outbox_again
WHERE state = 'pending' AND attempt > unsent AND label <> '' AND label = ?;

-- name: later_reads
SELECT label, step, due_at FROM later_reads;

-- name: plan_read
INSERT INTO later_reads (label, step, due_at) VALUES (?, ?, ?)
ON CONFLICT (label) DO UPDATE SET step = excluded.step, due_at = excluded.due_at;

-- name: forget_read
DELETE FROM later_reads WHERE label = ?;

-- name: newest_label
SELECT number, events FROM labels WHERE source = ? AND day = ? ORDER BY number DESC LIMIT 1;

-- name: count_label
INSERT INTO labels (source, day, number, events) VALUES (?, ?, ?, ?)
ON CONFLICT (source, day, number) DO UPDATE SET events = excluded.events;

-- name: unsettled
SELECT {row}
FROM outbox WHERE state IN ('claimed', 'posted') AND finished_at IS NULL AND id > :after_row
ORDER BY id LIMIT :limit;

-- name: states_of
SELECT id, state, finished_at IS NOT NULL FROM outbox WHERE id IN (SELECT value FROM json_each(:rows));

-- name: move
-- `keeps` 0 forgets the absences counted so far, `fails` 0 the failures: something else explains this move.
UPDATE outbox SET state = ?, why = ?, held_for = ?, next_attempt_at = ?, finished_at = ?,
                  failures = failures * ? + ?, absences = absences * ? + ?, address_form = coalesce(?, address_form),
                  unsent = unsent + ?
WHERE id = ?;

-- name: reset_absences
UPDATE outbox SET absences = 0 WHERE state = 'pending' AND absences <> 0;

-- name: reset_absences_unsettled
UPDATE outbox SET absences = 0 WHERE state IN ('claimed', 'posted') AND finished_at IS NULL AND absences <> 0;

-- name: first_due
SELECT next_attempt_at FROM outbox WHERE state = 'pending' ORDER BY next_attempt_at, id LIMIT 1;

-- name: last_due
SELECT next_attempt_at FROM outbox WHERE state = 'pending' ORDER BY next_attempt_at DESC, id DESC LIMIT 1;

-- name: oldest_pending
-- Walks the index of what is pending and no table: 60 ms for a backlog of a million, on the reading connection.
SELECT id, received_at FROM outbox WHERE id = (SELECT min(id) FROM outbox WHERE state = 'pending');

-- name: more_pending
-- Asked only while the oldest was let go.
SELECT id, received_at FROM outbox
WHERE id IN (SELECT id FROM outbox WHERE state = 'pending' ORDER BY +id LIMIT :limit) ORDER BY id;

-- name: oldest_unsettled
SELECT id, received_at FROM outbox
WHERE state IN ('claimed', 'posted') AND finished_at IS NULL ORDER BY id LIMIT 1;

-- name: more_unsettled
SELECT id, received_at FROM outbox
WHERE state IN ('claimed', 'posted') AND finished_at IS NULL ORDER BY id LIMIT :limit;

-- name: let_go_at
-- Of a row that is not finished: when it last came out of where it waited for no delivery.
SELECT at FROM history WHERE outbox_id = ? AND (
    from_state IN ('held', 'dead', 'dropped', 'unstored', 'verified') OR (from_state = 'posted' AND to_state = 'claimed')
) ORDER BY id DESC LIMIT 1;

-- name: rows_by_event_ids
SELECT id, event_id, state FROM outbox WHERE event_id IN (SELECT value FROM json_each(:event_ids));

-- name: count
UPDATE tally SET events = events + ? WHERE state = ?;

-- name: tally
SELECT state, events FROM tally;

-- name: quarantine_count
SELECT count(*) FROM quarantine WHERE replayed_at IS NULL AND unidentified = :unidentified;

-- name: get_meta
SELECT value FROM meta WHERE name = ?;

-- name: delete_meta
DELETE FROM meta WHERE name = ?;

-- name: unposted_sources
-- Walks what is pending, once after a backup was restored.
SELECT DISTINCT source FROM outbox
WHERE state = 'pending' AND kind <> 'unsubscribe' AND attempt = 0 AND label = '' ORDER BY source;

-- name: any_label
SELECT 1 FROM labels LIMIT 1;

-- name: pending_labels
-- The same, for what was posted before the backup already and waits to be posted again.
SELECT DISTINCT label FROM outbox WHERE state = 'pending' AND label <> '' ORDER BY label;

-- name: add_meta
INSERT INTO meta (name, value) VALUES (:name, CAST(:by AS TEXT))
ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(meta.value AS INTEGER) + CAST(:by AS INTEGER) AS TEXT);

-- name: set_meta
INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: delete_metas
DELETE FROM meta WHERE name GLOB ?;

-- name: data_key
SELECT wrapped, month FROM data_keys WHERE number = ?;

-- name: data_key_of
SELECT number, wrapped FROM data_keys WHERE month = ?;

-- name: add_data_key
INSERT INTO data_keys (month, wrapped) VALUES (?, ?);

-- name: delete_data_keys
DELETE FROM data_keys;

-- name: wrapped_roots
-- Two while a new key takes the place of another.
SELECT name, value FROM meta WHERE name GLOB 'sealed_by:*' ORDER BY name;

-- Operators ----------------------------------------------------------------------------------------------------------

-- name: list_rows
-- Newest first; an empty filter lets everything through. `event_id` sorts by time and so bounds the walk. The address of
-- a row that is told by UUID, or of an earlier version, is not what its `person` is made of: whoever asks looks at it.
SELECT {row}
FROM outbox
WHERE event_id >= :since_id AND id < :before_row
  AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
  AND (:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))
  AND (:source = '' OR source = :source)
  AND (:provider = '' OR provider = :provider)
  AND (:recipient = '' OR person = :person OR address_form = 'uuid' OR person = x'')
ORDER BY id DESC LIMIT :limit;

-- name: list_set_aside
-- The same for what is held or dead alone, which is few among many.
SELECT {row}
FROM outbox
WHERE id IN (SELECT id FROM main.outbox INDEXED BY outbox_set_aside WHERE state = 'held' OR state = 'dead')
  AND event_id >= :since_id AND id < :before_row
  AND state IN (SELECT value FROM json_each(:states))
  AND (:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))
  AND (:source = '' OR source = :source)
  AND (:provider = '' OR provider = :provider)
  AND (:recipient = '' OR person = :person OR address_form = 'uuid' OR person = x'')
ORDER BY id DESC LIMIT :limit;

-- name: row
SELECT {row}
FROM outbox WHERE id = ?;

-- name: rows_by_prefix
SELECT id FROM outbox WHERE event_id >= :prefix AND event_id < :prefix || 'g' ORDER BY event_id LIMIT 2;

-- name: history
SELECT at, from_state, to_state, why FROM history WHERE outbox_id = ? ORDER BY id;

-- name: raw
SELECT raw.encoding, coalesce(block.body, raw.body), raw.start, raw.bytes
FROM raw LEFT JOIN block ON block.id = raw.block WHERE raw.id = ?;

-- name: raw_request
SELECT content_type, headers FROM raw WHERE id = ?;

-- name: raw_head
SELECT received_at, content_type, bytes FROM raw WHERE id = ?;

-- name: rows_in_state
SELECT id, why FROM outbox
WHERE state = :state AND (:held_for = '' OR held_for = :held_for) AND (:since = '' OR finished_at >= :since)
  AND id > :after
ORDER BY id LIMIT :limit;

-- name: set_aside_in_state
SELECT id, why FROM outbox
WHERE (state = 'held' OR state = 'dead') AND state = :state AND (:held_for = '' OR held_for = :held_for)
  AND (:since = '' OR finished_at >= :since) AND id > :after
ORDER BY id LIMIT :limit;

-- name: due_rows
SELECT id FROM outbox WHERE state = 'pending' AND next_attempt_at <= :now AND id > :after ORDER BY next_attempt_at, id LIMIT :limit;

-- name: absurd_rows
SELECT id FROM outbox WHERE state = 'pending' AND next_attempt_at > :horizon AND id > :after
ORDER BY next_attempt_at, id LIMIT :limit;

-- name: standing
-- x'00': its person was erased.
SELECT state, attempt, finished_at, person = x'00' FROM outbox WHERE id = ?;

-- name: fresh_start
-- Replayed: what counted against it before counts no more. Its attempt number goes on, as none is ever used twice.
UPDATE outbox SET failures = 0, absences = 0 WHERE id = ?;

-- name: quarantine_items
SELECT id, received_at, source, provider, why, event_type, raw_id, replayed_at, unidentified FROM quarantine
WHERE id > :after AND replayed_at IS NULL AND unidentified = :unidentified ORDER BY id LIMIT :limit;

-- name: quarantine_all
SELECT id, received_at, source, provider, why, event_type, raw_id, replayed_at, unidentified FROM quarantine
WHERE id > :after ORDER BY id LIMIT :limit;

-- name: mark_replayed
UPDATE quarantine SET replayed_at = ? WHERE id = ? AND replayed_at IS NULL;

-- name: stats_days
SELECT substr(received_at, 1, 10) AS day, sum(kind = 'hard'), sum(kind = 'soft'), sum(kind = 'complaint'),
       sum(kind = 'unsubscribe') FROM outbox WHERE event_id >= :since_id GROUP BY day ORDER BY day DESC LIMIT :limit;

-- name: stats_campaigns
SELECT campaign_uuid, sum(kind = 'hard'), sum(kind = 'soft'), sum(kind = 'complaint'), sum(kind = 'unsubscribe'),
       max(received_at) AS newest
FROM outbox WHERE event_id >= :since_id GROUP BY campaign_uuid
ORDER BY campaign_uuid = '', newest DESC LIMIT :limit;

-- name: stats_sources
SELECT source, kind, count(*), max(received_at) FROM outbox WHERE event_id >= :since_id
GROUP BY source, kind ORDER BY source, kind;

-- name: stats_reasons
SELECT kind, reason, count(*) FROM outbox WHERE event_id >= :since_id
GROUP BY kind, reason ORDER BY count(*) DESC, kind, reason LIMIT :limit;

-- name: stats_domains
SELECT domain, count(*) FROM outbox
WHERE event_id >= :since_id AND domain <> '' GROUP BY domain ORDER BY count(*) DESC, domain LIMIT :limit;

-- Persons ------------------------------------------------------------------------------------------------------------

-- name: rows_of_person
SELECT id FROM outbox WHERE person = ? ORDER BY id;

-- name: keys_of
-- A person waits for it.
SELECT hex(key), day FROM seen WHERE outbox_id IN (SELECT value FROM json_each(:rows)) ORDER BY day, key;

-- name: rows_after
SELECT {row}
FROM outbox WHERE id > :after ORDER BY id LIMIT :limit;

-- name: history_after
SELECT id, outbox_id, why FROM history WHERE id > :after ORDER BY id LIMIT :limit;

-- name: raw_after
SELECT id, received_at, source, content_type, headers, encoding, body, block, start, bytes FROM raw
WHERE id > :after ORDER BY id LIMIT :limit;

-- name: block
SELECT body FROM block WHERE id = ?;

-- name: alert_texts
SELECT rule, subject, text, fix FROM alerts;

-- name: notice_texts
SELECT id, title, text, fix, subject FROM notices;

-- name: delivery_texts
SELECT notice, channel, error FROM notice_deliveries;

-- name: try_texts
SELECT mailbox, folder, uidvalidity, uid, why FROM tries;

-- name: bury
-- What is left of an event once its person is erased: what it was and what became of it, to the day.
UPDATE outbox SET recipient = 'erased', subscriber_uuid = '', reply_code = '', enhanced_status = '', diagnostic = '',
                  message_id = '', provider_event_id = '', evidence = '', reported = '', why = 'erased', raw_id = NULL,
                  address_form = 'email', person = x'00', domain = '', sure = NULL,
                  received_at = substr(received_at, 1, 10) || 'T00:00:00.000Z',
                  occurred_at = substr(occurred_at, 1, 10) || 'T00:00:00.000Z'
WHERE id = ? AND person <> x'00';

-- name: bury_history
UPDATE history SET why = '', at = substr(at, 1, 10) || 'T00:00:00.000Z' WHERE outbox_id = ?;

-- name: reword_event
UPDATE outbox SET reported = ?, diagnostic = ?, message_id = ?, provider_event_id = ?, evidence = ?, why = ?
WHERE id = ?;

-- name: reword_history
UPDATE history SET why = ? WHERE id = ?;

-- name: reword_alert
UPDATE alerts SET text = ?, fix = ? WHERE rule = ? AND subject = ?;

-- name: forget_alert
DELETE FROM alerts WHERE rule = ? AND subject = ?;

-- name: reword_notice
UPDATE notices SET title = ?, text = ?, fix = ?, subject = ? WHERE id = ?;

-- name: reword_delivery
UPDATE notice_deliveries SET error = ? WHERE notice = ? AND channel = ?;

-- name: reword_try
UPDATE tries SET why = ? WHERE mailbox = ? AND folder = ? AND uidvalidity = ? AND uid = ?;

-- name: block_of
SELECT block.id, block.last FROM raw JOIN block ON block.id = raw.block WHERE raw.id = ?;

-- name: erase_raw
DELETE FROM raw WHERE id = ?;

-- name: raw_stands_in
-- In the place of the newest body, whose number must not come again.
INSERT INTO raw (received_at, source, content_type, bytes, encoding, body) VALUES (?, '', '', 0, 'none', x'');

-- name: erase_quarantined
DELETE FROM quarantine WHERE id = ? AND id < (SELECT max(id) FROM quarantine);

-- name: bury_quarantined
-- The newest one: its number must not come again.
UPDATE quarantine SET why = 'erased', event_type = '', fingerprint = NULL, replayed_at = coalesce(replayed_at, ?)
WHERE id = ?;

-- name: ask_erasure
INSERT INTO erasures (person, asked_at, names, waiting) VALUES (?, ?, ?, NULL)
ON CONFLICT (person) DO UPDATE SET asked_at = excluded.asked_at, names = excluded.names, waiting = NULL;

-- name: erasures
SELECT person, asked_at, names, waiting FROM erasures ORDER BY asked_at, person;

-- name: erasure_waits
UPDATE erasures SET waiting = ? WHERE person = ?;

-- name: end_erasure
DELETE FROM erasures WHERE person = ?;

-- name: suppress
INSERT INTO suppressed (person, day) VALUES (?, ?) ON CONFLICT (person) DO NOTHING;

-- name: unsuppress
DELETE FROM suppressed WHERE person = ?;

-- name: suppressed_since
SELECT day FROM suppressed WHERE person = ?;

-- name: any_suppressed
SELECT 1 FROM suppressed LIMIT 1;

-- name: soft_of_person
-- Those that may count: sure, not held, and newer than what was told as graver: that begins a new count.
SELECT {row}
FROM (SELECT * FROM outbox WHERE person = :person AND id <= :upto ORDER BY id DESC LIMIT :most) AS newest
WHERE kind = 'soft' AND sure IS NULL AND held_for = ''
  AND id > (SELECT coalesce(max(id), 0) FROM outbox WHERE person = :person AND superseded_by IS NOT NULL);

-- name: count_began
-- The newest row in whose place something graver was told.
SELECT coalesce(max(id), 0) FROM outbox WHERE person = ? AND superseded_by IS NOT NULL;

-- Reconciling --------------------------------------------------------------------------------------------------------

-- name: reconciled
-- A person waits for it, or the weekly summary.
SELECT id, event_id, state, kind, label, why, finished_at, person = x'00',
       EXISTS (SELECT 1 FROM caused WHERE caused.outbox_id = outbox.id AND undo = 'restored')
FROM outbox WHERE id > :after AND event_id >= :since_id AND (:campaign = '' OR campaign_uuid = :campaign)
ORDER BY id LIMIT :limit;

-- name: times_of_person
SELECT occurred_at FROM outbox WHERE person = ? LIMIT 20;

-- name: oldest_event
SELECT received_at FROM outbox WHERE id = (SELECT min(id) FROM outbox);

-- Retention ----------------------------------------------------------------------------------------------------------

-- name: newest_times
-- When the newest row of each kind came in, by number.
SELECT received_at FROM outbox WHERE id = (SELECT max(id) FROM outbox)
UNION ALL SELECT received_at FROM raw WHERE id = (SELECT max(id) FROM raw)
UNION ALL SELECT received_at FROM quarantine WHERE id = (SELECT max(id) FROM quarantine)
UNION ALL SELECT at FROM history WHERE id = (SELECT max(id) FROM history);

-- name: aside_bytes
-- In a block a body has no size of its own: all of it counts.
SELECT coalesce(sum(CASE WHEN block IS NULL THEN length(body) ELSE bytes END), 0) FROM main.raw
WHERE id IN (SELECT raw_id FROM quarantine WHERE provider = 'mailbox');

-- name: old_events
-- Never the newest row: its number must not come again, for `seen` and `history` speak of rows by their number.
SELECT id, state FROM outbox
WHERE event_id < :before_id AND finished_at < :before AND id < (SELECT max(id) FROM outbox)
ORDER BY event_id LIMIT :limit;

-- name: delete_event
DELETE FROM outbox WHERE id = ?;

-- name: delete_history
DELETE FROM history WHERE outbox_id = ?;

-- name: raw_from
SELECT received_at FROM raw WHERE id >= ? ORDER BY id LIMIT 1;

-- name: raw_ends
SELECT coalesce((SELECT min(id) FROM raw), 0), coalesce((SELECT max(id) FROM raw), 0);

-- name: delete_raw
-- Kept: what quarantine may be replayed from, and what a person needs who decides about a held event.
DELETE FROM raw WHERE id IN (
    SELECT id FROM raw
    WHERE id < :below AND received_at < :before
      AND NOT EXISTS (SELECT 1 FROM quarantine WHERE quarantine.raw_id = raw.id)
      AND id NOT IN (SELECT raw_id FROM outbox WHERE state = 'held' AND raw_id IS NOT NULL)
    ORDER BY id LIMIT :limit) RETURNING id;

-- name: passed_blocks
-- Blocks of which nothing is left but what is kept for longer.
SELECT id, last FROM block WHERE id <= :passed AND last <= :passed AND NOT EXISTS (
    SELECT 1 FROM raw
    WHERE raw.id BETWEEN block.id AND block.last AND raw.block = block.id AND raw.received_at >= :before)
ORDER BY id LIMIT :limit;

-- name: kept_of_block
SELECT id FROM raw WHERE id BETWEEN ? AND ? AND block = ?;

-- name: unblock
UPDATE raw SET encoding = ?, body = ?, block = NULL, start = NULL WHERE id = ?;

-- name: delete_block
DELETE FROM block WHERE id = ?;

-- name: quarantine_from
SELECT received_at FROM quarantine WHERE id >= ? ORDER BY id LIMIT 1;

-- name: quarantine_ends
SELECT coalesce((SELECT min(id) FROM quarantine), 0), coalesce((SELECT max(id) FROM quarantine), 0);

-- name: drop_quarantined
-- Never the newest row: its number must not come again while someone else reads that item.
DELETE FROM quarantine WHERE id = ? AND replayed_at IS NULL AND id < (SELECT max(id) FROM quarantine);

-- name: delete_quarantine
DELETE FROM quarantine WHERE id IN (
    SELECT id FROM quarantine WHERE id < :below AND received_at < :before ORDER BY id LIMIT :limit);

-- name: delete_labels
DELETE FROM labels WHERE day < :day;

-- name: keys_from
-- The keys are in no order of time, so retention walks all of them, some at a time.
SELECT key, day FROM seen WHERE key > :after ORDER BY key LIMIT :limit;

-- name: delete_key
DELETE FROM seen WHERE key = ?;

-- name: held_for
SELECT held_for, count(*) FROM outbox WHERE (state = 'held' OR state = 'dead') AND state = 'held'
GROUP BY held_for ORDER BY held_for;

-- name: newest_by_source
-- Among the newest events only: a source that is not there has been silent for long, or others were busy.
SELECT source, max(received_at) FROM (SELECT source, received_at FROM outbox ORDER BY id DESC LIMIT 20000) AS newest
GROUP BY source;

-- Mailboxes ----------------------------------------------------------------------------------------------------------

-- name: folder_progress
SELECT uidvalidity, last_uid, skipped, below, renumbered, first_read_at, last_at, mails, aside
FROM folders WHERE mailbox = ? AND folder = ?;

-- name: advance_folder
-- Never back, unless the numbers begin anew: with a new UIDVALIDITY, or because `anew` says so.
INSERT INTO folders (mailbox, folder, uidvalidity, last_uid, first_read_at, read_at, skipped, below, last_at, mails, aside)
VALUES (:mailbox, :folder, :uidvalidity, :last_uid, :at, :at, :skipped, :below, :last_at, :mails, :aside)
ON CONFLICT (mailbox, folder) DO UPDATE SET
    last_uid = CASE WHEN :anew OR folders.uidvalidity <> excluded.uidvalidity OR folders.last_uid < excluded.last_uid
                    THEN excluded.last_uid ELSE folders.last_uid END,
    last_at = CASE WHEN :anew OR folders.uidvalidity <> excluded.uidvalidity OR folders.last_uid < excluded.last_uid
                   THEN excluded.last_at ELSE folders.last_at END,
    below = CASE WHEN :anew OR folders.uidvalidity <> excluded.uidvalidity THEN excluded.below ELSE folders.below END,
    renumbered = folders.renumbered
                 + CASE WHEN :anew OR folders.uidvalidity <> excluded.uidvalidity THEN 1 ELSE 0 END,
    mails = folders.mails + excluded.mails,
    aside = CASE WHEN excluded.mails <> 0 THEN excluded.aside ELSE folders.aside + excluded.aside END,
    uidvalidity = excluded.uidvalidity, read_at = excluded.read_at, skipped = folders.skipped + excluded.skipped;

-- name: insert_mark
INSERT INTO marks (mailbox, folder, uidvalidity, uid, place, arrived_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: marks
SELECT uid, place, arrived_at FROM marks WHERE mailbox = ? AND folder = ? AND uidvalidity = ? ORDER BY uid LIMIT ?;

-- name: delete_mark
DELETE FROM marks WHERE mailbox = ? AND folder = ? AND uidvalidity = ? AND uid = ?;

-- name: forget_all_marks
DELETE FROM marks WHERE mailbox = ? AND folder = ?;

-- name: forget_all_tries
DELETE FROM tries WHERE mailbox = ? AND folder = ?;

-- name: forget_all_passed_over
DELETE FROM passed_over WHERE mailbox = ? AND folder = ?;

-- name: insert_passed_over
INSERT INTO passed_over (mailbox, folder, uidvalidity, uid, arrived_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: count_try
INSERT INTO tries (mailbox, folder, uidvalidity, uid, tries, why, at) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)
ON CONFLICT (mailbox, folder, uidvalidity, uid) DO UPDATE SET tries = tries.tries + 1, why = excluded.why;

-- name: take_try_back
UPDATE tries SET tries = CASE WHEN tries > 0 THEN tries - 1 ELSE 0 END WHERE mailbox = ? AND folder = ? AND uidvalidity = ? AND uid = ?;

-- name: tries
SELECT uid, tries, at, why FROM tries WHERE mailbox = ? AND folder = ? AND uidvalidity = ?;

-- name: forget_tries
-- Those of the mails that are done with, and of an older UIDVALIDITY.
DELETE FROM tries WHERE mailbox = ?1 AND folder = ?2 AND (uidvalidity <> ?3 OR uid <= ?4);

-- Watching -----------------------------------------------------------------------------------------------------------

-- name: alerts
SELECT rule, subject, level, active, fired_at, bad_at, told_at, resolved_at, value, base, told, text, fix FROM alerts;

-- name: save_alert
INSERT INTO alerts (rule, subject, level, active, fired_at, bad_at, told_at, resolved_at, value, base, told, text, fix)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (rule, subject) DO UPDATE SET
    level = excluded.level, active = excluded.active, fired_at = excluded.fired_at, bad_at = excluded.bad_at,
    told_at = excluded.told_at, resolved_at = excluded.resolved_at, value = excluded.value, base = excluded.base,
    told = excluded.told, text = excluded.text, fix = excluded.fix;

-- name: delete_old_alerts
-- Of what comes and goes by name (findings, sources) no more than the newest are remembered.
DELETE FROM alerts WHERE (rule, subject) IN (
    SELECT rule, subject FROM alerts WHERE active = 0 AND subject <> '' ORDER BY bad_at DESC LIMIT 1000000 OFFSET :keep);

-- name: save_notice
INSERT INTO notices (id, at, what, level, title, text, fix, rule, subject, since)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: newest_notice
SELECT coalesce(max(id), 0) FROM notices;

-- name: recent_notices
SELECT id, at, what, level, title, text, fix, rule, subject, since FROM notices ORDER BY id DESC LIMIT ?;

-- name: save_delivery
INSERT INTO notice_deliveries (notice, channel, tries, due_at, ended_at, sent, error) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (notice, channel) DO UPDATE SET
    tries = excluded.tries, due_at = excluded.due_at, ended_at = excluded.ended_at, sent = excluded.sent,
    error = excluded.error;

-- name: deliveries
-- With the notice; those that wait, or all of the newest notices.
SELECT n.id, n.at, n.what, n.level, n.title, n.text, n.fix, n.rule, n.subject, n.since,
       d.channel, d.tries, d.due_at, d.ended_at, d.sent, d.error
FROM notice_deliveries AS d JOIN notices AS n ON n.id = d.notice
WHERE d.due_at IS NOT NULL OR :all ORDER BY n.id, d.channel;

-- name: delete_old_deliveries
DELETE FROM notice_deliveries WHERE due_at IS NULL AND notice <= (SELECT max(id) FROM notices) - :keep;

-- name: delete_old_notices
DELETE FROM notices WHERE id <= (SELECT max(id) FROM notices) - :keep
    AND NOT EXISTS (SELECT 1 FROM notice_deliveries AS d WHERE d.notice = notices.id);

-- name: first_row_since
-- Event ids sort by time.
SELECT id FROM outbox WHERE event_id >= ? ORDER BY event_id LIMIT 1;

-- name: arrivals_after
SELECT id, source, kind, received_at FROM outbox WHERE id > :after ORDER BY id LIMIT :limit;

-- name: add_hour
INSERT INTO source_hours (hour, source, kind, events) VALUES (?, ?, ?, ?)
ON CONFLICT (hour, source, kind) DO UPDATE SET events = source_hours.events + excluded.events;

-- name: hours_since
SELECT hour, source, kind, events FROM source_hours WHERE hour >= ? ORDER BY hour, source, kind;

-- name: delete_old_hours
DELETE FROM source_hours WHERE hour < ?;

-- Undo ---------------------------------------------------------------------------------------------------------------

-- name: kind_by_event_id
SELECT id, kind FROM outbox WHERE event_id = ?;

-- name: note_caused
-- What was noted before it was posted (its lists) stays.
INSERT INTO caused (outbox_id, seen_at, bounce_id, attempt, subscriber_id, subscriber, status, action)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (outbox_id) DO UPDATE SET
    bounce_id = excluded.bounce_id, attempt = excluded.attempt, seen_at = excluded.seen_at,
    status = excluded.status, action = excluded.action
    WHERE caused.bounce_id = 0;

-- name: note_lists
INSERT INTO caused (outbox_id, seen_at, bounce_id, attempt, subscriber_id, subscriber, status, action, lists)
VALUES (?, ?, 0, 0, ?, ?, ?, 'unsubscribe', ?)
ON CONFLICT (outbox_id) DO UPDATE SET lists = excluded.lists WHERE caused.bounce_id = 0;

-- name: causes
SELECT caused.outbox_id, event_id, outbox.kind, bounce_id, caused.attempt, subscriber_id, subscriber, status, action, lists,
       '', '', seen_at
FROM caused JOIN outbox ON outbox.id = caused.outbox_id
WHERE caused.outbox_id > :after AND undo = '' AND bounce_id <> 0 AND outbox.state = 'verified'
  AND :kinds LIKE '%,' || outbox.kind || ',%'
  AND (:since = '' OR seen_at >= :since) AND (:campaign = '' OR outbox.campaign_uuid = :campaign)
  AND (:domain = '' OR outbox.domain = :domain OR outbox.domain LIKE '%.' || :domain)
ORDER BY caused.outbox_id LIMIT :limit;

-- name: causes_begun
SELECT caused.outbox_id, event_id, outbox.kind, bounce_id, caused.attempt, subscriber_id, subscriber, status, action, lists,
       undo_at, undo_found, seen_at
FROM caused JOIN outbox ON outbox.id = caused.outbox_id WHERE undo = 'begun' ORDER BY subscriber_id, bounce_id;

-- name: claimed_at
-- Attempts are numbered by the claims from `pending`.
SELECT at FROM history WHERE outbox_id = ? AND from_state = 'pending' AND to_state = 'claimed'
ORDER BY id LIMIT 1 OFFSET ?;

-- name: unread_labels
SELECT DISTINCT label FROM outbox
WHERE state = 'verified' AND label <> '' AND :kinds LIKE '%,' || kind || ',%'
  AND (:since = '' OR finished_at >= :since) AND (:campaign = '' OR campaign_uuid = :campaign)
  AND (:domain = '' OR domain = :domain OR domain LIKE '%.' || :domain)
  AND NOT EXISTS (SELECT 1 FROM caused WHERE caused.outbox_id = outbox.id)
ORDER BY label;

-- name: events_in_scope
-- Only what is settled: the rest is in the hands of the relay, which would post it again.
SELECT event_id, id FROM outbox
WHERE event_id IN (SELECT value FROM json_each(:event_ids)) AND state = 'verified' AND :kinds LIKE '%,' || kind || ',%'
  AND (:since = '' OR finished_at >= :since) AND (:campaign = '' OR campaign_uuid = :campaign)
  AND (:domain = '' OR domain = :domain OR domain LIKE '%.' || :domain);

-- name: waiting_in_scope
SELECT CASE WHEN state = 'held' THEN held_for ELSE '' END AS holder, count(*) FROM outbox
WHERE (state = 'pending' OR state = 'held' OR state = 'claimed' OR state = 'posted') AND finished_at IS NULL
  AND :kinds LIKE '%,' || kind || ',%' AND (:since = '' OR received_at >= :since)
  AND (:campaign = '' OR campaign_uuid = :campaign)
  AND (:domain = '' OR domain = :domain OR domain LIKE '%.' || :domain)
GROUP BY holder;

-- name: begin_undo
UPDATE caused SET undo = 'begun', undo_at = ?, undo_found = ?
WHERE outbox_id = (SELECT id FROM outbox WHERE event_id = ?);

-- name: undo_of_event
SELECT undo, undo_at FROM caused WHERE outbox_id = (SELECT id FROM outbox WHERE event_id = ?);

-- name: begun_of
SELECT outbox_id FROM caused WHERE undo = 'begun' AND subscriber_id = ? AND undo_at = ?;

-- name: finish_undo
UPDATE caused SET undo = 'restored', undo_at = ? WHERE undo = 'begun' AND subscriber_id = ? AND undo_at = ?;

-- name: leave_undo
UPDATE caused SET undo = '', undo_at = NULL, undo_found = '' WHERE undo = 'begun' AND subscriber_id = ? AND undo_at = ?;

-- name: undone_at
SELECT undo_at FROM caused WHERE outbox_id = ? AND undo = 'restored';

-- name: forget_caused
DELETE FROM caused WHERE outbox_id = ?;

-- Brake --------------------------------------------------------------------------------------------------------------

-- name: hards_since
-- What is due and was never claimed is still to be judged; what a person let go never was.
SELECT {row}
FROM outbox
WHERE event_id >= :since_id AND received_at > :since AND kind = 'hard' AND NOT (state = 'pending' AND attempt = 0 AND next_attempt_at <= :now)
  AND state <> 'dropped' AND NOT EXISTS (SELECT 1 FROM let_go WHERE let_go.outbox_id = outbox.id)
ORDER BY event_id;

-- name: put_off
UPDATE outbox SET next_attempt_at = ?, why = ? WHERE id = ? AND state = 'pending';

-- name: braked_rows
SELECT id FROM outbox
WHERE (state = 'held' OR state = 'dead') AND state = 'held' AND held_for = 'brake'
  AND (:domain = '' OR domain = :domain OR domain LIKE '%.' || :domain) AND (:reason = '' OR reason = :reason)
  AND (:since = '' OR received_at >= :since)
ORDER BY id;

-- name: newest_braked
SELECT {row}
FROM outbox WHERE (state = 'held' OR state = 'dead') AND state = 'held' AND held_for = 'brake'
ORDER BY id DESC LIMIT ?;

-- name: let_go
INSERT INTO let_go (outbox_id, at) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: any_let_go
SELECT 1 FROM let_go LIMIT 1;

-- name: is_let_go
SELECT 1 FROM let_go WHERE outbox_id = ?;

-- name: forget_let_go
DELETE FROM let_go WHERE outbox_id = ?;

-- Dashboard ----------------------------------------------------------------------------------------------------------

-- name: newest_verified
-- Among the newest moves: what was proven before those is old.
SELECT at FROM (SELECT at, to_state FROM history ORDER BY id DESC LIMIT 5000) AS newest
WHERE to_state = 'verified' LIMIT 1;

-- name: search
-- One piece of the table; an empty filter lets everything through.
SELECT {row}
FROM outbox
WHERE id >= :first AND id <= :last
  AND (:state = '' OR state = :state) AND (:kind = '' OR kind = :kind) AND (:reason = '' OR reason = :reason)
  AND (:source = '' OR source = :source) AND (:domain = '' OR domain = :domain)
  AND (:campaign = '' OR campaign_uuid = :campaign)
ORDER BY id DESC LIMIT :limit;

-- name: search_among
-- The same among rows that an index has found.
SELECT {row}
FROM outbox
WHERE id IN (SELECT value FROM json_each(:rows)) AND id >= :first AND id <= :last
  AND (:state = '' OR state = :state) AND (:kind = '' OR kind = :kind) AND (:reason = '' OR reason = :reason)
  AND (:source = '' OR source = :source) AND (:domain = '' OR domain = :domain)
  AND (:campaign = '' OR campaign_uuid = :campaign)
ORDER BY id DESC LIMIT :limit;

-- name: set_aside_below
SELECT id FROM outbox
WHERE (state = 'held' OR state = 'dead') AND state = :state AND id <= :last ORDER BY id DESC LIMIT :limit;

-- name: pending_below
-- Asked where they are few: + has SQLite take the index of those that are due, and not the whole table.
SELECT id FROM outbox WHERE state = 'pending' AND +id <= :last ORDER BY +id DESC LIMIT :limit;

-- name: person_below
SELECT id FROM outbox WHERE person = :person AND id <= :last ORDER BY id DESC LIMIT :limit;

-- name: row_since
-- Within a millisecond (the first 13 characters) event ids are in no order.
SELECT min(id) FROM outbox
WHERE event_id >= :since
  AND event_id < (SELECT substr(min(event_id), 1, 13) || 'g' FROM outbox WHERE event_id >= :since);

-- name: received_from
SELECT received_at FROM outbox WHERE id >= ? ORDER BY id LIMIT 1;

-- name: sums
-- What came in, by what a page sums it up by, in one piece of the table. Empty is what it does not: so there are
-- fewer groups, and the rows are read twice as fast.
SELECT CASE WHEN :campaigns THEN campaign_uuid ELSE '' END, CASE WHEN :domains THEN domain ELSE '' END, kind,
       CASE WHEN :reasons THEN reason ELSE '' END, count(*), min(id), max(id)
FROM outbox
WHERE id >= :first AND id <= :last AND (:campaign = '' OR campaign_uuid = :campaign)
GROUP BY 1, 2, 3, 4;

-- name: told_of
SELECT id, received_at, diagnostic FROM outbox WHERE id IN (SELECT value FROM json_each(?));

-- name: newest_requests
-- Of all sources, among the newest: one that is not there has been silent for long, or others were busy.
SELECT source, received_at, content_type, bytes FROM raw
WHERE id > (SELECT coalesce(max(id), 0) FROM raw) - :most ORDER BY id DESC;
