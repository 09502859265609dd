# SPDX-License-Identifier: GPL-3.0-or-later
"""Stalls longer than the grace time, on the sandbox: nothing is posted again whose row is there by then.

Soft bounces, as Listmonk stores two of them: after a hard one a double would leave no trace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from bouncestream.errors import SinkError
from bouncestream.event import Kind
from bouncestream.metrics import DOUBLED
from bouncestream.outbox import reposts
from bouncestream.ports import Answer, Claimed, ListedRow, PostOutcome
from bouncestream.relay.context import RelayContext
from bouncestream.relay.readback import look
from bouncestream.sandbox import Sandbox
from tests.relay.conftest import Bridge

pytestmark = pytest.mark.long

GAP = "bouncestream.relay.ledger.GAP"


async def stall(bridge: Bridge, sandbox: Sandbox, count: int) -> None:
    """Post so many into a stall, until the grace time is over and the first of them waits to be posted again."""
    await bridge.start()
    await bridge.emit(range(1), Kind.SOFT)
    await bridge.idle()
    sandbox.fault("writes_stall")
    await bridge.emit(range(1, count + 1), Kind.SOFT)
    await sandbox.posted(count + 1)
    wanted = {"verified": 1, "posted": count - 1, "pending": 1}
    await bridge.until_states({state: number for state, number in wanted.items() if number})


async def history(bridge: Bridge, row: int) -> list[str]:
    query = "SELECT why FROM history WHERE outbox_id = ?"
    return [why for (why,) in await bridge.db.read(lambda conn: conn.execute(query, (row,)).fetchall())]


async def test_a_row_that_a_read_shows_settles_its_event_while_that_waits(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its neighbours' reads show it, long before it would be posted again."""
    monkeypatch.setattr(GAP, 600.0)
    await stall(bridge, sandbox, 40)
    sandbox.fault("clear")
    await bridge.until_states({"verified": 41})
    bridge.exactly_once(41)
    assert sandbox.state()["posted"] == 41


async def test_a_row_that_the_look_before_a_repost_shows_settles_it(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is alone: nothing else reads its label, and nothing but the look stands before the second POST."""
    monkeypatch.setattr(GAP, 1.0)
    await stall(bridge, sandbox, 1)
    sandbox.fault("clear")
    await sandbox.idle()
    await bridge.until_states({"verified": 2})
    await bridge.idle()
    bridge.exactly_once(2)
    assert sandbox.state()["posted"] == 2


async def test_what_an_earlier_run_meant_to_post_again_is_looked_at_too(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GAP, 1.0)
    await stall(bridge, sandbox, 1)
    await bridge.kill()
    sandbox.fault("clear")
    await sandbox.idle()
    await bridge.start()
    await bridge.until_states({"verified": 2})
    await bridge.idle()
    assert sandbox.state()["posted"] == 2


async def test_a_look_that_fails_holds_the_repost_back(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GAP, 0.1)
    await stall(bridge, sandbox, 1)
    read, failed = bridge.sink.read_label, asyncio.Event()
    left = 3

    async def fails(label: str) -> Sequence[ListedRow]:
        nonlocal left
        if left:
            left -= 1
            raise SinkError("the answer is not from Listmonk")
        failed.set()
        return await read(label)

    monkeypatch.setattr(bridge.sink, "read_label", fails)
    async with asyncio.timeout(20):
        await failed.wait()
    assert sandbox.state()["posted"] == 2, "it was posted without a look"
    await sandbox.posted(3)  # the look shows no row, as the stall goes on: so it is posted


async def test_a_look_that_is_old_by_then_sends_the_event_to_the_next_batch(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row came while others of the batch were posted, after the look."""
    monkeypatch.setattr("bouncestream.relay.posting.LOOK_AGE", 0.1)
    bridge.settings = replace(bridge.settings, connections=1)
    await bridge.start()
    await bridge.emit(range(1), Kind.SOFT)
    await bridge.idle()
    sandbox.fault("writes_stall")
    await bridge.emit(range(1, 3), Kind.SOFT)
    await sandbox.posted(3)
    await bridge.until_states({"verified": 1, "posted": 2})
    post = bridge.sink.post

    async def slowly(claimed: Claimed) -> Answer:
        if claimed.attempt == 2:
            sandbox.fault("clear")
            await sandbox.idle()
            await asyncio.sleep(0.2)
        return await post(claimed)

    monkeypatch.setattr(bridge.sink, "post", slowly)
    # both were lost, as far as anyone can tell: the next batch is to post both again
    put_back = (
        "UPDATE outbox SET state = 'pending', next_attempt_at = received_at WHERE state = 'posted'",
        "UPDATE tally SET events = events - 2 WHERE state = 'posted'",
        "UPDATE tally SET events = events + 2 WHERE state = 'pending'",
    )
    bridge.relay.context.ledger.entries.clear()
    await bridge.db.write(lambda conn: [conn.execute(sql) for sql in put_back])
    bridge.relay.wake()
    await bridge.until_states({"verified": 3})
    told = [await history(bridge, row) for row in (2, 3)]
    assert sum(any("was last read over" in why for why in one) for one in told) == 1
    assert sandbox.state()["posted"] == 4, "the row of one came after the look and before its second POST: a limit"


async def test_what_nothing_was_sent_of_needs_no_look(bridge: Bridge, sandbox: Sandbox) -> None:
    """An outage makes many attempts, and none of them can have counted."""
    await bridge.start()
    await bridge.idle()
    sandbox.fault("webhooks_off")
    await bridge.emit(range(20), Kind.SOFT)
    await bridge.until(lambda: bridge.relay.context.breaker.paused)
    assert await bridge.db.read(partial(reposts.due_again, now=bridge.relay.context.clock.now(), limit=100)) == []
    sandbox.fault("clear")
    await bridge.idle(40)
    bridge.exactly_once(20)
    assert not bridge.relay.context.later, "nothing of them can come late"


async def test_while_all_is_calm_no_label_is_read_for_it(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the look-up, which settles what Listmonk does not keep without a second posting."""
    looks: list[str] = []

    async def watched(context: RelayContext, labels: Sequence[str]) -> bool:
        looks.extend(labels)
        return await look(context, labels)

    monkeypatch.setattr("bouncestream.relay.loop.look", watched)
    await bridge.start()
    await bridge.emit(range(300), Kind.SOFT)
    await bridge.emit(range(300, 330), Kind.SOFT, recipient="nobody@example.com")
    await bridge.idle()
    assert await bridge.states() == {"verified": 300, "unstored": 30}
    assert sandbox.state()["posted"] == 330
    assert looks == []
    assert not bridge.relay.context.later


async def test_without_bounces_get_there_is_no_look(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = sandbox.settings.users
    users["bridge"] = replace(users["bridge"], permissions=users["bridge"].permissions - {"bounces:get"})
    await bridge.start()
    reads = []
    real = bridge.sink.read_label

    async def read(label: str) -> Sequence[ListedRow]:
        reads.append(label)
        return await real(label)

    monkeypatch.setattr(bridge.sink, "read_label", read)
    post = bridge.sink.post

    async def unheard(claimed: Claimed) -> Answer:
        answer = await post(claimed)
        return answer if claimed.attempt > 1 else Answer(PostOutcome.UNKNOWN, 0, "no answer in time")

    monkeypatch.setattr(bridge.sink, "post", unheard)
    await bridge.emit(range(1), Kind.SOFT)
    await bridge.until_states({"posted": 1})
    await sandbox.posted(2)
    assert set(reads) <= {"~"}, "that one asks for the permission"


@pytest.mark.parametrize("restart", [False, True], ids=["same run", "over a restart"])
async def test_a_double_that_comes_late_does_not_stay_hidden(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, restart: bool
) -> None:
    """The first attempt lies in a proxy for longer than the margin: the one case that no rule can prevent."""
    await bridge.start()
    await bridge.emit(range(1), Kind.SOFT)
    await bridge.idle()
    post = bridge.sink.post
    late: list[Claimed] = []

    async def delayed(claimed: Claimed) -> Answer:
        if claimed.attempt > 1:
            return await post(claimed)
        late.append(claimed)
        sandbox.fault("restart")  # so that the absence is believed after the margin
        return Answer(PostOutcome.UNKNOWN, 0, "no answer in time")

    monkeypatch.setattr(bridge.sink, "post", delayed)
    await bridge.emit(range(1, 2), Kind.SOFT)
    await bridge.until_states({"verified": 2})
    await bridge.idle()
    if restart:
        await bridge.stop()
        await bridge.start()
        post = bridge.sink.post
    await post(late[0])
    await sandbox.idle()
    await bridge.until(lambda: bridge.metrics.get(DOUBLED) == 1)


async def test_a_later_read_finds_what_an_earlier_run_had_called_unstored(bridge: Bridge, sandbox: Sandbox) -> None:
    await bridge.start()
    await bridge.emit(range(2), Kind.SOFT)
    await bridge.idle()
    now = bridge.relay.context.clock.now()
    (label,) = {row["source"] for row in bridge.rows()}
    for sql in (
        "UPDATE outbox SET state = 'unstored' WHERE id = 2",
        "UPDATE tally SET events = 1 WHERE state IN ('verified', 'unstored')",
    ):
        await bridge.db.write(lambda conn, sql=sql: conn.execute(sql))
    await bridge.db.write(partial(reposts.plan_reads, steps={label: (3, 0.0)}, now=now))
    await bridge.stop()
    await bridge.start()
    await bridge.until_states({"verified": 2})
    await bridge.until(lambda: not bridge.relay.context.later)
    assert await bridge.db.read(partial(reposts.later_reads, now=now)) == {}, "it was the last one"
