-- Whom only the UUID in a bounce mail proves is told by it (`address_form` is 'uuid'), and the look-up before that
-- compares the addresses that the mail names with the subscriber's.

ALTER TABLE outbox ADD COLUMN reported TEXT NOT NULL DEFAULT ''; -- another address that the mail names; evidence only

-- What came in before and may still be posted, or posted again, goes the same way. What is with Listmonk now stays.
UPDATE outbox SET address_form = 'uuid'
WHERE provider = 'mailbox' AND subscriber_uuid <> '' AND campaign_uuid <> ''
  AND state NOT IN ('claimed', 'posted', 'verified');
