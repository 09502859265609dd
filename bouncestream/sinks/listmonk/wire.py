# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP connections to Listmonk: what goes out, and what comes back as a few bytes, in time, or as a SinkError.

Whatever answers in Listmonk's place may be broken or hostile, so every answer is bounded in size (also after
decompression, which is done here for that reason) and in time as a whole, redirects are not followed, cookies are
not kept, and the words of an error never hold the credentials.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from bouncestream.crypto.blank import Blank
from bouncestream.errors import SinkError
from bouncestream.event import clip

log = logging.getLogger("bouncestream.listmonk")


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
    """One answer as it came, decompressed."""

    status: int
    content: bytes  #: as much as was asked for
    cut: bool = False  #: there is more of it
    retry_after: str | None = None  #: the header, as written


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
        #: Takes the credentials out of what Listmonk, or whatever answers in its place, says.
        self.blank = Blank(token, user=user)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, socket_factory=_socket, keepalive_timeout=60),
            headers={
                "Authorization": aiohttp.encode_basic_auth(user, token),
                "User-Agent": "bouncestream",
                "Accept-Encoding": "gzip",
            },
            timeout=aiohttp.ClientTimeout(total=None, connect=10),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        within: float,
        limit: int,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """The answer to one call, of which at most `limit` bytes are read, `within` seconds altogether.

        Raises NotSent when nothing went out, and NoAnswer when there is no whole answer: it may have counted.
        """
        headers = {"Content-Type": "application/json"} if body is not None else None
        what = f"{method} {path}"
        try:
            async with (
                asyncio.timeout(within),
                self._session.request(
                    method, self._url + path, params=query, data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                raw = bytearray()
                async for chunk in response.content.iter_any():
                    raw += chunk
                    if len(raw) > limit:
                        response.close()
                        break
                encoding = response.headers.get("Content-Encoding", "")
                content = plain(bytes(raw[: limit + 1]), encoding, limit + 1, whole=len(raw) <= limit)
                return Reply(
                    response.status, content[:limit], len(content) > limit, response.headers.get("Retry-After")
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSent(what, self._reason(error)) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(what, self._reason(error)) from error
        except NotDecodable as error:
            raise NoAnswer(what, str(error)) from error
        except Exception as error:  # whatever else the client library makes of an odd answer
            log.debug("an answer that the HTTP client cannot read", exc_info=True)
            raise NoAnswer(what, f"the answer is broken ({type(error).__name__})") from error

    def _reason(self, error: BaseException) -> str:
        """An error of the network in words, without credentials or addresses."""
        if isinstance(error, TimeoutError):
            return "no answer in time"
        if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno:
            return os.strerror(error.os_error.errno).lower()
        if isinstance(error, aiohttp.ClientResponseError):  # its text has the URL, and so an address
            return f"the answer is broken: {clip(self.blank(error.message), 200)}"
        return clip(self.blank(str(error)), 200) or type(error).__name__


def plain(raw: bytes, encoding: str, limit: int, *, whole: bool = True) -> bytes:
    """`raw` decompressed, at most `limit` bytes of it; not `whole`: its end is missing. Raises NotDecodable for
    what is not gzip, which is all that was asked for (RFC 9110 section 12.5.3)."""
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        return raw[:limit]
    if coding not in ("gzip", "x-gzip"):
        raise NotDecodable("the answer is compressed in a way that was not asked for")
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = inflate.decompress(raw, limit)
    except zlib.error:
        raise NotDecodable("the answer is broken: it is no gzip") from None
    if whole and not inflate.eof and len(content) < limit:
        raise NotDecodable("the answer is broken: its gzip ends too early")
    return content


@asynccontextmanager
async def patience(seconds: float, what: str) -> AsyncIterator[None]:
    """A limit for several calls together. Raises SinkError with `what` when they take longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise SinkError(f"{what} took longer than {seconds:g} s") from None
