# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the UUID in a bounce mail proves: told by it, of nobody else, and looked up before it is posted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from bouncestream.clock import SystemClock
from bouncestream.errors import SinkError, SinkRefused
from bouncestream.event import BounceEvent, Kind, Proof
from bouncestream.metrics import LOST
from bouncestream.outbox import delivery, operator
from bouncestream.ports import Submission
from bouncestream.relay import owners
from bouncestream.relay.ledger import Times
from bouncestream.sandbox import Sandbox, Subscriber
from tests.relay.conftest import Bridge
from tests.relay.test_loop import forbid
from tests.sinks.listmonk.make import claimed

CAMPAIGN = "5a0db0c5-0000-4000-8000-000000000001"


def uuid_of(sandbox: Sandbox, email: str) -> str:
    return next(one["uuid"] for one in sandbox.state()["subscribers"] if one["email"] == email)


def status_of(sandbox: Sandbox, email: str) -> str:
    return next(one["status"] for one in sandbox.state()["subscribers"] if one["email"] == email)


def mailed(uuid: str, recipient: str = "", kind: Kind = Kind.HARD, **fields: Any) -> BounceEvent:
    """An event of a bounce mail that has Listmonk's own headers."""
    proof = {"subscriber_uuid": uuid, "campaign_uuid": CAMPAIGN, "proof": Proof.UUID}
    return BounceEvent(kind, recipient, "inbox", "mailbox", **(proof | fields))


async def emit(bridge: Bridge, *events: BounceEvent) -> None:
    await bridge.intake(Submission("inbox", "mailbox", tuple(events), raw=b"a mail"))


class Watched:
    """Notes what goes out: bodies that are posted, and UUIDs that are asked for."""

    def __init__(self, bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Sequence[str]] = []
        self.queries = 0
        self.bodies: list[bytes] = []
        sink = bridge.sink
        owners, query, post = sink.owners, sink._query, sink._post

        async def spy_owners(uuids: Sequence[str]) -> Any:
            self.asked.append(list(uuids))
            return await owners(uuids)

        async def spy_query(where: str, column: str, asked: Any) -> Any:
            self.queries += column == "uuid"
            assert len(asked) <= 100
            return await query(where, column, asked)

        async def spy_post(data: bytes, *more: Any) -> Any:
            if data != b"{}":
                self.bodies.append(data)
            return await post(data, *more)

        monkeypatch.setattr(sink, "owners", spy_owners)
        monkeypatch.setattr(sink, "_query", spy_query)
        monkeypatch.setattr(sink, "_post", spy_post)


async def test_a_made_up_uuid_is_never_sent_and_hurts_nobody(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bridge.start()
    seen = Watched(bridge, monkeypatch)
    await emit(bridge, *(mailed(str(uuid4()), f"p{i}@example.com") for i in range(30)))
    await emit(bridge, mailed(str(uuid4()), "p40@example.com", Kind.COMPLAINT))
    await bridge.idle()
    assert await bridge.states() == {"unstored": 31}
    assert await bridge.why() == {owners.UNKNOWN}
    assert not seen.bodies
    assert sandbox.state()["posted"] == 0
    assert status_of(sandbox, "p0@example.com") == status_of(sandbox, "p40@example.com") == "enabled"
    assert await bridge.db.read(lambda conn: delivery.get_meta(conn, delivery.UNKNOWN_UUIDS)) == "31"


async def test_a_subscriber_with_his_own_uuid_cannot_name_another(bridge: Bridge, sandbox: Sandbox) -> None:
    await bridge.start()
    his = uuid_of(sandbox, "p1@example.com")
    await emit(bridge, mailed(his, "p2@example.com", reported="p3@example.com", message_id="<1@x>"))
    await bridge.idle()
    assert await bridge.why() == {owners.MOVED}
    await emit(bridge, mailed(his, "p1@example.com", reported="p3@example.com", campaign_uuid=""))
    await bridge.idle()
    assert [status_of(sandbox, f"p{i}@example.com") for i in (1, 2, 3)] == ["blocklisted", "enabled", "enabled"]
    assert await bridge.states() == {"unstored": 1, "verified": 1}


@pytest.mark.parametrize(
    ("recipient", "reported"),
    [
        ("p1@example.com", ""),
        ("P1@EXAMPLE.com", ""),
        ("p1@example.com", "target@example.net"),
        ("target@example.net", "p1@example.com"),
        ("", ""),
        ("", "target@example.net"),
    ],
)
async def test_the_person_is_told_by_the_uuid_and_no_address_is_sent(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, recipient: str, reported: str
) -> None:
    await bridge.start()
    seen = Watched(bridge, monkeypatch)
    await emit(bridge, mailed(uuid_of(sandbox, "p1@example.com"), recipient, reported=reported))
    await bridge.idle()
    assert await bridge.states() == {"verified": 1}
    (body,) = seen.bodies
    assert b"email" not in body
    assert b"@" not in body
    assert uuid_of(sandbox, "p1@example.com").encode() in body
    bridge.exactly_once(1)


async def test_an_address_under_another_form_of_its_domain_is_the_persons(bridge: Bridge, sandbox: Sandbox) -> None:
    sandbox.listmonk.database.add_person(Subscriber("Reader@Bücher.example"))
    await bridge.start()
    await emit(bridge, mailed(uuid_of(sandbox, "reader@bücher.example"), "reader@xn--bcher-kva.example"))
    await bridge.idle()
    assert await bridge.states() == {"verified": 1}


async def test_a_bounce_of_the_old_address_says_nothing_about_the_new_one(bridge: Bridge, sandbox: Sandbox) -> None:
    await bridge.start()
    uuid = uuid_of(sandbox, "p5@example.com")
    sandbox.listmonk.database.rename(
        next(p for p in sandbox.listmonk.database.people.values() if p.uuid == uuid), "new@example.com"
    )
    await emit(bridge, mailed(uuid, "p5@example.com", reported="target@example.net"))
    await bridge.idle()
    assert await bridge.why() == {owners.MOVED}
    assert status_of(sandbox, "new@example.com") == "enabled"


@pytest.mark.parametrize("permission", ["subscribers:get_all", "subscribers:sql_query"])
async def test_without_the_permission_to_look_up_it_is_told_by_the_uuid(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, permission: str
) -> None:
    monkeypatch.setattr("bouncestream.relay.ledger.GAP", 0.05)
    forbid(sandbox, permission)
    await bridge.start()
    seen = Watched(bridge, monkeypatch)
    await emit(bridge, mailed(uuid_of(sandbox, "p1@example.com"), "p2@example.com"))
    await emit(bridge, mailed(str(uuid4()), "p3@example.com"))
    await bridge.idle()
    assert await bridge.states() == {"verified": 1, "unstored": 1}
    assert not seen.asked
    assert all(b"email" not in body for body in seen.bodies)
    assert [status_of(sandbox, f"p{i}@example.com") for i in (1, 2, 3)] == ["blocklisted", "enabled", "enabled"]


async def test_what_a_webhook_says_is_posted_without_a_look_up(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bridge.start()
    seen = Watched(bridge, monkeypatch)
    await bridge.emit(range(1), subscriber_uuid=uuid_of(sandbox, "p0@example.com"), campaign_uuid=CAMPAIGN)
    await bridge.emit(range(1, 2), recipient="", subscriber_uuid=uuid_of(sandbox, "p1@example.com"))
    await bridge.idle()
    assert not seen.asked
    assert await bridge.states() == {"verified": 2}
    assert sum(b'"email":"p0@example.com"' in body for body in seen.bodies) == 1


async def test_a_look_up_asks_for_a_hundred_at_once_and_nobody_waits_for_it(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge.settings = replace(bridge.settings, batch_size=400)
    await bridge.start()
    seen = Watched(bridge, monkeypatch)
    answered = asyncio.Event()
    plain = bridge.sink.owners

    async def slow(uuids: Sequence[str]) -> Any:
        await answered.wait()
        return await plain(uuids)

    monkeypatch.setattr(bridge.sink, "owners", slow)
    people = sandbox.state()["subscribers"]
    mails = [mailed(one["uuid"], one["email"]) for one in people[:250]]
    hooks = [BounceEvent(Kind.HARD, one["email"], "inbox", "generic") for one in people[300:320]]
    await emit(bridge, *mails, *hooks)
    await sandbox.posted(20)
    assert sandbox.state()["posted"] == 20
    answered.set()
    await bridge.idle()
    assert await bridge.states() == {"verified": 270}
    assert seen.queries == 3
    bridge.exactly_once(270)


async def test_a_restart_that_loses_them_costs_nothing(bridge: Bridge, sandbox: Sandbox) -> None:
    await bridge.start()
    sandbox.fault("stall")
    people = sandbox.state()["subscribers"][:40]
    await emit(bridge, *(mailed(one["uuid"], one["email"]) for one in people))
    await sandbox.posted(40)
    sandbox.fault("restart")
    sandbox.fault("clear")
    await bridge.idle()
    assert bridge.metrics.get(LOST) > 0
    assert await bridge.states() == {"verified": 40}
    bridge.exactly_once(40)


async def test_while_listmonks_database_is_away_nothing_is_said_of_anybody(
    bridge: Bridge, sandbox: Sandbox
) -> None:
    await bridge.start()
    await bridge.idle()
    sandbox.fault("db_away", seconds=1.0)
    people = sandbox.state()["subscribers"][:5]
    await emit(bridge, *(mailed(one["uuid"], one["email"]) for one in people))
    await emit(bridge, mailed(str(uuid4()), "p9@example.com"))
    await bridge.until(lambda: bridge.relay.context.breaker.why)
    await bridge.idle(30)
    assert await bridge.states() == {"verified": 5, "unstored": 1}
    bridge.exactly_once(5)


async def test_a_kill_while_it_is_looked_up_loses_and_doubles_nothing(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bridge.start()
    await bridge.emit(range(20, 21))
    await bridge.idle()
    asked = asyncio.Event()

    async def never(uuids: Sequence[str]) -> Any:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(bridge.sink, "owners", never)
    one = sandbox.state()["subscribers"][7]
    await emit(bridge, mailed(one["uuid"], one["email"]), mailed(str(uuid4()), "p9@example.com"))
    await asked.wait()
    await bridge.kill()
    await bridge.start()
    await bridge.idle(30)
    assert await bridge.states() == {"verified": 2, "unstored": 1}
    bridge.exactly_once(2)


@pytest.mark.parametrize("error", [SinkError("odd"), SinkRefused(403, "permission denied")])
async def test_a_look_up_that_fails_is_made_again(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, error: SinkError
) -> None:
    await bridge.start()
    plain, calls = bridge.sink.owners, []

    async def first_fails(uuids: Sequence[str]) -> Any:
        calls.append(uuids)
        if len(calls) == 1:
            raise error
        return await plain(uuids)

    monkeypatch.setattr(bridge.sink, "owners", first_fails)
    one = sandbox.state()["subscribers"][7]
    await emit(bridge, mailed(one["uuid"], one["email"]))
    await bridge.idle(30)
    assert await bridge.states() == {"verified": 1}
    assert len(calls) == 2
    bridge.exactly_once(1)


def test_who_could_not_be_asked_for_is_not_called_unknown() -> None:
    one = replace(claimed(subscriber_uuid=str(uuid4())), address_form="uuid")
    assert owners.by_mail(one)
    assert owners.unstorable(one, {}) == ""
    assert owners.unstorable(one, {one.event.subscriber_uuid: ""}) == owners.UNKNOWN
    assert owners.unstorable(one, {one.event.subscriber_uuid: "P1@example.com"}) == ""
    assert owners.unstorable(one, {one.event.subscriber_uuid: "p2@example.com"}) == owners.MOVED


async def test_what_is_replayed_is_looked_up_again(bridge: Bridge, sandbox: Sandbox) -> None:
    bridge.times = Times(margin=0.1, grace=0.3)
    await bridge.start()
    await bridge.emit(range(20, 21))
    await emit(bridge, mailed(str(uuid4()), "p1@example.com"))
    await emit(bridge, mailed(uuid_of(sandbox, "p2@example.com"), "old@example.com"))
    await bridge.idle()
    assert await bridge.states() == {"verified": 1, "unstored": 2}
    again = await bridge.db.write(lambda conn: operator.replay(conn, [2, 3], SystemClock().now()))
    assert list(again.done) == [2, 3]
    bridge.relay._left_behind = True  # as when another process wrote
    bridge.relay.wake()
    await bridge.until_states({"verified": 1, "unstored": 2}, 30)
    assert status_of(sandbox, "p2@example.com") == "enabled"
    bridge.exactly_once(1)


async def test_in_one_run_a_person_is_looked_up_once(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bridge.start()
    seen = Watched(bridge, monkeypatch)
    sandbox.fault("stall")
    people = sandbox.state()["subscribers"][:9]
    await emit(bridge, *(mailed(one["uuid"], one["email"]) for one in people))
    await sandbox.posted(9)
    sandbox.fault("restart")
    sandbox.fault("clear")
    await bridge.idle()
    assert len(seen.bodies) > 9
    assert sorted(uuid for asked in seen.asked for uuid in asked) == sorted(one["uuid"] for one in people)
    bridge.exactly_once(9)
