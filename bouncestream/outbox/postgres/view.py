# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox on PostgreSQL for whoever only looks at it; `outbox.view` opens it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from bouncestream.errors import NoOutbox
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.connection import PATIENCE, ServerConnection
from bouncestream.outbox.postgres.db import size
from bouncestream.outbox.postgres.schema import current
from bouncestream.outbox.postgres.session import Session, in_snapshot
from bouncestream.outbox.postgres.unlock import Unlocking
from bouncestream.outbox.view import View

T = TypeVar("T")


class ServerView(View):
    """The outbox on a server, to be read as often as one likes. Raises StoreError. `patience`: seconds for the
    connection, and for each query."""

    def __init__(self, server: Server, patience: float | None, unlocking: Unlocking) -> None:
        self._patience = PATIENCE if patience is None else patience
        self._session = Session(server, patience=min(self._patience, 10.0), unlocking=unlocking)
        try:
            self._session.run(_there)
            self.hidden = self._session.run(unlocking) is not None and not unlocking.reveal
        except BaseException:
            self.close()
            raise

    def sizes(self) -> tuple[int, int]:
        """Bytes of the tables; the write-ahead log belongs to the server."""
        return self._session.run(in_snapshot, size, self._patience), 0

    def read(self, fn: Callable[[Conn], T], *, within: float | None = None) -> T:
        """The result of `fn`, which sees one consistent state. Raises StoreError; StoreSlow, when a query takes
        longer than `within` seconds."""
        patience = self._patience if within is None else within
        found: T = self._session.run(partial(in_snapshot, fn=fn, within=patience, watched=True))
        return found

    def close(self) -> None:
        """End the session."""
        self._session.drop()


def _there(conn: ServerConnection) -> None:
    if not current(conn):
        raise NoOutbox(
            "There is no outbox in the database at [outbox] url yet. Next: start `bouncestream run`, which sets it "
            "up."
        )
