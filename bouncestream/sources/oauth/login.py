# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting the first permission, with a person at hand: by a code that is entered elsewhere (RFC 8628), or by a
browser that is sent back to a port of this machine (RFC 8252 section 7.3, with PKCE and `state`). Every wait ends.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web

from bouncestream.config.oauth import CLIENT, DEVICE, Plan
from bouncestream.errors import LoginRefused, TokenError
from bouncestream.net.http import Answer
from bouncestream.ports import Clock
from bouncestream.sources.oauth.flows import (
    SLOWER,
    DeviceCode,
    Tokens,
    Wait,
    authorize_url,
    client_form,
    code_form,
    device_form,
    poll_form,
    read_device,
    read_poll,
    read_tokens,
    redirected,
)
from bouncestream.sources.oauth.tokens import post

#: How long a person may take to come back from the browser; seconds.
PATIENCE = 900.0
#: The longest pause between two polls, however often one failed; seconds (RFC 8628 section 3.5).
SLOWEST = 60.0

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>bouncestream</title>
<body style="font-family: sans-serif; margin: 4em"><h1>{title}</h1><p>{text}</p></body></html>"""
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Connection": "close"}


@dataclass(eq=False)
class Login:
    """A login for one mailbox: `plan` of how, and `command` as what a person is told to run again."""

    plan: Plan
    clock: Clock
    command: str
    timeout: float
    ca_file: str = ""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def __post_init__(self) -> None:
        secret = self.plan.client_secret
        self._secrets = (secret.reveal(),) if secret is not None else ()

    async def by_client(self) -> Tokens:
        """The application's own permission. Raises LoginRefused or TokenError, like all of these."""
        assert self.plan.flow == CLIENT
        answer = await self._post(self.plan.token_url, client_form(self.plan))
        return self._tokens(answer)

    async def by_device(self, tell: Callable[[DeviceCode], None]) -> Tokens:
        """`tell` shows the code; then it is asked for until somebody entered it, or it expired."""
        assert self.plan.flow == DEVICE
        answer = await self._post(self.plan.device_url, device_form(self.plan))
        code = read_device(answer.status, answer.content, secrets=self._secrets)
        tell(code)
        interval, end = code.interval, self.clock.monotonic() + code.lifetime
        known = (*self._secrets, code.device_code)
        while self.clock.monotonic() + interval < end:
            await self.sleep(interval)
            try:
                answer = await self._post(self.plan.token_url, poll_form(self.plan, code.device_code))
                found = read_poll(answer.status, answer.content, secrets=known, command=self.command)
            except TokenError:  # it may pass; ask half as often from now on (RFC 8628 section 3.5)
                interval = min(SLOWEST, interval * 2)
                continue
            if isinstance(found, Tokens):
                return found
            assert isinstance(found, Wait)
            interval = min(SLOWEST, interval + SLOWER) if found.slower else interval
        raise LoginRefused(f"The code expired before it was entered. Next: run {self.command} again.")

    async def by_loopback(
        self,
        tell: Callable[[str, int], None],
        *,
        port: int = 0,
        patience: float = PATIENCE,
        pasted: AsyncIterator[str] | None = None,
    ) -> Tokens:
        """`tell` shows the URL to open and the port that the browser comes back to. Where the browser cannot reach
        it, the address that it was sent to may come out of `pasted`."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        got: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        async with _listening(port, lambda query: _take(got, query, state)) as real_port:
            redirect = f"http://{self.plan.redirect_host}:{real_port}/"
            tell(authorize_url(self.plan, redirect, state, verifier), real_port)
            reading = asyncio.create_task(_read_pasted(pasted, got, state)) if pasted is not None else None
            try:
                async with asyncio.timeout(patience):
                    code = await got
            except TimeoutError:
                raise LoginRefused(
                    f"The browser sent no answer within {patience / 60:g} minutes. Next: run {self.command} again."
                ) from None
            finally:
                if reading is not None:
                    reading.cancel()
                    await asyncio.wait([reading])
        answer = await self._post(self.plan.token_url, code_form(self.plan, code, redirect, verifier))
        return self._tokens(answer, code, verifier)

    async def _post(self, url: str, form: dict[str, str]) -> Answer:
        return await post(url, form, timeout=self.timeout, ca_file="" if self.plan.preset else self.ca_file)

    def _tokens(self, answer: Answer, *known: str) -> Tokens:
        return read_tokens(answer.status, answer.content, secrets=(*self._secrets, *known), command=self.command)


def _take(got: asyncio.Future[str], query: Mapping[str, str], state: str) -> bool:
    """Note what a redirect brought; False: it is not the answer to our request, and is not believed."""
    if got.done():
        return False
    try:
        code = redirected(query, state)
    except LoginRefused as error:
        got.set_exception(error)
        return True
    if code is None:
        return False
    got.set_result(code)
    return True


async def _read_pasted(pasted: AsyncIterator[str], got: asyncio.Future[str], state: str) -> None:
    async for line in pasted:
        query = line.strip().partition("?")[2].partition("#")[0]
        if _take(got, dict(parse_qsl(query)), state):
            return


@asynccontextmanager
async def _listening(port: int, take: Callable[[Mapping[str, str]], bool]) -> AsyncIterator[int]:
    """A port of 127.0.0.1 that answers the one redirect."""

    async def answer(request: web.Request) -> web.Response:
        if take(request.query):
            page = _PAGE.format(title="Thank you", text="Close this page and continue in the terminal.")
            return web.Response(text=page, content_type="text/html", headers=_HEADERS)
        page = _PAGE.format(title="Not expected", text="bouncestream is waiting for a different answer.")
        return web.Response(status=400, text=page, content_type="text/html", headers=_HEADERS)

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=8)
        try:
            await site.start()
        except OSError as error:
            raise TokenError(
                f"Cannot listen on 127.0.0.1:{port}: {error.strerror}. Next: choose another --port."
            ) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
