# SPDX-License-Identifier: GPL-3.0-or-later
"""aiohttp's connection with the limits that it does not have: a time for the request header, a number of
connections, half-closed senders that still get their answer, and no traceback for garbage.

aiohttp 3.14 (read in its installed code, late 2026) bounds the time of a header by its keep-alive time-out only.
What is used of it beyond its documentation is listed in `SEAMS` and held to it by a test.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time

log = logging.getLogger("bouncestream.webhook")

#: Attributes of aiohttp's RequestHandler that are not documented, but that we need.
SEAMS = ("_request_count", "_force_close", "_loop", "force_close", "finish_response", "handle_error")
#: The same of its Response.
RESPONSE_SEAMS = ("_keep_alive", "_eof_sent", "prepare", "write_eof")

_OK = b"HTTP/1.1 200 OK\r\nDate: %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Acknowledgement(web.Response):
    """The 200 that nearly every request gets, written in one piece: aiohttp's own way to a response of known size
    costs as much as reading the event does. HTTP/1.0 and connections that are to close go aiohttp's way."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        transport = request.transport
        if (
            transport is None
            or request.version != HttpVersion11
            or not request.keep_alive
            or self._keep_alive is False
        ):
            return await super().prepare(request)
        assert isinstance(self.body, bytes)
        self._keep_alive = True
        self._eof_sent = True  # `write_eof` has nothing left to do
        transport.write(_OK % (rfc822_formatted_time().encode(), len(self.body), self.body))
        return None


class LimitedServer(web.Server):
    """Makes the connections, and knows how many of them there are."""

    def __init__(self, handler: Any, *, header_timeout: float, max_connections: int, **kwargs: Any) -> None:
        super().__init__(handler, **kwargs)
        self.handler_kwargs = kwargs
        self.header_timeout = header_timeout
        self.max_connections = max_connections
        self.open: set[Connection] = set()
        self.garbage = 0  #: requests that were no HTTP
        self._empty: asyncio.Event | None = None
        self.turned_away = 0  #: connections above the limit

    def __call__(self) -> web.RequestHandler:
        return Connection(self, loop=asyncio.get_running_loop(), **self.handler_kwargs)

    async def retire(self) -> None:
        """Close the connections without a request in hand, the others after their answer; wait for all of them."""
        self._empty = asyncio.Event()
        for connection in list(self.open):
            connection.retire()
        if self.open:
            await self._empty.wait()

    def forget(self, connection: Connection) -> None:
        self.open.discard(connection)
        if not self.open and self._empty is not None:
            self._empty.set()


class Connection(web.RequestHandler):
    """One connection of one sender."""

    __slots__ = ("_answered", "_half_closed", "_retired", "_timer", "awaited", "limits")

    def __init__(self, manager: LimitedServer, **kwargs: Any) -> None:
        super().__init__(manager, **kwargs)
        self.limits = manager
        self._timer: asyncio.TimerHandle | None = None
        self._answered = 0
        self._half_closed = False
        self.awaited: StreamReader | None = None  #: the body that a handler waits for
        self._retired = False

    @property
    def busy(self) -> bool:
        """Whether a request header has come in that is not answered yet."""
        return self._request_count > self._answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if len(self.limits.open) >= self.limits.max_connections:
            self.limits.turned_away += 1
            self._force_close = True  # data that still comes in is not looked at
            transport.write(_FULL)
            transport.close()
            return
        self.limits.open.add(self)
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_timer()
        self.limits.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.busy:
            self._stop_timer()
        elif self._timer is None and data:
            self._start_timer()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio takes a bool; aiohttp says None
        """The sender sends no more. True keeps the other direction open, for the answer to what is there."""
        self._half_closed = True
        return self.busy and (self.awaited is None or self.awaited.is_eof())

    def await_body(self, body: StreamReader) -> None:
        """Note that a handler is about to wait for `body`. Raises ConnectionResetError when it can come no more."""
        if self._half_closed and not body.is_eof():
            raise ConnectionResetError
        self.awaited = body

    def retire(self) -> None:
        """Close now if nothing is in hand, else after the answer."""
        self._retired = True
        if not self.busy:
            self.force_close()

    async def finish_response(self, request: Any, resp: Any, start_time: float | None) -> tuple[Any, bool]:
        if self._retired or (self._half_closed and self._request_count == self._answered + 1):
            resp.force_close()
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._answered += 1

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no HTTP, or has headers beyond the limits; aiohttp would log a traceback."""
        if status < 500:
            self.limits.garbage += 1
            log.debug("a request that is no proper HTTP was refused: %s", type(exc).__name__)
        else:
            log.error("bug: %s while answering a request", type(exc).__name__, exc_info=log.isEnabledFor(10))
        response = web.Response(status=status)
        response.force_close()
        return response

    def _start_timer(self) -> None:
        self._timer = self._loop.call_later(self.limits.header_timeout, self._too_late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        self._timer = None
        if not self.busy:
            self.force_close()
