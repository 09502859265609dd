# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection on its own thread. The only module that touches aiosqlite.

A transaction is one function that runs there. aiosqlite has only the private `Connection._execute` for that; a test
holds it to what we need. Nothing else would do: of two coroutines that each await single statements, one would
commit what the other has half written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import aiosqlite

T = TypeVar("T")


class Thread:
    """A connection on its own thread: all that we use of aiosqlite."""

    def __init__(self, conn: aiosqlite.Connection) -> None:
        self._conn = conn
        self._raw = conn._conn

    @classmethod
    async def start(cls, **options: Any) -> Thread:
        conn = aiosqlite.connect(**options)
        try:
            await conn
        except BaseException:
            # its thread ends by itself, and tells that to this loop: so the loop must not be closed before
            if conn._thread.is_alive():
                conn._thread.join(1)
            raise
        return cls(conn)

    async def run(self, fn: Callable[..., T], *args: object, **kwargs: object) -> T:
        """Run a function of the `sqlite3.Connection` there. Calls run one after the other, in their order."""
        return cast(T, await self._conn._execute(fn, self._raw, *args, **kwargs))  # type: ignore[no-untyped-call]

    async def stop(self) -> None:
        """Close the connection; its thread has ended when this returns."""
        try:
            await self._conn.close()
        finally:
            self._conn._thread.join(1)  # it has said its last word, so this takes microseconds
