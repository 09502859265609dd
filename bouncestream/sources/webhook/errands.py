# SPDX-License-Identifier: GPL-3.0-or-later
"""Errands: the wishes of a provider's file are carried out: a certificate is fetched, a confirmation visited.

The wish comes out of a request that nobody has proven yet, so it is bounded: only https to the hosts that the
provider's file names, no redirect, little time, few bytes, one after the other and not many a minute. What came of
it is remembered, a failure too.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from urllib.parse import urlsplit

from bouncestream.errors import BouncestreamError, Unauthorized
from bouncestream.net.http import CallFailed, Client
from bouncestream.ports import Clock

#: Seconds for one of them, and bytes of its answer.
PATIENCE, LARGEST = 5.0, 64 * 1024

#: So many in a minute, and so many that wait their turn.
A_MINUTE, WAITING = 12, 8

#: Seconds for which an answer is remembered, and a failure; so many of both. Amazon SNS comes again three times, 20
#: seconds apart, and never after: each of them has to try anew.
KEPT, FAILED, MOST = 24 * 3600.0, 15.0, 64


class ErrandFailed(BouncestreamError):
    """The errand could not be carried out now; the sender may come again."""


class Errands:
    """Carries them out. `context`: for tests, whose server nobody certifies."""

    def __init__(self, clock: Clock, context: ssl.SSLContext | None = None) -> None:
        self._clock = clock
        self._context = context
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._lately: deque[float] = deque(maxlen=A_MINUTE)
        self._known: dict[str, tuple[float, bytes | str]] = {}  # URL → until when, what it is or why not

    async def get(self, url: str, hosts: str) -> bytes:
        """The content of the URL. Raises Unauthorized when the provider has nothing there, ErrandFailed when it
        cannot be had now."""
        host, whole = _target(url)
        if not hosts or not re.fullmatch(hosts, host):
            raise Unauthorized("its URL does not belong to the provider")
        try:
            return await self._wanted(whole, host)
        except ErrandFailed:
            found = self._known.get(whole, (0.0, ""))[1]
            if isinstance(found, str):
                raise
            return found  # what was there once is better than nothing: nobody's flood keeps a certificate away

    async def _wanted(self, whole: str, host: str) -> bytes:
        if (known := self._remembered(whole)) is not None:
            return known
        if self._waiting >= WAITING:
            raise ErrandFailed("too many fetches are pending")
        self._waiting += 1
        try:
            async with self._turn:
                known = self._remembered(whole)
                return known if known is not None else await self._fetch(whole, host)
        finally:
            self._waiting -= 1

    def _remembered(self, url: str) -> bytes | None:
        until, found = self._known.get(url, (0.0, b""))
        if self._clock.monotonic() >= until:
            return None
        if isinstance(found, str):
            raise ErrandFailed(found)
        return found

    async def _fetch(self, url: str, host: str) -> bytes:
        now = self._clock.monotonic()
        if len(self._lately) == A_MINUTE and now - self._lately[0] < 60:
            raise ErrandFailed(f"more than {A_MINUTE} fetches a minute were requested")
        self._lately.append(now)
        try:
            async with Client(proxies=True) as client:
                tls = self._context or True
                answer = await client.call("GET", url, within=PATIENCE, limit=LARGEST + 1, tls=tls)
            why = "" if answer.status == 200 and len(answer.content) <= LARGEST else "gave no usable answer"
        except CallFailed as error:
            why = f"could not be reached: {error.words}"
        if why:
            if not isinstance(self._known.get(url, (0.0, ""))[1], bytes):
                self._remember(url, FAILED, f"{host} {why}")
            raise ErrandFailed(f"{host} {why}")
        self._remember(url, KEPT, answer.content)
        return answer.content

    def _remember(self, url: str, seconds: float, found: bytes | str) -> None:
        if len(self._known) >= MOST:  # a stranger's failures push out no certificate that is in use
            failed = (known for known, (_, found) in self._known.items() if isinstance(found, str))
            del self._known[next(failed, next(iter(self._known)))]
        self._known[url] = (self._clock.monotonic() + seconds, found)


def _target(url: str) -> tuple[str, str]:
    """Host (with a port that is not 443) and the whole URL. Raises Unauthorized unless it is plain https."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unauthorized("its URL is malformed") from None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or len(url) > 2000:
        raise Unauthorized("its URL is not https")
    return (parts.hostname if port in (None, 443) else f"{parts.hostname}:{port}"), url
