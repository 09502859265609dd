# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP proxy that misbehaves on command: it freezes, resets, drops, slows, swallows what the server says."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Self

_CHUNK = 65536


class Proxy:
    """Stands before a server on a port of its own: `async with Proxy(port) as proxy`. What it does is switched by
    its attributes at any time, for the connections that are open as well."""

    def __init__(self, target: int, host: str = "127.0.0.1") -> None:
        self._target = (host, target)
        self.port = 0
        self.frozen = False  #: bytes are taken from both sides and go nowhere, until it is thawed
        self.deaf = False  #: what the server says is swallowed for good
        self.mute = False  #: what the client says is
        self.refuse = False  #: new connections are reset at once
        self.delay = 0.0  #: seconds that each chunk waits, one way
        self.rate = 0  #: bytes a second at most, one way; 0: no limit
        #: what becomes of a chunk that the server says; it may also call `reset`
        self.edit: Callable[[bytes], bytes] = lambda data: data
        self.connections = 0  #: that were ever made
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._on, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return len(self._pairs)

    def reset(self) -> None:
        """Cut all connections with a RST on both sides."""
        for pair in self._pairs:
            for writer in pair:
                _reset(writer)
        self._pairs.clear()

    def drop(self) -> None:
        """End all connections politely (FIN), wherever they are."""
        for pair in self._pairs:
            for writer in pair:
                writer.close()
        self._pairs.clear()

    async def _on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        if self.refuse:
            _reset(writer)
            return
        try:
            to_reader, to_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        pair = (writer, to_writer)
        self._pairs.add(pair)
        try:
            with suppress(asyncio.CancelledError):  # asyncio's streams do not like a handler that was cancelled
                await asyncio.gather(
                    self._pipe(reader, to_writer, from_server=False),
                    self._pipe(to_reader, writer, from_server=True),
                )
        finally:
            self._pairs.discard(pair)
            for each in pair:
                each.close()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_server: bool) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(_CHUNK if not self.rate else max(1, self.rate // 20)):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self.rate:
                    await asyncio.sleep(len(data) / self.rate)
                while self.frozen:
                    await asyncio.sleep(0.01)
                if self.deaf if from_server else self.mute:
                    continue
                if from_server:
                    data = self.edit(data)
                writer.write(data)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
