# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from bouncestream.outbox.db import Database
from bouncestream.outbox.log_place import StoredLogMemory


async def test_it_is_remembered_over_a_restart(opened: Callable[..., Awaitable[Database]], tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    db = await opened(path, lock=True)
    memory = StoredLogMemory(db)
    assert await memory.log_place() is None
    await memory.set_log_place("0123abcd")
    await db.close()
    assert await StoredLogMemory(await opened(path, lock=True)).log_place() == "0123abcd"
