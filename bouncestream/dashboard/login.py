# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may come in: the name that the dashboard is called by, the user that a proxy names, and how often somebody
may try a token. Pure."""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from bouncestream.config.dashboard import PROXY_HEADER, Dashboard
from bouncestream.settings.shapes import loopback
from bouncestream.sources.webhook.client_address import is_within

#: After so many wrong tokens from one network within so many seconds none is looked at, until that has passed.
TRIES, WITHIN = 5, 300.0
#: Networks that are remembered.
_REMEMBERED = 1000
#: Characters of a user's name.
_LONGEST = 128


class Headers(Protocol):
    """The headers of a request."""

    def getall(self, name: str, default: Sequence[str]) -> Sequence[str]:
        """Each value of a header, in their order."""


def is_ours(host: str, settings: Dashboard) -> bool:
    """Whether a Host header names this dashboard: by the name of its public URL, as this machine, or by an IP
    address. A web page can have a name of its own resolve to this machine (DNS rebinding), but no address."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        urlsplit(f"//{host}").port  # noqa: B018 - raises ValueError
    except ValueError:
        return False
    if not name or "@" in host:
        return False
    if name == (urlsplit(settings.public_url).hostname or "") or loopback(name):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def user_of(headers: Headers, peer: str, settings: Dashboard) -> str:
    """The user that the proxy in front has logged in; empty: nobody, or it cannot be believed. `peer`: the address
    that the connection comes from; empty on a Unix socket, which only those may use whom its file mode lets."""
    if not settings.trusted_header:
        return ""
    if not settings.socket and not (is_within(peer, settings.trusted_proxies) and _shows_secret(headers, settings)):
        return ""
    if settings.proxy_secret is not None and not _shows_secret(headers, settings):
        return ""
    named = headers.getall(settings.trusted_header, ())
    if len(named) != 1 or "," in named[0] or not named[0].isprintable():  # somebody has added one of their own
        return ""
    return named[0].strip()[:_LONGEST]


def _shows_secret(headers: Headers, settings: Dashboard) -> bool:
    shown = headers.getall(PROXY_HEADER, ())
    return settings.proxy_secret is not None and len(shown) == 1 and settings.proxy_secret.matches(shown[0])


#: What a proxy adds to a request that it passes on (RFC 9110 section 7.6.3, RFC 7239, and of old).
FORWARDED = ("Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


def is_near(peer: str) -> bool:
    """Whether a connection comes from this machine; `peer` is empty on a Unix socket."""
    return not peer or loopback(peer)


def network_of(address: str) -> str:
    """Whose tries are counted together: an IPv4 address, or the /64 of an IPv6 one, which one line has all of."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


@dataclass(eq=False)
class Tries:
    """The wrong tokens of late, by the network that they came from. Times are monotonic seconds."""

    _failed: dict[str, deque[float]] = field(default_factory=dict, init=False)

    def wait(self, network: str, now: float) -> float:
        """How many seconds a network has to wait before its next try; 0: none."""
        failed = self._failed.get(network)
        if failed is None or len(failed) < TRIES:
            return 0.0
        return max(0.0, failed[0] + WITHIN - now)

    def failed(self, network: str, now: float) -> None:
        """Note a wrong token."""
        times = self._failed.pop(network, None) or deque(maxlen=TRIES)
        times.append(now)
        self._failed[network] = times  # the newest is the last to be forgotten
        if len(self._failed) > _REMEMBERED:
            del self._failed[next(iter(self._failed))]

    def passed(self, network: str) -> None:
        """Forget the tries of a network: it has the token."""
        self._failed.pop(network, None)
