# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way into a mailbox: sessions that are closed again, and no login before its time after a refused one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from bouncestream.errors import AuthFailed, ConnectionLost, Throttled
from bouncestream.metrics import MAILBOX_CONNECTS, Metrics
from bouncestream.sources.mailbox.connector import Connector
from tests.mailserver.reader import mailbox
from tests.mailserver.scripted import CAPABILITIES, Peer, Scripted


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self._at = 1000.0

    def now(self) -> datetime:
        raise AssertionError

    def monotonic(self) -> float:
        return self._at

    def pass_by(self, seconds: float) -> None:
        self._at += seconds


async def lets_in(peer: Peer) -> None:
    await peer.greet()
    await peer.silence()


def refuses(answer: str) -> object:
    async def script(peer: Peer) -> None:
        peer.say("* OK ready")
        await peer.expect("CAPABILITY", "OK done", f"CAPABILITY {CAPABILITIES}")
        await peer.command()
        peer.done(answer)
        await peer.silence()

    return script


def connector(server: Scripted, clock: Clock, metrics: Metrics | None = None) -> Connector:
    return Connector(mailbox(server.port, retry=60.0, retry_login=300.0), Path("outbox.db"), clock, metrics)


async def test_a_session_is_closed_in_the_end() -> None:
    metrics = Metrics()
    async with Scripted(lets_in) as server:
        ours = connector(server, Clock(), metrics)
        async with ours.open() as first, ours.open() as second:  # a visit has two at once
            assert not first.lost
            assert not second.lost
        assert first.lost
        assert second.lost
    assert metrics.get(MAILBOX_CONNECTS, "bounces") == 2


@pytest.mark.parametrize(
    ("answer", "kind", "wait"),
    [
        ("NO [AUTHENTICATIONFAILED] no", AuthFailed, 300),
        ("NO [LIMIT] too many connections", Throttled, 60),
    ],
)
async def test_after_a_refusal_nobody_asks_before_its_time(answer: str, kind: type[Exception], wait: float) -> None:
    clock = Clock()
    async with Scripted(refuses(answer), refuses(answer), lets_in) as server:  # type: ignore[arg-type]
        ours = connector(server, clock)
        for _ in range(3):
            with pytest.raises(kind):
                await ours.connect()
        assert len(server.peers) == 1
        clock.pass_by(wait - 1)
        with pytest.raises(kind):
            async with ours.open():
                pass
        assert len(server.peers) == 1
        clock.pass_by(1)
        with pytest.raises(kind):
            await ours.connect()
        assert len(server.peers) == 2
        clock.pass_by(wait)
        with pytest.raises(kind):
            await ours.connect()
        assert len(server.peers) == 2, "it doubles"
        clock.pass_by(wait)
        async with ours.open() as session:
            assert not session.lost
        ours.fine()
        await asyncio.wait_for(ours.closed(), 10)


async def test_a_connection_that_is_lost_is_no_refusal() -> None:
    async def hangs_up(peer: Peer) -> None:
        peer.abort()

    async with Scripted(hangs_up, lets_in) as server:
        ours = connector(server, Clock())
        with pytest.raises(ConnectionLost):
            await ours.connect()
        async with ours.open():
            assert len(server.peers) == 2
