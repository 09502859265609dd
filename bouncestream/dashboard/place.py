# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the dashboard listens: an address, or a Unix socket, whose file is ours to make and to remove."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from bouncestream.config.dashboard import Dashboard
from bouncestream.sources.webhook.connection import Connections

#: Of the socket: for its owner and its group, which the proxy's user is put into.
MODE = 0o660
#: Seconds until whoever has a socket open must have taken a connection.
_PATIENCE = 2.0


async def listen(connections: Connections, settings: Dashboard) -> list[str]:
    """Listen; returns the URLs, with the real port where the setting says port 0. Raises OSError."""
    if not settings.socket:
        host, port = settings.address
        addresses = await connections.listen(host, port)
        return [url(address[0], address[1]) for address in addresses]
    path = Path(settings.socket)
    await _make_room(path)
    await connections.listen_on(str(path))
    os.chmod(path, MODE)
    return [settings.listen]


def url(host: str, port: int) -> str:
    """The URL of an address."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _make_room(path: Path) -> None:
    """Remove the file of a socket that nobody listens on: a killed bridge leaves it behind."""
    if not _is_socket(path):
        return
    try:
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_unix_connection(str(path))
        writer.close()
    except ConnectionRefusedError:
        os.unlink(path)
        return
    except TimeoutError:
        pass
    raise OSError(errno.EADDRINUSE, "another process listens on this socket")


def _is_socket(path: Path) -> bool:
    """Whether there is a socket of that name. Raises OSError, when there is something else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(errno.EEXIST, "there is a file of that name, which is no socket")
    return True


def leave(settings: Dashboard) -> None:
    """Remove the file of our socket; nobody listens on it any more."""
    if settings.socket:
        with suppress(OSError):
            Path(settings.socket).unlink()
