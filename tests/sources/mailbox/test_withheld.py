# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails that the server does not give: one of them blocks no other one, trouble of the whole server blames none.
What is not given in one form is asked for in another.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bouncestream.errors import Throttled
from bouncestream.health import Status
from bouncestream.sources.imap.fetch import FORMS
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox import rules
from tests.mailserver.liar import Liar
from tests.mailserver.reader import Reader, mailbox
from tests.mailserver.scripted import Peer
from tests.sources.mailbox.test_listener import bounce, people

QUARANTINED = "SELECT count(*) FROM quarantined"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "TRIES_SPAN", 0.3)


def refusing(said: str, *uids: int, meanwhile: Callable[[], bool] = lambda: True) -> Callable[..., object]:
    """Whatever is asked of these mails (none: of all) but their flags and size is refused so."""

    async def lie(server: Liar, peer: Peer, rest: str) -> bool:
        numbers, what = rest.split(None, 1)
        if not meanwhile() or not re.search(r"BODY|RFC822(?!\.SIZE)", what.upper()):
            return False
        if uids and not set(uids) & set(server.some(numbers)):
            return False
        peer.done(said)
        return True

    return lie


def giving(answer: Callable[[Liar, Peer, int, str], bool]) -> Callable[..., object]:
    """Each mail that is asked for is told by `answer`; False: the command is refused."""

    async def lie(server: Liar, peer: Peer, rest: str) -> bool:
        numbers, what = rest.split(None, 1)
        if not re.search(r"BODY|RFC822(?!\.SIZE)", what.upper()):
            return False
        for uid in server.some(numbers):
            if not answer(server, peer, uid, what):
                peer.done("BAD what is that")
                return True
        peer.done()
        return True

    return lie


def parts(server: Liar, uid: int, what: str) -> bytes:
    """A right answer in the form that was asked for."""
    raw = server.mails[uid].raw
    head, _, text = raw.partition(b"\r\n\r\n")
    all_of = {"HEADER]": head + b"\r\n\r\n", "RFC822.HEADER": head + b"\r\n\r\n", "TEXT]": text}
    told = [b"* %d FETCH (UID %d" % (server.number(uid), uid)]
    if "INTERNALDATE" in what:
        told.append(b'INTERNALDATE "%b"' % server.mails[uid].arrived.encode())
    for item in what.strip("()").replace(".PEEK", "").split():
        item, _, cut = item.partition("<")
        literal = next((part for end, part in all_of.items() if item.endswith(end)), raw)
        if item.startswith(("BODY", "RFC822")):
            told.append(b"%b%b {%d}\r\n%b" % (item.encode(), b"<0>" if cut else b"", len(literal), literal))
    return b" ".join(told) + b")"


# -- one mail ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "NO [UNAVAILABLE] UID FETCH Server error while fetching messages",
        "NO [SERVERBUG] Internal error occurred",
        "NO [CORRUPTION] index",
        "NO [EXPUNGEISSUED] some messages are gone",
        "NO [LIMIT] this message is too large",
        "NO Some messages could not be FETCHed",
        "BAD FETCH failed",
    ],
)
async def test_one_mail_that_is_refused_blocks_no_other_one(tmp_path: Path, said: str) -> None:
    server = Liar([bounce(1), bounce(2), bounce(3)])
    server.lies["UID FETCH"] = refusing(said, 102)  # type: ignore[assignment]
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, retry=0.1)) as reader:
        await reader.stored(2)
        assert reader.recipients == people(1, 3)
        assert reader.query(QUARANTINED) == [(1,)]
        await reader.listening()
        server.add(bounce(4))
        await reader.stored(3)


async def test_the_first_mail_is_refused_and_each_later_one_comes_alone(tmp_path: Path) -> None:
    server = Liar([bounce(1)])
    server.lies["UID FETCH"] = refusing("NO [UNAVAILABLE] not this one", 101)  # type: ignore[assignment]
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, retry=0.1)) as reader:
        await reader.told("server refused: ", Status.RED)
        assert reader.query(QUARANTINED) == [(0,)]  # whether it is the mail's fault nobody knows yet
        server.add(bounce(2))
        await reader.stored(1)
        assert reader.recipients == people(2)
        assert reader.query(QUARANTINED) == [(1,)]
        await reader.listening()


async def test_of_a_mail_that_is_not_given_its_header_is_kept(tmp_path: Path) -> None:
    server = Liar([bounce(1), bounce(2)])

    def answer(server: Liar, peer: Peer, uid: int, what: str) -> bool:
        if uid == 101 and "HEADER]<0." not in what:
            return False
        peer.say(parts(server, uid, what))
        return True

    server.lies["UID FETCH"] = giving(answer)  # type: ignore[assignment]
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, retry=0.1)) as reader:
        await reader.stored(1)
        [(why,)] = reader.query("SELECT why FROM quarantined")
        assert "only its header could be fetched" in why


# -- the whole server ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["NO [UNAVAILABLE] storage", "NO Server error", "BAD Internal", "NO [CORRUPTION] all"]
)
async def test_trouble_of_the_whole_server_blames_no_mail(tmp_path: Path, said: str) -> None:
    server = Liar([bounce(1), bounce(2), bounce(3)])
    broken = True
    server.lies["UID FETCH"] = refusing(said, meanwhile=lambda: broken)  # type: ignore[assignment]
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, retry=0.1)) as reader:
        await reader.told("server refused: ", Status.RED)
        await reader.until(lambda: len(server.asked("UID FETCH")) > 60)  # more than all tries of all mails
        assert reader.state[0] is not Status.GREEN
        assert reader.query(QUARANTINED) == [(0,)]
        broken = False
        await reader.stored(3)
        await reader.listening()
        assert reader.query(QUARANTINED) == [(0,)]


async def test_a_server_that_hangs_up_at_every_mail_blames_none(tmp_path: Path) -> None:
    server = Liar([bounce(1), bounce(2)])
    broken = True

    async def lie(server: Liar, peer: Peer, rest: str) -> bool:
        if broken:
            raise ConnectionResetError
        return False

    server.lies["UID FETCH"] = lie
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, retry=0.1)) as reader:
        await reader.told("connection lost: ", Status.RED)
        await reader.until(lambda: len(server.asked("UID FETCH")) > 20)
        assert reader.query(QUARANTINED) == [(0,)]
        broken = False
        await reader.stored(2)
        assert reader.query(QUARANTINED) == [(0,)]


async def test_when_no_mail_of_a_folder_is_given_that_is_red(tmp_path: Path) -> None:
    server = Liar([bounce(1)])
    server.lies["UID FETCH"] = refusing("NO not for you")  # type: ignore[assignment]
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, retry=0.1)) as reader:
        await reader.told("not read: INBOX: its mails cannot be read", Status.RED)
        assert reader.query(QUARANTINED) == [(1,)]
        await asyncio.sleep(0.3)
        assert reader.state[0] is Status.RED
        server.lies.clear()
        server.add(bounce(2))
        await reader.stored(1)
        await reader.listening()


# -- forms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refused", ["bad", "nothing", "no body", "hangs up"])
@pytest.mark.parametrize("number", range(len(FORMS)), ids=[form.name for form in FORMS])
async def test_a_server_that_knows_one_form_only_is_read(
    tmp_path: Path, number: int, refused: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = Liar([bounce(n) for n in range(3)])
    known = FORMS[number].what.partition("%d")[0]

    def answer(server: Liar, peer: Peer, uid: int, what: str) -> bool:
        if what.startswith(known) and (FORMS[number].whole is (what == FORMS[number].what)):
            peer.say(parts(server, uid, what))
        elif refused == "hangs up":
            raise ConnectionResetError
        elif refused == "no body":
            peer.say(b"* %d FETCH (UID %d BODY[] NIL)" % (server.number(uid), uid))
        return refused != "bad" or what.startswith(known)

    server.lies["UID FETCH"] = giving(answer)  # type: ignore[assignment]
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, retry=0.05)) as reader:
        await reader.stored(3)
        await reader.listening()
        assert reader.recipients == people(0, 1, 2)
        assert reader.query(QUARANTINED) == [(0,)]
        before = len(server.asked("UID FETCH"))
        server.add(bounce(3))
        await reader.stored(4)
        # what works is remembered: no other form is tried for the next mail
        assert len(server.asked("UID FETCH")) - before <= 3
        assert ("marks them as read" in caplog.text) is FORMS[number].marks


async def test_a_bracket_that_is_closed_too_early(tmp_path: Path) -> None:
    """Xeams."""
    server = Liar([bounce(n) for n in range(3)])

    def answer(server: Liar, peer: Peer, uid: int, what: str) -> bool:
        whole = parts(server, uid, what)
        if what.startswith("("):
            raw = server.mails[uid].raw
            whole = b"* %d FETCH (BODY[]<0> {%d}\r\n%b)\r\n UID %d)" % (server.number(uid), len(raw), raw, uid)
        peer.say(whole)
        return True

    server.lies["UID FETCH"] = giving(answer)  # type: ignore[assignment]
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, retry=0.05)) as reader:
        await reader.stored(3)
        await reader.listening()
        assert reader.query(QUARANTINED) == [(0,)]


async def test_a_huge_mail_is_never_asked_for_as_a_whole(tmp_path: Path) -> None:
    server = Liar([bounce(1), bounce(2)])
    asked: list[str] = []

    async def lie(server: Liar, peer: Peer, rest: str) -> bool:
        numbers, what = rest.split(None, 1)
        if "RFC822.SIZE" in what:
            peer.done("OK", *(f"{server.number(uid)} FETCH (UID {uid} RFC822.SIZE 99000000)" for uid in (101,)))
            return True
        if numbers == "101" and re.search("BODY|RFC822", what):
            asked.append(what)
        if "101" in numbers and "BODY.PEEK[TEXT]<" not in what:
            peer.done("NO not so")
            return True
        for uid in server.some(numbers):
            peer.say(parts(server, uid, what))
        peer.done()
        return True

    server.lies["UID FETCH"] = lie
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, retry=0.05)) as reader:
        await reader.stored(2)
        assert reader.recipients == people(1, 2)
        assert all("<0." in what for what in asked)


# -- what is asked about mails besides -----------------------------------------------------------------------------


def damaged(*uids: int, said: str = "NO [UNAVAILABLE] damaged") -> Callable[..., object]:
    """Whatever is asked of these mails but their flags is refused, of whichever others in the same command too."""

    async def lie(server: Liar, peer: Peer, rest: str) -> bool:
        numbers, what = rest.split(None, 1)
        if "INTERNALDATE" not in what.upper() or not set(uids) & set(server.some(numbers)):
            return False
        peer.done(said)
        return True

    return lie


async def test_a_mail_that_is_damaged_after_it_was_read_blocks_no_later_one(tmp_path: Path) -> None:
    server = Liar([bounce(1), bounce(2)])
    async with server.serve() as at:
        async with Reader(tmp_path, mailbox(at.port)) as reader:
            await reader.stored(2)
            await reader.listening()
        server.lies["UID FETCH"] = damaged(102)  # type: ignore[assignment]
        server.add(bounce(3))
        async with Reader(tmp_path, mailbox(at.port)) as reader:
            await reader.stored(3)
            await reader.listening()


async def test_when_it_can_be_told_again_another_mail_under_the_last_number_shows(tmp_path: Path) -> None:
    server = Liar([bounce(1), bounce(2)])
    async with server.serve() as at:
        async with Reader(tmp_path, mailbox(at.port)) as reader:
            await reader.stored(2)
            await reader.listening()
        server.mails[102].raw, server.mails[102].arrived = bounce(3), "22-Nov-2026 09:17:33 +0000"
        server.lies["UID FETCH"] = damaged(102)  # type: ignore[assignment]
        async with Reader(tmp_path, mailbox(at.port)) as reader:
            await reader.listening()
            server.lies.clear()
            server.pushed.set()
            await reader.stored(3)
            assert reader.recipients == people(1, 2, 3)


async def test_an_old_mail_that_is_damaged_does_not_block_the_first_contact(tmp_path: Path) -> None:
    server = Liar([bounce(1), bounce(2)])
    server.mails[101].arrived = "22-Nov-2019 08:00:10 +0000"

    async def since(server: Liar, peer: Peer, rest: str) -> bool:
        if "SINCE" not in rest:
            return False
        peer.done("OK done", "SEARCH 102")
        return True

    server.lies["UID FETCH"] = damaged(101)  # type: ignore[assignment]
    server.lies["UID SEARCH"] = since
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, start="3650d")) as reader:
        await reader.until(lambda: people(2)[0] in reader.recipients)


async def test_of_mails_that_are_owed_something_a_damaged_one_hinders_no_other(tmp_path: Path) -> None:
    server = Liar([bounce(1), bounce(2), bounce(3)])

    async def no(server: Liar, peer: Peer, rest: str) -> bool:
        peer.done("NO [UNAVAILABLE] later")
        return True

    async with server.serve() as at:
        server.lies["UID STORE"] = no
        async with Reader(tmp_path, mailbox(at.port, after="flag", retry=600.0)) as reader:
            await reader.stored(3)
            await reader.told("cannot be flagged or moved yet")
        del server.lies["UID STORE"]
        server.lies["UID FETCH"] = damaged(102)  # type: ignore[assignment]
        async with Reader(tmp_path, mailbox(at.port, after="flag")) as reader:
            await reader.until(lambda: all("\\Seen" in server.mails[uid].flags for uid in (101, 103)))
            assert server.mails[102].flags == set()


@pytest.mark.parametrize(("after", "command"), [("move", "UID MOVE"), ("flag", "UID STORE")])
async def test_one_that_may_not_be_moved_or_flagged_hinders_no_other(
    tmp_path: Path, after: str, command: str
) -> None:
    server = Liar([bounce(number) for number in range(1, 8)])

    async def no(server: Liar, peer: Peer, rest: str) -> bool:
        if 103 not in server.some(rest.split()[0]):
            return False
        peer.done("NO [SERVERBUG] of one of them")
        return True

    server.lies[command] = no
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, after=after, retry=600.0)) as reader:
        await reader.told("cannot be flagged or moved yet", Status.YELLOW)
        done = set(server.moved) | {uid for uid, kept in server.mails.items() if "\\Seen" in kept.flags}
        assert done == {101, 102, 104, 105, 106, 107}


async def test_a_server_that_moves_nothing_is_not_asked_for_each_mail(tmp_path: Path) -> None:
    server = Liar([bounce(number) for number in range(1, 50)])

    async def no(server: Liar, peer: Peer, rest: str) -> bool:
        peer.done("NO [OVERQUOTA] no room" if len(server.asked("UID MOVE")) > 5 else "NO [NOPERM] not you")
        return True

    server.lies["UID MOVE"] = no
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, after="move", retry=600.0)) as reader:
        await reader.told("cannot be flagged or moved yet", Status.YELLOW)
        assert len(server.asked("UID MOVE")) < 20
        assert not server.moved


async def test_who_wants_fewer_requests_is_not_asked_which_mail_it_is() -> None:
    server = Liar([bounce(number) for number in range(1, 9)])
    server.lies["UID FETCH"] = damaged(103, said="NO [LIMIT] Too many requests, slow down")  # type: ignore[assignment]
    async with server.serve() as at:
        session = await Session.connect(mailbox(at.port))
        await session.select("INBOX")
        with pytest.raises(Throttled):
            await session.dates(range(101, 109))
        assert len(server.asked("UID FETCH")) == 1
        await session.close()
