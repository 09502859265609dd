# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections of the HTTP server: how many there are, how long each may take, and which one goes when all are
in use. aiohttp reads the requests and writes the answers.

Each connection is an asyncio Protocol of ours around the one that aiohttp makes for it, so that all of this needs
what is documented and nothing else: `web.Server` is a protocol factory (docs.aiohttp.org, "Low Level Server"), its
options are those of "Web Server Reference", and a handler gets at its connection by `request.transport`.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bouncestream import descriptors

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

#: Rounds of the event loop from the last byte of a header until its handler has begun, with some to spare.
_ROUNDS = 8

#: So many bytes of a body are taken from the network before a handler asks for it; twice as many at most.
_AHEAD = 32 * 1024

Handler = Callable[[web.BaseRequest, "Connection"], Awaitable[web.StreamResponse]]


@dataclass(eq=False)
class Connections:
    """Makes the connections, and knows all that are open. `handle` answers a request. Above `most` the one that has
    waited longest for its sender is closed for the new one, senders that have proven nothing first; when all of
    them are being answered, the new one gets a 503, and `full` is called."""

    handle: Handler
    header_timeout: float
    keepalive_timeout: float
    most: int
    full: Callable[[], None]

    def __post_init__(self) -> None:
        self.web = web.Server(
            self._answer,
            access_log=None,
            logger=_quiet,
            auto_decompress=False,
            keepalive_timeout=self.keepalive_timeout,
            lingering_time=2.0,
            read_bufsize=_AHEAD,
        )
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.BaseTransport, Connection] = {}
        # Each in the order in which they began to wait for their sender.
        self._strangers: dict[Connection, None] = {}
        self._proven: dict[Connection, None] = {}
        self._empty: asyncio.Event | None = None

    def __len__(self) -> int:
        """The number of open connections."""
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        """The connections that are open."""
        return iter(list(self._open.values()))

    async def listen(self, host: str | None, port: int) -> list[Any]:
        """Take connections; returns the addresses. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), host, port, backlog=descriptors.backlog())
        return [socket.getsockname() for socket in self._server.sockets]

    async def listen_on(self, bound: socket.socket) -> None:
        """Take connections on a Unix socket that is bound. Raises OSError."""
        loop = asyncio.get_running_loop()
        backlog = descriptors.backlog()
        self._server = await loop.create_unix_server(lambda: Connection(self), sock=bound, backlog=backlog)

    async def retire(self, grace: float) -> int:
        """Take no more; close the connections without a request in hand, the others after their answer, all of them
        within `grace` seconds. Returns how many had to be cut off."""
        self._empty = asyncio.Event()
        if self._server is not None:
            self._server.close()
        for connection in self:
            connection.retire()
        left = 0
        if self._open:
            try:
                await asyncio.wait_for(self._empty.wait(), grace)
            except TimeoutError:
                left = len(self._open)
        await self.web.shutdown(0.1)
        for connection in self:
            connection.drop()
        return left

    def take(self, connection: Connection, transport: asyncio.Transport) -> bool:
        """Note a new connection; False when there is no room for it."""
        if len(self._open) >= self.most:
            longest = next(iter(self._strangers), None) or next(iter(self._proven), None)
            if longest is None:
                self.full()
                return False
            longest.drop()
        self._open[transport] = connection
        self._strangers[connection] = None
        return True

    def waits(self, connection: Connection) -> None:
        """Note that a connection waits for its sender from now on."""
        (self._proven if connection.proven else self._strangers)[connection] = None

    def busy(self, connection: Connection) -> None:
        """Note that a connection waits for us from now on."""
        self._strangers.pop(connection, None)
        self._proven.pop(connection, None)

    def forget(self, connection: Connection, transport: asyncio.BaseTransport) -> None:
        """Forget a connection: it is closed."""
        self.busy(connection)
        self._open.pop(transport, None)
        if not self._open and self._empty is not None:
            self._empty.set()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        connection = None if transport is None else self._open.get(transport)
        if connection is None:  # gone meanwhile: nobody hears an answer, so nothing may be taken in
            return web.Response(status=400)
        connection.begin()
        try:
            response = await self.handle(request, connection)
        finally:
            last = connection.end()
        if last or not request.content.is_eof():  # what is left of the body is of no use
            response.force_close()
        return response


class Connection(asyncio.Protocol):
    """A connection of one sender."""

    __slots__ = (
        "_closed", "_due", "_half_closed", "_http", "_in_hand", "_loop", "_owed_since", "_owner", "_reading",
        "_retired", "_since", "_timer", "_transport", "proven",
    )  # fmt: skip

    def __init__(self, owner: Connections) -> None:
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._http: web.RequestHandler | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._since = 0.0  #: when its last answer was given
        self._owed_since: float | None = None  #: since when its sender owes a header, or does not take an answer
        self._in_hand = False
        self._reading = False
        self._half_closed = False
        self._retired = False
        self._closed = False
        self.proven = False  #: its sender has proven who it is, at least once

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._owner.take(self, transport):
            transport.write(_FULL)
            transport.close()
            return
        self._http = self._owner.web()
        self._http.connection_made(transport)
        self._owes()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._owner.forget(self, self._transport)
        if self._http is not None:
            self._http.connection_lost(exc)
        self._http = self._transport = None

    def data_received(self, data: bytes) -> None:
        if self._http is None:
            return
        if self._owed_since is None and not self._in_hand:
            self._owes()
        self._http.data_received(data)

    def eof_received(self) -> bool:
        """The sender sends no more. True keeps the other direction open, for the answer to what is there."""
        self._half_closed = True
        if self._http is None or self._reading:
            return False
        self._close_unless_begun()
        return True

    def pause_writing(self) -> None:
        if self._http is not None:
            self._http.pause_writing()
            if self._owed_since is None:
                self._owes()

    def resume_writing(self) -> None:
        if self._http is not None:
            self._owed_since = None
            self._since = self._loop.time()
            self._http.resume_writing()

    def begin(self) -> None:
        """A request of it is in hand from now on."""
        self._in_hand = True
        self._owed_since = None
        self._owner.busy(self)

    def end(self) -> bool:
        """Note that the request is answered; True when no further one is taken."""
        self._in_hand = False
        self._since = self._loop.time()
        if not self._closed:
            self._owner.waits(self)
        if self._half_closed:  # requests that came before may follow; when there is none, it ends
            self._close_unless_begun()
        return self._retired

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While a body is waited for. Raises ConnectionResetError when it can come no more."""
        if self._half_closed or self._closed:
            raise ConnectionResetError
        self._reading = True
        self._owner.waits(self)
        try:
            yield
        finally:
            self._reading = False
            self._owner.busy(self)

    def retire(self) -> None:
        """Close now if nothing is in hand, else after the answer."""
        self._retired = True
        self._close_unless_begun()

    def drop(self) -> None:
        """Close at once, whatever it does."""
        self._closed = True
        if self._transport is not None:
            self._owner.forget(self, self._transport)
            self._transport.abort()

    def _close_unless_begun(self, rounds: int = _ROUNDS) -> None:
        """A header may have come in whole, and its handler be about to begin: it then closes after its answer."""
        if self._in_hand or self._transport is None:
            return
        if rounds:
            self._loop.call_soon(self._close_unless_begun, rounds - 1)
        else:
            self._transport.close()

    def _owes(self) -> None:
        """The sender has `header_timeout` from now on."""
        now = self._owed_since = self._loop.time()
        self._look_at(now + self._owner.header_timeout)

    def _look_at(self, when: float) -> None:
        """Set the one timer for all of it, which is moved seldom: to set one for each request would cost more than
        these limits are worth."""
        if self._timer is not None:
            if self._due <= when:
                return
            self._timer.cancel()
        self._due = when
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        if self._owed_since is not None:
            due = self._owed_since + self._owner.header_timeout
        elif self._in_hand:
            due = now + self._owner.keepalive_timeout
        else:
            due = self._since + self._owner.keepalive_timeout
        if due > now:
            self._look_at(due)
        else:
            self.drop()


def keep_quiet(loop: asyncio.AbstractEventLoop, told: Callable[[str], None]) -> None:
    """Let `told` say it when no more connections can be taken for want of resources, instead of a traceback for
    each of them (asyncio calls the loop's exception handler up to `backlog` times a second then)."""
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        scarce = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
        if isinstance(error, OSError) and error.errno in scarce and "socket" in context:
            told(error.strerror or "no resources")
        elif before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)


class _NoTracebacks(logging.Filter):
    """The filter of what aiohttp logs about a request: nothing about one that is no proper HTTP, which anybody can
    send as often as they like; of anything else one line, for it is a bug."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if getattr(error, "code", 500) < 500 or record.levelno < logging.WARNING:  # its parser's errors are 400
            return False
        record.msg, record.args = "bug: %s while answering a request", (type(error).__name__,)
        record.exc_info = None
        return True


_quiet = logging.getLogger("bouncestream.webhook.http")
_quiet.addFilter(_NoTracebacks())
