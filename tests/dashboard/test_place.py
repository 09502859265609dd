# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web

from bouncestream.config.dashboard import Dashboard
from bouncestream.dashboard.place import MODE, listen, url
from bouncestream.errors import ListenError
from bouncestream.sources.webhook.connection import Connection, Connections
from tests.sources.test_unix import KILLED


async def _answer(request: web.BaseRequest, connection: Connection) -> web.StreamResponse:
    return web.Response(text="here")


def connections() -> Connections:
    return Connections(_answer, header_timeout=5, keepalive_timeout=5, most=10, full=lambda: None)


async def test_it_listens_on_a_port_and_says_which() -> None:
    taken = connections()
    (where,), _ = await listen(taken, Dashboard(listen="127.0.0.1:0"))
    port = int(where.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        await listen(connections(), Dashboard(listen=f"127.0.0.1:{port}"))
    await taken.retire(1)
    assert url("::1", 8026) == "http://[::1]:8026"


@pytest.mark.process
async def test_a_socket_of_a_process_that_is_gone_is_replaced(tmp_path: Path) -> None:
    place = tmp_path / "d.sock"
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", KILLED, str(place)], check=False, timeout=60)
    assert place.is_socket()
    settings = Dashboard(listen=f"unix:{place}")
    taken = connections()
    urls, made = await listen(taken, settings)
    assert (urls, stat.S_IMODE(place.stat().st_mode)) == ([f"unix:{place}"], MODE)
    with pytest.raises(ListenError, match="another bouncestream"):
        await listen(connections(), settings)
    reader, writer = await asyncio.open_unix_connection(str(place))
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"here" in await reader.read()
    writer.close()
    await taken.retire(1)
    assert made is not None
    made.close()
    assert not place.exists()


async def test_a_dead_socket_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "d.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(place))
    with pytest.raises(ListenError, match="not known to be bouncestream's"):
        await listen(connections(), Dashboard(listen=f"unix:{place}"))
    assert place.is_socket()


async def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("mine")
    with pytest.raises(ListenError, match="no socket"):
        await listen(connections(), Dashboard(listen=f"unix:{place}"))
    assert place.read_text() == "mine"
