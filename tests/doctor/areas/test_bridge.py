# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream.config.model import Config, Server
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.areas import bridge, outbox
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.names import Names
from bouncestream.doctor.probe.reply import Reply
from bouncestream.doctor.probe.target import Target
from bouncestream.doctor.probe.web import Web
from bouncestream.errors import FailureKind
from bouncestream.providers import webhook

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUNNING = Reply("u", 200, {}, b"ok\n")
REFUSED = Reply("u", trouble=FailureKind.REFUSED, why="connection refused")
THERE = outbox.OutboxFacts("o.db", trouble="not looked into")
RED = {"state": "red", "why": "the disk is full Next: free space"}


def judged(seen: bridge.BridgeFacts, *, to_run: bool = False) -> dict[str, Finding]:
    return {one.id: one for one in bridge.judge(seen, to_run=to_run)}


def test_a_red_part_is_told_and_listmonk_is_told_elsewhere() -> None:
    seen = bridge.BridgeFacts(running=RUNNING, parts={"intake": RED, "listmonk": RED}, outbox=THERE)
    (told,) = [one for one in bridge.judge(seen) if one.id == "bridge-part"]
    assert told.seen == "intake of the running bouncestream does not work"
    assert (told.level, told.why, told.fix) == (Level.ERROR, "the disk is full", "free space")
    assert "bridge-ok" not in judged(seen)
    (told,) = bridge.judge_listmonk(seen)
    assert told.seen == "listmonk of the running bouncestream does not work"


def test_a_yellow_part_is_told_also_listmonks() -> None:
    """While absence proves nothing yet, events wait: docs/develop/rules.md, rule 3."""
    seen = bridge.BridgeFacts(
        running=RUNNING, parts={"listmonk": {"state": "yellow", "why": "it waits"}}, outbox=THERE
    )
    assert judged(seen)["bridge-part"].level is Level.INFO
    assert judged(seen)["bridge-part"].seen == "listmonk of the running bouncestream: it waits"
    assert bridge.judge_listmonk(seen) == []


def test_a_running_bridge_without_its_outbox_is_not_well() -> None:
    lost = outbox.OutboxFacts("o.db", missing=True)
    assert "bridge-ok" not in judged(bridge.BridgeFacts(running=RUNNING, outbox=lost))
    assert "bridge-ok" in judged(bridge.BridgeFacts(running=RUNNING, outbox=THERE))


def test_before_a_start_nothing_runs_but_something_must_come_in() -> None:
    seen = bridge.BridgeFacts(running=REFUSED, outbox=THERE)
    assert judged(seen)["bridge-not-running"].level is Level.WARNING
    assert judged(seen)["bridge-no-source"].level is Level.INFO
    assert judged(seen, to_run=True)["bridge-not-running"].level is Level.INFO
    assert judged(seen, to_run=True)["bridge-no-source"].level is Level.WARNING


def test_before_a_start_its_public_url_need_not_reach_it() -> None:
    public = Target.read("https://bounces.example.org")
    way = bridge.Way("shop", REFUSED)
    seen = bridge.BridgeFacts(public, REFUSED, ways=(way,), sources=("shop",), outbox=THERE)
    assert judged(seen)["webhook-unreachable"].level is Level.ERROR
    told = judged(seen, to_run=True)["webhook-unreachable"]
    assert (told.level, "normal while" in told.seen) == (Level.INFO, True)
    seen = bridge.BridgeFacts(public, RUNNING, ways=(way,), sources=("shop",), outbox=THERE)
    assert judged(seen, to_run=True)["webhook-unreachable"].level is Level.ERROR


@pytest.mark.parametrize(
    ("running", "bind", "ident"),
    [
        (Reply("u", 404), None, "bridge-port-taken"),
        (REFUSED, OSError(errno.EADDRINUSE, "Address already in use"), "bridge-port-taken"),
        (REFUSED, OSError(errno.EACCES, "Permission denied"), "bridge-cannot-listen"),
        (REFUSED, None, "bridge-not-running"),
    ],
)
def test_whether_it_could_listen(running: Reply, bind: OSError | None, ident: str) -> None:
    found = judged(bridge.BridgeFacts(running=running, bind=bind, outbox=THERE))
    assert ident in found
    assert len(found.keys() & {"bridge-port-taken", "bridge-cannot-listen", "bridge-not-running"}) == 1


async def collected(listen: str) -> bridge.BridgeFacts:
    names = Names()
    try:
        async with Web(names) as web:
            return await bridge.collect(Config(server=Server(listen=listen)), web, NOW)
    finally:
        await names.close()


async def test_listening_is_tried_and_let_go() -> None:
    with socket.create_server(("127.0.0.1", 0)) as made:
        port = made.getsockname()[1]
    for _ in range(2):
        seen = await collected(f"127.0.0.1:{port}")
        assert (seen.alive, seen.bind) == (False, None)
    assert "bridge-cannot-listen" in judged(await collected("192.0.2.1:8025"))
    any_port = await collected("127.0.0.1:0")
    assert any_port.running is None


@pytest.mark.parametrize(
    ("provider", "keys", "words"),
    [
        ("sendamatic", {"secret": Secret("0123456789abcdef")}, "in the header X-Webhook-Secret (proof: secret)"),
        (
            "generic",
            {"path_secret": Secret("0123456789abcdef")},
            "enter https://b.example/webhooks/mine/<path_secret> there",
        ),
        ("generic", {}, "anyone can post to it"),
    ],
)
def test_what_is_to_be_entered_at_the_provider(provider: str, keys: dict[str, Any], words: str) -> None:
    hook = webhook(name="mine", provider=provider, **keys)
    told = judged(bridge.BridgeFacts(hooks=(hook,), server=Server(public_url="https://b.example")))[
        "webhook-to-enter"
    ]
    assert words in told.seen
    assert "0123456789abcdef" not in told.seen
