-- By its time of arrival a mail is known again when a server gives its number to another one.
ALTER TABLE folders ADD COLUMN last_at TEXT; -- INTERNALDATE of the mail `last_uid`, where it was read
ALTER TABLE marks ADD COLUMN arrived_at TEXT; -- INTERNALDATE

ALTER TABLE folders ADD COLUMN mails INTEGER NOT NULL DEFAULT 0; -- that were really read
ALTER TABLE folders ADD COLUMN aside INTEGER NOT NULL DEFAULT 0; -- set aside unread since the last one that was read
UPDATE folders SET mails = 1 WHERE last_uid > 0; -- how many is not known
