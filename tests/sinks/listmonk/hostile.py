# SPDX-License-Identifier: GPL-3.0-or-later
"""A server in Listmonk's place that answers as Listmonk does, except where a test says otherwise: any bytes, at any
pace. It speaks HTTP by hand, since no library would send what is sent here."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

Writer = asyncio.StreamWriter
#: Bytes that are sent, what makes them of the query, or what writes them itself and then closes.
Odd = bytes | Callable[[Mapping[str, str]], bytes | None] | Callable[[Writer], Awaitable[None]]

UUID = "11111111-1111-4111-8111-111111111111"
PERSON = {"id": 1, "uuid": UUID, "email": "p1@example.com", "status": "enabled", "lists": []}
COUNTS = {kind: {"count": 2, "action": "none"} for kind in ("soft", "hard", "complaint")}


def http(body: bytes, status: int = 200, kind: str = "application/json", extra: bytes = b"") -> bytes:
    """A whole HTTP answer; `extra`: further header lines, each with its CR LF."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + extra + b"\r\n" + body


def data(value: Any) -> bytes:
    """One of Listmonk's JSON answers."""
    return http(orjson.dumps({"data": value}))


def rows(*results: Any, total: Any = None) -> bytes:
    """An answer of `GET /api/bounces` or `GET /api/subscribers`."""
    return data({"results": list(results), "total": len(results) if total is None else total})


def endless(head: bytes, chunk: bytes, gap: float = 0.0) -> Callable[[Writer], Awaitable[None]]:
    """An answer that goes on until somebody hangs up."""

    async def write(writer: Writer) -> None:
        writer.write(head)
        while True:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(gap)

    return write


async def hang_up(writer: Writer) -> None:
    """No answer at all."""


class Hostile:
    """`odd`: path → what is answered there; `*` is every path. What was asked is in `asked`."""

    def __init__(self, odd: Mapping[str, Odd]) -> None:
        self.odd = odd
        self.url = ""
        self.asked: list[str] = []
        self.posted: list[dict[str, Any]] = []
        self.serving: set[asyncio.Task[Any]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._one(reader, writer):
                await writer.drain()
        self.serving.discard(task)
        writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: Writer) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        url = urlsplit(first.split(" ")[1])
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.asked.append(url.path)
        if body not in (b"", b"{}") and url.path == "/webhooks/bounce":
            self.posted.append(orjson.loads(body))
        odd = self.odd.get(url.path, self.odd.get("*"))
        if callable(odd):
            made = odd(writer) if inspect.iscoroutinefunction(odd) else odd(query)  # type: ignore[arg-type]
            if isinstance(made, Awaitable):
                await made
                return False
            odd = made
        writer.write(self.usual(url.path, query, body) if odd is None else odd)
        return True

    def usual(self, path: str, query: Mapping[str, str], body: bytes) -> bytes:
        """What Listmonk answers."""
        answers: dict[str, bytes] = {
            "/": http(b'<link href="/x.css?v=0123456789">', kind="text/html"),
            "/webhooks/bounce": http(b'{"message":"x"}', 400) if body == b"{}" else http(b'{"data":true}'),
            "/api/config": data({"version": "v6.2.0"}),
            "/api/settings": data({"bounce.enabled": True, "bounce.actions": COUNTS}),
            "/api/profile": data({"user_role": {"permissions": ["subscribers:get_all", "subscribers:manage"]}}),
            "/api/subscribers": rows(),
            "/api/subscribers/lists": data(True),
            "/api/subscribers/blocklist": data(True),
            "/api/bounces": rows(
                *(
                    {"id": number, "source": post["source"], "meta": post["meta"]}
                    for number, post in enumerate(self.posted, 1)
                    if post["source"] == query.get("source")
                )
            ),
        }
        return answers.get(path, http(b"{}", 404))


@asynccontextmanager
async def hostile(odd: Mapping[str, Odd]) -> AsyncIterator[Hostile]:
    """Served on a free port, until the block ends."""
    listmonk = Hostile(odd)
    server = await asyncio.start_server(listmonk.serve, "127.0.0.1", 0, limit=1 << 20)
    listmonk.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield listmonk
    finally:
        server.close()
        for task in (serving := list(listmonk.serving)):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
