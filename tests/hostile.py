# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that mean no good, or break down, beside the honest load of `make soak`: little work, and no secret.

python -m tests.hostile PORT: until SIGTERM; then one line of JSON with how often each did what.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable

#: How many of each there are, and for how many seconds each rests between two tries.
IDLE, SLOW, UNREAD = 100, 10, 3
ABORT_EVERY, WRONG_EVERY, GARBAGE_EVERY = 0.5, 0.05, 0.5

#: Bytes of an upload that is broken off; half of them claim a signature, so their bodies are read.
UPLOAD = 700_000

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def post(path: str, length: int, *headers: str) -> bytes:
    """The head of a request."""
    lines = [f"POST {path} HTTP/1.1", "Host: soak", f"Content-Length: {length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def claim() -> tuple[str, str]:
    """Headers of a signature that only the body can show to be wrong."""
    return f"X-Bouncestream-Timestamp: {time.time():.0f}", "X-Bouncestream-Signature: sha256=" + "0" * 64


class Hostiles:
    """All of them, against one port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.did: Counter[str] = Counter()
        self._number = 0

    async def run(self) -> None:
        """Until it is cancelled."""
        kinds: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (IDLE, self.idle),
            (SLOW, self.slow),
            (UNREAD, self.unread),
            (1, self.abort),
            (1, self.wrong),
            (1, self.garbage),
        ]
        async with asyncio.TaskGroup() as group:
            for count, kind in kinds:
                for number in range(count):
                    group.create_task(self._again(kind, number / count))

    async def _again(self, kind: Callable[[], Awaitable[None]], delay: float) -> None:
        await asyncio.sleep(delay)
        while True:
            began = time.monotonic()
            try:
                async with asyncio.timeout(90):
                    await kind()
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.did["connections that ended"] += 1
            await asyncio.sleep(max(0.0, 0.02 - (time.monotonic() - began)))

    async def _open(self) -> Stream:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=4096)

    async def idle(self) -> None:
        """Connects and says nothing, or half a header, until it is closed."""
        self._number += 1
        self.did["idle connections"] += 1
        reader, writer = await self._open()
        with contextlib.closing(writer):
            writer.write(b"POST /webhooks/shop HT" if self._number % 2 else b"")
            await reader.read()

    async def slow(self) -> None:
        """A body, one byte a second, under a signature that might be right."""
        self.did["slow bodies"] += 1
        reader, writer = await self._open()
        with contextlib.closing(writer):
            writer.write(post("/webhooks/signed", 5000, *claim()))
            closed = asyncio.ensure_future(reader.read())
            while not closed.done():
                writer.write(b" ")
                await asyncio.wait({closed}, timeout=1)

    async def unread(self) -> None:
        """Asks for much and takes none of it."""
        self.did["answers never read"] += 1
        reader, writer = await self._open()
        with contextlib.closing(writer):
            for _ in range(40):
                writer.write(b"GET /metrics HTTP/1.1\r\nHost: soak\r\n\r\n")
                await asyncio.sleep(1)
            writer.transport.abort()
            await reader.read()

    async def abort(self) -> None:
        """Most of an upload, then it hangs up; every other one is read, as it might be signed."""
        self._number += 1
        self.did["aborted uploads"] += 1
        _, writer = await self._open()
        with contextlib.closing(writer):
            if self._number % 2:
                writer.write(post("/webhooks/signed", UPLOAD, *claim()))
            else:
                writer.write(post("/webhooks/mail", UPLOAD, "X-Webhook-Secret: wrong"))
            for _ in range(10):
                writer.write(b"x" * (UPLOAD // 11))
                await writer.drain()
        await asyncio.sleep(ABORT_EVERY)

    async def wrong(self) -> None:
        """A whole request with a wrong secret."""
        self._number += 1
        self.did["wrong secrets"] += 1
        body = b'{"kind": "hard", "recipient": "soak-victim0@example.com"}'
        path, header = (
            ("/webhooks/shop", "Authorization: Bearer a-wrong-token-of-good-length"),
            ("/webhooks/mail", "X-Webhook-Secret: a-wrong-secret-of-good-length"),
            ("/webhooks/signed", "\r\n".join(claim())),
            ("/webhooks/nobody", "X: y"),
        )[self._number % 4]
        reader, writer = await self._open()
        with contextlib.closing(writer):
            writer.write(post(path, len(body), header) + body)
            answer = await reader.read()
            self.did[f"wrong secrets answered {answer[9:12].decode('latin-1')}"] += 1
        await asyncio.sleep(WRONG_EVERY)

    async def garbage(self) -> None:
        """What is no HTTP."""
        self.did["garbage"] += 1
        reader, writer = await self._open()
        with contextlib.closing(writer):
            writer.write(b"\x16\x03\x01\x02\x00" + bytes(range(256)) + b"\r\n\r\n")
            await reader.read()
        await asyncio.sleep(GARBAGE_EVERY)


async def main(port: int) -> None:
    """Run until SIGTERM."""
    hostiles = Hostiles(port)
    task = asyncio.ensure_future(hostiles.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    print(json.dumps(hostiles.did), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
