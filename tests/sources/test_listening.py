# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import errno
import os

import pytest

from bouncestream.errors import ListenError
from bouncestream.sources.listening import listening_on, until_listening


async def test_it_tells_why_and_tries_until_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[Exception] = [
        OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)),
        ListenError("cannot listen on /run/a: another program listens there"),
    ]
    told: list[str] = []
    waited: list[float] = []

    async def listen() -> None:
        if errors:
            raise errors.pop(0)

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await until_listening(listen, "127.0.0.1:25", told.append, lambda: 0.0)
    assert told == [
        "cannot listen on 127.0.0.1:25: Address already in use",
        "cannot listen on /run/a: another program listens there",
    ]
    assert waited == [1.0, 2.0]


async def test_a_bug_is_no_reason_to_wait() -> None:
    async def listen() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        await until_listening(listen, "", print, lambda: 0.0)


def test_an_address_that_is_taken_is_told_in_words() -> None:
    told = r"cannot listen on 127.0.0.1:25: .* Is another bouncestream running\?"
    with pytest.raises(ListenError, match=told), listening_on("127.0.0.1:25"):
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
