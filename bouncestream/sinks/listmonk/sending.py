# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that tell what becomes of a campaign while it is sent: Listmonk's log, its event stream, its campaigns.

Over connections of their own, as the stream keeps one open. Source: Listmonk's API documentation, and what was seen
on 4.1, 5.1 and 6.2 (November 2026).
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import aiohttp

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.net.http import Answer, CallFailed, Client
from bouncestream.ports import Campaign, Subscriber
from bouncestream.sinks.listmonk import answers, permissions
from bouncestream.sinks.listmonk.client import ANSWER_LIMIT
from bouncestream.sinks.listmonk.stream import EventReader
from bouncestream.sinks.listmonk.wire import Wire

#: Campaigns of one page, and pages.
PER_PAGE, PAGES = 500, 20
#: A log of 5,000 long lines; bytes.
LOG_LIMIT = 32 << 20
#: A connection on which nothing comes is asked for life after so many seconds, so often, so far apart.
_IDLE, _PROBES, _APART = 60, 4, 15

People = Callable[[Sequence[int]], Awaitable[Mapping[int, Subscriber]]]


class ListmonkLog:
    """Implements what the listener to the log asks by. Open it inside a running loop; `close` it in the end."""

    def __init__(self, url: str, user: str, token: str, people: People, *, read_timeout: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._wire = Wire(url, user, token, connections=2)
        self._people = people
        self._read_timeout = read_timeout
        self._client = Client(
            aiohttp.TCPConnector(limit=1, socket_factory=_kept_alive),
            headers={"Authorization": aiohttp.encode_basic_auth(user, token), "Accept-Encoding": "identity"},
            connect=10,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()
        await self._wire.close()

    async def log_lines(self) -> Sequence[str]:
        """The lines that Listmonk keeps, the oldest first."""
        path = "/api/logs"
        return answers.log_lines(path, await self._inside(path, LOG_LIMIT))

    async def log_stream(self) -> AsyncIterator[str]:
        """The lines about errors, as they are written. Ends with the connection, and at once where what answers is
        no event stream: a proxy may not let one through. Raises SinkError, SinkRefused where the token may not."""
        reader = EventReader()
        try:
            async with aclosing(
                self._client.stream(f"{self._url}/api/events", headers={"Accept": "text/event-stream"})
            ) as pieces:
                async for piece in pieces:
                    if isinstance(piece, bytes):
                        for line in reader.feed(piece):
                            yield line
                    elif not _is_stream(piece):
                        return
        except CallFailed as error:
            raise SinkError(f"GET /api/events: {error.words}") from error

    async def campaigns(self) -> Sequence[Campaign]:
        """All campaigns, the newest first. Raises SinkError, SinkRefused where the token may not see all of them:
        a name that is not among some of them tells nothing."""
        lacking = permissions.granted(await self._profile()).lacks(permissions.by_id("permission-sending"))
        if lacking:
            raise SinkRefused(403, f"{lacking[0]} is not granted")
        path, found = "/api/campaigns", dict[int, Campaign]()
        for page in range(1, PAGES + 1):
            query = {"page": str(page), "per_page": str(PER_PAGE), "no_body": "true"}
            query |= {"order_by": "created_at", "order": "DESC"}
            told = await self._inside(path, ANSWER_LIMIT, query)
            if not isinstance(told, dict):
                raise answers.odd(path, "its data is not an object")
            some = answers.campaigns(path, told)
            found.update((one.id, one) for one in some)
            if len(some) < PER_PAGE:
                break
        return list(found.values())

    async def people(self, ids: Sequence[int]) -> Mapping[int, Subscriber]:
        """By id, those of these subscribers that Listmonk has."""
        return await self._people(ids)

    async def _profile(self) -> Mapping[str, Any] | None:
        try:
            found = await self._inside("/api/profile", ANSWER_LIMIT)
        except SinkRefused:  # Listmonk 3 has none, and one user who may do all
            return None
        if not isinstance(found, dict):
            raise answers.odd("/api/profile", "its data is not an object")
        return found

    async def _inside(self, path: str, limit: int, query: Mapping[str, str] | None = None) -> Any:
        reply = await self._wire.call("GET", path, within=self._read_timeout, limit=limit, query=query)
        return answers.inside(path, reply.status, reply.content, cut=reply.cut, blank=self._wire.blank)


def _is_stream(answer: Answer) -> bool:
    if answer.status in (401, 403):
        raise SinkRefused(answer.status, "the token may not read /api/events")
    kind, coding = answer.headers.get("content-type", ""), answer.headers.get("content-encoding", "")
    return answer.status == 200 and kind.startswith("text/event-stream") and coding in ("", "identity")


def _kept_alive(info: Any) -> socket.socket:
    family, kind, proto, _, _ = info
    made = socket.socket(family=family, type=kind, proto=proto)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", _IDLE), ("TCP_KEEPCNT", _PROBES), ("TCP_KEEPINTVL", _APART)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made
