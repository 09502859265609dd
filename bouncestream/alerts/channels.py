# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels: how a notice leaves this machine, and the heartbeat. Each call is bounded in time.

The JSON webhook and the heartbeat go over aiohttp, which is loaded anyway; Apprise and e-mail are jobs of a
process of their own (see `sender`). No error tells a URL: such URLs are secrets.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import orjson

from bouncestream import __version__
from bouncestream.alert import Notice
from bouncestream.alerts import wording
from bouncestream.config.alerting import Alerts, Email, scheme_of
from bouncestream.crypto.blank import Blank
from bouncestream.net import child
from bouncestream.net.child import ChildFailed
from bouncestream.net.failure import failure_of
from bouncestream.net.http import CallFailed, call
from bouncestream.printable import mask_all, printable

#: Seconds for a POST or a GET, and for the process that sends by Apprise or e-mail.
HTTP_PATIENCE, SENDER_PATIENCE = 20.0, 60.0
#: So many of those processes at once: each takes 50 MB while it lasts.
SENDERS = 2

_PORTS = {"starttls": 587, "implicit": 465, "none": 25}


class SendFailed(Exception):
    """A notice could not be sent. The text says why, without any secret."""


class Channel(Protocol):
    """A channel: one way to a person. Two of the same settings are equal."""

    @property
    def name(self) -> str:
        """The name of the channel in logs, metrics and `status`: `email`, `webhook`, `apprise:ntfys` …"""

    async def send(self, notice: Notice) -> str | None:
        """Returns whom it did not reach though it was sent, in words; None or empty: nobody. Raises SendFailed."""

    async def look(self) -> None:
        """Whether it could be sent, as far as can be seen without sending anything. Raises SendFailed."""


class WebhookChannel:
    """A notice as a JSON object, posted to a URL."""

    name = "webhook"

    def __init__(self, url: str, token: str, host: str) -> None:
        self._url, self._token, self._host = url, token, host

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WebhookChannel) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    async def send(self, notice: Notice) -> None:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        await _http("POST", self._url, headers, orjson.dumps(wording.as_json(notice, self._host)))

    async def look(self) -> None:
        await connect(self._url)


class ChildChannel:
    """A notice by Apprise or e-mail, which a process of its own sends: `job` is all of it but the notice (see
    `sender`), and `blank` takes the secrets in it out of what is told."""

    def __init__(self, name: str, job: Mapping[str, Any], blank: Blank, host: str, turn: asyncio.Semaphore) -> None:
        self.name, self._job, self._blank, self._host, self._turn = name, job, blank, host, turn

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ChildChannel):
            return False
        return (self.name, self._job, self._host) == (other.name, other._job, other._host)

    __hash__ = None  # type: ignore[assignment]

    async def send(self, notice: Notice) -> str:
        kind = wording.APPRISE_TYPES[wording.tone(notice)]
        return await self._run(
            title=wording.subject(notice, self._host), body=wording.body(notice, self._host), type=kind
        )

    async def look(self) -> None:
        await self._run(look=True)

    async def _run(self, **what: Any) -> str:
        try:
            async with self._turn:
                told = await child.run("notify", {**self._job, **what}, within=SENDER_PATIENCE)
        except TimeoutError:
            raise SendFailed("no answer in time") from None
        except ChildFailed as error:
            raise SendFailed(f"the sending process {error}") from None
        why = printable(mask_all(self._blank(told["why"])), 300)
        if not told["sent"]:
            raise SendFailed(why or "it failed without an error message")
        return why


def _by_email(s: Email, host: str, turn: asyncio.Semaphore) -> ChildChannel:
    password = s.password.reveal() if s.password else ""
    server = {"host": s.host, "port": s.port or _PORTS[s.tls], "tls": s.tls, "user": s.user, "password": password}
    job = {"by": "email", **server, "sender": s.sender, "recipients": list(s.recipients or [s.sender])}
    return ChildChannel("email", job, Blank(password, user=s.user), host, turn)


def channels(settings: Alerts, host: str | None = None) -> list[Channel]:
    """The channels that are configured. `host`: how this machine is called in messages."""
    host = host or printable(socket.gethostname(), 100)
    turn = asyncio.Semaphore(SENDERS)
    found: list[Channel] = []
    if settings.email.host:
        found.append(_by_email(settings.email, host, turn))
    if settings.webhook.url is not None:
        token = settings.webhook.token.reveal() if settings.webhook.token else ""
        found.append(WebhookChannel(settings.webhook.url.reveal(), token, host))
    taken: dict[str, int] = {}
    for url in settings.apprise.reveal_all() if settings.apprise else ():
        name = f"apprise:{scheme_of(url)}"
        taken[name] = taken.get(name, 0) + 1
        numbered = name if taken[name] == 1 else f"{name}#{taken[name]}"
        job = {"by": "apprise", "url": url}
        found.append(ChildChannel(numbered, job, Blank(*parts_of(url)), host, turn))
    return found


async def each(
    settings: Alerts,
    of_channel: Callable[[Channel], Awaitable[None]],
    of_heartbeat: Callable[[str], Awaitable[None]],
    *,
    within: float | None = None,
) -> dict[str, str]:
    """Do something with each channel, and with the URL of the heartbeat, at the same time; `within` seconds each.
    Channel → why it failed; empty: it did not."""
    todo = {channel.name: of_channel(channel) for channel in channels(settings)}
    if settings.heartbeat.url is not None:
        todo["heartbeat"] = of_heartbeat(settings.heartbeat.url.reveal())
    return dict(zip(todo, await asyncio.gather(*(_why(work, within) for work in todo.values())), strict=True))


async def _why(work: Awaitable[None], within: float | None) -> str:
    try:
        async with asyncio.timeout(within):
            await work
    except SendFailed as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {within:g} s"
    return ""


async def beat(url: str) -> None:
    """Tell a dead man's switch that all is well: a GET of the ping URL (Healthchecks) or push URL (Uptime Kuma).
    Raises SendFailed."""
    await _http("GET", url, {})


async def connect(url: str) -> None:
    """Connect to the server of an http or https URL, and ask it nothing. Raises SendFailed."""
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        async with asyncio.timeout(HTTP_PATIENCE):
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure or None)
            writer.close()
    except (OSError, ValueError) as error:
        raise SendFailed(failure_of(error).words) from None


async def _http(method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> None:
    headers = {"User-Agent": f"bouncestream/{__version__}", **headers}
    try:
        answer = await call(method, url, within=HTTP_PATIENCE, headers=headers, body=body)
    except CallFailed as error:
        raise SendFailed(error.words) from None
    status = answer.status
    if 300 <= status < 400:
        raise SendFailed(
            f"it answers {status}, a redirect, which is not followed: set the URL that it redirects to"
        )
    if not 200 <= status < 300:
        raise SendFailed(f"it answers {status}")


def parts_of(url: str) -> set[str]:
    """Whatever of an Apprise URL may be a secret, the host too: what stands between its separators, as written and
    decoded. Two letters tell nobody anything."""
    rest = url.partition("://")[2]
    pieces = {rest, *re.split(r"[/:@?&=,;#\s]+", rest)}
    return {piece for piece in pieces | set(map(unquote, pieces)) if len(piece) >= 3}
