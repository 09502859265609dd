# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes on a real Dovecot: what is read, what is stored, where the mails end up."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.mailserver.dovecot import Dovecot, anonymous, dsn, letter
from tests.mailserver.reader import Reader, mailbox


async def test_what_waits_and_what_arrives_is_stored(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(*(dsn(f"p{n}@example.org", number=n) for n in range(3)), letter())
    async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
        await reader.stored(3)
        await reader.listening()
        await asyncio.to_thread(dovecot.deliver, dsn("p3@example.org", number=3))
        await reader.stored(4)
        assert reader.recipients == [f"p{n}@example.org" for n in range(4)]
        await reader.listening()
    assert dovecot.flags() == [(b"\\Recent",)] * 5 or all(b"\\Seen" not in flags for flags in dovecot.flags())
    assert reader.query("SELECT source, provider, kind FROM outbox LIMIT 1") == [("bounces", "mailbox", "hard")]


async def test_mails_are_moved_to_where_they_belong(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(dsn("p1@example.org"), letter(), anonymous())
    async with Reader(tmp_path, mailbox(dovecot.imap, after="move", move_to="Fertig & gelesen: Zurück")) as reader:
        await reader.listening()
        await reader.until(lambda: len(dovecot.mails()) == 1)
        assert len(dovecot.mails("Unidentified")) == 1
        assert reader.query("SELECT count(*) FROM unidentified") == [(1,)]
        assert reader.query("SELECT count(*) FROM marks") == [(0,)]
    assert b"A question" in dovecot.mails()[0]
    assert b"p1@example.org" in dovecot.mails("Fertig &- gelesen: Zur&APw-ck")[0]
