# SPDX-License-Identifier: GPL-3.0-or-later
"""The webhook server: `POST /webhooks/<name>` → a provider's file verifies and reads → `Emit` → 200.

The answer 200 is given only after `Emit` has returned, so after the commit. Beside it: `/healthz` (the process is
alive), `/readyz` (every part works, else 503) and `/metrics`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import orjson
from aiohttp import web

from bouncestream import providers
from bouncestream.errors import Malformed, RequestRefused, StoreBusy, StoreError, Unauthorized
from bouncestream.health import Health, Light
from bouncestream.metrics import EVENTS_IGNORED, REQUESTS, REQUESTS_REFUSED, Metrics
from bouncestream.policy import Rules
from bouncestream.ports import Clock, Emit, Receipt, Submission, Trouble
from bouncestream.printable import mask_all, printable
from bouncestream.providers._contract import Parsed, Provider, Settings, WebhookRequest, parse, read, verify
from bouncestream.sources import selftest
from bouncestream.sources.body import bounded, decompressed, read_body
from bouncestream.sources.connection import Answer, LimitedServer, Whole
from bouncestream.sources.peer import Networks, sender

log = logging.getLogger("bouncestream.webhook")

#: Larger requests are read in a thread, so that others need not wait for them.
THREAD_ABOVE = 32 * 1024

#: One line of each sort for each webhook in so many seconds.
_QUIET = 60.0

_HEADERS = {"Content-Type": "application/json"}
_PATH = "/webhooks/"


class ServerSettings(Protocol):
    """The settings of the server (config.model.Server)."""

    @property
    def address(self) -> tuple[str | None, int]: ...
    @property
    def trusted_proxies(self) -> Networks: ...
    @property
    def max_body(self) -> int: ...
    @property
    def header_timeout(self) -> float: ...
    @property
    def body_timeout(self) -> float: ...
    @property
    def max_connections(self) -> int: ...


class WebhookServer:
    """Listens from `start` to `stop`. `before_metrics` is called before /metrics is rendered, to renew gauges."""

    def __init__(
        self,
        settings: ServerSettings,
        webhooks: Mapping[str, Settings],
        emit: Emit,
        health: Health,
        metrics: Metrics,
        clock: Clock,
        *,
        rules: Rules | None = None,
        before_metrics: Callable[[], None] | None = None,
        keepalive_timeout: float = 75.0,
    ) -> None:
        self._settings = settings
        self._emit = emit
        self._health = health
        self._metrics = metrics
        self._clock = clock
        self._before_metrics = before_metrics
        self._keepalive_timeout = keepalive_timeout
        self._hooks: dict[str, tuple[Settings, Provider]] = {}
        self._told: dict[tuple[str, str], tuple[float, int]] = {}
        self._server: LimitedServer | None = None
        self._runner: web.ServerRunner | None = None
        self._rules = Rules()
        self.reload(webhooks, rules or Rules())

    def reload(self, webhooks: Mapping[str, Settings], rules: Rules) -> None:
        """Serve these webhooks by these rules from now on; requests in hand end with the settings that they began
        with."""
        self._rules = rules
        hooks = {name: (settings, providers.get(settings.provider)) for name, settings in webhooks.items()}
        for name in self._hooks.keys() - hooks.keys():
            self._health.parts.pop(f"webhook:{name}", None)
        self._hooks = hooks
        for name, (settings, _) in hooks.items():
            if settings.unverified:
                self._health.set(f"webhook:{name}", Light.YELLOW, "unverified = true: anyone can post to it")
            else:
                self._health.set(f"webhook:{name}", Light.GREEN)

    async def start(self) -> list[tuple[str, int]]:
        """Listen; returns the addresses, with the real port where the setting says port 0."""
        self._server = LimitedServer(
            self._handle,
            _PATH,
            lambda whole: self._webhook(whole, whole.path[len(_PATH) :]),
            header_timeout=self._settings.header_timeout,
            max_connections=self._settings.max_connections,
            access_log=None,
            logger=log,
            auto_decompress=False,
            keepalive_timeout=self._keepalive_timeout,
            lingering_time=2.0,
        )
        # What is in hand is waited for in `stop`; what is left after that is not given more time.
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0.1)
        await self._runner.setup()
        host, port = self._settings.address
        try:
            await web.TCPSite(self._runner, host, port, backlog=1024).start()
        except OSError:
            await self._runner.cleanup()
            raise
        return [(address[0], address[1]) for address in self._runner.addresses]

    async def stop(self, grace: float) -> None:
        """Accept nothing new, let requests in hand end within `grace` seconds, close."""
        if self._runner is None or self._server is None:
            return
        for site in self._runner.sites:
            await site.stop()
        try:
            async with asyncio.timeout(grace):
                await self._server.retire()
        except TimeoutError:
            log.warning("%d connections were cut off: not done within %g s", len(self._server.open), grace)
        await self._runner.cleanup()
        self._runner = self._server = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if not path.startswith(_PATH):
            return self._other(request, path)
        answer = await self._webhook(request, path[len(_PATH) :])
        return web.Response(body=answer, headers=_HEADERS) if isinstance(answer, bytes) else answer

    def _other(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if path not in ("/healthz", "/readyz", "/metrics"):
            return web.Response(status=404, text="not found\n")
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        if path == "/healthz":
            return web.Response(text="ok\n")
        if path == "/readyz":
            status = 200 if self._health.ready else 503
            return web.Response(status=status, body=orjson.dumps(self._health.report()), headers=_HEADERS)
        if self._before_metrics is not None:
            self._before_metrics()
        return web.Response(
            text=self._metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    async def _webhook(self, request: web.BaseRequest | Whole, rest: str) -> Answer:
        name, _, path_secret = rest.partition("/")
        path_secret = path_secret.rstrip("/")
        hook = self._hooks.get(name)
        if hook is None or (path_secret and hook[0].path_secret is None):
            self._metrics.add(REQUESTS, "", "404")
            return web.Response(status=404, text="not found\n")
        settings, provider = hook
        try:
            answer = await self._accept(request, settings, provider, path_secret)
            self._metrics.add(REQUESTS, name, "200" if isinstance(answer, bytes) else str(answer.status))
            return answer
        except RequestRefused as refused:
            response = self._refused(request, name, refused)
        except StoreError as error:
            self._tell(name, "store", logging.ERROR, f"nothing was stored: {error}")
            response = _later(provider, 5 if isinstance(error, StoreBusy) else 60)
        except (ConnectionError, web.RequestPayloadError):
            # The sender went away, or broke the framing of its own body: there is nothing whole to keep.
            response = web.Response(status=400)
            response.force_close()
        except Exception as error:  # a bug of ours; the sender must keep what we could not
            self._tell(name, "bug", logging.ERROR, f"bug: {type(error).__name__}: {error}")
            log.debug("the bug", exc_info=error)
            response = _later(provider, 60)
        self._metrics.add(REQUESTS, name, str(response.status))
        return response

    async def _accept(
        self, request: web.BaseRequest | Whole, settings: Settings, provider: Provider, path_secret: str
    ) -> Answer:
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"})
        limit = self._settings.max_body
        if isinstance(request, Whole):
            sent = bounded(request.body, limit)
        else:
            sent = await read_body(request, limit, self._settings.body_timeout)
        whole = WebhookRequest(
            method=request.method,
            headers=request.headers,
            body=sent,
            path_secret=path_secret,
            remote_ip=self._sender(request) if settings.allow_ips else "",
        )
        if selftest.HEADER in request.headers:
            return await self._selftest(request, settings, provider, sent)
        now = self._clock.now()
        encoding = request.headers.get("Content-Encoding", "")
        body = sent
        try:
            if encoding:
                parsed, body = await asyncio.to_thread(
                    _read_packed, provider, whole, settings, now, encoding, limit
                )
            elif len(sent) > THREAD_ABOVE:
                parsed = await asyncio.to_thread(read, provider, whole, settings, now)
            else:
                parsed = read(provider, whole, settings, now)
        except Malformed as error:
            parsed = Parsed(trouble=(Trouble(str(error)),))
        name = settings.name
        if parsed.trouble or parsed.ignored or parsed.notes:
            self._remark(name, parsed)
        receipt = Receipt()
        if parsed.events or parsed.trouble:
            receipt = await self._emit(
                Submission(
                    source=name,
                    provider=provider.name,
                    events=tuple(map(self._rules.judged, parsed.events)),
                    trouble=parsed.trouble,
                    raw=body,
                    content_type=request.headers.get("Content-Type", "")[:200],
                )
            )
        return b'{"accepted": %d, "duplicates": %d, "quarantined": %d}' % (
            receipt.accepted,
            receipt.duplicates,
            receipt.quarantined,
        )

    async def _selftest(
        self, request: web.BaseRequest | Whole, settings: Settings, provider: Provider, body: bytes
    ) -> web.Response:
        """Tell the doctor that it got through, with how much, and from which address it seems to come."""
        secrets = (settings.secret, settings.token, settings.hmac_secret, settings.path_secret)
        selftest.check(request.headers, body, secrets, self._clock.now())
        told: dict[str, object] = {"selftest": "ok", "bytes": len(body), "sender": self._sender(request)}
        if event := selftest.event(body, settings.name, provider.name):
            submission = Submission(settings.name, provider.name, (event,), raw=body, content_type="text/plain")
            told["accepted"] = (await self._emit(submission)).accepted
        return web.Response(body=orjson.dumps(told), headers=_HEADERS)

    def _sender(self, request: web.BaseRequest | Whole) -> str:
        peername = request.transport.get_extra_info("peername") if request.transport is not None else None
        return sender(peername, request.headers.getall("X-Forwarded-For", ()), self._settings.trusted_proxies)

    def _refused(self, request: web.BaseRequest | Whole, name: str, refused: RequestRefused) -> web.Response:
        self._metrics.add(REQUESTS_REFUSED, name)
        who = self._sender(request) or "an unknown address"
        self._tell(name, "refused", logging.WARNING, f"refused a request from {who}: {refused}")
        text = "unauthorized" if isinstance(refused, Unauthorized) else str(refused)
        response = web.Response(status=refused.status, text=f"{text}\n")
        if refused.status != Unauthorized.status:
            response.force_close()  # what is left of the body is of no use
        return response

    def _remark(self, name: str, parsed: Parsed) -> None:
        """Say in the log what is not an ordinary event."""
        for trouble in parsed.trouble:
            kind = f' (type "{trouble.event_type}")' if trouble.event_type else ""
            self._tell(name, f"trouble{kind}"[:120], logging.WARNING, f"quarantined: {trouble.why}{kind}")
        for why in parsed.ignored:
            self._metrics.add(EVENTS_IGNORED, name)
            self._tell(name, "ignored", logging.INFO, f"ignored: {why}")
        for note in parsed.notes:
            self._tell(name, "note", logging.WARNING, note)

    def _tell(self, name: str, sort: str, level: int, text: str) -> None:
        """One line, at most once a minute for each sort; the next one says how many it stands for. `text` may hold
        foreign words, which are made harmless here."""
        now = self._clock.monotonic()
        if len(self._told) > 500:  # foreign event types are part of the key
            self._told.clear()
        since, held_back = self._told.get((name, sort), (float("-inf"), 0))
        if now - since < _QUIET:
            self._told[name, sort] = (since, held_back + 1)
            return
        self._told[name, sort] = (now, 0)
        more = f" ({held_back} more like it before)" if held_back else ""
        log.log(level, "webhook %s: %s%s", name, printable(mask_all(text), 500), more)


def _read_packed(
    provider: Provider, request: WebhookRequest, settings: Settings, now: datetime, encoding: str, limit: int
) -> tuple[Parsed, bytes]:
    """The events of a compressed request, and what to keep of it: its body decompressed, or as sent if it is
    damaged. It proves where it comes from before it is decompressed."""
    verify(provider, request, settings, now)
    sent = body = request.body
    try:
        body = decompressed(sent, encoding, limit)
        return parse(provider, replace(request, body=body, sent=sent), settings, now), body
    except Malformed as error:
        return Parsed(trouble=(Trouble(str(error)),)), body


def _later(provider: Provider, seconds: int) -> web.Response:
    return web.Response(
        status=provider.busy, text="not stored, send it again later\n", headers={"Retry-After": str(seconds)}
    )


def bound(addresses: list[Any]) -> str:
    """The addresses as a URL list for the log."""
    return ", ".join(
        f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}" for host, port in addresses
    )
