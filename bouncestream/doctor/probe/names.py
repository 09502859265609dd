# SPDX-License-Identifier: GPL-3.0-or-later
"""Names → addresses, as this system does it (hosts file too), without ever holding up the end of the program.

A resolver that hangs cannot be interrupted, and the threads of asyncio's own pool are waited for at the end: so the
look-ups run in daemon threads of their own.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from bouncestream.net.failure import failure_of

#: Seconds for one name.
PATIENCE = 2.5


@dataclass(frozen=True, slots=True)
class Resolved:
    """The addresses of a name; without addresses, `trouble` says why in words."""

    addresses: tuple[str, ...] = ()  #: IPv4 first
    trouble: str = ""


class Names(AbstractResolver):
    """Resolves each name once. Also the resolver of the HTTP client, so that both see the same addresses."""

    def __init__(self) -> None:
        self._known: dict[str, asyncio.Task[Resolved]] = {}

    async def find(self, host: str) -> Resolved:
        """The addresses of a name, within `PATIENCE` seconds."""
        host = host.strip("[]").rstrip(".").lower()
        if host not in self._known:
            self._known[host] = asyncio.create_task(_find(host))
        return await asyncio.shield(self._known[host])

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host, for aiohttp. Raises OSError when there is none."""
        found = await self.find(host)
        if not found.addresses:
            raise OSError(None, found.trouble)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found.addresses
            if family in (socket.AF_UNSPEC, socket.AF_INET6 if ":" in address else socket.AF_INET)
        ]

    async def close(self) -> None:
        """End what still waits."""
        for task in self._known.values():
            task.cancel()


async def _find(host: str) -> Resolved:
    try:
        return Resolved((str(ipaddress.ip_address(host)),))
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Resolved] = loop.create_future()

    def tell(found: Resolved) -> None:
        if not answer.done():
            answer.set_result(found)

    def look() -> None:
        found = _ask(host)
        with suppress(RuntimeError):  # the program did not wait for us
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=look, name=f"resolve {host}", daemon=True).start()
    try:
        async with asyncio.timeout(PATIENCE):
            return await answer
    except TimeoutError:
        return Resolved(trouble=f"no answer from the DNS resolver within {PATIENCE:g} s")


def _ask(host: str) -> Resolved:
    try:
        found: list[Any] = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Resolved(trouble=failure_of(error).words)
    addresses = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return Resolved(tuple(sorted(addresses, key=lambda address: ":" in address)))
