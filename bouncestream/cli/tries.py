# SPDX-License-Identifier: GPL-3.0-or-later
"""What `check` and `init` try: the listening port and the public address; Listmonk is in `tries_listmonk`.

Each try answers with lines in words, with the fix, and changes nothing.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import aiohttp
import orjson

from bouncestream.cli import show as out
from bouncestream.cli.opened import local_url
from bouncestream.config.model import Server
from bouncestream.providers._settings import Webhook

#: `doctor logs` leaves it out.
AGENT = "bouncestream-check"
#: Seconds for one answer: a person waits.
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: ✔ works, ⚠ works in part, ✘ does not work, · for your information."""

    sign: str
    text: str
    fix: str = ""
    unexamined: bool = False  #: it could not be looked at, so it may be well or not


def code(lines: Sequence[Line]) -> int:
    """The exit code of what was found: 3 something could not be examined, 1 not all is well, 0 fine."""
    if any(line.unexamined for line in lines):
        return 3
    return 1 if any(line.sign in "✘⚠" for line in lines) else 0


def tell(lines: Sequence[Line]) -> None:
    """Print them."""
    for line in lines:
        out.mark(line.sign, line.text, line.fix)


async def listening(server: Server) -> tuple[bool, list[Line]]:
    """Whether a bridge answers on the port of `[server] listen`, and if not, whether the port is free."""
    host, port = server.address
    url = local_url(server)
    if not url:
        return False, [Line("·", f"{server.listen}: any free port is taken, another one at each start")]
    status, body = await fetch(f"{url}/healthz")
    if status == 200 and body.strip() == b"ok":
        return True, [Line("✔", f"a bridge answers on {server.listen}"), *await _ready(url)]
    if status:
        fix = "stop it, or give the bridge another [server] listen"
        return False, [Line("✘", f"something else listens on {server.listen} (it answers {status})", fix)]
    return False, [await asyncio.to_thread(_bindable, host, port, server.listen)]


async def _ready(url: str) -> list[Line]:
    """What the running bridge says of its parts."""
    _, body = await fetch(f"{url}/readyz")
    try:
        parts = orjson.loads(body)["parts"]
        return [
            Line(
                "✘" if part["state"] == "red" else "⚠",
                f"{name} of the running bridge is {part['state']}",
                part["why"],
            )
            for name, part in parts.items()
            if part["state"] != "green"
        ]
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return []


def _bindable(host: str | None, port: int, listen: str) -> Line:
    """Try to listen, and let go again."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, proto, _, address = found[0]
        with socket.socket(family, kind, proto) as made:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
    except OSError as error:
        fixes = {
            errno.EADDRINUSE: "something else listens there: stop it, or choose another [server] listen",
            errno.EACCES: "ports below 1024 are for root: choose a higher one in [server] listen",
            errno.EADDRNOTAVAIL: "that address is not one of this machine's: correct [server] listen",
        }
        fix = fixes.get(error.errno or 0, "correct [server] listen")
        return Line("✘", f"the bridge could not listen on {listen}: {error.strerror}", fix)
    return Line("✔", f"{listen} is free (no bridge runs there now)")


async def public(url: str, names: Sequence[str], *, running: bool) -> list[Line]:
    """Whether the bridge can be reached by its public address. While none runs, it need not be."""
    lines = []
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        lines.append(
            Line(
                "⚠", f"{url} is not https: secrets and addresses travel readable", "put a proxy with TLS before it"
            )
        )
    status, body = await fetch(f"{url}/healthz")
    if status == 200 and body.strip() == b"ok":
        return [*lines, Line("✔", f"{url} reaches the bridge")]
    for name in names:  # a proxy should pass /webhooks/ only: there a GET is answered 405
        again, _ = await fetch(f"{url}/webhooks/{name}")
        if again == 405:
            return [*lines, Line("✔", f"{url} reaches the bridge")]
    why = f"it answers {status}" if status else body.decode("utf-8", "replace")
    if 300 <= status < 400:
        why += ", a redirect, behind which the body of a webhook is lost: name the final address"
    if running:
        fix = "let your proxy pass /webhooks/ to the bridge, and check DNS and firewall"
        return [*lines, Line("✘", f"{url} does not reach the bridge: {why}", fix)]
    return [*lines, Line("·", f"{url} does not reach the bridge yet ({why}): normal before it and its proxy run")]


async def fetch(url: str) -> tuple[int, bytes]:
    """Status and body of a GET; (0, why in words) when there is no answer."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
            session.get(url, allow_redirects=False, headers={"User-Agent": AGENT}) as response,
        ):
            return response.status, await response.content.read(65536)
    except TimeoutError:
        return 0, b"no answer in time"
    except aiohttp.ClientConnectorError as error:
        number = error.os_error.errno or 0
        return 0, (os.strerror(number) if number > 0 else error.os_error.strerror or str(error)).encode()
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return 0, str(error).encode()


def paste(public_url: str, hook: Webhook, *, shown: bool = False) -> str:
    """The URL to enter at the provider; a secret in the path only where it is to be `shown`."""
    path = ""
    if hook.path_secret is not None:
        path = "/" + (quote(hook.path_secret.reveal(), safe="") if shown else "<path_secret>")
    return f"{public_url or 'https://<your address>'}/webhooks/{hook.name}{path}"
