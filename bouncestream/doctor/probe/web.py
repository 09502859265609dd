# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's HTTP client: each probe within a few seconds and a few kilobytes, whatever answers.

No redirect is followed by itself, nothing is cached, no certificate is checked (area `tls` judges those): so
credentials go out only through `Credentials`, which are bound to one URL and do check it.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from bouncestream.config.model import Listmonk
from bouncestream.crypto.blank import Blank
from bouncestream.doctor.probe.names import Names
from bouncestream.doctor.probe.reply import Reply
from bouncestream.errors import FailureKind, UsageError
from bouncestream.net.http import Answer, CallFailed, Client

#: Seconds for one probe, and bytes of its answer that are read.
PATIENCE = 3.0
LIMIT = 64 * 1024
AGENT = "bouncestream-doctor"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whom Listmonk knows us as; only ever sent to URLs below `url`."""

    url: str
    user: str
    token: str = field(repr=False)

    @classmethod
    def of(cls, settings: Listmonk) -> Credentials:
        """The credentials of `[listmonk]`."""
        return cls(*settings.login)

    @property
    def blank(self) -> Blank:
        """Takes them out of what an answer echoes."""
        return Blank(self.token, user=self.user)

    def header(self, url: str) -> str:
        """The Authorization for a call of Listmonk, or UsageError for any other place."""
        mine, other = urlsplit(self.url), urlsplit(url)
        if (mine.scheme, mine.netloc) != (other.scheme, other.netloc):
            raise UsageError(f"a token for {self.url} must not go to {other.netloc}")
        return aiohttp.encode_basic_auth(self.user, self.token)


class Web:
    """Opens connections, one for each probe. Use it as an async context. Who gives `names` closes them."""

    def __init__(self, names: Names | None = None) -> None:
        self.names = names or Names()
        self._own_names = names is None
        self._trusting = ssl.create_default_context()
        self._trusting.check_hostname = False
        self._trusting.verify_mode = ssl.CERT_NONE
        self._strict = ssl.create_default_context()

    async def __aenter__(self) -> Web:
        self._client = Client(
            aiohttp.TCPConnector(
                resolver=self.names, force_close=True, limit=32, use_dns_cache=False, happy_eyeballs_delay=0.25
            )
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        if self._own_names:
            await self.names.close()

    async def get(
        self,
        url: str,
        *,
        method: str = "GET",
        agent: str = AGENT,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        who: Credentials | None = None,
        patience: float = PATIENCE,
        limit: int = LIMIT,
        blank: Blank | None = None,
    ) -> Reply:
        """The answer to one request, never an exception. The path is sent exactly as written. What it echoes of the
        credentials in `who`, or of the secrets that `blank` knows, is taken out of headers and body."""
        sent = {"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "identity"} | dict(headers or {})
        if who is not None:
            sent["Authorization"] = who.header(url)
            blank = who.blank
        began = time.monotonic()
        trouble, why = None, ""
        try:
            answer = await self._client.call(
                method,
                URL(url, encoded=True),
                within=patience,
                limit=limit,
                headers=sent,
                body=data,
                tls=self._strict if who is not None else self._trusting,
            )
        except CallFailed as error:
            answer, trouble, why = error.begun or Answer(0, {}, b""), error.kind, error.words
            if trouble is FailureKind.TIMEOUT:
                said = "an incomplete answer" if answer.status else "no answer"
                why = f"{said} within {patience:g} s"
        seconds = time.monotonic() - began
        headers, body = answer.headers, answer.content
        if blank is not None:
            headers, body = {name: blank(value) for name, value in headers.items()}, blank.bytes(body)
        return Reply(url, answer.status, headers, body, seconds, trouble, why, answer.version)

    async def head(self, url: str, *, patience: float = PATIENCE) -> Reply:
        """The headers that HEAD gives. By hand: what sends a body all the same must be cut off at once, while a
        client library would close TLS politely, and read on to the end."""
        began = time.monotonic()
        parts = urlsplit(url)
        secure, head = parts.scheme == "https", b""
        port = parts.port or (443 if secure else 80)
        lines = f"HEAD {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"User-Agent: {AGENT}", "Connection: close"
        found = await self.names.find(parts.hostname or "")
        try:
            async with asyncio.timeout(patience):
                reader, writer = await asyncio.open_connection(
                    found.addresses[0] if found.addresses else "",
                    port,
                    ssl=self._trusting if secure else None,
                    server_hostname=parts.hostname if secure else None,
                )
                try:
                    writer.write("\r\n".join((*lines, "", "")).encode("ascii"))
                    head = await reader.readuntil(b"\r\n\r\n")
                finally:
                    writer.transport.abort()
            first, *rest = head.decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in rest if ":" in line)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            return Reply(url, int(first.split()[1]), headers, seconds=time.monotonic() - began)
        except TimeoutError:
            return Reply(url, trouble=FailureKind.TIMEOUT, why=f"no answer within {patience:g} s")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return Reply(url, trouble=FailureKind.CLOSED, why="the connection was closed early")
        except (ValueError, IndexError):
            return Reply(url, trouble=FailureKind.GARBLED, why="the answer is not HTTP")

    async def follow(self, reply: Reply, *, hops: int = 6, patience: float = PATIENCE) -> list[Reply]:
        """The answers along a chain of redirects, the first one first. The last one is still a redirect when it
        leads where it has been before, elsewhere than the web, or further than `hops`. No credentials go along."""
        chain = [reply]
        been = {reply.url}
        until = time.monotonic() + patience
        while (location := chain[-1].location) and len(chain) <= hops:
            try:
                url = urljoin(chain[-1].url, location).partition("#")[0]
                web = urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname
            except ValueError:
                break
            left = until - time.monotonic()
            if not web or url in been or left <= 0:
                break
            been.add(url)
            chain.append(await self.get(url, patience=left))
        return chain
