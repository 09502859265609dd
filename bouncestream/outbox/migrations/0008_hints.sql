-- What an earlier version took for a proof and is a hint (a Message-ID or From of ours, an unsigned return address), is
-- told as soft at most, also where it waited over the upgrade. What is with Listmonk now stays.

-- A return address with a UUID proves its person, who is told.
UPDATE outbox SET address_form = 'uuid'
WHERE provider = 'mailbox' AND state IN ('pending', 'held') AND subscriber_uuid <> ''
  AND evidence LIKE '%; proof of origin: the return address names the recipient (VERP)%';

INSERT INTO history (outbox_id, at, from_state, to_state, why)
SELECT id, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), state, state,
       kind || ' → soft: what an earlier version took for its proof is only a hint'
FROM outbox
WHERE provider = 'mailbox' AND state IN ('pending', 'held') AND address_form <> 'uuid' AND kind IN ('hard', 'complaint')
  AND (evidence LIKE '%; proof of origin: the returned Message-ID is of %'
       OR evidence LIKE '%; proof of origin: the returned From is of %'
       OR evidence LIKE '%; proof of origin: the return address names the recipient (VERP)%');

UPDATE outbox SET kind = 'soft', why = 'what an earlier version took for its proof is only a hint: told as soft at most'
WHERE provider = 'mailbox' AND state IN ('pending', 'held') AND address_form <> 'uuid' AND kind IN ('hard', 'complaint')
  AND (evidence LIKE '%; proof of origin: the returned Message-ID is of %'
       OR evidence LIKE '%; proof of origin: the returned From is of %'
       OR evidence LIKE '%; proof of origin: the return address names the recipient (VERP)%');
