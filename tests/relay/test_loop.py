# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay against the sandbox: every sort of fault, and every event recorded exactly once after it."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bouncestream.errors import SinkError
from bouncestream.event import Kind
from bouncestream.health import Status
from bouncestream.metrics import DELIVERED, DOUBLED, LOST, RESTARTS
from bouncestream.outbox import operator
from bouncestream.outbox.backup import backup
from bouncestream.outbox.db import Database
from bouncestream.policy import Rules
from bouncestream.ports import Answer, Claimed, ListedRow, Move, State
from bouncestream.relay.board import write_board
from bouncestream.relay.context import RelayContext
from bouncestream.sandbox import Sandbox, Subscriber
from tests.outbox import make
from tests.relay.conftest import Bridge

pytestmark = pytest.mark.long


def forbid(sandbox: Sandbox, *permissions: str) -> None:
    users = sandbox.settings.users
    users["bridge"] = replace(users["bridge"], permissions=users["bridge"].permissions - set(permissions))


async def test_events_end_as_rows(bridge: Bridge) -> None:
    await bridge.start()
    await bridge.emit(range(120))
    await bridge.idle()
    bridge.exactly_once(120)
    assert await bridge.states() == {"verified": 120}
    assert bridge.metrics.get(DELIVERED, "verified") == 120
    assert bridge.health.ready


async def test_a_restart_loses_the_queue_and_costs_nothing(bridge: Bridge, sandbox: Sandbox) -> None:
    await bridge.start()
    sandbox.fault("stall")
    await bridge.emit(range(40))
    await sandbox.posted(40)
    sandbox.fault("restart")
    sandbox.fault("clear")
    await bridge.idle()
    assert len(sandbox.state()["lost"]) > 0
    bridge.exactly_once(40)
    assert bridge.metrics.get(RESTARTS) == 1
    assert 0 < bridge.metrics.get(LOST) <= len(sandbox.state()["lost"])
    assert await bridge.states() == {"verified": 40}


async def test_what_listmonk_drops_while_its_database_is_away_is_posted_again(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.relay.ledger.GAP", 0.05)
    await bridge.start()
    await bridge.emit(range(5))
    await bridge.idle()
    sandbox.fault("stall")
    await bridge.emit(range(5, 30))
    await sandbox.posted(30)
    sandbox.fault("db_away")
    sandbox.listmonk.faults.end("stall")
    await sandbox.idle()
    assert len(sandbox.state()["lost"]) > 0
    sandbox.fault("clear")
    await bridge.idle()
    bridge.exactly_once(30)


@pytest.mark.parametrize("fault", ["webhooks_off", "processing_off", "html_200"])
async def test_what_a_person_must_mend_pauses_and_goes_on_by_itself(
    bridge: Bridge, sandbox: Sandbox, fault: str
) -> None:
    await bridge.start()
    await bridge.idle()
    sandbox.fault(fault)
    await bridge.emit(range(20))
    await bridge.until(lambda: bridge.health.parts["listmonk"].state is Status.RED)
    await bridge.until(lambda: bridge.relay.context.breaker.paused)
    why = bridge.health.parts["listmonk"].why
    assert {"webhooks_off": "webhooks", "processing_off": "processing", "html_200": "another server"}[fault] in why
    sandbox.fault("clear")
    await bridge.idle(40)
    bridge.exactly_once(20)
    assert bridge.health.ready
    assert await bridge.states() == {"verified": 20}


async def test_the_older_listmonk_that_breaks_connections_while_processing_is_off(
    tmp_path: object, sandbox: Sandbox, bridge: Bridge
) -> None:
    sandbox.listmonk.version = type(sandbox.listmonk.version).read("5.1")
    await bridge.start()
    await bridge.emit(range(10, 12))
    await bridge.idle()
    sandbox.fault("processing_off")
    await bridge.emit(range(3))
    await bridge.until(lambda: bridge.relay.context.breaker.paused)
    await bridge.until(lambda: "processing" in bridge.health.parts["listmonk"].why)
    sandbox.fault("clear")
    await bridge.idle(40)
    bridge.exactly_once(5)


async def test_a_token_without_the_permission_to_post(bridge: Bridge, sandbox: Sandbox) -> None:
    granted = sandbox.settings.users["bridge"]
    forbid(sandbox, "webhooks:post_bounce")
    await bridge.start()
    await bridge.emit(range(3))
    await bridge.until(lambda: bridge.relay.context.breaker.paused)
    await bridge.until(lambda: "grant webhooks:post_bounce" in bridge.health.parts["listmonk"].why)
    sandbox.settings.users["bridge"] = granted
    await bridge.idle(40)
    bridge.exactly_once(3)


async def test_one_event_that_a_firewall_dislikes_blames_no_other(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.relay.posting.backoff", lambda *_, **__: 0.001)
    await bridge.start()
    sandbox.fault("forbid_one", email="p7@example.com")
    await bridge.emit(range(20))
    await bridge.idle()
    bridge.exactly_once(19)
    assert await bridge.states() == {"verified": 19, "dead": 1}
    assert any("failed 8 times while others were accepted" in why for why in await bridge.why())


async def test_what_listmonk_refuses_is_dead_with_its_words(bridge: Bridge) -> None:
    await bridge.start()
    await bridge.emit(range(1), recipient="not an address @example.com")
    await bridge.idle()
    assert await bridge.states() == {"dead": 1}
    assert any("refused" in why for why in await bridge.why())


async def test_by_design_not_stored_is_told_with_its_reason(bridge: Bridge, sandbox: Sandbox) -> None:
    sandbox.listmonk.database.add_person(Subscriber("gone@example.com", status="blocklisted"))
    await bridge.start()
    await bridge.emit(range(1), recipient="nobody@example.com")
    await bridge.emit(range(1), recipient="gone@example.com")
    for number in range(3):
        await bridge.emit(range(1), Kind.SOFT, message_id=f"<{number}@soft>")
    await bridge.idle()
    assert await bridge.states() == {"verified": 2, "unstored": 3}
    assert {"Listmonk has no such subscriber", "the subscriber is already blocklisted"} < await bridge.why()
    assert any("at most 2 soft" in why for why in await bridge.why())


async def test_without_look_up_two_absences_settle_it(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.relay.ledger.GAP", 0.05)
    forbid(sandbox, "subscribers:sql_query")
    await bridge.start()
    await bridge.emit(range(3))
    await bridge.idle()
    await bridge.emit(range(1), recipient="nobody@example.com")
    await bridge.idle(30)
    assert await bridge.states() == {"verified": 3, "unstored": 1}
    assert any("accepted twice" in why for why in await bridge.why())


async def test_without_bounces_get_it_works_at_least_once_and_says_so(bridge: Bridge, sandbox: Sandbox) -> None:
    forbid(sandbox, "bounces:get")
    await bridge.start()
    await bridge.emit(range(10))
    await bridge.until(lambda: "listmonk" in bridge.health.parts)
    assert "bounces:get" in bridge.health.parts["listmonk"].why
    await bridge.idle()
    assert await bridge.states() == {"posted": 10}
    bridge.exactly_once(10)


@pytest.mark.parametrize("left", ["claimed", "posted"])
async def test_what_a_crash_left_is_read_back_before_any_repost(
    bridge: Bridge, sandbox: Sandbox, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bridge.start()
    await bridge.emit(range(10, 12))
    await bridge.idle()
    sandbox.fault("stall")
    if left == "claimed":
        post = bridge.sink.post

        async def posts_and_hears_nothing(claimed: Claimed) -> Answer:
            await post(claimed)
            await asyncio.Event().wait()
            raise AssertionError

        monkeypatch.setattr(bridge.sink, "post", posts_and_hears_nothing)
    await bridge.emit(range(4))
    await sandbox.posted(6)
    if left == "posted":
        await bridge.until_states({"verified": 2, "posted": 4})
    await bridge.kill()
    sandbox.fault("clear")
    await bridge.start()
    await bridge.idle()
    bridge.exactly_once(6)
    assert await bridge.states() == {"verified": 6}
    assert bridge.metrics.get(DOUBLED) == 0


async def test_shutting_down_is_not_a_failed_attempt(bridge: Bridge, sandbox: Sandbox) -> None:
    await bridge.start()
    await bridge.idle()
    sandbox.fault("freeze", seconds=0.3)
    await bridge.emit(range(30))
    await bridge.until(lambda: not bridge.relay.idle.is_set())
    await bridge.stop()
    await bridge.start()
    await bridge.idle()
    bridge.exactly_once(30)
    rows = await bridge.db.read(partial(operator.list_rows, limit=100))
    assert all(row.failures == 0 for row in rows)


async def test_a_dry_run_sends_nothing_and_going_live_resends_none(bridge: Bridge, sandbox: Sandbox) -> None:
    bridge.settings = replace(bridge.settings, dry_run=True)
    await bridge.start()
    await bridge.emit(range(5))
    await bridge.until_states({"dropped": 5})
    await bridge.stop()
    bridge.settings = replace(bridge.settings, dry_run=False)
    await bridge.start()
    await bridge.idle()
    assert await bridge.states() == {"dropped": 5}
    assert sandbox.state()["posted"] == 0
    rows = await bridge.db.read(partial(operator.rows_in, state=State.DROPPED))
    await bridge.db.write(lambda conn: operator.replay(conn, rows, bridge.relay.context.clock.now()))
    bridge.relay.wake()
    await bridge.until(lambda: len(bridge.rows()) == 5)
    bridge.exactly_once(5)


async def test_a_replay_beside_the_running_relay_is_read_back_first(bridge: Bridge, sandbox: Sandbox) -> None:
    """What is in Listmonk already is found, and not counted twice."""
    await bridge.start()
    await bridge.emit(range(3))
    await bridge.idle()
    other = await type(bridge.db).open(bridge.path)
    await other.write(
        lambda conn: conn.execute("UPDATE outbox SET state = 'unstored', finished_at = received_at WHERE id = 2")
    )
    await other.write(lambda conn: conn.execute("UPDATE tally SET events = 2 WHERE state = 'verified'"))
    await other.write(lambda conn: conn.execute("UPDATE tally SET events = events + 1 WHERE state = 'unstored'"))
    await other.write(lambda conn: operator.replay(conn, [2], bridge.relay.context.clock.now()))
    await other.close()
    await bridge.until_states({"verified": 3})
    bridge.exactly_once(3)


async def test_what_a_restored_listmonk_has_lost_is_told_again_and_the_rest_is_not(
    bridge: Bridge, sandbox: Sandbox
) -> None:
    """Its backup has the first two of five bounces."""
    await bridge.start()
    await bridge.emit(range(5), Kind.SOFT)
    await bridge.idle()
    before = sandbox.state()["posted"]
    for number in sorted(sandbox.listmonk.database.rows)[2:]:
        sandbox.listmonk.database.delete_row(number)
    other = await type(bridge.db).open(bridge.path)
    rows = await other.read(partial(operator.rows_in, state=State.VERIFIED))
    now = bridge.relay.context.clock.now()
    await other.write(lambda conn: operator.replay(conn, rows, now, verified=True))
    await other.close()
    await bridge.until(lambda: len(bridge.rows()) == 5)
    await bridge.until_states({"verified": 5})
    bridge.exactly_once(5)
    assert sandbox.state()["posted"] == before + 3


async def test_with_several_bridges_a_change_that_shows_late_is_found(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.relay.loop.WATCH_EVERY", 0.02)
    monkeypatch.setattr("bouncestream.relay.loop.LONGEST_WAIT", 0.1)

    async def same() -> int:
        return 7

    def left(conn: sqlite3.Connection) -> None:
        now = bridge.relay.context.clock.now()
        make.submit(conn, make.event("p1@example.com", source="hook"), now=now)
        make.claim(conn, now)

    bridge.settings = replace(bridge.settings, late=0.1)
    await bridge.start()
    monkeypatch.setattr(bridge.db, "data_version", same)
    await bridge.emit(range(1))
    await bridge.idle()
    other = await type(bridge.db).open(bridge.path)
    await other.write(left)
    await other.close()
    await bridge.until(lambda: bridge.relay.context.ledger.entries)  # it is read back


async def test_an_unsubscription_waits_for_its_permission_and_goes_on_by_itself(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.relay.loop.PERMISSION_WAIT", 0.05)
    granted = sandbox.settings.users["bridge"]
    forbid(sandbox, "subscribers:manage")
    bridge_running = await bridge.start()
    bridge_running.relay._permission_wait = 0.05
    await bridge.emit(range(3), Kind.UNSUBSCRIBE)
    await bridge.until(lambda: not bridge.health.ready)
    assert "subscribers:manage" in bridge.health.parts["relay"].why
    sandbox.settings.users["bridge"] = granted
    await bridge.until(lambda: bridge.health.parts["relay"].state is Status.GREEN)
    await bridge.idle()
    assert await bridge.states() == {"verified": 3}
    people = {p["email"]: p for p in sandbox.state()["subscribers"]}
    assert set(people["p1@example.com"]["lists"].values()) == {"unsubscribed"}


async def test_ignored_unsubscriptions_are_dropped(bridge: Bridge) -> None:
    await bridge.start()
    bridge.relay.set_policy("ignore", Rules())
    await bridge.emit(range(2), Kind.UNSUBSCRIBE)
    await bridge.idle()
    assert await bridge.states() == {"dropped": 2}


async def test_what_the_policy_ignores_is_dropped_and_the_rest_is_told(bridge: Bridge, sandbox: Sandbox) -> None:
    await bridge.start()
    bridge.relay.set_policy("lists", Rules(domains={"example.com": {"mailbox_full": "ignore"}}))
    await bridge.emit(range(2), Kind.SOFT, reason="mailbox_full")
    await bridge.emit(range(2, 5), Kind.SOFT, reason="expired")
    await bridge.idle()
    assert await bridge.states() == {"dropped": 2, "verified": 3}
    assert len(sandbox.state()["rows"]) == 3


async def test_listmonk_down_at_the_start(tmp_path: object, bridge: Bridge, sandbox: Sandbox) -> None:
    url = sandbox.url
    await sandbox.close()
    await bridge.start()
    await bridge.emit(range(3))
    await bridge.until(lambda: bridge.health.parts.get("listmonk") is not None)
    assert bridge.health.parts["listmonk"].state is Status.RED
    await sandbox.start(port=int(url.rsplit(":", 1)[1]))
    await bridge.idle(30)
    bridge.exactly_once(3)


async def test_what_a_person_must_mend_before_the_start(bridge: Bridge, sandbox: Sandbox) -> None:
    await bridge.start()
    await bridge.emit(range(3))
    await bridge.idle()
    sandbox.fault("stall")
    await bridge.emit(range(3, 6))
    await sandbox.posted(6)
    await bridge.kill()
    sandbox.fault("webhooks_off")
    await bridge.start()
    await bridge.emit(range(6, 9))
    await bridge.until(lambda: bridge.relay.context.breaker.paused)
    sandbox.fault("clear")
    await bridge.idle(40)
    bridge.exactly_once(9)


async def test_a_dry_run_leaves_alone_what_waited_before_it(bridge: Bridge, sandbox: Sandbox) -> None:
    url = sandbox.url
    await sandbox.close()
    await bridge.start()
    await bridge.emit(range(3))
    await bridge.stop()
    bridge.settings = replace(bridge.settings, dry_run=True)
    await bridge.start()
    await bridge.emit(range(3, 5))
    await bridge.until_states({"pending": 3, "dropped": 2})
    await bridge.stop()
    await sandbox.start(port=int(url.rsplit(":", 1)[1]))


async def test_without_look_up_unsubscriptions_wait_and_are_not_called_unknown(
    bridge: Bridge, sandbox: Sandbox
) -> None:
    forbid(sandbox, "subscribers:get_all")
    await bridge.start()
    await bridge.emit(range(2), Kind.UNSUBSCRIBE)
    await bridge.until_states({"held": 2})
    await bridge.until(lambda: not bridge.health.ready)
    rows = await bridge.db.read(partial(operator.rows_in, state=State.HELD))
    await bridge.db.write(lambda conn: operator.drop(conn, rows, bridge.relay.context.clock.now()))
    bridge.relay._permission_at = 0.0
    bridge.relay.wake()
    await bridge.until(lambda: bridge.health.ready)


async def test_a_restored_backup_tells_nothing_twice(bridge: Bridge, sandbox: Sandbox, tmp_path: Path) -> None:
    url = sandbox.url
    await sandbox.close()
    await bridge.start()
    await bridge.emit(range(6))
    copy = tmp_path / "backup.db"
    backup(bridge.path, copy, datetime.now(UTC))
    await sandbox.start(port=int(url.rsplit(":", 1)[1]))
    await bridge.idle(30)
    await bridge.stop()
    bridge.path = copy
    await bridge.start()
    await bridge.emit(range(4, 8))
    await bridge.idle(30)
    bridge.exactly_once(8)
    assert await bridge.states() == {"verified": 8}


# -- bugs of ours, and tasks that end -----------------------------------------------------------------------------


async def test_a_bug_pauses_the_relay_and_it_goes_on_by_itself(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bouncestream.supervisor.REST", 0.05)
    monkeypatch.setattr("bouncestream.supervisor.WELL", 0.2)
    await bridge.start()
    calls = 0

    async def bug(label: str) -> list[ListedRow]:
        nonlocal calls
        calls += 1
        raise KeyError("results")

    with monkeypatch.context() as patch:
        patch.setattr(bridge.sink, "read_label", bug)
        await bridge.emit(range(5))
        await bridge.until(lambda: calls >= 3)
        assert bridge.health.parts["relay"].state is Status.RED
        assert "KeyError" in bridge.health.parts["relay"].why
        await bridge.emit(range(5, 8))  # what comes in is stored all the same
    await bridge.until_states({"verified": 8})
    await bridge.until(lambda: bridge.relay._bugs.well(bridge.relay.context.clock.monotonic()))
    bridge.relay.wake()
    await bridge.until(lambda: bridge.health.ready)
    bridge.exactly_once(8)
    told = [record for record in caplog.records if record.name == "bouncestream.tasks"]
    assert len(told) == calls
    assert [bool(record.exc_info) for record in told] == [True] + [False] * (calls - 1)


async def test_a_bug_while_posting_loses_and_doubles_nothing(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.supervisor.REST", 0.05)
    await bridge.start()
    real, posted = bridge.sink.post, 0

    async def bug(claimed: Claimed) -> Answer:
        nonlocal posted
        posted += 1
        answer = await real(claimed)
        if posted in (2, 7):
            raise RuntimeError("a bug behind the answer")
        return answer

    monkeypatch.setattr(bridge.sink, "post", bug)
    await bridge.emit(range(20))
    await bridge.until_states({"verified": 20})
    bridge.exactly_once(20)


async def test_a_pause_after_a_bug_is_not_cut_short_by_what_comes_in_but_by_the_end(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bouncestream.supervisor.REST", 60.0)
    turns = 0

    async def bug() -> bool:
        nonlocal turns
        turns += 1
        raise ValueError

    await bridge.start()
    monkeypatch.setattr(bridge.relay, "_turn", bug)
    await bridge.emit(range(1))
    await bridge.until(lambda: turns)
    for number in range(1, 20):
        await bridge.emit(range(number, number + 1))
    assert turns == 1
    async with asyncio.timeout(5):
        await bridge.stop()


async def test_without_its_pulse_no_absence_counts_until_it_beats_again(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look-up is not permitted, so two absences would settle a bounce of an unknown subscriber."""
    monkeypatch.setattr("bouncestream.relay.ledger.GAP", 0.1)
    forbid(sandbox, "subscribers:sql_query")
    monkeypatch.setattr("bouncestream.supervisor.REST", 0.5)
    begun, ended = asyncio.Event(), 0

    async def dies(context: RelayContext) -> None:
        nonlocal ended
        ended += 1
        begun.set()
        raise RuntimeError("a bug in the pulse")

    with monkeypatch.context() as patch:
        patch.setattr("bouncestream.relay.readback._beat", dies)
        await bridge.start()
        await begun.wait()
        await bridge.emit(range(1))
        await bridge.until_states({"verified": 1})
        absent = 0
        real = bridge.relay.context.ledger.settle_absent

        def settle(entries: Any, *args: Any, **options: Any) -> list[Move]:
            nonlocal absent
            moves = real(entries, *args, **options)
            absent += len(moves)
            assert not any(move.absent or move.to is State.UNSTORED for move in moves)
            return moves

        patch.setattr(bridge.relay.context.ledger, "settle_absent", settle)
        await bridge.emit(range(900, 901))
        await bridge.emit(range(1, 3))  # once their rows are seen, the first one's row will not come any more
        await bridge.until(lambda: absent)
        assert bridge.health.parts["task:pulse"].state is Status.RED
        assert (await bridge.states()).get("unstored") is None
    await bridge.until_states({"verified": 3, "unstored": 1})
    assert bridge.health.parts["task:pulse"].state is Status.RED, "it has not run for long yet"


async def test_reads_that_fail_are_made_more_and_more_seldom(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bridge.start()
    await bridge.emit(range(2))
    await bridge.until_states({"verified": 2})
    reads: list[float] = []

    async def odd(label: str) -> list[ListedRow]:
        reads.append(bridge.relay.context.clock.monotonic())
        raise SinkError("the answer to /api/bounces is not from Listmonk: its results are not a list")

    with monkeypatch.context() as patch:
        patch.setattr(bridge.sink, "read_label", odd)
        await bridge.emit(range(2, 5))
        await bridge.until(lambda: len(reads) >= 4)
        await bridge.emit(range(5, 7))  # news for the relay is no reason to read sooner
        await bridge.until(lambda: len(reads) >= 6)
        # It takes what is posted meanwhile, which does not make it well.
        await bridge.until_states({"verified": 2, "posted": 5})
        bridge.relay.context.breaker.fine()
        write_board(bridge.relay.context, "", False)
        assert bridge.health.parts["listmonk"].state is Status.RED
    gaps = [after - before for before, after in pairwise(reads)]
    assert min(gaps) > 0.1
    assert gaps[-1] > 2 * gaps[0]
    await bridge.until_states({"verified": 7})
    bridge.exactly_once(7)


def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the questions to the outbox from now on."""
    names: list[str] = []
    read = Database.read

    def counted(db: Database, fn: Any) -> Any:
        names.append(getattr(fn, "func", fn).__name__)
        return read(db, fn)

    monkeypatch.setattr(Database, "read", counted)
    return names


async def test_the_outbox_is_asked_once_a_batch_while_nothing_is_posted_again(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question is a change of threads."""
    bridge.settings = replace(bridge.settings, batch_size=10)
    await bridge.start()
    names = asked(monkeypatch)
    await bridge.emit(range(100))
    await bridge.idle()
    bridge.exactly_once(100)
    assert names.count("due") >= 10
    assert set(names) & {"due_again", "waiting"} == set()


async def test_before_it_sleeps_it_asks_only_what_it_does_not_know(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bridge.start()
    await bridge.emit(range(3))
    await bridge.idle()
    names = asked(monkeypatch)
    bridge.relay.wake()
    bridge.relay.idle.clear()
    await bridge.relay.idle.wait()
    assert names[:1] == ["due"]
    assert "due_in" not in names


async def test_what_waits_to_be_posted_again_is_asked_for(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bridge.start()
    await bridge.emit(range(5))
    await bridge.idle()
    context = bridge.relay.context
    assert not context.reposts
    sandbox.fault("stall")
    await bridge.emit(range(5, 10))
    await sandbox.posted(10)
    names = asked(monkeypatch)
    sandbox.fault("restart")
    sandbox.fault("clear")
    await bridge.idle()
    assert "waiting" in names
    assert not context.reposts
    await context.settle([Move(1, State.PENDING, "at once, before the outbox is asked again")])
    assert context.reposts
    bridge.exactly_once(10)
