# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the dashboard listens: an address, or a Unix socket, whose file is ours to make and to remove."""

from __future__ import annotations

from pathlib import Path

from bouncestream.config.dashboard import Dashboard
from bouncestream.sources.unix import UnixSocket
from bouncestream.sources.webhook.connection import Connections

#: Of the socket: for its owner and its group, which the proxy's user is put into.
MODE = 0o660


async def listen(connections: Connections, settings: Dashboard) -> tuple[list[str], UnixSocket | None]:
    """Listen; returns the URLs, with the real port where the setting says port 0, and the socket, to be closed
    once nobody listens any more. Raises OSError, ListenError."""
    if not settings.socket:
        host, port = settings.address
        addresses = await connections.listen(host, port)
        return [url(address[0], address[1]) for address in addresses], None
    made = UnixSocket.open(Path(settings.socket), MODE, "")
    try:
        await connections.listen_on(made.socket)
    except OSError:
        made.close()
        raise
    return [settings.listen], made


def url(host: str, port: int) -> str:
    """The URL of an address."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
