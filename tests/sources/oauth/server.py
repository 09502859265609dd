# SPDX-License-Identifier: GPL-3.0-or-later
"""An OAuth provider for tests, on port 0: authorization, device and token endpoints, and the introspection that
Dovecot asks. It rotates refresh tokens and takes an old one for stolen, as a strict provider does; and it
misbehaves on command.

`python -m tests.sources.oauth.server` runs it alone, for tests of whole processes: it prints its URL, and is
ordered about with POST /control {"fault": …}."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import ssl
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

CLIENT_ID = "bouncestream-test"
CLIENT_SECRET = "the-secret-of-the-application"
USER = "bounces@example.test"


@dataclass
class Provider:
    """What it knows, and what it shall do wrong."""

    user: str = USER
    lifetime: float | str | None = 3600
    rotate: bool = True
    offline: bool = True  #: refresh tokens are given at all
    fault: str = ""  #: a name of `_faulty`; stays until it is taken away
    device: list[str] = field(default_factory=list)  #: what the next polls are answered; then the tokens
    interval: float = 1
    code_lifetime: float = 600
    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)  #: grant type (or endpoint) → requests
    forms: list[dict[str, str]] = field(default_factory=list)  #: what the token endpoint was sent
    gate: asyncio.Event | None = None  #: answers of the token endpoint wait for it
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    good_access: set[str] = field(default_factory=set)
    good_refresh: set[str] = field(default_factory=set)
    spent: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)  #: authorization code → PKCE challenge
    redirects: dict[str, str] = field(default_factory=dict)  #: authorization code → redirect_uri
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/authorize", self.authorize)
        app.router.add_post("/device", self.begin_device)
        app.router.add_post("/token", self.token)
        app.router.add_post("/introspect", self.introspect)
        app.router.add_post("/control", self.control)
        app.router.add_post("/elsewhere", self.elsewhere)
        return app

    def grant(self) -> str:
        """A refresh token that is good."""
        token = f"refresh-{next(self._numbers)}-{'r' * 40}"
        self.good_refresh.add(token)
        return token

    def revoke(self) -> None:
        """Every token is worth nothing from now on."""
        self.good_access.clear()
        self.good_refresh.clear()

    async def authorize(self, request: web.Request) -> web.Response:
        """The person agrees at once."""
        query = request.query
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        code = f"code-{next(self._numbers)}"
        self.codes[code] = query["code_challenge"]
        self.redirects[code] = query["redirect_uri"]
        raise web.HTTPFound(f"{query['redirect_uri']}?code={code}&state={query['state']}")

    async def begin_device(self, request: web.Request) -> web.Response:
        self.asked["device"] += 1
        if (bad := await self._faulty()) is not None:
            return bad
        return web.json_response(
            {
                "device_code": "device-code-of-the-test",
                "user_code": "WDJB-MJHT",
                "verification_uri": f"{self.url}/enter",
                "expires_in": self.code_lifetime,
                "interval": self.interval,
                "message": "\x1b[31mTo sign in …",
            }
        )

    async def token(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        kind = form.get("grant_type", "")
        self.asked[kind] += 1
        if (bad := await self._faulty(form)) is not None:
            return bad
        if form.get("client_id") != CLIENT_ID:
            return error("invalid_client", "AADSTS700016: no such application", 401)
        if kind == "refresh_token":
            answer = self._refresh(form["refresh_token"])
        elif kind == "client_credentials":
            if form.get("client_secret") != CLIENT_SECRET:
                return error("invalid_client", f"wrong secret {form.get('client_secret')}", 401)
            answer = self._tokens(refresh=False)
        elif kind == "authorization_code":
            answer = self._code(form)
        elif kind == "urn:ietf:params:oauth:grant-type:device_code":
            if form["device_code"] != "device-code-of-the-test":
                return error("bad_verification_code", "")
            said = self.device.pop(0) if self.device else ""
            answer = error(said, f"not yet {form['device_code']}") if said else self._tokens()
        else:
            answer = error("unsupported_grant_type", kind)
        if self.gate is not None:  # what was done is done, the answer is on its way
            self.entered.set()
            await self.gate.wait()
        return answer

    def _refresh(self, token: str) -> web.Response:
        if token in self.spent:  # somebody has stolen it: RFC 9700 section 4.14.2
            self.revoke()
        if token not in self.good_refresh:
            return error("invalid_grant", f"The token {token} of {self.user} is revoked.\r\nTrace ID: 1")
        if not self.rotate:
            return self._tokens(refresh=False)
        self.good_refresh.discard(token)
        self.spent.add(token)
        return self._tokens()

    def _code(self, form: dict[str, str]) -> web.Response:
        challenge = self.codes.pop(form["code"], "")
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        if not proven or form["redirect_uri"] != self.redirects[form["code"]]:
            return error("invalid_grant", "PKCE")
        return self._tokens()

    def _tokens(self, *, refresh: bool = True) -> web.Response:
        access = f"access-{next(self._numbers)}-{'a' * 40}"
        self.good_access.add(access)
        answer: dict[str, Any] = {"access_token": access, "token_type": "Bearer"}
        if self.lifetime is not None:
            answer["expires_in"] = self.lifetime
        if refresh and self.offline:
            answer["refresh_token"] = self.grant()
        return web.json_response(answer)

    async def introspect(self, request: web.Request) -> web.Response:
        """RFC 7662, as Dovecot's oauth2 passdb asks (introspection_mode = post)."""
        token = str((await request.post()).get("token", ""))
        if token not in self.good_access:
            return web.json_response({"active": False})
        return web.json_response({"active": True, "username": self.user, "client_id": CLIENT_ID})

    async def elsewhere(self, request: web.Request) -> web.Response:
        """Where nobody should go."""
        self.asked["elsewhere"] += 1
        return self._tokens()

    async def control(self, request: web.Request) -> web.Response:
        order = await request.json()
        self.fault = order.get("fault", self.fault)
        self.device = order.get("device", self.device)
        if order.get("revoke"):
            self.revoke()
        return web.json_response({"asked": dict(self.asked), "good_refresh": sorted(self.good_refresh)})

    async def _faulty(self, form: dict[str, str] | None = None) -> web.StreamResponse | None:
        sent = " ".join((form or {}).values())
        match self.fault:
            case "":
                return None
            case "500":
                return web.Response(status=500, text="<html>oops")
            case "429":
                return web.json_response({"error": "slow"}, status=429, headers={"Retry-After": "17"})
            case "hang":
                await asyncio.sleep(3600)
            case "huge":
                return web.Response(text='{"access_token": "' + "a" * 200_000 + '"}')
            case "html":
                return web.Response(text="<html>a login page")
            case "redirect":
                raise web.HTTPTemporaryRedirect(f"{self.url}/elsewhere")
            case "empty":
                return web.json_response({})
            case "mac":
                return web.json_response({"access_token": "x", "token_type": "mac"})
            case "line":
                return web.json_response({"access_token": "x\r\nA1 LOGOUT", "token_type": "Bearer"})
            case "echo":  # repeats all that it was sent, with colours
                return error("invalid_request", f"\x1b[31mbad:\n{sent}")
        return error(self.fault, f"said to {self.user}")


def error(code: str, description: str, status: int = 400) -> web.Response:
    """RFC 6749 section 5.2."""
    return web.json_response({"error": code, "error_description": description}, status=status)


@dataclass
class Served:
    """A provider that listens."""

    provider: Provider
    runner: web.AppRunner

    @property
    def url(self) -> str:
        return self.provider.url

    async def stop(self) -> None:
        if self.provider.gate is not None:
            self.provider.gate.set()
        await self.runner.cleanup()


async def serve(provider: Provider, context: ssl.SSLContext | None = None) -> Served:
    """Listen on a free port, with TLS if there is a context."""
    runner = web.AppRunner(provider.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    provider.url = f"http{'s' if context else ''}://127.0.0.1:{runner.addresses[0][1]}"
    return Served(provider, runner)


async def _alone() -> None:
    served = await serve(Provider(**json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")))
    print(served.url, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_alone())
