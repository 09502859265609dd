# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls: one page after the other of a provider's API, as often as it takes and its limits allow.

The answer says where the next page is, so it is bounded: only https to the hosts that the provider's file names, no
redirect, little time, not too many bytes. Where it helps to try again (429, 5xx, a connection that broke, JSON that
ends early), a page is asked for a few times, after the wait that the server wishes for, or our own.
"""

from __future__ import annotations

import asyncio
import random
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from bouncestream.backoff import backoff, wished
from bouncestream.errors import ApiError, ApiRefused, Malformed
from bouncestream.net.http import CallFailed, Client

T = TypeVar("T")

#: Seconds for one call, bytes of its answer, and how often a page is asked for.
PATIENCE, LARGEST, TRIES = 30.0, 16 << 20, 6
#: No wait of our own is longer; seconds.
LONGEST = 60.0

#: Statuses below 500 that may be another one later.
_AGAIN = (408, 425, 429)


class Stopped(Exception):
    """The run is to end; the page was not had."""


class PageGone(ApiError):
    """The API does not know this page (any more): a cursor expires after minutes or days."""


@dataclass(eq=False)
class Calls:
    """The calls to one provider's API; an async context. `told` hears of each wait, in words.

    `context`: whom to trust for https, and `sleep`: for tests.
    """

    title: str  #: the provider's own name
    hosts: str  #: a regular expression of the whole host
    permission: str  #: what to do about a key that is refused
    pause: float = 0.0  #: seconds between two calls
    told: Callable[[str], None] = lambda words: None
    context: ssl.SSLContext | None = None
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    stopped: Callable[[], bool] = lambda: False
    made: int = field(default=0, init=False)  #: so many calls

    async def __aenter__(self) -> Calls:
        self._client = Client(proxies=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def page(self, url: str, headers: Callable[[], Mapping[str, str]], read: Callable[[bytes], T]) -> T:
        """The page at a URL, as `read` makes it of its bytes (or raises Malformed). `headers` are made for each
        try. Raises ApiRefused when a person must act, PageGone where nothing is there, ApiError, and Stopped."""
        host = self._host(url)
        why = ""
        for count in range(TRIES):
            if self.made and self.pause:
                await self.sleep(self.pause)
            self.made += 1
            after: float | None = None
            try:
                answer = await self._client.call(
                    "GET", url, within=PATIENCE, limit=LARGEST + 1, headers=headers(), tls=self.context or True
                )
            except CallFailed as error:
                why = f"cannot be reached: {error.words}"
            else:
                if answer.status == 200 and len(answer.content) <= LARGEST:
                    try:
                        return read(answer.content)
                    except Malformed as error:
                        why = f"gave no usable answer: {error}"
                else:
                    why = self._refusal(answer.status, len(answer.content))
                    after = wished(answer.headers.get("retry-after"))
            if count + 1 < TRIES:
                await self._wait(host, why, count + 1, after)
        raise ApiError(f"{host} {why}. It was tried {TRIES} times. Next: try again later.")

    def _host(self, url: str) -> str:
        """The host of a URL that may be asked. Raises ApiError."""
        try:
            parts = urlsplit(url)
            plain = parts.port in (None, 443) and "@" not in parts.netloc
        except ValueError:
            raise ApiError(f"{self.title} names a next page whose URL is malformed.") from None
        host, hosts = parts.hostname or "", self.hosts
        if parts.scheme != "https" or not plain or not re.fullmatch(hosts, host):
            raise ApiError(f"A page of {self.title} would be somewhere else, which is not asked for it.")
        return host

    def _refusal(self, status: int, size: int) -> str:
        """Why it is to be tried again, in words. Raises where that is of no use."""
        if size > LARGEST:
            raise ApiError(f"{self.title} answers with more than {LARGEST >> 20} MiB.")
        if status in (401, 403):
            what = "does not take the API key" if status == 401 else "does not let the API key read this"
            raise ApiRefused(f"{self.title} {what} ({status}). Next: {self.permission}; then set api_key.")
        if status in _AGAIN or status >= 500:
            return f"answered {status}"
        if 300 <= status < 400:
            raise ApiError(f"{self.title} answers with a redirect ({status}), which is not followed.")
        raise PageGone(f"{self.title} answered {status} to a page. Next: check the keys api_… of the webhook.")

    async def _wait(self, host: str, why: str, failures: int, after: float | None) -> None:
        dice = random.random()  # noqa: S311 - no secret
        own = backoff(failures, cap=LONGEST, jitter=dice)
        # A wish is kept, and none of several bridges comes back in the same second.
        seconds = own if after is None else after + min(own, 1 + after / 10)
        self.told(f"{host} {why}; waiting {seconds:.0f} s")
        await self.sleep(seconds)
        if self.stopped():
            raise Stopped
