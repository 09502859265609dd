# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard's server: who asks, for which page, and the answer. It listens from `start` to `stop`, on a place
of its own.

A GET only reads what is stored. A POST logs in and out, shows addresses, or runs the doctor's quick checks; it
carries the token of a form of its session.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import parse_qs, quote, urlsplit

from aiohttp import hdrs, web

from bouncestream.config.model import Config
from bouncestream.crypto.secret import Secret
from bouncestream.dashboard import frame, login, place, session, site
from bouncestream.dashboard.frame import HEADERS, Chrome
from bouncestream.dashboard.pages import door
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reader import Pages, Reader
from bouncestream.dashboard.reading.doctor import Checked
from bouncestream.dashboard.reading.opens import AccessLog
from bouncestream.dashboard.session import Session
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.doctor.finding import Finding
from bouncestream.errors import BouncestreamError, RequestRefused, StoreBusy, StoreError
from bouncestream.outbox.place import place_of
from bouncestream.ports import Campaign, Clock
from bouncestream.sources.unix import UnixSocket
from bouncestream.sources.webhook.body import read_body
from bouncestream.sources.webhook.budget import Budget, Share
from bouncestream.sources.webhook.client_address import sender
from bouncestream.sources.webhook.connection import Connection, Connections
from bouncestream.survey.running import Running

log = logging.getLogger("bouncestream.dashboard")

#: Connections at most, seconds for a header, and for the next request of a connection.
_MOST, _HEADER_TIMEOUT, _KEEPALIVE = 100, 10.0, 30.0
#: Bytes of a form, and seconds until it is there; bytes of all forms together.
_FORM, _FORM_TIMEOUT, _FORMS = 8 << 10, 10.0, 256 << 10
#: Fields of a query or form, and characters of a path to come back to.
_FIELDS, _LONGEST_PATH = 40, 1000


@dataclass(frozen=True, slots=True)
class _Call:
    """A request, and who makes it."""

    request: web.BaseRequest
    look: Look
    session: Session | None
    user: str  #: whom the proxy has logged in
    sender: str
    form: Mapping[str, str]

    @property
    def path(self) -> str:
        return self.request.rel_url.raw_path_qs


@dataclass(eq=False)
class DashboardServer:
    """Listens from `start` to `stop`. `running` tells of the bridge."""

    config: Config
    running: Callable[[], Awaitable[Running]]
    clock: Clock
    check: Callable[[Config], Awaitable[Sequence[Finding]]] | None = None  #: runs the doctor's quick checks
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)  #: those of Listmonk, by their UUID
    asked: asyncio.Event = field(default_factory=asyncio.Event, init=False)  #: somebody looks at pages
    told: Mapping[str, Callable[[], web.Response]] | None = None  #: /readyz and /metrics, where they are here
    urls: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._settings = self.config.dashboard
        self._reader = Reader(place_of(self.config), self.config.privacy.key)
        token = self._settings.token
        self._key = session.key_of(token.keys[0] if token is not None else secrets.token_bytes(32))
        self._tries, self._bearers = login.Tries(), login.Tries()
        self._budget = Budget(_FORMS)
        self._checking = asyncio.Lock()
        self._access_log = AccessLog(self._settings.access_log, self.clock.monotonic)
        self._checked: Checked | None = None
        self._connections: Connections | None = None
        self._socket: UnixSocket | None = None

    async def start(self) -> None:
        """Listen. Raises OSError, ListenError."""
        connections = Connections(
            self._handle, header_timeout=_HEADER_TIMEOUT, keepalive_timeout=_KEEPALIVE, most=_MOST, full=_full
        )
        self.urls, self._socket = await place.listen(connections, self._settings)
        self._connections = connections

    async def stop(self, grace: float) -> None:
        """Accept nothing new, let requests in hand end within `grace` seconds, close."""
        connections, self._connections = self._connections, None
        if connections is not None:
            await connections.retire(grace)
            if self._socket is not None:
                self._socket.close()

    async def _handle(self, request: web.BaseRequest, connection: Connection) -> web.StreamResponse:
        try:
            response = await self._answer(request, connection)
        except RequestRefused as refused:
            response = web.Response(status=refused.status, text=f"{refused}\n")
        except StoreBusy as busy:
            response = web.Response(status=503, text=f"{busy}\n", headers={"Retry-After": "5"})
        except ConnectionError:  # there is nobody to answer
            response = web.Response(status=400)
        except Exception as error:  # a bug of ours, which must end here
            log.error("bug: %s while making a page. Next: please report it", type(error).__name__)
            log.debug("the bug", exc_info=error)
            response = web.Response(status=500, text="a bug in bouncestream; its log says more\n")
        for name, value in HEADERS.items():
            response.headers[name] = value
        if response.status >= 400:
            response.force_close()
        return response

    async def _answer(self, request: web.BaseRequest, connection: Connection) -> web.Response:
        look = Look(self.clock.now(), ENGLISH)
        host = request.headers.get(hdrs.HOST, "")
        ours = login.is_ours(host, self._settings)
        if self.told is not None and request.path in self.told:
            may = self._may_be_told(request, look, ours)
            if may is not False:
                return self.told[request.path]() if may is True else _later(may)
        if not ours:
            return _html(door.refused(look, look.t.not_ours.format(host=host[:100])), 421)
        if request.method not in ("GET", "HEAD", "POST"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD, POST"})
        if request.path in ("/favicon.ico", "/robots.txt"):
            return web.Response(status=404)
        form = await self._form(request, connection) if request.method == "POST" else {}
        call = self._call(request, look, form)
        if request.path == "/login":
            return self._log_in(call)
        if call.session is None:
            if self._settings.token is None:
                return _html(door.refused(look, look.t.no_user), 403)
            return _see(f"/login?to={quote(call.path, safe='')}" if call.path != "/" else "/login")
        response = (
            await self._do(call, call.session) if request.method == "POST" else await self._page(call, call.session)
        )
        if call.user and not response.cookies:
            self._keep(response, call, call.session)  # its forms need a session to belong to
        return response

    def _may_be_told(self, request: web.BaseRequest, look: Look, ours: bool) -> bool | float:
        """Whether /readyz and /metrics are answered: to this machine, but not to whomever a proxy on it passes on,
        nor to a web page that has its name resolve to it (`ours`; no browser speaks to a socket); else to the token
        (RFC 6750 section 2.1), or to a session. Seconds: after so long a token is looked at again."""
        if request.method not in ("GET", "HEAD"):
            return False
        peer = self._peer(request)
        passed_on = any(name in request.headers for name in login.FORWARDED)
        if login.is_near(peer) and not passed_on and (ours or not peer):
            return True
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._settings.token is not None:
            return self._has_token(given.strip(), self._settings.token, self._sender(request, peer))
        return ours and self._call(request, look, {}).session is not None

    def _has_token(self, given: str, token: Secret, came_from: str) -> bool | float:
        """Whether a program shows the token. Its tries are counted apart from those of the login: one that has an
        old token shuts out nobody."""
        network, now = login.network_of(came_from), self.clock.monotonic()
        if wait := self._bearers.wait(network, now):
            return wait
        if not token.matches(given):
            self._bearers.failed(network, now)
            log.warning("a wrong token of the dashboard came from %s", came_from)
            return False
        self._bearers.passed(network)
        return True

    def _peer(self, request: web.BaseRequest) -> str:
        """The address that a connection comes from; empty: a Unix socket."""
        peername = request.transport.get_extra_info("peername") if request.transport is not None else None
        return str(peername[0]) if isinstance(peername, tuple) and peername else ""

    def _call(self, request: web.BaseRequest, look: Look, form: Mapping[str, str]) -> _Call:
        peer = self._peer(request)
        user = login.user_of(request.headers, peer, self._settings)
        now = look.now.timestamp()
        found = session.read(request.cookies.get(self._cookie(request), ""), self._key, now)
        if user and (found is None or found.who != user):
            found = self._new(user, now)
        elif not user and (self._settings.token is None or (found is not None and found.who)):
            found = None  # who came by the proxy comes by the proxy
        if found is not None and found.shows(now):
            look = replace(look, shown=True)
        return _Call(request, look, found, user, self._sender(request, peer), form)

    def _sender(self, request: web.BaseRequest, peer: str) -> str:
        forwarded = request.headers.getall("X-Forwarded-For", ())
        return sender((peer,), forwarded, self._settings.trusted_proxies) or "the socket"

    async def _form(self, request: web.BaseRequest, connection: Connection) -> Mapping[str, str]:
        """The fields of a form."""
        share = Share(self._budget)
        try:
            body = await read_body(request, connection, share, _FORM, _FORM_TIMEOUT, proven=False)
        finally:
            share.release()
        return _fields(body.decode("utf-8", "replace"))

    def _log_in(self, call: _Call) -> web.Response:
        to, look, token = (
            _own(call.form.get("to") or call.request.query.get("to", "/")),
            call.look,
            self._settings.token,
        )
        if call.session is not None:
            return _see(to)
        if token is None:
            return _html(door.refused(look, look.t.no_user), 403)
        if call.request.method != "POST":
            return _html(door.login(look, to))
        if not _same_origin(call.request):
            return _html(door.refused(look, look.t.stale_form), 403)
        network, now = login.network_of(call.sender), self.clock.monotonic()
        if wait := self._tries.wait(network, now):
            response = _html(door.login(look, to, wait=wait), 429)
            response.headers["Retry-After"] = str(int(wait) + 1)
            return response
        if not token.matches(call.form.get("token", "")):
            self._tries.failed(network, now)
            log.warning("a wrong token of the dashboard came from %s", call.sender)
            return _html(door.login(look, to, wrong=True), 403)
        self._tries.passed(network)
        log.info("logged in to the dashboard from %s", call.sender)
        response = _see(to)
        self._keep(response, call, self._new("", look.now.timestamp()))
        return response

    async def _do(self, call: _Call, who: Session) -> web.Response:
        """What a form asks for."""
        form, path = call.form, call.request.path
        if not session.is_form_token(form.get("form", ""), who, self._key) or not _same_origin(call.request):
            return _html(door.refused(call.look, call.look.t.stale_form), 403)
        response = _see(_own(form.get("to", "/")))
        if path == "/show":
            log.info("the dashboard shows addresses to %s, from %s", who.who or "the token", call.sender)
            self._keep(response, call, replace(who, shown_until=call.look.now.timestamp() + session.SHOWN))
        elif path == "/hide":
            self._keep(response, call, replace(who, shown_until=0.0))
        elif path == "/logout":
            response = _see("/login")
            response.del_cookie(self._cookie(call.request), path="/")
        elif path == "/doctor" and self.check is not None:
            if not self._checking.locked():  # once at a time: whoever presses it too sees the same outcome
                async with self._checking:
                    log.info("the quick checks are run for %s", who.who or "the token")
                    self._checked = Checked(call.look.now, tuple(await self.check(self.config)))
        else:
            return _html(door.refused(call.look, call.look.t.not_found), 404)
        return response

    async def _page(self, call: _Call, who: Session) -> web.Response:
        look, request = call.look, call.request
        with_opens = bool(self._access_log.paths)
        chrome = Chrome(
            who,
            session.form_token(who, self._key),
            call.path,
            site.tabs(look.t, opens=with_opens),
            refresh=request.path == "/" and "refresh" in request.query,
            can_logout=not call.user,
        )
        make = site.maker(request.path)
        if make is None or (request.path == site.OPENS and not with_opens):
            return _html(frame.page(look, look.t.not_found, door.remark(look, look.t.not_found), chrome), 404)
        query = _fields(request.rel_url.raw_query_string)
        asked = site.Asked(
            request.path,
            query,
            self.config,
            await self.running(),
            look,
            chrome,
            self._checked,
            self.check is not None,
            self.campaigns,
            await self._access_log.opens(self._begun()) if request.path == site.OPENS else None,
        )
        self.asked.set()

        def whole(pages: Pages) -> web.Response:
            made = make(asked, pages)
            told = replace(chrome, hidden=pages.hidden)
            return _html(frame.page(look, made.title, made.content, told), made.status)

        try:
            return await self._reader.page(whole)
        except StoreError as error:
            content = door.remark(look, str(error))
            return _html(frame.page(look, look.t.went_wrong, content, chrome), 503)
        except BouncestreamError as error:
            return _html(frame.page(look, look.t.went_wrong, door.remark(look, str(error)), chrome), 404)

    def _begun(self) -> dict[str, datetime]:
        """When the sending of each campaign began."""
        return {uuid: one.started_at for uuid, one in self.campaigns.items() if one.started_at is not None}

    def _new(self, who: str, now: float) -> Session:
        return Session(who=who, name=secrets.token_urlsafe(16), until=now + self._settings.session)

    def _keep(self, response: web.Response, call: _Call, kept: Session) -> None:
        """Have the browser keep a session."""
        response.set_cookie(
            self._cookie(call.request),
            session.written(kept, self._key),
            max_age=max(0, int(kept.until - call.look.now.timestamp())),
            path="/",
            secure=self._by_https(call.request),
            httponly=True,
            samesite="Strict",
        )

    def _cookie(self, request: web.BaseRequest) -> str:
        """The name of the cookie; by HTTPS one that a browser takes from this host alone (RFC 6265bis, section
        4.1.3.2)."""
        return "__Host-bouncestream" if self._by_https(request) else "bouncestream"

    def _by_https(self, request: web.BaseRequest) -> bool:
        """Whether the browser speaks HTTPS with the proxy in front: it does at the public URL."""
        url = urlsplit(self._settings.public_url)
        return url.scheme == "https" and urlsplit(f"//{request.host}").hostname == url.hostname


def _full() -> None:
    log.error("all connections of the dashboard are in use: further ones are told to retry later")


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8")


def _later(wait: float) -> web.Response:
    text = f"too many wrong tokens: the next one is looked at in {int(wait) + 1} s\n"
    return web.Response(status=429, text=text, headers={"Retry-After": str(int(wait) + 1)})


def _see(path: str) -> web.Response:
    return web.Response(status=303, headers={hdrs.LOCATION: path})


def _fields(text: str) -> dict[str, str]:
    """The fields of a query or form, of each its first value."""
    try:
        parsed = parse_qs(text, max_num_fields=_FIELDS, errors="replace")
    except ValueError:  # too many
        return {}
    return {name: values[0] for name, values in parsed.items()}


def _own(path: str) -> str:
    """A path of this site; its first page for anything else."""
    fits = path.startswith("/") and not path.startswith(("//", "/\\")) and len(path) <= _LONGEST_PATH
    return quote(path, safe="/?&=%+-._~!$'()*,;:@#") if fits and path.isprintable() else "/"


def _same_origin(request: web.BaseRequest) -> bool:
    """Whether a form was sent from a page of ours, as far as the browser tells."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin in (None, "null"):  # Referrer-Policy: no-referrer makes it null for forms of our own
        return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
    try:
        return urlsplit(origin).netloc == request.headers.get(hdrs.HOST)
    except ValueError:  # no browser of ours writes that
        return False
