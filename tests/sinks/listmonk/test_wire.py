# SPDX-License-Identifier: GPL-3.0-or-later
"""What may have counted, and what surely did not; and each failure of the network in its own words."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from bouncestream.sinks.listmonk.wire import NoAnswer, NotDecodable, NotSent, Reply, Wire, plain
from tests.net.servers import hangs_up, is_mute, resets, says, serving, unused

BODY = b'{"data": true}'


@pytest.fixture
async def wire() -> AsyncIterator[list[Wire]]:
    made: list[Wire] = []
    yield made
    for one in made:
        await one.close()


async def call(made: list[Wire], url: str, within: float = 5.0, limit: int = 100) -> Reply:
    made.append(Wire(url, "bridge", "hJ2-kR8wQz5", connections=2))
    return await made[-1].call("POST", "/x", within=within, limit=limit, body=b"{}")


async def test_nothing_went_out(wire: list[Wire]) -> None:
    with unused() as taken, pytest.raises(NotSent, match=r"^POST /x: connection refused$"):
        await call(wire, f"http://127.0.0.1:{taken.getsockname()[1]}")
    with pytest.raises(NotSent, match=r": the host name is unknown$"):  # it was "unknown error -2"
        await call(wire, "http://no-such-name.invalid")
    async with serving(says(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        with pytest.raises(NotSent, match=r": the server does not speak TLS on this port$"):
            await call(wire, f"https://127.0.0.1:{port}")  # it was "operation not permitted"


async def test_no_cache_on_the_way_has_an_answer_to_a_read(wire: list[Wire]) -> None:
    """A row that is not shown is posted again."""
    cache: dict[bytes, bytes] = {}

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                url = (await reader.readuntil(b"\r\n\r\n")).split()[1]
                answer = cache.setdefault(url, b"%d" % len(cache))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))

    async with serving(proxy) as port:
        for _ in range(2):  # also over a restart
            wire.append(one := Wire(f"http://127.0.0.1:{port}", "bridge", "hJ2-kR8wQz5", connections=2))
            for query in (None, {"source": "shop"}, {"source": "shop"}):
                await one.call("GET", "/api/bounces", within=5, limit=100, query=query)
            await one.close()
    assert len(cache) == 6
    assert all(url.startswith(b"/api/bounces?") for url in cache)


async def test_it_may_have_counted(wire: list[Wire]) -> None:
    for handler, words in (
        (resets, "the connection was reset"),
        (hangs_up, "the server closed the connection without an answer"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), "the response ended too early"),
        (says(b"220 mail ESMTP\r\n"), "the response is not HTTP"),
        (
            says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip"),
            "the answer is corrupt: it is not gzip",
        ),
    ):
        async with serving(handler) as port:
            with pytest.raises(NoAnswer, match=f"^POST /x: {words}$") as found:
                await call(wire, f"http://127.0.0.1:{port}")
        assert not isinstance(found.value, NotSent)
    async with serving(is_mute) as port:
        with pytest.raises(NoAnswer, match="no answer in time"):
            await call(wire, f"http://127.0.0.1:{port}", within=0.2)


async def test_an_answer_is_unpacked_and_cut(wire: list[Wire]) -> None:
    packed = gzip.compress(b"x" * 101)
    head = b"HTTP/1.1 429 x\r\nRetry-After: 7\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    async with serving(says(head % len(packed) + packed)) as port:
        url = f"http://127.0.0.1:{port}"
        assert await call(wire, url, limit=101) == Reply(429, b"x" * 101, retry_after="7")
        assert await call(wire, url, limit=100) == Reply(429, b"x" * 100, cut=True, retry_after="7")
    async with serving(says(b"HTTP/1.1 200 x\r\nContent-Length: 999999\r\n\r\n" + b"y" * 999999)) as port:
        assert await call(wire, f"http://127.0.0.1:{port}", limit=9) == Reply(200, b"y" * 9, cut=True)


async def test_a_bad_request_that_speaks_of_tls_is_listmonks_answer(wire: list[Wire]) -> None:
    page = b"HTTP/1.1 400 x\r\n\r\nan HTTP request to an HTTPS server"
    async with serving(says(page)) as port:
        assert (await call(wire, f"http://127.0.0.1:{port}")).status == 400


async def test_nothing_leaves_after_it_was_given_up(wire: list[Wire]) -> None:
    """The socket lingers for no time, so its close is a reset."""
    lingers: list[bytes] = []

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        (connection,) = wire[-1]._client._session.connector._acquired  # type: ignore[union-attr]
        ours: socket.socket = connection.transport.get_extra_info("socket")
        lingers.append(ours.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with serving(look) as port:
        await call(wire, f"http://127.0.0.1:{port}")
    assert lingers == [struct.pack("ii", 1, 0)]


def test_what_was_not_asked_for_is_not_unpacked() -> None:
    assert plain(BODY, " Identity ", 5) == BODY[:5]
    for encoding in ("br", "deflate", "gzip, gzip"):
        with pytest.raises(NotDecodable):
            plain(BODY, encoding, 100)
    with pytest.raises(NotDecodable, match="is truncated"):
        plain(gzip.compress(BODY)[:-9], "gzip", 100)
    assert plain(gzip.compress(BODY)[:-8], "x-gzip", 100, whole=False) == BODY
