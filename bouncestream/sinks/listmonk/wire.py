# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP connections to Listmonk: what goes out, and what comes back as a few bytes, in time, or as a SinkError.

The call is that of `net.http`. Whatever answers in Listmonk's place may be broken or hostile: so every answer is
bounded after decompression too, and the decompression is done here. And no answer is an old one: each GET has a URL
of its own, so that a proxy which caches pages (nginx does with `proxy_cache`, whatever a request asks for) has none
for it. A row that is there and not shown would be posted again, and the mark of a former run be taken for that of
now.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import aiohttp

from bouncestream.crypto.blank import Blank
from bouncestream.errors import SinkError
from bouncestream.net.http import CallFailed, Client

#: The field of a query that makes each URL one of its own. Listmonk passes over fields that it does not know.
FRESH = "_"


class NoAnswer(SinkError):
    """There is no answer, or none that can be read: `why`. The call may have counted."""

    def __init__(self, call: str, why: str) -> None:
        self.why = why
        super().__init__(f"{call}: {why}")


class NotSent(NoAnswer):
    """There was no connection, so not a byte of the request went out."""


class NotDecodable(ValueError):
    """The bytes of an answer are not what its headers say."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came, decompressed."""

    status: int
    content: bytes  #: as much as was asked for
    cut: bool = False  #: there is more of it
    retry_after: str | None = None  #: the header, as written
    date: str | None = None  #: the header, as written


def _socket(info: Any) -> socket.socket:
    """A socket whose close discards what was not sent yet, so that no byte leaves after we gave up."""
    family, kind, proto, _, _ = info
    made = socket.socket(family=family, type=kind, proto=proto)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return made


class Wire:
    """The connections to one URL, for one user. Open it inside a running loop; `close` it in the end."""

    def __init__(self, url: str, user: str, token: str, *, connections: int) -> None:
        self._url = url.rstrip("/")
        self._run, self._calls = secrets.token_hex(4), count()
        #: Takes the credentials out of what Listmonk, or whatever answers in its place, says.
        self.blank = Blank(token, user=user)
        self._client = Client(
            aiohttp.TCPConnector(limit=connections, socket_factory=_socket, keepalive_timeout=60),
            headers={"Authorization": aiohttp.encode_basic_auth(user, token), "Accept-Encoding": "gzip"},
            connect=10,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        within: float,
        limit: int,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        may: Callable[[], bool] | None = None,
    ) -> Reply:
        """The answer to one call, of which at most `limit` bytes are read, `within` seconds altogether. `may`: see
        `net.http`.

        Raises NotSent when nothing went out, and NoAnswer when there is no whole answer: it may have counted.
        """
        sent = {"Content-Type": "application/json"} if body is not None else None
        what = f"{method} {path}"
        if method == "GET":
            query = {**(query or {}), FRESH: f"{self._run}{next(self._calls):x}"}
        try:
            answer = await self._client.call(
                method,
                self._url + path,
                within=within,
                limit=limit + 1,
                query=query,
                body=body,
                headers=sent,
                may=may,
            )
            raw, encoding = answer.content, answer.headers.get("content-encoding", "")
            content = plain(raw, encoding, limit + 1, whole=len(raw) <= limit)
        except CallFailed as error:
            raise (NoAnswer if error.sent else NotSent)(what, error.words) from error
        except NotDecodable as error:
            raise NoAnswer(what, str(error)) from error
        headers = answer.headers
        return Reply(
            answer.status, content[:limit], len(content) > limit, headers.get("retry-after"), headers.get("date")
        )


def plain(raw: bytes, encoding: str, limit: int, *, whole: bool = True) -> bytes:
    """`raw` decompressed, at most `limit` bytes of it; not `whole`: its end is missing. Raises NotDecodable for
    what is not gzip, which is all that was asked for (RFC 9110 section 12.5.3)."""
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        return raw[:limit]
    if coding not in ("gzip", "x-gzip"):
        raise NotDecodable("the answer uses a compression that was not requested")
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = inflate.decompress(raw, limit)
    except zlib.error:
        raise NotDecodable("the answer is corrupt: it is not gzip") from None
    if whole and not inflate.eof and len(content) < limit:
        raise NotDecodable("the answer is corrupt: its gzip data is truncated")
    return content


@asynccontextmanager
async def patience(seconds: float, what: str) -> AsyncIterator[None]:
    """A limit for several calls together. Raises SinkError with `what` when they take longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise SinkError(f"{what} took longer than {seconds:g} s") from None
