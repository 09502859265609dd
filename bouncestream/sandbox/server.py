# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in on the wire: an aiohttp server on a loopback address, and the calls by which faults are ordered.

`POST /sandbox/fault {"fault": NAME, "seconds": n?, "email": …?}`, `POST /sandbox/send` (see `sending`) and `GET
/sandbox/state` are answered whatever fault is on. aiohttp's low-level server is used: the benchmarks want the
sandbox to cost little beside what they measure.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import orjson
from aiohttp import web

from bouncestream.errors import ListenError, UsageError
from bouncestream.sandbox import about, bounces, letters, sending, subscribers
from bouncestream.sandbox.answers import NoAnswer, answer, foreign_page, page
from bouncestream.sandbox.calls import Call, authenticate, content_type, require
from bouncestream.sandbox.listmonk import SandboxListmonk, now
from bouncestream.sandbox.model import SandboxSettings
from bouncestream.sandbox.pages import public
from bouncestream.sandbox.posted import Refused, read_bounce
from bouncestream.settings.shapes import loopback

_BODY_LIMIT = 16 * 2**20
_ROUTES = (*bounces.ROUTES, *subscribers.ROUTES, *about.ROUTES, *letters.ROUTES)
_TRUE = b'{"data":true}\n'


class Sandbox:
    """A stand-in Listmonk. `await start()`, then use its address like a Listmonk's."""

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self.listmonk = SandboxListmonk(self.settings)
        self.url = ""
        self._runner: web.ServerRunner | None = None
        self._worker: asyncio.Task[None] | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, on loopback only, and return the base URL."""
        check_loopback(host)
        server = web.Server(self._handle, request_factory=_request, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise ListenError(f"The sandbox cannot listen on {host}:{port}: {error.strerror or error}") from error
        port = self._runner.addresses[0][1]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self.listmonk.root_url = self.url
        self._worker = asyncio.create_task(self.listmonk.worker.run(), name="sandbox worker")
        return self.url

    async def close(self) -> None:
        """Stop listening; requests that are stuck in a fault are cut off."""
        self.listmonk.stop()
        if self._worker:
            self._worker.cancel()
            await asyncio.wait([self._worker])
            self._worker = None
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Sandbox:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def boot_id(self) -> str:
        """The mark of this start, as in the pages."""
        return self.listmonk.boot_id

    def fault(self, name: str, seconds: float | None = None, email: str | None = None) -> None:
        """Begin a fault (see `faults.FAULTS`), which ends after `seconds`, else by `clear`."""
        self.listmonk.start_fault(name, seconds, email)

    def state(self) -> dict[str, Any]:
        """Rows, losses, what is not stored by design, subscribers and counters."""
        return self.listmonk.state()

    async def idle(self) -> None:
        """Return once the queue is empty and the worker idle."""
        await self.listmonk.worker.until(lambda: self.listmonk.worker.empty)

    async def posted(self, number: int) -> None:
        """Return once so many bounces were answered 200 since the start."""
        await self.listmonk.worker.until(lambda: self.listmonk.posted >= number)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        response = await self._respond(request)
        if self.settings.clock_seconds:
            at = now() + timedelta(seconds=self.settings.clock_seconds)
            response.headers["Date"] = format_datetime(at, usegmt=True)
        return response

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        body = await request.read() if request.can_read_body else b""
        if path.startswith("/sandbox/"):
            return self._control(request.method, path, body)
        on = self.listmonk.faults.on
        try:
            if on:
                await self.listmonk.faults.over["freeze"].wait()
                if "html_200" in on:
                    return foreign_page("Sign in", 200)
            if path == "/webhooks/bounce" and request.method == "POST":
                return await self._post(request.headers.get("Authorization"), body)
            return await self._answer(request, path, body)
        except Refused as refusal:
            told = {"message": refusal.message}
            return answer(told, refusal.status, content_type(self.listmonk))
        except NoAnswer:
            if request.transport:
                request.transport.close()
            return web.Response()

    async def _post(self, credentials: str | None, body: bytes) -> web.Response:
        listmonk = self.listmonk
        if listmonk.faults.on and listmonk.faults.forbids(body):
            return foreign_page("403 Forbidden", 403)
        if not listmonk.webhooks_on:
            return page("404 - Not found", listmonk.boot_id, 404)
        user = authenticate(self.settings.users, credentials)
        require(user, "webhooks:post_bounce")
        answers = listmonk.processing_on
        if not answers and listmonk.version.processing_off_answers:
            raise Refused(503, "Internal server error")
        bounce = read_bounce(body, now(), listmonk.blocked_domains)
        if not answers or not await listmonk.accept(bounce):
            raise NoAnswer
        if listmonk.worker.watched:
            listmonk.worker.notify()
        return web.Response(body=_TRUE, headers={"Content-Type": content_type(listmonk)})

    async def _answer(self, request: web.BaseRequest, path: str, body: bytes) -> web.StreamResponse:
        listmonk, method = self.listmonk, request.method
        if method == "GET" and path == "/health":
            return answer({"data": True}, content_type=content_type(listmonk))
        if not path.startswith("/api/") or method == "HEAD":
            return public(listmonk, method, request.raw_path)
        user = authenticate(self.settings.users, request.headers.get("Authorization"))
        if path == "/api/events" and method == "GET":
            require(user, "settings:get")
            return await sending.stream(listmonk, request)
        for route in _ROUTES:
            if (word := route.match(method, path)) is None:
                continue
            require(user, *route.permissions)
            if route.needs_database and not listmonk.database_on:
                raise Refused(500, f"{route.needs_database}: pq: the database is away")
            if method != "GET":
                await listmonk.faults.over["writes_stall"].wait()
            return route.handler(Call(listmonk, user, request.query, body, word))
        raise Refused(404, "404 unknown endpoint")

    def _control(self, method: str, path: str, body: bytes) -> web.Response:
        if method == "GET" and path == "/sandbox/state":
            return answer(self.state())
        if method == "POST" and path == "/sandbox/send":
            return self._send(body)
        if method != "POST" or path != "/sandbox/fault":
            return answer({"message": "known: POST /sandbox/fault, POST /sandbox/send, GET /sandbox/state"}, 404)
        try:
            asked = orjson.loads(body)
            name, seconds, email = asked["fault"], asked.get("seconds"), asked.get("email")
            if not isinstance(name, str) or not isinstance(seconds, (int, float, type(None))):
                raise TypeError
            if not isinstance(email, (str, type(None))):
                raise TypeError
            self.fault(name, seconds, email)
        except UsageError as error:
            return answer({"message": str(error)}, 400)
        except (ValueError, KeyError, TypeError, AttributeError):
            return answer({"message": 'expected {"fault": NAME, "seconds": number?, "email": text?}'}, 400)
        return answer({"data": True})

    def _send(self, body: bytes) -> web.Response:
        try:
            asked = orjson.loads(body)
            campaign, refuse, running = asked["campaign"], asked.get("refuse", {}), asked.get("running", False)
            if not isinstance(campaign, str) or not all(isinstance(one, str) for one in refuse.values()):
                raise TypeError
            sent = sending.send(self.listmonk, campaign, refuse, running=bool(running))
        except Refused as error:
            return answer({"message": error.message}, error.status)
        except (ValueError, KeyError, TypeError, AttributeError):
            return answer({"message": 'expected {"campaign": UUID, "refuse": {ADDRESS: TEXT}}'}, 400)
        return answer({"data": {"sent": sent}})


def check_loopback(host: str) -> None:
    """UsageError unless it is a loopback address: the sandbox obeys whoever reaches it."""
    if not loopback(host):
        raise UsageError(
            f"The sandbox listens on loopback addresses only (127.0.0.1, ::1 or localhost), not on {host!r}."
        )


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """A request whose body may be larger than aiohttp's default: Listmonk takes megabytes too."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_BODY_LIMIT)
