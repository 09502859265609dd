# SPDX-License-Identifier: GPL-3.0-or-later
"""aiohttp's connection with the limits that it does not have: a time for the request header, a number of
connections, half-closed senders that still get their answer, and no traceback for garbage. And with a shorter way
for what nearly all requests are, see `Whole`.

aiohttp 3.14 (read in its installed code, late 2026) bounds the time of a header by its keep-alive time-out only.
What is used of it beyond its documentation is listed in `SEAMS` and held to it by a test.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http_writer import StreamWriter
from multidict import CIMultiDictProxy

log = logging.getLogger("bouncestream.webhook")

#: Attributes of aiohttp's RequestHandler that are not documented, but that we need.
SEAMS = ("_request_count", "_force_close", "_loop", "force_close", "start", "finish_response", "handle_error")
#: The same, for the shorter way only.
SHORT_SEAMS = (
    "_messages", "_waiter", "_parser", "_buffer_paused", "_request_factory", "_task_handler",
    "_request_in_progress", "_handler_waiter",
    "_keepalive", "_keepalive_handle", "_keepalive_timeout", "_next_keepalive_close_time", "_process_keepalive",
)  # fmt: skip
#: With an aiohttp that has become another inside, every request goes its own way: slower, and as right.
SHORT = all(hasattr(web.RequestHandler, name) for name in SHORT_SEAMS)

_OK = b"HTTP/1.1 200 OK\r\nDate: %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b"
_LAST = b"Connection: close\r\n"
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(slots=True)
class Whole:
    """A POST by HTTP/1.1 that came in one piece, alone on a connection that stays open. Its handler gets this
    instead of aiohttp's request, and its 200 is written in one piece: aiohttp's task, request and response for each
    one cost as much as reading the event does."""

    path: str
    headers: CIMultiDictProxy[str]
    body: bytes
    transport: asyncio.BaseTransport | None
    method: str = "POST"


#: The answer to a whole request: the JSON of a 200, or a response that aiohttp writes.
Answer = bytes | web.Response


class LimitedServer(web.Server):
    """Makes the connections, and knows how many of them there are. Whole requests whose path begins with `prefix`
    go to `whole`, all others to `handler`."""

    def __init__(
        self,
        handler: Any,
        prefix: str,
        whole: Callable[[Whole], Awaitable[Answer]],
        *,
        header_timeout: float,
        max_connections: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(handler, **kwargs)
        self.prefix = prefix
        self.whole = whole
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

    async def start(self) -> None:
        """Answer one whole request after the other. The first one that is anything else goes aiohttp's way, and so
        does all that comes after it."""
        if not SHORT:
            return await super().start()
        while not self._force_close:
            if not self._messages:
                self._waiter = self._loop.create_future()
                try:
                    await self._waiter
                finally:
                    self._waiter = None
            message: Any
            message, payload = self._messages[0]
            if not self._is_whole(message, payload):
                return await super().start()
            self._messages.popleft()
            if self._parser is not None:
                self._parser.message_consumed()
            self._request_in_progress = True
            try:
                whole = Whole(message.path, message.headers, payload.read_nowait(-1), self.transport)
                last = await self._answer(await self.limits.whole(whole), message, payload)
            except Exception as error:
                log.error("bug: %s while answering a request", type(error).__name__, exc_info=log.isEnabledFor(10))
                return self.force_close()
            finally:
                self._request_in_progress = False
                if self._handler_waiter is not None:
                    self._handler_waiter.set_result(None)
            if last:
                return None
            self._keep_alive_for_now()
        return None

    def _is_whole(self, message: Any, payload: StreamReader) -> bool:
        return (
            len(self._messages) == 1
            and not self._buffer_paused
            and getattr(message, "method", "") == "POST"  # what is no HTTP has none
            and message.version == HttpVersion11
            and not message.should_close
            and not message.upgrade
            and message.path.startswith(self.limits.prefix)
            and "%" not in message.path
            and "?" not in message.path
            and payload.is_eof()
            and payload.exception() is None
        )

    async def _answer(self, answer: Answer, message: Any, payload: StreamReader) -> bool:
        """Write it, if the sender is still there; True when it was the last one of this connection."""
        transport = self.transport
        if transport is None:
            self._answered += 1
            return True
        if isinstance(answer, bytes):
            last = self._is_last
            self._answered += 1
            more = _LAST if last else b""
            transport.write(_OK % (rfc822_formatted_time().encode(), len(answer), more, answer))
        else:
            writer = StreamWriter(self, self._loop)
            assert self._request_factory is not None
            assert self._task_handler is not None
            request = self._request_factory(message, payload, self, writer, self._task_handler)
            _, broken = await self.finish_response(request, answer, None)
            last = broken or not answer.keep_alive
        if last:
            transport.close()
        return last

    def _keep_alive_for_now(self) -> None:
        """Close the connection when it stays idle, as aiohttp's `start` does it."""
        self._keepalive = True
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)

    @property
    def _is_last(self) -> bool:
        return self._retired or (self._half_closed and self._request_count == self._answered + 1)

    async def finish_response(self, request: Any, resp: Any, start_time: float | None) -> tuple[Any, bool]:
        if self._is_last:
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
