# SPDX-License-Identifier: GPL-3.0-or-later
"""The one bounded HTTP call: in time as a whole and in bytes, without redirects (they would carry what is secret to
somebody else), cookies or decompression. Imports aiohttp: imported only where something is called.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from bouncestream.errors import BouncestreamError, FailureKind
from bouncestream.net.failure import Failure, failure_of

log = logging.getLogger("bouncestream.http")

#: How we are called, where nothing else is said.
AGENT = "bouncestream"
#: Bytes of an answer that are read, where nothing else is said.
LIMIT = 64 << 10

#: How servers answer plain HTTP on a port for TLS: nginx, Go, Apache (seen 2026-11). The bytes are a TLS alert.
_SPEAKS_TLS = (
    b"plain HTTP request was sent to HTTPS port",
    b"HTTP request to an HTTPS server",
    b"speaking plain HTTP to an SSL-enabled server",
)
_ALERT = "b'\\x15\\x03"
_TLS_THERE = Failure(FailureKind.TLS, "the server speaks TLS on this port: write https://")
_NO_URL = Failure(FailureKind.GARBLED, "the URL is invalid")
_WITHHELD = Failure(FailureKind.CLOSED, "it was not allowed to go out any more")
#: Raised before a byte of the request has gone out.
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came, not decompressed."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    content: bytes  #: at most `limit` bytes of it
    version: str = ""  #: of HTTP: "1.1", or "1.0"


class CallFailed(BouncestreamError):
    """There is no whole answer. Its text, and `words`, hold no URL, no header and no foreign text."""

    def __init__(self, failure: Failure, *, sent: bool = True, begun: Answer | None = None) -> None:
        self.kind, self.words = failure.kind, failure.words
        self.sent = sent  #: False: not a byte of the request went out
        self.begun = begun  #: what of the answer had come
        super().__init__(failure.words)


class _Asked(aiohttp.BytesPayload):
    """A body that asks before its first byte, and so before that of the request: until then there may be none but
    the connection, which can take seconds."""

    def __init__(self, body: bytes, may: Callable[[], bool]) -> None:
        super().__init__(body)
        self._may = may
        self.withheld = False

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Write it, or raise."""
        if not self._may():
            self.withheld = True
            raise ConnectionAbortedError
        await super().write_with_length(writer, content_length)


class Client:
    """The connections to one or more servers, kept open in between. Use it as an async context, or `close` it.

    `connector`: how connections are made; `headers`: sent with each call; `connect`: seconds to get a connection;
    `proxies`: by way of the proxy that the environment names (HTTPS_PROXY …).
    """

    def __init__(
        self,
        connector: aiohttp.BaseConnector | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        connect: float | None = None,
        proxies: bool = False,
    ) -> None:
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": AGENT, "Accept-Encoding": "identity"} | dict(headers or {}),
            timeout=aiohttp.ClientTimeout(total=None, connect=connect),
            auto_decompress=False,
            trust_env=proxies,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def call(
        self,
        method: str,
        url: str | URL,
        *,
        within: float,
        limit: int = LIMIT,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Mapping[str, str] | None = None,
        tls: ssl.SSLContext | bool = True,
        may: Callable[[], bool] | None = None,
    ) -> Answer:
        """An answer, whatever its status, of which `limit` bytes are read, `within` seconds altogether.

        `body`: bytes, or the fields of a form; `tls`: whom to trust for https (default: the system's authorities);
        `may`: asked right before bytes go out, and not a byte does where it says no. Raises CallFailed.
        """
        try:
            goal = URL(url)
        except ValueError:
            raise CallFailed(_NO_URL, sent=False) from None
        begun: Answer | None = None
        content = bytearray()
        asked = _Asked(body, may) if may is not None and isinstance(body, bytes) else None
        data = body if asked is None else asked
        try:
            async with (
                asyncio.timeout(within),
                self._session.request(
                    method, goal, params=query, data=data, headers=headers, allow_redirects=False, ssl=tls
                ) as response,
            ):
                version = f"{response.version.major}.{response.version.minor}" if response.version else ""
                found = {name.lower(): value for name, value in response.headers.items()}
                begun = Answer(response.status, found, b"", version)
                async for chunk in response.content.iter_any():
                    content += chunk
                    if len(content) >= limit:
                        _hang_up(response)
                        break
                return Answer(response.status, found, bytes(content[:limit]), version)
        except Exception as error:  # also whatever else the client library makes of an odd answer
            withheld = asked is not None and asked.withheld
            failure = _WITHHELD if withheld else _failure_of(error, secure=goal.scheme == "https")
            log.debug("an HTTP call failed: %s", type(error).__name__)
            sent = not (withheld or isinstance(error, _NOT_SENT))
            if begun is not None:
                begun = replace(begun, content=bytes(content))
            raise CallFailed(failure, sent=sent, begun=begun) from None

    async def stream(self, url: str | URL, *, headers: Mapping[str, str]) -> AsyncGenerator[Answer | bytes]:
        """What a server sends without an end: first its answer, without content, then pieces as they come. Nothing
        but the connection is timed: a server may be silent for as long as it has nothing to tell. It ends with the
        connection. Raises CallFailed where there was no answer."""
        goal = URL(url)
        begun = False
        try:
            async with self._session.get(goal, headers=headers, allow_redirects=False) as response:
                begun = True
                yield Answer(response.status, {n.lower(): v for n, v in response.headers.items()}, b"")
                async for piece in response.content.iter_any():
                    yield piece
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if not begun:
                raise CallFailed(_failure_of(error, secure=goal.scheme == "https")) from None


async def call(method: str, url: str, **options: Any) -> Answer:
    """Make one call over a connection of its own; see `Client.call`. What answers that TLS is spoken there is a
    failure too. Raises CallFailed."""
    async with Client() as client:
        answer = await client.call(method, url, **options)
    if answer.status == 400 and any(words in answer.content for words in _SPEAKS_TLS):
        raise CallFailed(_TLS_THERE)
    return answer


def _failure_of(error: Exception, *, secure: bool) -> Failure:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return failure_of(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorError):
        found = failure_of(error.os_error)
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return Failure(FailureKind.UNKNOWN_NAME, found.words)
        during = " during the TLS handshake" if found.kind is FailureKind.CLOSED and secure else ""
        return Failure(found.kind, found.words + during)
    if isinstance(error, TimeoutError):
        return Failure(FailureKind.TIMEOUT, "no answer in time")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return Failure(FailureKind.CLOSED, "the server closed the connection without an answer")
    if isinstance(error, aiohttp.ClientPayloadError):
        return Failure(FailureKind.CLOSED, "the response ended too early")
    if isinstance(error, aiohttp.ClientResponseError):
        if _ALERT in error.message:
            return _TLS_THERE
        return Failure(FailureKind.GARBLED, "the response is not HTTP")
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return _NO_URL
    if isinstance(error, (OSError, UnicodeError)):
        return failure_of(error)
    return Failure(FailureKind.GARBLED, f"the response could not be read ({type(error).__name__})")


def _hang_up(response: aiohttp.ClientResponse) -> None:
    """Let go at once: a polite end of TLS would read on to the end of what is sent."""
    if response.connection is not None and response.connection.transport is not None:
        response.connection.transport.abort()
    response.close()
