# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels: how a notice leaves this machine, and the heartbeat. Each call is bounded in time.

The JSON webhook and the heartbeat go over aiohttp, which is loaded anyway; Apprise and e-mail are errands of a
process of their own (see `sender`). No error tells a URL: such URLs are secrets.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

import aiohttp
import orjson

from bouncestream import __version__
from bouncestream.alert import Notice
from bouncestream.alerts import wording
from bouncestream.config.alerting import Alerts, Email, scheme_of
from bouncestream.printable import mask_all, printable

#: Seconds for a POST or a GET, and for an errand, which ends by itself a little earlier.
HTTP_PATIENCE, ERRAND_PATIENCE = 20.0, 60.0
#: So many errands at once: each takes 50 MB while it lasts.
ERRANDS = 2

_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_ROOT = Path(__file__).parents[2]


class SendFailed(Exception):
    """A notice could not be sent. The text says why, without any secret."""


class Channel(Protocol):
    """One way to a person."""

    @property
    def name(self) -> str:
        """What it is called in logs, metrics and `status`: `email`, `webhook`, `apprise:ntfys` …"""

    async def send(self, notice: Notice) -> None:
        """Raises SendFailed."""


class Webhook:
    """A notice as a JSON object, posted to a URL."""

    name = "webhook"

    def __init__(self, url: str, token: str, host: str) -> None:
        self._url, self._token, self._host = url, token, host

    async def send(self, notice: Notice) -> None:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        await _http("POST", self._url, headers, orjson.dumps(wording.as_json(notice, self._host)))


class Apprise:
    """A notice to one URL of Apprise's."""

    def __init__(self, url: str, name: str, host: str, turn: asyncio.Semaphore) -> None:
        self.name, self._url, self._host, self._turn = name, url, host, turn

    async def send(self, notice: Notice) -> None:
        job = {
            "by": "apprise",
            "url": self._url,
            "title": wording.subject(notice, self._host),
            "body": wording.body(notice, self._host),
            "type": wording.APPRISE_TYPES[wording.tone(notice)],
        }
        await _errand(job, parts_of(self._url), self._turn)


class Mail:
    """A notice as an e-mail."""

    name = "email"

    def __init__(self, settings: Email, host: str, turn: asyncio.Semaphore) -> None:
        self._settings, self._host, self._turn = settings, host, turn

    async def send(self, notice: Notice) -> None:
        s = self._settings
        password = s.password.reveal() if s.password else ""
        job = {
            "by": "email",
            "host": s.host,
            "port": s.port or _PORTS[s.tls],
            "tls": s.tls,
            "user": s.user,
            "password": password,
            "sender": s.sender,
            "recipients": list(s.recipients or [s.sender]),
            "title": wording.subject(notice, self._host),
            "body": wording.body(notice, self._host),
        }
        await _errand(job, [password] if password else [], self._turn)


def channels(settings: Alerts, host: str | None = None) -> list[Channel]:
    """The channels that are configured. `host`: how this machine is called in messages."""
    host = host or printable(socket.gethostname(), 100)
    turn = asyncio.Semaphore(ERRANDS)
    found: list[Channel] = []
    if settings.email.host:
        found.append(Mail(settings.email, host, turn))
    if settings.webhook.url is not None:
        token = settings.webhook.token.reveal() if settings.webhook.token else ""
        found.append(Webhook(settings.webhook.url.reveal(), token, host))
    taken: dict[str, int] = {}
    for url in settings.apprise.reveal_all() if settings.apprise else ():
        name = f"apprise:{scheme_of(url)}"
        taken[name] = taken.get(name, 0) + 1
        found.append(Apprise(url, name if taken[name] == 1 else f"{name}#{taken[name]}", host, turn))
    return found


async def beat(url: str) -> None:
    """Tell a dead man's switch that all is well: a GET of the ping URL (Healthchecks) or push URL (Uptime Kuma).
    Raises SendFailed."""
    await _http("GET", url, {})


async def _http(method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> None:
    headers = {"User-Agent": f"bouncestream/{__version__}", **headers}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=HTTP_PATIENCE)) as session,
            session.request(method, url, headers=headers, data=body, allow_redirects=False) as response,
        ):
            status = response.status
    except TimeoutError:
        raise SendFailed("no answer in time") from None
    except aiohttp.ClientConnectorCertificateError:
        raise SendFailed("the server's certificate is not good") from None
    except aiohttp.ClientConnectorError as error:
        number = error.os_error.errno or 0
        raise SendFailed(f"no connection ({os.strerror(number) if number > 0 else 'name not found'})") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise SendFailed(f"the exchange failed ({type(error).__name__})") from None
    if 300 <= status < 400:
        raise SendFailed(f"it answers {status}, a redirect, which is not followed: write the URL where it leads to")
    if not 200 <= status < 300:
        raise SendFailed(f"it answers {status}")


async def _errand(job: dict[str, Any], secrets: Sequence[str], turn: asyncio.Semaphore) -> None:
    """Run one errand in a process of its own, and kill it when it lasts too long or we are cancelled."""
    async with turn:
        # What is ours alone is not handed on; what shapes TLS, proxies and names (SSL_CERT_FILE …) is.
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("BOUNCESTREAM", "NOTIFY_SOCKET"))}
        environ["PYTHONPATH"] = str(_ROOT)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-P", "-m", "bouncestream.alerts.sender"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environ,
                cwd="/",
            )
        except OSError as error:
            raise SendFailed(f"the process that sends it cannot be started ({error.strerror})") from None
        try:
            async with asyncio.timeout(ERRAND_PATIENCE):
                out, _ = await process.communicate(orjson.dumps(job))
        except TimeoutError:
            raise SendFailed("no answer in time") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    try:
        told = orjson.loads(out)
        sent, why = bool(told["sent"]), str(told["why"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise SendFailed(f"the process that sends it failed (exit code {process.returncode})") from None
    if not sent:
        raise SendFailed(printable(mask_all(without(why, secrets)), 300) or "it failed, without a word")


def parts_of(url: str) -> list[str]:
    """Whatever of an Apprise URL may be a secret: what stands between its separators, as written and decoded."""
    rest = url.partition("://")[2]
    pieces = {rest, unquote(rest), *re.split(r"[/:@?&=,;#\s]+", rest)}
    pieces |= {unquote(piece) for piece in pieces}
    return sorted((piece for piece in pieces if len(piece) >= 3), key=len, reverse=True)


def without(text: str, secrets: Sequence[str]) -> str:
    """`text` with every secret in it blanked, the longest first."""
    for secret in secrets:
        text = text.replace(secret, "•••")
    return text
