# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers whose IDLE ends at once, again and again: no loop that keeps both sides busy, and nothing goes unread."""

from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.sources.mailbox import rules
from tests.mailserver.liar import Liar, Lie
from tests.mailserver.reader import Reader, mailbox
from tests.mailserver.scripted import Peer
from tests.sources.mailbox.test_listener import bounce, people


def idle(*lines: str, waits: bool) -> Lie:
    """An IDLE that says these lines at its beginning; `waits`: it lasts until the client ends it."""

    async def lie(server: Liar, peer: Peer, rest: str) -> bool:
        tag = peer.tag
        peer.say(*lines)
        if waits:
            await peer.line()
        peer.say(f"{tag} OK done")
        return True

    return lie


ODD = {
    "it begins with EXISTS": idle("+ idling", "* 1 EXISTS", waits=True),
    "it begins with flags": idle("+ idling", "* 1 FETCH (FLAGS (\\Seen))", waits=True),
    "the server ends it": idle("+ idling", waits=False),
    "no continuation": idle(waits=False),
}


@pytest.mark.parametrize("sort", ODD)
async def test_there_is_a_rest_after_some(tmp_path: Path, sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "FIRST_REST", 3600.0)
    monkeypatch.setattr(rules, "LONGEST_REST", 3600.0)
    server = Liar([bounce(1)])
    server.lies["IDLE"] = ODD[sort]
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port, timeout=7200.0)) as reader:
        await reader.until(lambda: len(server.asked("IDLE")) > rules.HOLLOW)
        with pytest.raises(AssertionError):
            await reader.until(lambda: len(server.asked("IDLE")) > rules.HOLLOW + 1, 0.3)


@pytest.mark.parametrize("sort", ODD)
async def test_after_the_rest_what_is_new_is_read(
    tmp_path: Path, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "FIRST_REST", 0.01)
    monkeypatch.setattr(rules, "LONGEST_REST", 0.05)
    server = Liar([bounce(1)])
    server.lies["IDLE"] = ODD[sort]
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port)) as reader:
        await reader.until(lambda: len(server.asked("IDLE")) > rules.HOLLOW + 2)
        server.add(bounce(2))
        await reader.stored(2)
        assert reader.recipients == people(1, 2)


def test_the_rest_grows_and_has_an_end() -> None:
    settings = mailbox(1, timeout=30.0)
    assert [rules.hollow_rest(times, settings) for times in range(9)] == [0, 0, 0, 0, 1, 2, 4, 8, 10]
    assert rules.hollow_rest(9999, settings) == 10
    assert rules.hollow_rest(9999, mailbox(1, timeout=4.0)) == 2  # the proof waits for a look so long
