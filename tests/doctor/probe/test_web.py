# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes end in time and in bounded memory, and credentials go nowhere but to Listmonk."""

from __future__ import annotations

import asyncio
import socket
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bouncestream.doctor.probe.names import Names
from bouncestream.doctor.probe.web import LIMIT, Credentials, Web
from bouncestream.errors import FailureKind, UsageError
from tests.doctor.servers import ODD, Handler, closing

ME = Credentials("http://127.0.0.1:9000", "bridge", "a-token-that-nobody-sees")


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    server = await asyncio.start_server(closing(handler), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()  # and nobody waits for what never ends, as `async with` does since Python 3.12


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with Web(Names()) as made:
        yield made


@pytest.mark.parametrize("name", ["drip", "silent"])
async def test_what_never_ends_is_left(web: Web, name: str) -> None:
    async with serving(ODD[name]) as url:
        began = time.monotonic()
        reply = await web.get(url + "/x", patience=0.5)
    assert reply.trouble is FailureKind.TIMEOUT
    assert not reply.whole
    assert time.monotonic() - began < 3


async def test_a_gigabyte_is_not_read(web: Web) -> None:
    async with serving(ODD["huge"]) as url:
        reply = await web.get(url)
    assert (reply.status, len(reply.body), reply.whole) == (200, LIMIT, True)


async def test_garbage_is_told(web: Web) -> None:
    async with serving(ODD["garbage"]) as url:
        reply = await web.get(url)
    assert reply.status == 0
    assert reply.trouble in (FailureKind.GARBLED, FailureKind.CLOSED)


async def test_nobody_there(web: Web) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        reply = await web.get(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert reply.trouble is FailureKind.REFUSED
    assert (await web.get("http://no-such-name.invalid/")).trouble is FailureKind.UNKNOWN_NAME


async def test_redirects_are_followed_to_an_end(web: Web) -> None:
    asked: list[bytes] = []

    async def circle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head)
        goal = b"/b" if b" /a " in head else b"/a"
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: " + goal + b"\r\nContent-Length: 0\r\n\r\n")

    async with serving(circle) as url:
        chain = await web.follow(await web.get(url + "/a"))
    assert [one.url.removeprefix(url) for one in chain] == ["/a", "/b"]
    assert chain[-1].location == "/a"

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")

    async with serving(elsewhere) as url:
        assert len(await web.follow(await web.get(url))) == 1


async def test_credentials_go_to_listmonk_only(web: Web) -> None:
    with pytest.raises(UsageError, match="must not go"):
        await web.get("http://127.0.0.1:9001/api/config", who=ME)
    with pytest.raises(UsageError):
        await web.get("https://127.0.0.1:9000/api/config", who=ME)
    assert "a-token" not in repr(ME)

    heads: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 301 x\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    async with serving(note) as url:
        reply = await web.get(f"{url}/api/config", who=Credentials(url, "bridge", "some-token"))
        await web.follow(reply)
    assert [b"Authorization" in head for head in heads] == [True, False]


async def test_credentials_that_come_back_are_taken_out(web: Web) -> None:
    token = "hJ2-kR8wQz5/Lm+T3vXc9YbN"
    basic = b64encode(f"bridge:{token}".encode())

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert basic in head
        body = b'{"message": "denied: ' + basic + b" " + token.encode() + b'"}'
        writer.write(b"HTTP/1.1 403 x\r\nX-Sent: " + basic + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    async with serving(echo) as url:
        reply = await web.get(f"{url}/api/config", who=Credentials(url, "bridge", token))
    assert reply.words() == "denied: ***== ***"
    assert reply.headers["x-sent"] == "•••=="


async def test_a_path_is_sent_as_written(web: Web) -> None:
    heads: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 x\r\n\r\n")

    async with serving(note) as url:
        await web.get(url + "/a%20b%C3%BC//..?c=%26%3D&d=+")
    assert heads[0].startswith(b"GET /a%20b%C3%BC//..?c=%26%3D&d=+ HTTP/1.1\r\n")


async def test_head_is_cut_off_behind_its_headers(web: Web) -> None:
    async with serving(ODD["huge"]) as url:
        reply = await web.head(url + "/x")
    assert (reply.status, reply.kind, reply.body) == (200, "text/html", b"")
    for name, trouble in (("silent", FailureKind.TIMEOUT), ("garbage", FailureKind.GARBLED)):
        async with serving(ODD[name]) as url:
            assert (await web.head(url + "/x", patience=0.5)).trouble is trouble
    assert (await web.head("http://127.0.0.1:9/x")).trouble is FailureKind.CLOSED
    assert (await web.head("https://no-such-name.invalid/x")).status == 0
