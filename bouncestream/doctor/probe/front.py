# SPDX-License-Identifier: GPL-3.0-or-later
"""The door of a public address: its IP addresses, which ports of them take connections, and whether it is ours.

No judging here: `root_url` judges the names, `ports` the ports, `tls` the certificates.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bouncestream.doctor.probe.names import Names, Resolved
from bouncestream.doctor.probe.target import PIXEL, Target
from bouncestream.doctor.probe.web import Web
from bouncestream.net.failure import failure_of

#: Seconds for one connection.
PATIENCE = 2.5
#: More addresses of one name are not tried.
MOST = 8

OPEN = ""
#: Listmonk's own port by default.
LISTMONK = 9000


@dataclass(frozen=True, slots=True)
class Front:
    """The front of a target: what was seen at its door."""

    target: Target
    resolved: Resolved
    ports: Mapping[tuple[str, int], str] = field(default_factory=dict)  #: (address, port) → why closed; '': open
    own: frozenset[str] = frozenset()  #: addresses that are this machine's
    no_ipv6: bool = False  #: this machine has no IPv6 itself, so it cannot tell about those addresses

    def usable(self) -> list[str]:
        """The addresses that this machine can tell anything about."""
        return [one for one in self.resolved.addresses[:MOST] if not (self.no_ipv6 and ":" in one)]

    def open_at(self, port: int) -> list[str]:
        """The addresses that take connections there."""
        return [one for one in self.usable() if self.ports.get((one, port)) == OPEN]

    @property
    def reachable(self) -> bool:
        """Whether the target's own port takes connections somewhere."""
        return bool(self.open_at(self.target.port))


async def collect(target: Target, names: Names, ports: Iterable[int]) -> Front:
    """Resolve, and try each port at each address, all at the same time."""
    resolved = await names.find(target.host)
    addresses = resolved.addresses[:MOST]
    wanted = [(address, port) for address in addresses for port in sorted({target.port, *ports})]
    found = await asyncio.gather(*(_connect(address, port) for address, port in wanted))
    own = frozenset(address for address in addresses if is_own(address))
    return Front(target, resolved, dict(zip(wanted, found, strict=True)), own, not _has_ipv6())


async def by_https(target: Target, web: Web) -> Target:
    """The target by https, where its http address only leads there: that is where readers end."""
    if target.scheme == "https":
        return target
    chain = await web.follow(await web.get(target.url + PIXEL))
    end = Target.read(chain[-1].url)
    if end is None or end.scheme != "https" or end.host != target.host or chain[-1].location:
        return target
    return Target.read(f"https://{target.site}{target.path}") or target


async def is_wrong_port(target: Target, names: Names, own_port: int) -> bool:
    """Whether no reader can come in by the port that an address names: it is Listmonk's own, which is to stay
    closed, or it takes no connections."""
    if target.usual:
        return False
    return target.port in (own_port, LISTMONK) or not (await collect(target, names, ())).reachable


async def _connect(address: str, port: int) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(address, port)
            writer.transport.abort()
            return OPEN
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"
    except OSError as error:
        return failure_of(error).words


def is_own(address: str) -> bool:
    """Whether an address is one of this machine's: only those can be bound to."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as made:
            made.bind((address, 0))
    except OSError:
        return False
    return True


def _has_ipv6() -> bool:
    """Whether there is any way out by IPv6; nothing is sent."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as made:
            made.connect(("2000::1", 53))
    except OSError as error:
        return error.errno not in (errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
    return True
