# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers whose numbers do not mean any more what they meant: restored from a backup, absurd for a moment, new each
time. What arrives is read all the same, and nothing is done to a mail that only has the number of another one.
"""

from __future__ import annotations

import asyncio
import imaplib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bouncestream.config.mailbox import Mailbox
from bouncestream.folders import FolderProgress
from bouncestream.health import Status
from bouncestream.sources.mailbox import rules
from bouncestream.sources.mailbox.visit import Contact, Visitor, look
from tests.mailserver.dovecot import Dovecot, letter
from tests.mailserver.liar import Liar
from tests.mailserver.reader import Reader, mailbox
from tests.mailserver.scripted import Peer
from tests.sources.mailbox.test_listener import bounce, people

#: An INTERNALDATE after the first contact, whenever that was.
LATER = imaplib.Time2Internaldate(time.time() + 86400).strip('"')


@asynccontextmanager
async def reading(server: Liar, folder: Path, **settings: object) -> AsyncIterator[Reader]:
    async with server.serve() as scripted:
        box: dict[str, object] = {"start": "all", "idle": 0.3} | settings
        async with Reader(folder, mailbox(scripted.port, **box)) as reader:
            yield reader


def folder_with(*numbers: int, first: int = 1) -> Liar:
    return Liar((bounce(number) for number in numbers), first=first)


def restore(server: Liar, upto: int) -> None:
    """Put the server back to when UID `upto` was the last one."""
    server.mails = {uid: kept for uid, kept in server.mails.items() if uid <= upto}
    server.uidnext = upto + 1


def marks(reader: Reader) -> int:
    return int(reader.query("SELECT count(*) FROM marks")[0][0])


# -- restored from a backup ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("new", [0, 1, 3])
async def test_after_a_backup_was_restored_what_arrives_is_read(tmp_path: Path, new: int) -> None:
    """`new` mails arrive before we look again, the next one while we listen."""
    server = folder_with(*range(10))
    async with reading(server, tmp_path) as reader:
        await reader.stored(10)
        await reader.listening()
    restore(server, 5)
    for number in range(new):
        server.add(bounce(20 + number), LATER)
    async with reading(server, tmp_path) as reader:
        await reader.stored(10 + new)
        await reader.listening()
        server.add(bounce(30), LATER)
        await reader.stored(11 + new)
        await reader.listening()
        assert reader.query("SELECT renumbered, last_uid FROM folders") == [(1, 6 + new)]


async def test_a_backup_that_is_restored_while_we_listen_is_seen_too(tmp_path: Path) -> None:
    server = folder_with(*range(10))
    async with reading(server, tmp_path) as reader:
        await reader.stored(10)
        await reader.listening()
        restore(server, 5)
        server.add(bounce(20), LATER)
        await reader.stored(11)
        server.add(bounce(21), LATER)
        await reader.stored(12)
        assert reader.recipients[-2:] == people(20, 21)


async def test_a_backup_whose_numbers_have_caught_up_is_told_by_the_last_mail(tmp_path: Path) -> None:
    """UIDNEXT is higher than what was read when we look again: another mail has the last UID now."""
    server = folder_with(*range(10))
    async with reading(server, tmp_path) as reader:
        await reader.stored(10)
        await reader.listening()
    restore(server, 5)
    for number in range(20, 27):
        server.add(bounce(number), LATER)
    assert server.uidnext == 13
    async with reading(server, tmp_path) as reader:
        await reader.stored(17)
        assert reader.recipients[10:] == people(*range(20, 27))


async def test_the_same_mail_told_in_another_time_zone_is_the_same(tmp_path: Path) -> None:
    server = folder_with(*range(3))
    async with reading(server, tmp_path) as reader:
        await reader.stored(3)
        await reader.listening()
    for kept in server.mails.values():
        kept.arrived = "22-Nov-2026 09:00:10 +0000"  # an hour later, as summer time has it
    server.add(bounce(3))
    async with reading(server, tmp_path) as reader:
        await reader.stored(4)
        await reader.listening()
        assert reader.query("SELECT renumbered FROM folders") == [(0,)]


async def test_a_real_server_that_is_restored_from_a_backup(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(bounce(1), bounce(2))
    backup = dovecot.back_up()
    dovecot.deliver(*(bounce(number) for number in range(3, 7)))
    async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
        await reader.stored(6)
        await reader.listening()
        await asyncio.to_thread(dovecot.restore, backup)
        await asyncio.to_thread(dovecot.deliver, bounce(7))
        await reader.stored(7)
        await reader.listening()
        assert reader.query("SELECT renumbered, last_uid FROM folders") == [(1, 3)]
        await asyncio.to_thread(dovecot.deliver, bounce(8))
        await reader.stored(8)
        assert reader.recipients[-2:] == people(7, 8)


@pytest.mark.parametrize("after", ["move", "flag"])
async def test_what_was_owed_to_a_mail_is_not_done_to_another_one(
    tmp_path: Path, after: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = folder_with(*range(10))

    async def refused(server: Liar, peer: Peer, rest: str) -> None:
        peer.done("NO [LIMIT] later")

    server.lies["UID MOVE"] = server.lies["UID STORE"] = refused
    async with reading(server, tmp_path, after=after, retry=30.0) as reader:
        await reader.told("mails cannot be flagged or moved yet", Status.YELLOW)
        assert marks(reader) == 10
    restore(server, 5)
    for number in range(6):
        server.add(letter(number), LATER)  # of a person, under the numbers of bounces; UIDNEXT has caught up
    # and the mail of the last UID that was read has the same arrival, by chance
    server.mails[10].arrived = server.mails[1].arrived
    del server.lies["UID MOVE"], server.lies["UID STORE"]
    async with reading(server, tmp_path, after=after) as reader:
        await reader.until(lambda: marks(reader) == 0)
        await reader.listening()
    assert {*range(6, 10)} <= set(server.mails)
    assert not any(server.mails[uid].flags for uid in range(6, 10))
    assert "4 mails that waited to be flagged or moved are gone or can no longer" in caplog.text


async def test_what_is_still_owed_after_a_restart_is_done(tmp_path: Path) -> None:
    server = folder_with(*range(3))

    async def refused(server: Liar, peer: Peer, rest: str) -> None:
        peer.done("NO [LIMIT] later")

    server.lies["UID MOVE"] = refused
    async with reading(server, tmp_path, after="move", retry=30.0) as reader:
        await reader.told("mails cannot be flagged or moved yet", Status.YELLOW)
    del server.lies["UID MOVE"]
    async with reading(server, tmp_path, after="move") as reader:
        await reader.until(lambda: not server.mails)
        await reader.until(lambda: marks(reader) == 0)
    assert sorted(server.moved) == [1, 2, 3]


# -- numbers that cannot be ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("absurd", [4_000_000_000, 2**32 - 1, 7, 6])
@pytest.mark.parametrize("start", ["all", "now"])
async def test_an_absurd_uid_makes_no_later_mail_look_read(tmp_path: Path, absurd: int, start: str) -> None:
    server = folder_with(*range(5))
    wrong = True

    async def search(server: Liar, peer: Peer, rest: str) -> bool | None:
        if not wrong:
            return False
        peer.done("OK done", f"SEARCH {absurd}")
        return None

    server.lies["UID SEARCH"] = search
    async with reading(server, tmp_path, start=start, retry=0.2) as reader:
        await reader.stored(5 if start == "all" else 0)  # FETCH has shown them
        await reader.listening()
        assert reader.query(f"SELECT count(*) FROM folders WHERE last_uid >= {absurd}") == [(0,)]
        assert reader.query("SELECT count(*) FROM quarantine") == [(0,)]
        wrong = False
        server.add(bounce(5), LATER)
        await reader.until(lambda: people(5)[0] in reader.recipients)
        await reader.listening()
        assert len(reader.recipients) == (6 if start == "all" else 1)
        assert reader.query("SELECT last_uid FROM folders") == [(6,)]


@pytest.mark.parametrize("start", ["all", "now"])
@pytest.mark.parametrize("absurd", [2**32, 2**32 - 1, 3_000_000, 0, 1, 3])
async def test_an_absurd_uidnext_makes_no_later_mail_look_read(tmp_path: Path, absurd: int, start: str) -> None:
    server = folder_with(*range(5))
    wrong = True

    async def select(server: Liar, peer: Peer, rest: str) -> bool | None:
        if not wrong:
            return False
        peer.done("OK [READ-WRITE] done", *server.opened(uidnext=absurd))
        return None

    server.lies["SELECT"] = select
    expected = 5 if start == "all" else 0
    async with reading(server, tmp_path, start=start) as reader:
        await reader.stored(expected)
        await reader.listening()
        server.add(bounce(5), LATER)
        await reader.stored(expected + 1)
        await reader.listening()
        wrong = False
        server.add(bounce(6), LATER)
        await reader.stored(expected + 2)
        await reader.listening()
        assert reader.query("SELECT last_uid FROM folders") == [(7,)]


async def test_an_absurd_uid_where_fetch_shows_nothing_is_not_taken_for_a_mail(tmp_path: Path) -> None:
    server = folder_with(*range(5))
    wrong = True

    async def search(server: Liar, peer: Peer, rest: str) -> bool | None:
        if not wrong:
            return False
        peer.done("OK done", "SEARCH 4294967295")
        return None

    async def fetch(server: Liar, peer: Peer, rest: str) -> bool | None:
        if not wrong:
            return False
        peer.done()
        return None

    server.lies["UID SEARCH"], server.lies["UID FETCH"] = search, fetch
    async with reading(server, tmp_path, retry=0.2) as reader:
        await reader.told("reports mails in INBOX (5 EXISTS), but lists none", Status.RED)
        wrong = False
        await reader.stored(5)
        await reader.listening()


async def test_a_watermark_of_an_earlier_version_that_is_too_high_heals(tmp_path: Path) -> None:
    server = folder_with(*range(5))
    async with reading(server, tmp_path) as reader:
        await reader.stored(5)
        await reader.listening()

        def spoil(conn: object) -> None:
            conn.execute("UPDATE folders SET last_uid = 4294967295, last_at = NULL")  # type: ignore[attr-defined]

        await reader.db.write(spoil)
    server.add(bounce(5), LATER)
    async with reading(server, tmp_path) as reader:
        await reader.stored(6)
        await reader.listening()


async def test_a_mail_that_is_really_there_beyond_uidnext_is_read(tmp_path: Path) -> None:
    """It arrives between SELECT and SEARCH."""
    server = folder_with(1)

    async def search(server: Liar, peer: Peer, rest: str) -> bool:
        if len(server.mails) == 1:
            server.add(bounce(2), LATER)
        return False

    server.lies["UID SEARCH"] = search
    async with reading(server, tmp_path) as reader:
        await reader.stored(2)


async def test_a_server_that_tells_uidnext_only_when_it_is_asked_is_heard(tmp_path: Path) -> None:
    async def select(server: Liar, peer: Peer, rest: str) -> None:
        peer.done("OK [READ-WRITE] done", *(line for line in server.opened() if "UIDNEXT" not in line))

    server = folder_with(*range(3))
    server.lies["SELECT"] = select
    async with reading(server, tmp_path, prove=0.1) as reader:
        await reader.until(lambda: 'proofs_total{mailbox="bounces",result="heard"} 3' in reader.metrics.render())
        assert 'result="deaf"' not in reader.metrics.render()
        # one goes and one comes: the folder looks the same
        server.mails.pop(2)
        server.add(bounce(3), LATER)
        await reader.stored(4)


async def test_a_visitor_sees_that_the_numbers_are_new(tmp_path: Path) -> None:
    server = folder_with(*range(5))
    async with server.serve() as scripted:
        visitor = Visitor(mailbox(scripted.port), tmp_path / "outbox.db")
        for last, contact in ((5, Contact.KNOWN), (6, Contact.RENUMBERED), (2**32 - 1, Contact.RENUMBERED)):
            async with visitor.open() as session:
                seen = await look(visitor.settings, session, lambda name, last=last: FolderProgress(7, last))  # type: ignore[misc]
                assert seen.folders[0].contact is contact


# -- new numbers each time -----------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("after", ["leave", "flag"])
@pytest.mark.parametrize("values", ["rising", "two in turns"])
async def test_a_uidvalidity_that_is_new_each_time_is_no_hot_loop(
    tmp_path: Path, after: str, values: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = folder_with(*range(3))

    async def select(server: Liar, peer: Peer, rest: str) -> bool:
        server.uidvalidity = server.uidvalidity + 1 if values == "rising" else 15 - server.uidvalidity
        return False

    server.lies["SELECT"] = select
    caplog.set_level(logging.INFO)
    async with reading(server, tmp_path, after=after, retry=2.0) as reader:
        await reader.told("new numbers each time: ", Status.YELLOW)
        asked, logged = len(server.commands), len(caplog.records)
        await asyncio.sleep(1.0)
        assert len(server.commands) == asked
        assert len(caplog.records) == logged
        server.add(bounce(3), LATER)
        await reader.stored(4, 10)
        assert reader.query("SELECT count(*) FROM folders") == [(1,)]
        assert reader.query(
            "SELECT count(*) FROM marks WHERE uidvalidity <> (SELECT uidvalidity FROM folders)"
        ) == [(0,)]
        # and when it keeps its numbers after all, it is listened to again
        del server.lies["SELECT"]
        await reader.listening()
        server.add(bounce(4), LATER)
        await reader.stored(5)
    assert sum("renumbered" in record.getMessage() for record in caplog.records) == rules.UNSTEADY - 1


def test_the_waits_for_a_folder_without_lasting_numbers() -> None:
    waits = [rules.unsteady_wait(count, Mailbox(name="bounces")) for count in range(3, 10)]
    assert waits == [60, 120, 240, 480, 900, 900, 900]
    assert rules.unsteady_wait(10**6, Mailbox(name="bounces")) == 900
