# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that name other mails than they have. A green light means that mails are really read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.health import Status
from bouncestream.sources.mailbox import rules
from tests.mailserver.liar import Liar, Lie
from tests.mailserver.scripted import Peer
from tests.sources.mailbox.test_listener import bounce, people
from tests.sources.mailbox.test_numbers import LATER, folder_with, reading


async def every_uid(server: Liar, peer: Peer, rest: str) -> None:
    peer.done("OK done", " ".join(["SEARCH", *map(str, sorted(server.mails))]))


async def sequence_numbers(server: Liar, peer: Peer, rest: str) -> None:
    peer.done("OK done", " ".join(["SEARCH", *map(str, range(1, len(server.mails) + 1))]))


async def no_mail(server: Liar, peer: Peer, rest: str) -> None:
    peer.done("OK done", "SEARCH")


@pytest.mark.parametrize("lie", [every_uid, sequence_numbers, no_mail])
@pytest.mark.parametrize("start", ["all", "30d", "now"])
async def test_whatever_search_answers_mails_are_read(tmp_path: Path, lie: Lie, start: str) -> None:
    server = folder_with(*range(4), first=101)
    for uid in (101, 102):
        server.mails[uid].arrived = "01-Feb-2020 10:00:00 +0000"
    server.lies["UID SEARCH"] = lie
    expected = {"all": [0, 1, 2, 3], "30d": [2, 3], "now": []}[start]
    async with reading(server, tmp_path, start=start) as reader:
        await reader.stored(len(expected))
        await reader.listening()
        server.add(bounce(4), LATER)
        await reader.stored(len(expected) + 1)
        assert reader.recipients == people(*expected, 4)
        assert reader.query("SELECT count(*) FROM quarantine") == [(0,)]
    server.add(bounce(5), LATER)
    async with reading(server, tmp_path, start=start) as reader:
        await reader.stored(len(expected) + 2)


async def test_a_server_that_has_mails_and_names_none_is_not_green(tmp_path: Path) -> None:
    async def nothing(server: Liar, peer: Peer, rest: str) -> None:
        peer.done()

    server = folder_with(*range(5))
    server.lies["UID SEARCH"], server.lies["UID FETCH"] = no_mail, nothing
    async with reading(server, tmp_path, retry=0.2) as reader:
        await reader.told("reports mails in INBOX (5 EXISTS), but lists none", Status.RED)
        server.lies.clear()
        await reader.stored(5)
        await reader.listening()


async def test_a_server_that_says_to_have_none_and_has_some_is_read(tmp_path: Path) -> None:
    async def select(server: Liar, peer: Peer, rest: str) -> None:
        peer.done("OK [READ-WRITE] done", *server.opened(exists=0))

    server = folder_with(*range(2))
    server.lies["SELECT"], server.lies["UID SEARCH"] = select, no_mail
    async with reading(server, tmp_path) as reader:
        await reader.stored(2)
        await reader.listening()
        server.add(bounce(2), LATER)
        await reader.stored(3)


async def test_an_empty_folder_is_green(tmp_path: Path) -> None:
    server = folder_with()
    server.uidnext = 500
    async with reading(server, tmp_path) as reader:
        await reader.listening()
        server.add(bounce(1))
        await reader.stored(1)


async def test_mails_that_went_before_we_looked_are_no_riddle(tmp_path: Path) -> None:
    server = folder_with(1, 2)
    server.uidnext = 500
    async with reading(server, tmp_path) as reader:
        await reader.stored(2)
        await reader.listening()
        server.uidnext = 600
        server.pushed.set()
        await reader.until(
            lambda: server.commands[-1] == "IDLE" and "UID FETCH 3:599 (UID FLAGS)" in server.commands
        )
        server.add(bounce(3))
        await reader.stored(3)


def without_body(*uids: int) -> Lie:
    async def lie(server: Liar, peer: Peer, rest: str) -> None:
        for uid in server.some(rest.split()[0]):
            hidden = uid in uids or not uids
            peer.say(b"* " + server.shown(uid, rest.replace("BODY", "NONE") if hidden and "BODY" in rest else rest))
        peer.done()

    return lie


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "TRIES_SPAN", 0.1)
    monkeypatch.setattr(rules, "NONE_SPAN", 0.5)


@pytest.mark.usefixtures("impatient")
async def test_where_all_mails_are_set_aside_it_is_red(tmp_path: Path) -> None:
    server = folder_with(1)
    server.lies["UID FETCH"] = without_body()
    async with reading(server, tmp_path, retry=0.1) as reader:
        await reader.told("not read: INBOX: its mails cannot be read, quarantined in a row: 1", Status.RED)
        assert reader.query("SELECT count(*) FROM quarantined") == [(1,)]
    async with reading(server, tmp_path, retry=0.1) as reader:  # nor after a restart
        await reader.told("not read: INBOX: its mails cannot be read, quarantined in a row: 1", Status.RED)
        server.lies.clear()
        server.add(bounce(9))
        await reader.stored(1)
        await reader.listening()


@pytest.mark.usefixtures("impatient")
async def test_where_no_mail_is_given_it_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "NONE_SPAN", 60.0)  # longer than a loaded machine takes to tell
    server = folder_with(*range(3))
    server.lies["UID FETCH"] = without_body()
    async with reading(server, tmp_path, retry=0.1) as reader:
        await reader.told("INBOX: the server returns none of its mails", Status.RED)
        server.lies.clear()
        await reader.stored(3)
        await reader.listening()


@pytest.mark.usefixtures("impatient")
async def test_where_one_of_many_is_set_aside_it_stays_green(tmp_path: Path) -> None:
    server = folder_with(*range(4))
    server.lies["UID FETCH"] = without_body(4)
    async with reading(server, tmp_path, retry=0.1) as reader:
        await reader.stored(3)
        await reader.until(lambda: reader.query("SELECT count(*) FROM quarantined") == [(1,)])
        await reader.listening()
        server.lies["UID FETCH"] = without_body(*range(4, 5 + rules.UNREAD))
        for number in range(5, 5 + rules.UNREAD):
            server.add(bounce(number))
        await reader.told("not read: INBOX", Status.RED, 40)
