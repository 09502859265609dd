# SPDX-License-Identifier: GPL-3.0-or-later
"""A real server on port 0, an Emit that records, and raw sockets for what no client library would send."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from bouncestream.config.model import Server
from bouncestream.crypto.secret import Secret
from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.ports import Receipt, Submission
from bouncestream.providers import webhook
from bouncestream.providers._settings import Webhook
from bouncestream.sources.webhook.server import WebhookServer
from tests.mailserver.fixtures import dovecot, proxy

__all__ = ["dovecot", "proxy"]

KEY = "a-secret-of-good-length"
EVENT = b'{"kind": "hard", "recipient": "person@example.org"}'


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Recorder:
    """An Emit that remembers, and fails or waits when told to."""

    submissions: list[Submission] = field(default_factory=list)
    error: Exception | None = None
    gate: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    async def __call__(self, submission: Submission) -> Receipt:
        self.entered.set()
        if self.gate is not None:
            self.waiting += 1
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.submissions.append(submission)
        return Receipt(len(submission.events), 0, len(submission.unreadable))


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Running:
    """One running server."""

    server: WebhookServer
    address: tuple[str, int]
    emitted: Recorder
    health: Health
    metrics: Metrics

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection(*self.address)
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def raw(self, data: bytes, *, half_close: bool = False) -> Answer:
        """Send these bytes on a connection of their own, and read one answer."""
        async with self.connection() as (reader, writer):
            writer.write(data)
            if half_close:
                writer.write_eof()
            return await answer(reader)

    async def post(self, path: str, body: bytes = EVENT, method: str = "POST", **headers: str) -> Answer:
        return await self.raw(message(path, body, method, **headers))


def message(path: str, body: bytes = EVENT, method: str = "POST", **headers: str) -> bytes:
    """A request as bytes; underscores in header names become dashes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


async def answer(reader: asyncio.StreamReader) -> Answer:
    """The next answer on a connection."""
    async with asyncio.timeout(20):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        return Answer(int(head[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"])))


TOKEN = {"Authorization": f"Bearer {KEY}"}
#: What can be seen of a signature before the body: it may be right.
CLAIM = {
    "X_Bouncestream_Timestamp": str(int(Clock().now().timestamp())),
    "X_Bouncestream_Signature": "sha256=" + "0" * 64,
}

Start = Callable[..., Any]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    running: list[Running] = []

    async def start(
        webhooks: dict[str, Webhook] | None = None,
        *,
        keepalive_timeout: float = 75.0,
        errands_context: ssl.SSLContext | None = None,
        **settings: Any,
    ) -> Running:
        if webhooks is None:
            webhooks = {"scripts": webhook(name="scripts", provider="generic", token=Secret(KEY))}
        emitted, health, metrics = Recorder(), Health(), Metrics()
        server = WebhookServer(
            Server(**{"listen": "127.0.0.1:0", **settings}),
            webhooks,
            emitted,
            health,
            metrics,
            Clock(),
            keepalive_timeout=keepalive_timeout,
            errands_context=errands_context,
        )
        (address,) = await server.start()
        running.append(Running(server, address, emitted, health, metrics))
        return running[-1]

    yield start
    for one in running:
        await one.server.stop(0.1)


@pytest.fixture
async def running(start: Start) -> Running:
    one: Running = await start()
    return one
