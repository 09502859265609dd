# SPDX-License-Identifier: GPL-3.0-or-later
"""The webhook server: `POST /webhooks/<name>` → a provider's file verifies and reads → `Emit` → 200.

What path, address and headers can prove is asked for before a body is read; the answer 200 is given only after
`Emit` has returned, so after the commit. Beside it: `/healthz` (the process is alive), `/readyz` (every part works,
else 503), `/readyz/intake` (what comes is stored, else 503: for a proxy before several bridges) and `/metrics`.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import InitVar, dataclass, field, replace
from typing import Any, NamedTuple

import orjson
from aiohttp import hdrs, web

from bouncestream import descriptors, providers
from bouncestream.config.model import Server
from bouncestream.errors import RequestRefused, StoreBusy, StoreError, Unauthorized
from bouncestream.health import Health, Status
from bouncestream.judging.webhook import judge
from bouncestream.metrics import EVENTS_IGNORED, EVENTS_LISTED, REQUESTS, REQUESTS_REFUSED, SOURCE_INFO, Metrics
from bouncestream.policy import LISTED, Rules
from bouncestream.ports import Clock, Emit, RawInput, Receipt, Submission
from bouncestream.providers._contract import (
    Parsed,
    Provider,
    Webhook,
    WebhookRequest,
    admit,
    challenge,
    right_address,
    right_path,
)
from bouncestream.sources.webhook import selftest
from bouncestream.sources.webhook.answers import (
    HEADERS,
    accepted,
    later,
    measured,
    mistaken,
    ready,
    shaken,
    shaped,
    storing,
)
from bouncestream.sources.webhook.body import read_body
from bouncestream.sources.webhook.budget import BODIES, Budget, Share
from bouncestream.sources.webhook.client_address import sender
from bouncestream.sources.webhook.connection import Connection, Connections, keep_quiet
from bouncestream.sources.webhook.errands import ErrandFailed, Errands
from bouncestream.sources.webhook.reading import THREAD_ABOVE, most, read
from bouncestream.sources.webhook.storing import stored
from bouncestream.sources.webhook.telling import Telling

log = logging.getLogger("bouncestream.webhook")

_PATH = "/webhooks/"
_FORM = "application/x-www-form-urlencoded"
_NOTHING = Receipt()


class _Call(NamedTuple):
    """A request to a webhook."""

    request: web.BaseRequest
    connection: Connection
    share: Share
    settings: Webhook
    provider: Provider[Any]
    asked: WebhookRequest  #: its body is empty until it was read


@dataclass(eq=False)
class WebhookServer:
    """Listens from `start` to `stop`."""

    settings: Server
    webhooks: InitVar[Mapping[str, Webhook]]
    emit: Emit
    health: Health
    metrics: Metrics
    clock: Clock
    rules: Rules = field(default_factory=Rules)
    keepalive_timeout: float = 75.0
    chance: Callable[[], float] = random.random
    errands_context: InitVar[ssl.SSLContext | None] = None

    def __post_init__(self, webhooks: Mapping[str, Webhook], errands_context: ssl.SSLContext | None) -> None:
        self._hooks: dict[str, tuple[Webhook, Provider[Any]]] = {}
        self._telling = Telling(self.clock)
        self._tell = self._telling.tell
        self.budget = Budget(max(BODIES, self.settings.max_body))
        self._errands = Errands(self.clock, errands_context)
        self._turn = asyncio.Lock()
        self._server: Connections | None = None
        self.reload(webhooks, self.rules)

    def reload(self, webhooks: Mapping[str, Webhook], rules: Rules) -> None:
        """Serve these webhooks by these rules from now on; requests in hand end with the settings that they began
        with."""
        self.rules = rules
        hooks = {name: (settings, providers.get(settings.provider)) for name, settings in webhooks.items()}
        for name in self._hooks.keys() - hooks.keys():
            self.health.parts.pop(f"webhook:{name}", None)
        self._hooks = hooks
        self.metrics.forget(SOURCE_INFO)
        for name, (settings, provider) in hooks.items():
            self.metrics.set(SOURCE_INFO, 1, name, provider.name)
            if settings.unverified:
                self.health.set(f"webhook:{name}", Status.YELLOW, "unverified = true: anyone can post to it")
            else:
                self.health.set(f"webhook:{name}", Status.GREEN)

    async def start(self) -> list[tuple[str, int]]:
        """Listen; returns the addresses, with the real port where the setting says port 0."""
        wanted = self.settings.max_connections
        most = descriptors.connections(wanted)
        if most < wanted:
            log.warning(
                "the limit of open files allows only %d connections instead of %d (max_connections). "
                "Next: raise LimitNOFILE in the systemd unit, or ulimit -n",
                most,
                wanted,
            )
        server = Connections(
            self._handle,
            header_timeout=self.settings.header_timeout,
            keepalive_timeout=self.keepalive_timeout,
            most=most,
            full=self._turned_away,
        )
        host, port = self.settings.address
        addresses = await server.listen(host, port)
        keep_quiet(asyncio.get_running_loop(), self._scarce)
        self._server = server
        return [(address[0], address[1]) for address in addresses]

    async def stop(self, grace: float) -> None:
        """Accept nothing new, let requests in hand end within `grace` seconds, close."""
        server, self._server = self._server, None
        if server is not None and (left := await server.retire(grace)):
            log.warning("%d connections were cut off: not finished within %g s", left, grace)

    async def _handle(self, request: web.BaseRequest, connection: Connection) -> web.StreamResponse:
        path = request.path
        webhook = path.startswith(_PATH)
        if webhook:
            share = Share(self.budget)
            try:
                response = await self._webhook(request, connection, share, path[len(_PATH) :])
            finally:
                share.release()
        else:
            response = self._other(request, path)
        # Whoever is refused does not keep a connection for it. Nor does a stranger with a chunked body: aiohttp
        # 3.14 takes its last trailer for a header of the next request, which through a proxy may be of another.
        taken = webhook and response.status == 200
        if 400 <= response.status < 500 or (not taken and hdrs.TRANSFER_ENCODING in request.headers):
            response.force_close()
        return response

    def _other(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        elsewhere = self.settings.metrics == "dashboard" and path in ("/readyz", "/metrics")
        if elsewhere or path not in ("/healthz", "/readyz", "/readyz/intake", "/metrics"):
            return web.Response(status=404, text="not found\n")
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        if path == "/healthz":
            return web.Response(text="ok\n")
        if path == "/readyz/intake":
            return storing(self.health)
        if path == "/readyz":
            return ready(self.health)
        return measured(self.metrics)

    async def _webhook(
        self, request: web.BaseRequest, connection: Connection, share: Share, rest: str
    ) -> web.StreamResponse:
        name, _, path_secret = rest.partition("/")
        path_secret = path_secret.rstrip("/")
        hook = self._hooks.get(name)
        if hook is None or (path_secret and hook[0].path_secret is None):
            self.metrics.add(REQUESTS, "", "404")
            return web.Response(status=404, text="not found\n")
        settings, provider = hook
        asked = WebhookRequest(
            method=request.method,
            headers=request.headers,
            body=b"",
            path_secret=path_secret,
            remote_ip=self._sender(request) if settings.allow_ips else "",
            query=request.rel_url.raw_query_string,
        )
        call = _Call(request, connection, share, settings, provider, asked)
        response: web.StreamResponse
        try:
            if request.method in provider.methods:
                response = await self._accept(call)
            else:
                response = shaken(provider, settings, asked)
        except RequestRefused as refused:
            response = self._refused(call, refused)
        except (StoreError, ErrandFailed) as error:
            self._tell(name, "store", logging.ERROR, f"nothing was stored: {error}")
            response = self._later(call, 5 if isinstance(error, StoreBusy) else 60)
        except ConnectionError:  # there is nothing whole to keep
            response = web.Response(status=400)
        except Exception as error:  # a bug of ours; the sender must keep what we could not
            self._tell(name, "bug", logging.ERROR, f"bug: {type(error).__name__}: {error}")
            log.debug("the bug", exc_info=error)
            response = self._later(call, 60)
        self.metrics.add(REQUESTS, name, str(response.status))
        return response

    async def _accept(self, call: _Call) -> web.StreamResponse:
        request, connection, _, settings, provider, asked = call
        if selftest.HEADER in request.headers:
            return await self._selftest(call)
        now, began = self.clock.now(), self.clock.monotonic()
        proven = admit(asked, settings, now)
        limit = most(settings, self.settings.max_body, proven=proven)
        connection.proven |= proven
        asked.body = await self._body(call, limit, proven=proven)
        if request.method == "GET":
            asked.body = asked.query.encode("utf-8", "surrogatepass")
        try:
            parsed = await read(
                provider, asked, settings, now, proven=proven, limit=limit, errands=self._errands, turn=self._turn
            )
        except Unauthorized as refused:
            # a stranger's large body is not read here, where others would have to wait for it
            if len(asked.body) > THREAD_ABOVE or (answer := provider.shake(asked, settings)) is None:
                raise
            self._count_refused(request, settings.name, str(refused))
            return shaped(answer)
        connection.proven = True
        name = settings.name
        if parsed.unreadable or parsed.ignored or parsed.notes or parsed.visits:
            self._remark(name, parsed, "refused" if provider.own_script else "quarantined")
        for event in parsed.events:
            if event.reason == LISTED:
                self.metrics.add(EVENTS_LISTED, name)
                self._tell(name, "listed", logging.INFO, event.evidence)
        receipt = _NOTHING
        content_type = _FORM if request.method == "GET" else request.headers.get("Content-Type", "")[:200]
        mistakes = provider.own_script and parsed.unreadable
        if parsed.events or (parsed.unreadable and not mistakes):
            kept = replace(parsed, unreadable=()) if mistakes else parsed
            came = RawInput(name, provider.name, now, asked.body, content_type, provider.kept(asked, settings))
            submission = judge(kept, came, self.rules, proven=not settings.unverified)
            spent = self.clock.monotonic() - began
            receipt = await stored(self.emit, submission, provider, spent, self.chance())
        if parsed.answer is not None:
            return shaped(parsed.answer)
        if mistakes:
            return mistaken(parsed, receipt)
        return accepted(receipt)

    def _later(self, call: _Call, seconds: int) -> web.Response:
        """The sender may come again; one that stops at any error gets no answer, but the end of its connection."""
        if not call.provider.busy:
            call.connection.drop()
        return later(call.provider, seconds)

    async def _selftest(self, call: _Call) -> web.Response:
        """Tell the doctor that it got through, with how much, and from which address it seems to come. Path and
        address are asked of it as of everybody; a signed one that its address alone keeps out is told that."""
        request, _, _, settings, provider, asked = call
        now = self.clock.now()
        right_path(asked, settings)
        selftest.claim(asked, now)
        limit, outside = self.settings.max_body, ""
        try:
            right_address(asked, settings)
        except Unauthorized as error:
            limit, outside = selftest.SMALL, str(error)
            if request.content_length is None or request.content_length > limit:
                raise
        asked.body = body = await self._body(call, limit, proven=False)
        selftest.check(asked, settings.secrets, now)
        told: dict[str, object] = {"selftest": "ok", "bytes": len(body), "sender": self._sender(request)}
        told["lost"] = selftest.lost(asked, settings, now)
        if outside:
            self._count_refused(request, settings.name, outside)
            return web.Response(status=401, body=orjson.dumps(told | {"selftest": outside}), headers=HEADERS)
        if event := selftest.event(body, settings.name, provider.name):
            submission = Submission(settings.name, provider.name, (event,), raw=body, content_type="text/plain")
            told["accepted"] = (await self.emit(submission)).accepted
        return web.Response(body=orjson.dumps(told), headers=HEADERS)

    def _sender(self, request: web.BaseRequest) -> str:
        peername = request.transport.get_extra_info("peername") if request.transport is not None else None
        return sender(peername, request.headers.getall("X-Forwarded-For", ()), self.settings.trusted_proxies)

    def _body(self, call: _Call, limit: int, *, proven: bool) -> Awaitable[bytes]:
        timeout = self.settings.body_timeout
        return read_body(call.request, call.connection, call.share, limit, timeout, proven=proven)

    def _refused(self, call: _Call, refused: RequestRefused) -> web.Response:
        self._count_refused(call.request, call.settings.name, str(refused))
        if not isinstance(refused, Unauthorized):
            return web.Response(status=refused.status, text=f"{refused}\n")
        head = replace(call.asked, body=b"")  # the body was not there, or is not to be read
        if (answer := call.provider.shake(head, call.settings)) is not None:
            return shaped(answer)
        wanted = challenge(call.settings)
        return web.Response(
            status=refused.status,
            text="unauthorized\n",
            headers={"WWW-Authenticate": wanted} if wanted else None,
        )

    def _count_refused(self, request: web.BaseRequest, name: str, why: str) -> None:
        self.metrics.add(REQUESTS_REFUSED, name)
        self._telling.refused(name, self._sender(request), why)

    def _turned_away(self) -> None:
        self.metrics.add(REQUESTS, "", "503")
        self._tell("", "full", logging.ERROR, "all connections are in use: further senders are told to retry later")

    def _scarce(self, why: str) -> None:
        self._tell("", "scarce", logging.ERROR, f"no connection can be accepted: {why}. Next: raise LimitNOFILE")

    def _remark(self, name: str, parsed: Parsed, fate: str) -> None:
        """Say in the log what is not an ordinary event."""
        for unreadable in parsed.unreadable:
            kind = f' (type "{unreadable.event_type}")' if unreadable.event_type else ""
            self._tell(name, f"trouble{kind}"[:120], logging.WARNING, f"{fate}: {unreadable.why}{kind}")
        for why in parsed.ignored:
            self.metrics.add(EVENTS_IGNORED, name)
            self._tell(name, "ignored", logging.INFO, f"ignored: {why}")
        for visit in parsed.visits:
            self._tell(name, "visit", logging.INFO, visit.why)
        for note in parsed.notes:
            self._tell(name, "note", logging.WARNING, note)


def bound(addresses: list[Any]) -> str:
    """The addresses as a URL list for the log."""
    return ", ".join(
        f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}" for host, port in addresses
    )
