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
    PRIMARY KEY (mailbox, folder)
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
    -- What is still to be done to mails whose events are stored: each is flagged or moved, and then forgotten here.
    mailbox     TEXT NOT NULL,
    folder      TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid         INTEGER NOT NULL,
    place       TEXT NOT NULL CHECK (place IN ('done', 'unidentified')),
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

-- A bounce that does not tell whose it is waits like what could not be read: raw, until a later version reads it.
ALTER TABLE quarantine ADD COLUMN unidentified INTEGER NOT NULL DEFAULT 0 CHECK (unidentified IN (0, 1));
ALTER TABLE quarantine ADD COLUMN fingerprint BLOB; -- of the mail: a folder that is read again brings it once
CREATE UNIQUE INDEX quarantine_once ON quarantine (source, fingerprint) WHERE fingerprint IS NOT NULL;

DROP VIEW quarantined;
CREATE VIEW quarantined AS
    SELECT id, received_at, source, provider, event_type, why, raw_id
    FROM quarantine WHERE replayed_at IS NULL AND unidentified = 0 ORDER BY id DESC;
CREATE VIEW unidentified AS
    SELECT id, received_at, source, why, raw_id
    FROM quarantine WHERE replayed_at IS NULL AND unidentified = 1 ORDER BY id DESC;
