# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from aiohttp import web

from bouncestream.config.dashboard import Dashboard
from bouncestream.dashboard.place import leave, listen, url
from bouncestream.sources.webhook.connection import Connection, Connections


async def _answer(request: web.BaseRequest, connection: Connection) -> web.StreamResponse:
    return web.Response(text="here")


def connections() -> Connections:
    return Connections(_answer, header_timeout=5, keepalive_timeout=5, most=10, full=lambda: None)


async def test_it_listens_on_a_port_and_says_which() -> None:
    taken = connections()
    (where,) = await listen(taken, Dashboard(listen="127.0.0.1:0"))
    port = int(where.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        await listen(connections(), Dashboard(listen=f"127.0.0.1:{port}"))
    await taken.retire(1)
    assert url("::1", 8026) == "http://[::1]:8026"


async def test_a_socket_of_a_process_that_is_gone_is_replaced(tmp_path: Path) -> None:
    place = tmp_path / "d.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(place))
    settings = Dashboard(listen=f"unix:{place}")
    taken = connections()
    assert await listen(taken, settings) == [f"unix:{place}"]
    with pytest.raises(OSError, match="another process listens"):
        await listen(connections(), settings)
    reader, writer = await asyncio.open_unix_connection(str(place))
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"here" in await reader.read()
    writer.close()
    leave(settings)
    assert not place.exists()
    leave(settings)
    await taken.retire(1)


async def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("mine")
    with pytest.raises(OSError, match="no socket"):
        await listen(connections(), Dashboard(listen=f"unix:{place}"))
    assert place.read_text() == "mine"
