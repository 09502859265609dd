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
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from bouncestream.crypto.blank import Blank
from bouncestream.doctor.probe.names import Names
from bouncestream.doctor.probe.reply import Reply, Trouble, clean
from bouncestream.errors import UsageError

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
    """Opens connections, one for each probe. Use it as an async context."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._trusting = ssl.create_default_context()
        self._trusting.check_hostname = False
        self._trusting.verify_mode = ssl.CERT_NONE
        self._strict = ssl.create_default_context()

    async def __aenter__(self) -> Web:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=self.names, force_close=True, limit=32, use_dns_cache=False, happy_eyeballs_delay=0.25
            ),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

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
        answer: dict[str, Any] = {}
        body = bytearray()

        def reply(trouble: Trouble = Trouble.NONE, why: str = "") -> Reply:
            seconds = time.monotonic() - began
            content = bytes(body)
            if blank is not None:
                content = blank.bytes(content)
                answer["headers"] = {name: blank(value) for name, value in answer.get("headers", {}).items()}
            return Reply(url, body=content, seconds=seconds, trouble=trouble, why=why, **answer)

        try:
            async with (
                asyncio.timeout(patience),
                self._session.request(
                    method,
                    URL(url, encoded=True),
                    headers=sent,
                    data=data,
                    allow_redirects=False,
                    ssl=self._strict if who is not None else self._trusting,
                ) as response,
            ):
                answer["status"] = response.status
                answer["headers"] = {name.lower(): value for name, value in response.headers.items()}
                if response.version:
                    answer["http"] = f"{response.version.major}.{response.version.minor}"
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) >= limit:
                        del body[limit:]
                        _cut(response)
                        break
                return reply()
        except TimeoutError:
            said = "the answer begins, but does not end" if answer else "no answer"
            return reply(Trouble.TIMEOUT, f"{said} within {patience:g} s")
        except aiohttp.ClientConnectorDNSError as error:
            return reply(Trouble.DNS, clean(error.os_error.strerror or "the name is not known"))
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            return reply(Trouble.TLS, f"TLS fails: {clean(_reason(error))}")
        except aiohttp.ClientConnectorError as error:
            refused = isinstance(error.os_error, ConnectionRefusedError)
            words = clean(error.os_error.strerror or str(error.os_error))
            return reply(
                Trouble.REFUSED if refused else Trouble.UNREACHABLE, "connection refused" if refused else words
            )
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, OSError) as error:
            return reply(Trouble.CLOSED, f"the connection was closed in between ({type(error).__name__})")
        except (aiohttp.ClientError, ValueError) as error:
            return reply(Trouble.GARBLED, f"what came is no HTTP answer ({type(error).__name__})")

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
            return Reply(url, trouble=Trouble.TIMEOUT, why=f"no answer within {patience:g} s")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return Reply(url, trouble=Trouble.CLOSED, why="the connection was closed in between")
        except (ValueError, IndexError):
            return Reply(url, trouble=Trouble.GARBLED, why="what came is no HTTP answer")

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


def _cut(response: aiohttp.ClientResponse) -> None:
    """Let go at once: a polite end of TLS would read on to the end of what is sent."""
    if response.connection is not None and response.connection.transport is not None:
        response.connection.transport.abort()
    response.close()


def _reason(error: BaseException) -> str:
    inner: BaseException | None = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
    if isinstance(inner, ssl.SSLCertVerificationError):
        return inner.verify_message
    if isinstance(inner, ssl.SSLError):
        return (inner.reason or str(inner)).replace("_", " ").lower()
    return str(inner or error)
