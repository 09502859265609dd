# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail of our own is put and taken away, and whatever a server says, no other mail is ever flagged or removed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bouncestream.errors import ConnectionLost
from bouncestream.health import Status
from bouncestream.judging.mail import Judging, read_mail
from bouncestream.sources.mailbox.own_mail import HEADER, LEFTOVERS, SUBJECT, letter, marks
from bouncestream.sources.mailbox.proof import UNKNOWN
from bouncestream.sources.mailbox.visit import Heard, Visitor, hear
from tests.mailserver.dovecot import dsn
from tests.mailserver.dovecot import letter as a_letter
from tests.mailserver.liar import Liar, Lie
from tests.mailserver.reader import Reader, mailbox
from tests.mailserver.scripted import Peer

MARK, NUMBER = "0123456789abcdef" * 2, "fedcba9876543210"


def folder_with(count: int = 3) -> Liar:
    """Mails 101, 102, … of somebody."""
    return Liar(a_letter(number) for number in range(count))


def untouched(server: Liar, count: int = 3) -> bool:
    """Whether all mails of others are there, and nothing was done to any."""
    own = {uid for uid, kept in server.mails.items() if HEADER.encode() in kept.raw}
    others = [uid for uid in server.mails if uid not in own]
    stored = {int(command.split()[2]) for command in server.asked("UID STORE") + server.asked("UID EXPUNGE")}
    return (
        others == list(range(101, 101 + count))
        and not any(server.mails[uid].flags for uid in others)
        and not stored & set(others)
        and not server.asked("EXPUNGE")
        and not server.asked("CLOSE")
    )


async def heard(server: Liar, tmp_path: Path) -> Heard:
    async with server.serve() as scripted:
        visitor = Visitor(mailbox(scripted.port), tmp_path / "outbox.db")
        async with visitor.open() as ear:
            return await hear(visitor, ear, "INBOX", 5)


# -- the mail itself -----------------------------------------------------------------------------------------------


def test_our_mail_is_known_by_its_header_and_by_nothing_below_it() -> None:
    ours = letter(MARK, NUMBER, datetime(2026, 11, 29, tzinfo=UTC))
    assert marks(ours) == (MARK, NUMBER)
    assert marks(b"Received: from x\r\n by y\r\n" + ours.replace(b"\r\n", b"\n")) == (MARK, NUMBER)
    assert marks(a_letter()) == marks(b"") == ("", "")
    assert marks(a_letter() + b"\r\n" + ours) == ("", ""), "a mail that quotes ours is none of ours"
    assert marks(b"Subject: x\r\n" + b"X-Bouncestream-Canary: " + MARK.encode() + b"0\r\n\r\n") == ("", "")
    line = f"{HEADER}: {MARK} {NUMBER}\r\n".encode()
    assert marks(line + line.replace(b"0123", b"3210") + b"\r\n") == ("", "")


def test_no_mail_of_ours_is_taken_for_a_bounce_by_whoever_reads_the_folder() -> None:
    ours = letter(MARK, NUMBER, datetime(2026, 11, 29, tzinfo=UTC))
    assert read_mail(ours, Judging("bounces"), None).submission is None


# -- lies ----------------------------------------------------------------------------------------------------------


async def every_uid(server: Liar, peer: Peer, rest: str) -> None:
    peer.done("OK done", " ".join(["SEARCH", *map(str, sorted(server.mails))]))


async def sequence_numbers(server: Liar, peer: Peer, rest: str) -> None:
    peer.done("OK done", " ".join(["SEARCH", *map(str, range(1, len(server.mails) + 1))]))


async def of_all_mails(server: Liar, peer: Peer, rest: str) -> None:
    peer.done("OK done", *(server.shown(uid, rest) for uid in sorted(server.mails)))


@pytest.mark.parametrize(
    ("command", "lie"),
    [
        ("UID SEARCH", every_uid),
        ("UID SEARCH", sequence_numbers),
        ("UID FETCH", of_all_mails),
    ],
)
async def test_what_a_server_adds_is_left_alone(tmp_path: Path, command: str, lie: Lie) -> None:
    server = folder_with()
    server.lies[command] = lie
    found = await heard(server, tmp_path)
    assert found.seconds is not None
    assert found.left == ""
    assert server.gone == [104]
    assert untouched(server)


def appenduid(text: str) -> Lie:
    async def lie(server: Liar, peer: Peer, rest: str) -> None:
        await server.appended(peer, rest)
        peer.done(f"OK {text} done")

    return lie


async def another_mail(server: Liar, peer: Peer, rest: str) -> None:
    """Whatever is asked for, the first mail is told under that number."""
    peer.done("OK done", server.shown(101, rest, under=int(rest.split()[0])))


async def two_under_one_number(server: Liar, peer: Peer, rest: str) -> None:
    uid = int(rest.split()[0])
    peer.done("OK done", server.shown(uid, rest), server.shown(101, rest, under=uid))


async def nothing(server: Liar, peer: Peer, rest: str) -> None:
    peer.done()


async def refused(server: Liar, peer: Peer, rest: str) -> None:
    peer.done("NO not you")


async def numbers_change(server: Liar, peer: Peer, rest: str) -> bool:
    server.uidvalidity += 1
    return False


@pytest.mark.parametrize(
    ("command", "lie", "words"),
    [
        ("APPEND", appenduid(""), "does not report its UID"),
        ("APPEND", appenduid("[APPENDUID 7 101]"), "no new mail can have"),
        ("APPEND", appenduid("[APPENDUID 7 103]"), "no new mail can have"),
        ("APPEND", appenduid("[APPENDUID 7 1:104]"), "does not report its UID"),
        ("APPEND", appenduid("[APPENDUID 8 104]"), "no new mail can have"),
        ("APPEND", appenduid("[APPENDUID 7 999]"), "no longer at the UID that the server reported"),
        ("UID FETCH", another_mail, "shows another mail"),
        ("UID FETCH", two_under_one_number, "shows another mail"),
        ("UID FETCH", nothing, "no longer at the UID that the server reported"),
        ("UID FETCH", refused, "said NO to FETCH"),
        ("SELECT", numbers_change, "was renumbered meanwhile"),
        ("UID STORE", refused, "said NO to STORE"),
        ("UID STORE", nothing, "does not flag it"),
    ],
)
async def test_a_mail_that_is_not_proven_ours_stays_and_is_told(
    tmp_path: Path, command: str, lie: Lie, words: str
) -> None:
    server = folder_with()
    server.lies[command] = lie
    found = await heard(server, tmp_path)
    assert found.seconds is not None
    assert words in found.left
    assert server.gone == []
    assert not server.asked("UID EXPUNGE")
    assert untouched(server)


@pytest.mark.parametrize(("lie", "words"), [(refused, "said NO to EXPUNGE"), (nothing, "does not remove it")])
async def test_a_mail_that_is_flagged_and_stays_is_told(tmp_path: Path, lie: Lie, words: str) -> None:
    server = folder_with()
    server.lies["UID EXPUNGE"] = lie
    found = await heard(server, tmp_path)
    assert words in found.left
    assert [command.split()[2] for command in server.asked("UID EXPUNGE")] == ["104"]
    assert untouched(server)


async def test_a_server_that_removes_more_than_was_asked_for_is_told(tmp_path: Path) -> None:
    async def all_flagged(server: Liar, peer: Peer, rest: str) -> None:
        server.expunge(peer, sorted(server.mails))
        peer.done()

    server = folder_with()
    server.mails[102].flags.add("\\Deleted")  # by its owner, who could have taken it back
    server.lies["UID EXPUNGE"] = all_flagged
    assert "removed 2 mails instead of 1" in (await heard(server, tmp_path)).left


def of_another_process(server: Liar) -> int:
    return server.add(letter("f" * 32, "0" * 16, datetime.now(UTC)))


def by_its_owner(server: Liar) -> int:
    return 102


@pytest.mark.parametrize("whose", [of_another_process, by_its_owner])
@pytest.mark.parametrize("before", [True, False])
async def test_what_other_connections_remove_meanwhile_is_not_blamed_on_the_server(
    tmp_path: Path, whose: Callable[[Liar], int], before: bool
) -> None:
    """`before`: it is flagged already when ours is about to go."""
    server = folder_with()
    theirs = whose(server)
    server.mails[101].flags.add("\\Deleted")  # and is expunged by nobody
    if before:
        server.mails[theirs].flags.add("\\Deleted")

    async def meanwhile(server: Liar, peer: Peer, rest: str) -> None:
        server.mails[theirs].flags.add("\\Deleted")
        server.expunge(peer, [theirs, *server.some(rest)])
        peer.done()

    server.lies["UID EXPUNGE"] = meanwhile
    assert (await heard(server, tmp_path)).left == ""
    assert len(server.gone) == 2
    assert 101 in server.mails


async def gone_already(server: Liar, peer: Peer, rest: str) -> bool:
    """What a server says of a mail that another connection removes between our SEARCH and our FETCH."""
    if "BODY" not in rest or server.some(rest.split()[0]) != [104]:
        return False
    peer.done("OK Fetch completed", "4 FETCH (UID 104 BODY[]<0> NIL)")
    return True


@pytest.mark.parametrize("fetch", [None, gone_already], ids=["still there", "gone already"])
async def test_own_mails_that_several_processes_remove_at_once_spoil_nothing(
    tmp_path: Path, fetch: Lie | None
) -> None:
    server = folder_with()
    theirs = of_another_process(server)
    server.mails[theirs].flags.add("\\Deleted")
    if fetch is not None:
        server.lies["UID FETCH"] = fetch

    async def meanwhile(server: Liar, peer: Peer, rest: str) -> None:
        server.expunge(peer, [theirs, *server.some(rest)])
        peer.done()

    server.lies["UID EXPUNGE"] = meanwhile
    assert (await heard(server, tmp_path)).left == ""
    assert server.gone == [theirs, theirs + 1]
    assert untouched(server)


async def test_where_nobody_can_say_what_is_flagged_ours_is_removed_all_the_same(tmp_path: Path) -> None:
    server = folder_with()
    server.lies["UID SEARCH"] = refused
    assert (await heard(server, tmp_path)).left == ""
    assert server.gone == [104]
    assert untouched(server)


async def test_a_mail_that_goes_with_its_flag_is_gone(tmp_path: Path) -> None:
    async def at_once(server: Liar, peer: Peer, rest: str) -> None:
        del server.mails[int(rest.split()[0])]
        peer.done()

    server = folder_with()
    server.lies["UID STORE"] = at_once
    assert (await heard(server, tmp_path)).left == ""
    assert not server.asked("UID EXPUNGE")


async def test_a_connection_that_breaks_while_it_is_put_says_where_it_may_be(tmp_path: Path) -> None:
    async def breaks(server: Liar, peer: Peer, rest: str) -> None:
        await server.appended(peer, rest)
        peer.abort()

    server = folder_with()
    server.lies["APPEND"] = breaks
    with pytest.raises(ConnectionLost, match=f"{SUBJECT}.* may remain in INBOX"):
        await heard(server, tmp_path)


# -- canary = true -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def canaries(server: Liar, tmp_path: Path, start: str = "all") -> AsyncIterator[Reader]:
    async with server.serve() as scripted:
        settings = mailbox(scripted.port, canary=True, prove=0.2, start=start)
        async with Reader(tmp_path, settings) as reader:
            yield reader


def proofs(reader: Reader, count: int) -> Callable[[], bool]:
    return lambda: f'proofs_total{{mailbox="bounces",result="heard"}} {count}' in reader.metrics.render()


@pytest.mark.parametrize("lie", [every_uid, sequence_numbers])
async def test_a_canary_takes_nothing_with_it(tmp_path: Path, lie: Lie) -> None:
    server = folder_with()
    server.lies["UID SEARCH"] = lie
    async with canaries(server, tmp_path, "now") as reader:
        await reader.until(proofs(reader, 3))
        await reader.until(lambda: server.gone[:3] == [104, 105, 106])
        assert untouched(server)


async def test_where_a_canary_stays_no_other_is_put_and_it_is_told(tmp_path: Path) -> None:
    server = folder_with()
    server.lies["APPEND"] = appenduid("")
    async with canaries(server, tmp_path) as reader:
        await reader.told("a test mail could not be removed: the server does not report its UID", Status.YELLOW)
        assert SUBJECT in reader.state[1]
        await reader.until(proofs(reader, 3))
    assert len(server.asked("APPEND")) == 1
    assert server.asked("STATUS")
    assert not server.asked("UID STORE")
    assert untouched(server)


async def test_a_canary_that_stayed_is_taken_away_when_that_is_possible(tmp_path: Path) -> None:
    server = folder_with()
    server.lies["UID EXPUNGE"] = refused
    async with canaries(server, tmp_path) as reader:
        await reader.told("said NO to EXPUNGE", Status.YELLOW)
        del server.lies["UID EXPUNGE"]
        await reader.until(lambda: server.gone[:1] == [104])
        await reader.listening()
        await reader.until(lambda: len(server.asked("APPEND")) > 1)
    assert untouched(server)


async def taken_and_cut_off(server: Liar, peer: Peer, rest: str) -> bool:
    await server.appended(peer, rest)
    peer.abort()
    return True


async def test_a_canary_on_which_the_connection_died_is_looked_for(tmp_path: Path) -> None:
    server = folder_with()
    server.lies["APPEND"] = taken_and_cut_off
    async with canaries(server, tmp_path) as reader:
        await reader.until(lambda: server.asked("APPEND"))
        del server.lies["APPEND"]
        await reader.until(lambda: server.gone[:1] == [104])
        await reader.until(proofs(reader, 1))
    assert untouched(server)


async def test_canaries_that_are_not_found_again_do_not_pile_up(tmp_path: Path) -> None:
    server = folder_with()
    server.lies["APPEND"] = taken_and_cut_off

    async def none(server: Liar, peer: Peer, rest: str) -> bool:
        if "HEADER" not in rest:
            return False
        peer.done("OK done", "SEARCH")
        return True

    server.lies["UID SEARCH"] = none
    async with canaries(server, tmp_path) as reader:
        await reader.until(proofs(reader, 3))
    assert len(server.asked("APPEND")) == UNKNOWN
    assert server.asked("STATUS")
    assert untouched(server)


@pytest.mark.parametrize("search", [None, every_uid])
async def test_what_a_process_left_behind_is_looked_at_one_by_one(tmp_path: Path, search: Lie | None) -> None:
    server = folder_with()
    if search is not None:
        server.lies["UID SEARCH"] = search
    async with canaries(server, tmp_path) as reader:
        mark = reader.mailboxes._mark
        left = server.add(letter(mark, NUMBER, datetime.now(UTC)))
        server.mails[102].raw = f"{HEADER}: {'0' * 32} {NUMBER}\r\n".encode() + server.mails[102].raw
        quoting = server.add(dsn("p@example.org") + letter(mark, NUMBER, datetime.now(UTC)))
        await reader.until(lambda: server.gone[:1] == [left])
        await reader.until(proofs(reader, 2))
        assert {101, 102, 103, quoting} <= set(server.mails)
        assert not any("\\Deleted" in server.mails[uid].flags for uid in (101, 102, 103, quoting))


async def test_more_candidates_than_can_be_are_left_alone_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = folder_with(LEFTOVERS + 1)
    server.lies["UID SEARCH"] = every_uid
    caplog.set_level(logging.WARNING)
    async with canaries(server, tmp_path, "now") as reader:
        await reader.until(proofs(reader, 3))
    assert untouched(server, LEFTOVERS + 1)
    assert caplog.text.count("more than there can be: none was examined") == 1


async def test_one_mail_that_is_shown_under_several_numbers_is_left_alone(tmp_path: Path) -> None:
    server = folder_with()
    mine = 0

    async def always_ours(server: Liar, peer: Peer, rest: str) -> bool | None:
        uids = server.some(rest.split()[0])
        if "8192" not in rest or len(uids) != 1 or not mine or uids[0] > mine:
            return False
        peer.done("OK done", server.shown(mine, rest, under=uids[0]))
        return None

    server.lies["UID SEARCH"], server.lies["UID FETCH"] = every_uid, always_ours
    async with canaries(server, tmp_path, "now") as reader:
        mine = server.add(letter(reader.mailboxes._mark, NUMBER, datetime.now(UTC)))
        await reader.until(proofs(reader, 2))
    assert untouched(server)
