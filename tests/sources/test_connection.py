# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of a connection, tried with raw sockets against a real server."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
from aiohttp import web

from bouncestream.metrics import REQUESTS
from bouncestream.sources import connection
from bouncestream.sources.connection import SEAMS, SHORT
from tests.sources.conftest import EVENT, TOKEN, Running, Start, answer, message

URL = "/webhooks/scripts"


def test_aiohttp_still_has_what_we_rely_on() -> None:
    for name in SEAMS:
        if name == "_loop":
            assert name in web.RequestHandler.__mro__[1].__slots__
        else:
            assert hasattr(web.RequestHandler, name), name
    assert asyncio.iscoroutinefunction(web.RequestHandler.finish_response)
    assert asyncio.iscoroutinefunction(web.RequestHandler.start)
    assert SHORT, "the shorter way is not taken with this aiohttp: see SHORT_SEAMS"


async def test_without_the_shorter_way_the_answer_is_the_same(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> tuple[int, dict[str, str], bytes]:
        async with running.connection() as (reader, writer):
            writer.write(message(URL, **TOKEN))
            got = await answer(reader)
            headers = {name: text for name, text in got.headers.items() if name not in ("date", "server")}
            return got.status, headers, got.body

    short = await ask()
    monkeypatch.setattr(connection, "SHORT", False)
    assert await ask() == short


@pytest.mark.parametrize("sent", [b"", b"POST", b"POST /webhooks/scripts HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_slow_headers_are_cut_off(start: Start, sent: bytes) -> None:
    running = await start(header_timeout=0.1)
    async with running.connection() as (reader, writer):
        writer.write(sent)
        began = time.monotonic()
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        assert 0.05 < time.monotonic() - began < 2


async def test_headers_that_drip_are_cut_off(start: Start) -> None:
    running = await start(header_timeout=0.2)
    async with running.connection() as (reader, writer):
        writer.write(b"POST /webhooks/scripts HTTP/1.1\r\nHost: x\r\n")
        closed = asyncio.create_task(reader.read())
        async with asyncio.timeout(5):
            while not closed.done():
                writer.write(b"X-Drip: 1\r\n")
                await asyncio.wait({closed}, timeout=0.02)
        with_error = closed.exception()
        assert with_error is None or isinstance(with_error, ConnectionError)


async def test_a_slow_second_header_is_cut_off_too(start: Start) -> None:
    running = await start(header_timeout=0.1)
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN))
        assert (await answer(reader)).status == 200
        writer.write(b"POST /web")
        async with asyncio.timeout(5):
            assert await reader.read() == b""


async def test_an_idle_connection_is_not_cut_off_after_its_first_request(start: Start) -> None:
    running = await start(header_timeout=0.05)
    async with running.connection() as (reader, writer):
        for _ in range(3):
            writer.write(message(URL, **TOKEN))
            assert (await answer(reader)).status == 200
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.1)


async def test_the_time_of_the_header_does_not_count_the_answer(start: Start) -> None:
    running = await start(header_timeout=0.05)
    running.emitted.gate = asyncio.Event()
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        running.emitted.gate.set()
        assert (await answer(reader)).status == 200


async def test_a_slow_body(start: Start) -> None:
    running = await start(body_timeout=0.1)
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN)[:-5])
        got = await answer(reader)
        assert (got.status, got.body) == (408, b"the body was not there within 0.1 s\n")
    assert running.emitted.submissions == []


async def test_a_body_over_the_limit(start: Start) -> None:
    running = await start(max_body=2048)
    assert (await running.post(URL, b" " * (2048 - len(EVENT)) + EVENT, **TOKEN)).status == 200
    told = message(URL, b"", Content_Length="2049", **TOKEN).replace(b"Content-Length: 0\r\n", b"")
    assert (await running.raw(told)).status == 413  # not a byte of it is waited for
    chunks = b"".join(b"400\r\n" + b" " * 0x400 + b"\r\n" for _ in range(3))
    chunked = message(URL, b"", Transfer_Encoding="chunked", **TOKEN).replace(b"Content-Length: 0\r\n", b"")
    assert (await running.raw(chunked + chunks)).status == 413
    assert len(running.emitted.submissions) == 1


async def test_a_chunked_body(running: Running) -> None:
    head = message(URL, b"", Transfer_Encoding="chunked", **TOKEN).replace(b"Content-Length: 0\r\n", b"")
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(EVENT), EVENT)
    assert (await running.raw(head + body)).json["accepted"] == 1


async def test_broken_chunks(running: Running) -> None:
    head = message(URL, b"", Transfer_Encoding="chunked", **TOKEN).replace(b"Content-Length: 0\r\n", b"")
    assert (await running.raw(head + b"zz\r\n")).status == 400
    assert running.emitted.submissions == []


async def test_the_body_comes_after_100_continue(running: Running) -> None:
    whole = message(URL, Expect="100-continue", **TOKEN)
    async with running.connection() as (reader, writer):
        writer.write(whole[: -len(EVENT)])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(EVENT)
        assert (await answer(reader)).status == 200


async def test_ten_megabytes_of_headers(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    one_field = b"POST / HTTP/1.1\r\nX: " + b"x" * 10_000_000
    many_fields = b"POST / HTTP/1.1\r\n" + b"X: %b\r\n" % (b"x" * 100) * 100_000
    for flood in (one_field, many_fields):
        async with running.connection() as (reader, writer):
            writer.write(flood)
            try:
                got = await answer(reader)
                assert got.status == 400
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # the answer may be lost when the rest of the flood is not read
    assert caplog.text == ""
    assert (await running.post(URL, **TOKEN)).status == 200


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50,
        b"GET\r\n\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
        b"POST /webhooks/scripts HTTP/9.9\r\n\r\n",
        b"POST /webhooks/scripts HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /webhooks/scripts HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /webhooks/scripts HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST http://[::1/webhooks/scripts HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_what_is_no_http(running: Running, junk: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    got = await running.raw(junk)
    assert got.status == 400
    assert got.body == b""
    assert caplog.text == ""


async def test_a_half_closed_sender_gets_its_answer(running: Running) -> None:
    running.emitted.gate = asyncio.Event()
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN))
        await running.emitted.entered.wait()
        writer.write_eof()
        assert running.server._server is not None
        (ours,) = running.server._server.open
        async with asyncio.timeout(20):
            while not ours._half_closed:
                await asyncio.sleep(0)
        running.emitted.gate.set()
        got = await answer(reader)
        assert (got.status, got.headers["connection"]) == (200, "close")
        assert await reader.read() == b""


async def test_whatever_comes_one_after_the_other_on_a_connection(running: Running) -> None:
    """Whole requests have a way of their own; a request of another sort may come at any time."""
    whole, wrong = message(URL, **TOKEN), message(URL, Authorization="Bearer nobody-knows-this-one")
    others = (
        message("/healthz", b"", "GET"),
        message(URL + "?x=1", **TOKEN),
        message("/webhooks/%73cripts", **TOKEN),
        message(URL, b"", "GET"),
        message(URL, Expect="100-continue", **TOKEN),
        message("/elsewhere", **TOKEN),
        message(URL + "/", **TOKEN),
    )
    statuses = (200, 200, 200, 405, 200, 404, 200)
    for other, status in zip(others, statuses, strict=True):
        async with running.connection() as (reader, writer):
            got = []
            for sent in (whole, wrong, whole, other, whole, wrong, whole):
                writer.write(sent)
                got.append((await answer(reader)).status)
            assert got == [200, 401, 200, status, 200, 401, 200], other
    assert running.metrics.get(REQUESTS, "scripts", "401") == 2 * len(others)


async def test_a_whole_request_and_half_of_the_next(running: Running) -> None:
    whole = message(URL, **TOKEN)
    async with running.connection() as (reader, writer):
        writer.write(whole + whole[:-5])
        assert (await answer(reader)).status == 200
        writer.write(whole[-5:] + whole)
        assert [(await answer(reader)).status for _ in range(2)] == [200] * 2
    assert len(running.emitted.submissions) == 3


async def test_an_idle_connection_is_closed_in_the_end(start: Start) -> None:
    running = await start(keepalive_timeout=0.1)
    async with running.connection() as (reader, writer):
        for _ in range(2):
            writer.write(message(URL, **TOKEN))
            assert (await answer(reader)).status == 200
        async with asyncio.timeout(5):
            assert await reader.read() == b""


async def test_a_whole_body_over_the_limit_ends_the_connection(start: Start) -> None:
    running = await start(max_body=100)
    async with running.connection() as (reader, writer):
        writer.write(message(URL, b" " * 50 + EVENT, **TOKEN))
        got = await answer(reader)
        assert (got.status, got.headers["connection"]) == (413, "close")
        assert await reader.read() == b""


async def test_a_half_closed_sender_gets_all_of_its_answers(running: Running) -> None:
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN) * 3)
        writer.write_eof()
        assert [(await answer(reader)).status for _ in range(3)] == [200] * 3
        assert await reader.read() == b""


@pytest.mark.parametrize("sent", [b"", b"POST /web", message(URL, **TOKEN)[:-5]])
async def test_half_closed_too_early(running: Running, sent: bytes) -> None:
    async with running.connection() as (reader, writer):
        writer.write(sent)
        writer.write_eof()
        async with asyncio.timeout(5):
            got = await reader.read()
        assert got == b"" or got.startswith(b"HTTP/1.1 400 ")
    assert running.emitted.submissions == []


async def test_half_closed_in_the_middle_of_the_body(running: Running) -> None:
    whole = message(URL, Expect="100-continue", **TOKEN)
    async with running.connection() as (reader, writer):
        writer.write(whole[:-5])
        await reader.readuntil(b"\r\n\r\n")  # now its body is waited for
        writer.write_eof()
        async with asyncio.timeout(5):
            assert await reader.read() == b""
    assert running.emitted.submissions == []


async def test_a_sender_that_goes_away_has_still_sent(running: Running) -> None:
    running.emitted.gate = asyncio.Event()
    async with running.connection() as (_, writer):
        writer.write(message(URL, **TOKEN))
        await running.emitted.entered.wait()
    running.emitted.gate.set()
    assert (await running.post(URL, **TOKEN)).status == 200
    assert len(running.emitted.submissions) == 2


async def test_more_connections_than_allowed(start: Start) -> None:
    running = await start(max_connections=2)
    async with running.connection() as (first, writer), running.connection() as (second, other):
        for reader, out in ((first, writer), (second, other)):
            out.write(message(URL, **TOKEN))
            assert (await answer(reader)).status == 200
        async with running.connection() as (third, _):
            got = await answer(third)
            assert (got.status, got.headers["retry-after"]) == (503, "5")
            assert await third.read() == b""
        other.write(message(URL, Connection="close", **TOKEN))
        assert (await answer(second)).status == 200
        assert await second.read() == b""
        assert (await running.post(URL, **TOKEN)).status == 200
