# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversion of an outbox wherever it is, in a file or on PostgreSQL, for the commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bouncestream.crypto.secret import Secret
from bouncestream.outbox.place import Place, Server, require_driver
from bouncestream.outbox.sealing import switch as file
from bouncestream.outbox.sealing.switch import Progress
from bouncestream.outbox.sealing.unlock import State, unlock


@dataclass(frozen=True, slots=True)
class Work:
    """An outbox that is open for a change of how it is sealed. All of it raises StoreError."""

    unlock: Callable[[Secret | None], object]  #: comes before `steps`
    steps: Callable[[], Iterator[Progress]]  #: convert what is there, from where it was left
    finish: Callable[[], str]  #: end it; returns what it may not do, in the operator's words
    admit: Callable[[Secret, Secret], None]  #: have a new key open it too, beside the present one
    keep_only: Callable[[Secret], list[str]]  #: have no other key open it; returns the names of those that did


def switch(place: Place, key: Secret | None, *, seal: bool) -> State | None:
    """Have what comes in sealed from now on, or in the open; returns how far the outbox is sealed then. Raises
    StoreBusy when a running bridge does not store as it should, and SealRefused."""
    if isinstance(place, Server):
        require_driver()
        from bouncestream.outbox.postgres import switch as server  # only where it is used

        return server.switch(place, key, seal=seal)
    return file.switch(place, key, seal=seal)


@contextmanager
def working(place: Place) -> Iterator[Work]:
    """The outbox, for a change of how it is sealed."""
    if isinstance(place, Server):
        require_driver()
        from bouncestream.outbox.postgres import converting  # only where it is used
        from bouncestream.outbox.postgres import switch as server

        with server.working(place) as work:
            yield Work(
                partial(server.ready, work),
                partial(converting.steps, work),
                partial(converting.finish, work),
                partial(server.admit, work),
                partial(server.keep_only, work),
            )
        return

    with file.working(place) as conn:

        def finish() -> str:
            file.finish(conn)
            return ""

        yield Work(
            partial(unlock, conn),
            partial(file.steps, conn),
            finish,
            partial(file.admit, conn),
            partial(file.keep_only, conn),
        )
