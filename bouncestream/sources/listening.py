# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening, tried until it is possible: an address, or the place of a socket, may be taken for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from bouncestream.backoff import backoff
from bouncestream.errors import ListenError

#: Seconds between two attempts, at most.
LONGEST = 60.0


@contextmanager
def listening_on(where: str) -> Iterator[None]:
    """Raise ListenError where what is within cannot listen on an address."""
    try:
        yield
    except OSError as error:
        raise ListenError(
            f"cannot listen on {where}: {error.strerror}. Is another bouncestream running?"
        ) from error


async def until_listening(
    listen: Callable[[], Awaitable[object]], where: str, failed: Callable[[str], None], chance: Callable[[], float]
) -> None:
    """Await `listen`, and again after a while for as long as it raises ListenError or OSError. `where`: what it
    listens on; `failed` is told each time why it cannot; `chance`: for the jitter."""
    failures = 0
    while True:
        try:
            await listen()
            return
        except ListenError as error:
            why = str(error)
        except OSError as error:
            why = f"cannot listen on {where}: {error.strerror or error}"
        failures += 1
        failed(why)
        await asyncio.sleep(backoff(failures, base=1.0, cap=LONGEST, jitter=chance()))
