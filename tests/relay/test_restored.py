# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier run knew counts for nothing, and what a restored backup forgot is found (rule 6)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bouncestream.clock import SystemClock
from bouncestream.errors import StoreBusy, StoreUnavailable
from bouncestream.event import Kind
from bouncestream.outbox import delivery
from bouncestream.outbox.backup import backup
from bouncestream.outbox.db import Database
from bouncestream.ports import Answer, Claimed, ListedRow, Move, State
from bouncestream.relay.restored import may_have_forgotten
from bouncestream.sandbox import Sandbox
from tests.outbox import make
from tests.relay.conftest import Bridge


class Away(SystemClock):
    """The clock of another machine: hours away from ours."""

    def __init__(self, hours: float) -> None:
        self.hours = hours

    def now(self) -> datetime:
        return super().now() + timedelta(hours=self.hours)


async def pending_copy(bridge: Bridge, sandbox: Sandbox, copy: Path, *events: dict[str, Any]) -> int:
    """A backup from before anything was posted. The port on which Listmonk is to come back."""
    port = int(sandbox.url.rsplit(":", 1)[1])
    await sandbox.close()
    await bridge.start()
    for fields in events:
        await bridge.emit(range(1), Kind.SOFT, **fields)  # a hard bounce blocklists, and no second row would show
    backup(bridge.path, copy, datetime.now(UTC))
    await bridge.stop()
    return port


def people(*names: str) -> list[dict[str, Any]]:
    return [{"recipient": f"{name}@example.com", "message_id": f"<{name}@x>"} for name in names]


@pytest.mark.parametrize("hours", [-24, 24], ids=["a day behind", "a day ahead"])
async def test_a_backup_finds_what_was_told_under_the_date_of_another_clock(
    bridge: Bridge, sandbox: Sandbox, tmp_path: Path, hours: float
) -> None:
    port = await pending_copy(bridge, sandbox, tmp_path / "copy.db", *people("p0", "p1", "p2"))
    await sandbox.start(port=port)
    await bridge.start()
    bridge.relay.context.clock = Away(hours)  # before its first turn
    await bridge.idle()
    await bridge.stop()
    bridge.exactly_once(3)
    days = {row["source"].split()[-1] for row in bridge.rows()}
    assert len(days) == 1
    assert days != {SystemClock().now().date().isoformat()}
    bridge.path = tmp_path / "copy.db"
    await bridge.start()
    await bridge.idle()
    bridge.exactly_once(3)
    assert await bridge.states() == {"verified": 3}


async def test_a_label_without_a_row_hides_no_later_one_from_a_backup(
    bridge: Bridge, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody of the first label is known to Listmonk: it stored none of them."""
    monkeypatch.setattr(delivery, "LABEL_EVENTS", 2)
    everybody = people("nobody1", "nobody2", "p0", "p1")
    port = await pending_copy(bridge, sandbox, tmp_path / "copy.db", *everybody)
    await sandbox.start(port=port)
    await bridge.start()
    await bridge.idle()
    await bridge.stop()
    assert {row["source"].split()[-1] for row in bridge.rows()} == {"#2"}
    bridge.path = tmp_path / "copy.db"
    await bridge.start()
    await bridge.idle()
    bridge.exactly_once(2)
    assert await bridge.states() == {"verified": 2, "unstored": 2}


async def test_no_absence_that_an_earlier_run_counted_counts(
    bridge: Bridge, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two runs anything may have happened to Listmonk's database: it takes two absences of this run."""
    monkeypatch.setattr("bouncestream.relay.ledger.GAP", 0.05)
    users = sandbox.settings.users
    users["bridge"] = replace(users["bridge"], permissions=users["bridge"].permissions - {"subscribers:sql_query"})
    await bridge.start()
    await bridge.emit(range(2))
    await bridge.idle()
    await bridge.stop()

    def absent_once(conn: sqlite3.Connection) -> None:
        make.submit(conn, make.event("nobody@example.com", source="hook"), now=SystemClock().now())
        (claimed,) = make.claim(conn, SystemClock().now())
        for move in (
            Move(claimed.row, State.POSTED, "200"),
            Move(claimed.row, State.PENDING, "absent", absent=True),
        ):
            delivery.settle(conn, [move], SystemClock().now())
        assert make.one(conn, "SELECT absences FROM outbox ORDER BY id DESC") == 1

    db = await Database.open(bridge.path)
    await db.write(absent_once)
    await db.close()
    await bridge.start()
    posts: list[Claimed] = []
    post = bridge.sink.post

    async def noted(claimed: Claimed) -> Answer:
        posts.append(claimed)
        return await post(claimed)

    with monkeypatch.context() as patch:
        patch.setattr(bridge.sink, "post", noted)
        await bridge.until_states({"verified": 2, "unstored": 1})
    assert [claimed.attempt for claimed in posts][:2] == [2, 3]
    assert [claimed.absences for claimed in posts][:2] == [0, 1]


async def test_what_a_server_has_forgotten_is_found_before_it_is_told_again(bridge: Bridge) -> None:
    """The claim was not replicated: the standby that took over has the events as if nobody had told them."""
    await bridge.start()
    for fields in people("p0", "p1"):
        await bridge.emit(range(1), Kind.SOFT, **fields)
    await bridge.idle()
    await bridge.stop()
    conn = make.connect(bridge.path)
    sql = "UPDATE outbox SET state = 'pending', attempt = 0, label = '', finished_at = NULL, next_attempt_at = ?"
    conn.execute(sql, (make.NOW.isoformat(),))
    conn.execute("DELETE FROM labels")
    conn.execute("UPDATE tally SET events = 2 * (state = 'pending')")
    conn.close()
    bridge.settings = replace(bridge.settings, late=0.1)
    await bridge.start()
    await bridge.idle()
    assert await bridge.states() == {"verified": 2}
    bridge.exactly_once(2)


async def test_only_labels_that_a_server_may_have_forgotten_are_read(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LABEL_EVENTS", 1)
    await bridge.start()
    for fields in people("p0", "p1", "p2", "p3"):
        await bridge.emit(range(1), Kind.SOFT, **fields)
    await bridge.idle()
    await bridge.stop()
    conn = make.connect(bridge.path)
    sql = "UPDATE outbox SET state = 'pending', attempt = 0, label = '', finished_at = NULL, next_attempt_at = ?"
    conn.execute(f"{sql} WHERE id > 2", (make.NOW.isoformat(),))
    conn.execute("DELETE FROM labels WHERE number > 2")
    conn.execute("UPDATE tally SET events = 2 WHERE state IN ('pending', 'verified')")
    conn.close()
    bridge.settings = replace(bridge.settings, late=0.1)
    await bridge.start()
    read: list[str] = []
    read_label = bridge.sink.read_label

    async def noted(label: str) -> Sequence[ListedRow]:
        read.append(label)
        return await read_label(label)

    monkeypatch.setattr(bridge.sink, "read_label", noted)
    await bridge.idle()
    assert await bridge.states() == {"verified": 4}
    bridge.exactly_once(4)
    today = f"hook {SystemClock().now().date()}"
    assert [label for label in read if label.startswith(today)] == [f"{today} #{number}" for number in range(2, 7)]


async def test_a_server_may_have_forgotten_after_a_failure_and_not_after_a_conflict(bridge: Bridge) -> None:
    bridge.settings = replace(bridge.settings, late=0.1)
    await bridge.start()
    assert may_have_forgotten(bridge.relay.context, StoreUnavailable("it does not answer"))
    assert not may_have_forgotten(bridge.relay.context, StoreBusy("another was quicker"))
