# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversion of an outbox wherever it is, in a file or on PostgreSQL, for the commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bouncestream.crypto.secret import Secret
from bouncestream.outbox.place import Place, Server, require_driver
from bouncestream.outbox.sealing import switch
from bouncestream.outbox.sealing.state import State
from bouncestream.outbox.sealing.unlock import unlock
from bouncestream.outbox.sealing.walk import Progress


@dataclass(frozen=True, slots=True)
class Work:
    """An outbox that is open for a change of how it is sealed. All of it raises StoreError."""

    unlock: Callable[[Secret | None], object]  #: comes before `steps`
    steps: Callable[[], Iterator[Progress]]  #: convert what is there, from where it was left
    finish: Callable[[], str]  #: end it; returns what it may not do, in the operator's words
    admit: Callable[[Secret, Secret], None]  #: have a new key open it too, beside the present one
    keep_only: Callable[[Secret], list[str]]  #: have no other key open it; returns the names of those that did


def turn(place: Place, key: Secret | None, *, seal: bool) -> State | None:
    """Have what comes in sealed from now on, or in the open; returns how far the outbox is sealed then. Raises
    StoreBusy when a running bridge does not store as it should, and SealRefused."""
    if isinstance(place, Server):
        return _turn_on_server(place, key, seal=seal)
    return switch.switch(place, key, seal=seal)


def working(place: Place) -> AbstractContextManager[Work]:
    """The outbox, for a change of how it is sealed."""
    return _on_server(place) if isinstance(place, Server) else _in_file(place)


@contextmanager
def _in_file(place: Path) -> Iterator[Work]:
    with switch.working(place) as conn:

        def finish() -> str:
            switch.finish(conn)
            return ""

        yield Work(
            partial(unlock, conn),
            partial(switch.steps, conn),
            finish,
            partial(switch.admit, conn),
            partial(switch.keep_only, conn),
        )


def _turn_on_server(place: Server, key: Secret | None, *, seal: bool) -> State | None:
    require_driver()
    from bouncestream.outbox.postgres import switch  # only where it is used

    return switch.switch(place, key, seal=seal)


@contextmanager
def _on_server(place: Server) -> Iterator[Work]:
    require_driver()
    from bouncestream.outbox.postgres import converting, switch  # only where it is used

    with switch.working(place) as work:
        yield Work(
            partial(switch.ready, work),
            partial(converting.steps, work),
            partial(converting.finish, work),
            partial(switch.admit, work),
            partial(switch.keep_only, work),
        )
