# SPDX-License-Identifier: GPL-3.0-or-later
"""How far Listmonk's log was read, kept over a restart. Implements what the listener to the log remembers by."""

from __future__ import annotations

from functools import partial

from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta, set_meta

_NAME = "listmonk_log_place"


class StoredLogMemory:
    """The memory of the log, in the open outbox. Every call raises StoreError."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def log_place(self) -> str | None:
        """The mark of the line up to which all is worked off, empty: the log was empty; None: there was no contact
        yet."""
        found: str | None = await self._db.read(partial(get_meta, name=_NAME))
        return found

    async def set_log_place(self, mark: str) -> None:
        """Note it; it is on the disk when this returns."""
        await self._db.write(partial(set_meta, name=_NAME, value=mark))
