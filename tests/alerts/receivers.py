# SPDX-License-Identifier: GPL-3.0-or-later
"""Where alerts arrive in the tests: a real HTTP server and a real SMTP server on free local ports."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import orjson
import trustme
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class Hooks:
    """An HTTP server that remembers what it was sent. `answer` is the status; `hang` makes it never answer."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer = 200
        self.headers: dict[str, str] = {}
        self.hang = False
        self.came = asyncio.Condition()
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        async with self.came:
            self.requests.append((request.method, request.path_qs, dict(request.headers), body))
            self.came.notify_all()
        if self.hang:
            await asyncio.sleep(3600)
        return web.Response(status=self.answer, headers=self.headers)

    def bodies(self, path: str = "/hook") -> list[dict[str, Any]]:
        """The JSON objects that were posted to a path."""
        return [orjson.loads(body) for _, at, _, body in self.requests if at == path and body]

    def events(self, path: str = "/hook") -> list[tuple[str, str]]:
        """(Event, rule) of the notices that came."""
        return [(body["event"], body["rule"]) for body in self.bodies(path)]

    async def until(self, count: int, path: str = "", seconds: float = 30) -> None:
        """Until so many requests have come."""

        def enough() -> bool:
            return len([1 for _, at, _, _ in self.requests if at.startswith(path)]) >= count

        async with asyncio.timeout(seconds), self.came:
            await self.came.wait_for(enough)


@asynccontextmanager
async def hooks(tls: ssl.SSLContext | None = None) -> AsyncIterator[Hooks]:
    made = Hooks()
    runner = web.ServerRunner(web.Server(made.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


class Mails:
    """What an SMTP server took, and whom it lets in."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], EmailMessage]] = []
        self.refused: set[str] = set()
        self.port = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return f"550 5.1.1 <{address}> is not here"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append((list(envelope.rcpt_tos), message))
        return "250 taken"


@asynccontextmanager
async def mails(tls: str, *, authority: trustme.CA | None = None, password: str = "") -> AsyncIterator[Mails]:
    """An SMTP server with `starttls`, `implicit` TLS or `none`; with a password, only for `watcher`."""
    made = Mails()
    context: ssl.SSLContext | None = None
    if tls != "none":
        assert authority is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)

    def let_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = (data.login, data.password) == (b"watcher", password.encode())
        return AuthResult(success=good, handled=False)

    def make() -> SMTP:
        return SMTP(
            made,
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            authenticator=let_in if password else None,
            auth_required=bool(password) and tls == "starttls",  # else it warns
            auth_require_tls=tls == "starttls",
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        make, "127.0.0.1", 0, ssl=context if tls == "implicit" else None
    )
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
