# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of the tests while a fixture lasts: `yield from running(Dovecot())`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeVar


class Server(Protocol):
    """A server that runs from `start` to `close`, which ends also one that has not started."""

    def start(self) -> object: ...
    def close(self) -> None: ...


S = TypeVar("S", bound=Server)


def running(server: S) -> Iterator[S]:
    """The server, running."""
    try:
        server.start()
        yield server
    finally:
        server.close()
