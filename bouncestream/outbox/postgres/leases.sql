-- Leases and bridges: statements that there are for PostgreSQL alone, as one SQLite outbox has one bridge. All times
-- are those of the database (clock_timestamp(), as a transaction may have begun earlier).

-- name: leases
-- How each lease stands.
SELECT name, holder, epoch, CAST(EXTRACT(EPOCH FROM expires_at - clock_timestamp()) AS double precision)
FROM lease ORDER BY name;

-- name: lock_lease
-- No row while a change of its last holder is under way.
SELECT 1 FROM lease WHERE name = ? FOR UPDATE SKIP LOCKED;

-- name: end_frozen
-- The server itself ends a transaction only between two synchronisations; one whose client is frozen in the middle of a
-- pipeline, or cut off, it would keep for as long as the connection lasts, with the keys that it has inserted. Whoever
-- proves a lease has the first of these locks; whoever of ours stores anything has the second.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity AS a
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
  AND wait_event = 'ClientRead' AND state_change < clock_timestamp() - :after * interval '1 second'
  AND EXISTS (SELECT FROM pg_locks AS l
              WHERE l.pid = a.pid AND granted
                AND (relation = CAST('lease' AS regclass) AND mode = 'RowShareLock'
                     OR application_name LIKE 'bouncestream %' AND mode = 'RowExclusiveLock'
                        AND relation IN (SELECT oid FROM pg_class
                                         WHERE relnamespace = CAST(current_schema() AS regnamespace))));

-- name: take_lease
-- A new lease, one that had ended, or the holder's own; no row for one that another holds.
INSERT INTO lease (name, holder, epoch, expires_at)
VALUES (:name, :holder, 1, clock_timestamp() + :ttl * interval '1 second')
ON CONFLICT (name) DO UPDATE SET
    epoch = lease.epoch + CASE WHEN lease.holder = excluded.holder AND lease.expires_at > clock_timestamp()
                               THEN 0 ELSE 1 END,
    holder = excluded.holder, expires_at = excluded.expires_at
WHERE lease.holder = excluded.holder OR lease.expires_at <= clock_timestamp()
RETURNING epoch;

-- name: prove_lease
-- Until the end of the transaction nobody takes it over.
SELECT 1 FROM lease WHERE name = :name AND holder = :holder AND epoch = :epoch FOR SHARE;

-- name: give_leases_up
UPDATE lease SET expires_at = clock_timestamp() WHERE holder = :holder AND expires_at > clock_timestamp();

-- name: meet_bridge
-- No row where another run of that name was seen lately.
INSERT INTO bridge (name, run, version, started_at, seen_at, board)
VALUES (:name, :run, :version, clock_timestamp(), clock_timestamp(), :board)
ON CONFLICT (name) DO UPDATE SET
    run = excluded.run, version = excluded.version, seen_at = excluded.seen_at, board = excluded.board,
    started_at = CASE WHEN bridge.run = excluded.run THEN bridge.started_at ELSE excluded.started_at END
WHERE bridge.run = excluded.run OR bridge.seen_at <= clock_timestamp() - :ttl * interval '1 second'
RETURNING run;

-- name: leave_bridge
DELETE FROM bridge WHERE name = :name AND run = :run;

-- name: forget_bridges
DELETE FROM bridge WHERE seen_at < clock_timestamp() - :after * interval '1 second';

-- name: bridges
SELECT name, run, version, CAST(EXTRACT(EPOCH FROM clock_timestamp() - started_at) AS double precision),
       CAST(EXTRACT(EPOCH FROM clock_timestamp() - seen_at) AS double precision), board
FROM bridge ORDER BY name;

-- name: alive_bridges
-- Asked of an outbox of an older version, too: these columns have been there from the first one on, and stay.
SELECT name, version FROM bridge WHERE seen_at > clock_timestamp() - :ttl * interval '1 second' ORDER BY name;

-- name: end_frozen_in_gate
-- As `end_frozen`, whatever the change was: an upgrade would wait for it as long as the connection lasts. A pg_dump has
-- another application_name.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
  AND application_name LIKE 'bouncestream %'
  AND wait_event = 'ClientRead' AND state_change < clock_timestamp() - :after * interval '1 second'
  AND pid IN (SELECT pid FROM pg_locks WHERE relation = CAST(:gate AS regclass) AND granted);
