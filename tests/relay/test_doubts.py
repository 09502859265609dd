# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bridge that was relieved may have told Listmonk is looked for, however late. With real programs:
tests/e2e/test_frozen.py."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bouncestream.errors import StoreUnavailable
from bouncestream.outbox import reposts
from bouncestream.outbox.db import Database
from bouncestream.relay import doubts
from bouncestream.relay.schedule import LaterReads

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


async def test_they_are_written_down_once_that_is_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubts, "LONGEST", 0.01)
    db = await Database.open(tmp_path / "outbox.db")
    tries = iter([StoreUnavailable("PostgreSQL is away."), None])

    async def write(job: Any, **more: Any) -> Any:
        if (error := next(tries)) is not None:
            raise error
        return await db.write(job, **more)

    context = SimpleNamespace(
        db=SimpleNamespace(write=write),
        clock=SimpleNamespace(now=lambda: NOW),
        times=SimpleNamespace(margin=60.0),
        chance=lambda: 0.0,
    )
    await doubts.tell_doubts(cast(Any, context), {"shop 2026-11-30", "news 2026-11-30"})
    found = await db.read(lambda conn: reposts.later_reads(conn, NOW))
    assert found == {"news 2026-11-30": (0, 60.0), "shop 2026-11-30": (0, 60.0)}
    await db.close()


def test_the_bridge_that_delivers_takes_them_over() -> None:
    later = LaterReads(60.0)
    later.plan(["known"], 0.0)
    later.were_read(["known"], 60.0)  # the next of its reads is due at 300
    later.restore({"known": (0, 60.0), "new": (0, 60.0)}, 100.0)
    assert later.due(159.0) == [] and later.due(160.0) == ["known", "new"]
    later.restore({"known": (3, 999.0)}, 101.0)
    assert later.due(160.0) == ["known", "new"], "the earlier read counts"
