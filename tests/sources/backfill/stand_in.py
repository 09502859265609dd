# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider's API on this machine, with TLS: all names lead to it, by a resolver (in this process) or by a proxy
(for another one), and its certificate is by an authority that only the test trusts."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

CA = trustme.CA()
HOSTS = (
    # whose certificates would be good, so that only our own list keeps the key from them
    "example.org", "api.sendgrid.com.example.org", "apixsendgrid.com",
    "api.mailgun.net", "api.sendgrid.com", "api.postmarkapp.com", "api.brevo.com", "api.mailjet.com",
    "api.resend.com", "api.mailersend.com", "api.sparkpost.com", "email.eu-central-1.amazonaws.com",
)  # fmt: skip

#: A request → status, body (bytes, or something for JSON), headers.
Reply = tuple[int, Any, dict[str, str]]
Answer = Callable[[URL], Reply | Any]


def trusted() -> ssl.SSLContext:
    """Who trusts the stand-in."""
    context = ssl.create_default_context()
    CA.configure_trust(context)
    return context


@dataclass
class Api(AbstractResolver):
    """The stand-in. `answer` tells what a URL is answered; what is no `Reply` is JSON with 200."""

    answer: Answer = lambda url: (404, {}, {})
    port: int = 0
    proxy: str = ""
    asked: list[URL] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        url = URL(f"https://{request.host}{request.raw_path}", encoded=True)
        self.asked.append(url)
        self.headers.append(dict(request.headers))
        self.heard.set()
        found = self.answer(url)
        status, body, headers = found if isinstance(found, tuple) else (200, found, {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(status=status, body=content, headers=headers, content_type="application/json")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            {"hostname": host, "host": "127.0.0.1", "port": self.port, "family": family, "proto": 0, "flags": 0}
        ]

    async def close(self) -> None:
        pass

    async def tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A proxy: whatever it is asked to connect to, it is the stand-in."""
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            there, to = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pump(reader, to), _pump(there, writer))

    def environment(self, folder: Path) -> dict[str, str]:
        """For another process: its way here, and whom to trust."""
        pem = folder / "ca.pem"
        CA.cert_pem.write_to_path(str(pem))
        return {"HTTPS_PROXY": self.proxy, "SSL_CERT_FILE": str(pem), "NO_PROXY": "127.0.0.1"}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def standing_in(answer: Answer) -> AsyncIterator[Api]:
    """A stand-in that answers so."""
    api = Api(answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert(*HOSTS).configure_cert(context)
    runner = web.ServerRunner(web.Server(api.handle))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    api.port = runner.addresses[0][1]
    proxy = await asyncio.start_server(api.tunnel, "127.0.0.1", 0)
    api.proxy = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    try:
        yield api
    finally:
        proxy.close()
        await runner.cleanup()
