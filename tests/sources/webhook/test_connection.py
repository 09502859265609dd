# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of a connection, tried with raw sockets against a real server."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.providers import webhook
from tests.sources.conftest import CLAIM, EVENT, KEY, TOKEN, Running, Start, answer, message

URL, SIGNED = "/webhooks/scripts", "/webhooks/signed"


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
        assert (got.status, got.body) == (408, b"the body did not arrive within 0.1 s\n")
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
    assert caplog.text == ""


async def test_a_half_closed_sender_gets_its_answer(running: Running) -> None:
    running.emitted.gate = asyncio.Event()
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN))
        await running.emitted.entered.wait()
        writer.write_eof()
        assert running.server._server is not None
        (ours,) = running.server._server
        async with asyncio.timeout(20):
            while not ours._half_closed:
                await asyncio.sleep(0)
        running.emitted.gate.set()
        assert (await answer(reader)).status == 200
        assert await reader.read() == b""


async def test_whatever_comes_one_after_the_other_on_a_connection(running: Running) -> None:
    whole = message(URL, **TOKEN)
    others = (
        message("/healthz", b"", "GET"),
        message(URL + "?x=1", **TOKEN),
        message("/webhooks/%73cripts", **TOKEN),
        message(URL, Expect="100-continue", **TOKEN),
        message(URL + "/", **TOKEN),
    )
    for other in others:
        async with running.connection() as (reader, writer):
            for sent in (whole, other, whole, other + other, whole):
                writer.write(sent)
                for _ in range(1 + (len(sent) > len(other) and sent == other + other)):
                    assert (await answer(reader)).status == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (message(URL), 401),
        (message(URL, Authorization="Bearer nobody-knows-this-one"), 401),
        (message("/elsewhere", **TOKEN), 404),
        (message("/webhooks/elsewhere", **TOKEN), 404),
        (message(URL, b"", "GET", **TOKEN), 405),
        (message("/healthz", b"", "POST"), 405),
        (message(URL, Content_Encoding="br", **TOKEN), 415),
    ],
)
async def test_who_is_refused_does_not_keep_the_connection(running: Running, sent: bytes, status: int) -> None:
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN) + sent + message(URL, **TOKEN))
        assert (await answer(reader)).status == 200
        got = await answer(reader)
        assert (got.status, got.headers["connection"]) == (status, "close")
        async with asyncio.timeout(5):
            assert await reader.read() == b""


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", URL])
async def test_a_trailer_of_a_stranger_is_no_header_of_the_next_request(running: Running, path: str) -> None:
    sent = f"GET {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    async with running.connection() as (reader, writer):
        writer.write(f"{sent}Authorization: Bearer wrong\r\n\r\n".encode() + message(URL, **TOKEN))
        assert (await answer(reader)).headers["connection"] == "close"
        assert await reader.read() == b""
    assert running.emitted.submissions == []


async def test_who_asks_how_it_is_keeps_the_connection(running: Running) -> None:
    async with running.connection() as (reader, writer):
        for _ in range(2):
            writer.write(message("/healthz", b"", "GET"))
            assert (await answer(reader)).status == 200


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


async def hang(running: Running, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of a stranger that sends this, and then nothing."""
    reader, writer = await asyncio.open_connection(*running.address)
    writer.write(sent)
    return reader, writer


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /webhooks",
        message("/healthz", b"", "GET"),
        message(SIGNED, b"x" * 100, **CLAIM)[:-1],
    ],
)
async def test_when_all_are_in_use_the_longest_idle_goes(start: Start, sent: bytes) -> None:
    hooks = {
        "scripts": webhook(name="scripts", provider="generic", token=Secret(KEY)),
        "signed": webhook(name="signed", provider="generic", hmac_secret=Secret(KEY)),
    }
    running = await start(hooks, max_connections=3)
    async with running.connection() as (reader, writer):
        writer.write(message(URL, **TOKEN))
        assert (await answer(reader)).status == 200
        strangers = [await hang(running, sent) for _ in range(6)]
        for number in range(3):  # of those who have proven nothing, the oldest; not the sender that we know
            async with asyncio.timeout(5):
                assert not (await strangers[number][0].read()).startswith(b"HTTP/1.1 503")
        for _ in range(3):
            assert (await running.post(URL, **TOKEN)).status == 200
        writer.write(message(URL, **TOKEN))
        assert (await answer(reader)).status == 200
        for _, other in strangers:
            other.close()


async def test_when_all_are_being_answered_the_next_one_is_told_to_come_again(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    running = await start(max_connections=2)
    running.emitted.gate = asyncio.Event()
    async with running.connection() as (first, writer), running.connection() as (second, other):
        writer.write(message(URL, **TOKEN))
        other.write(message(URL, **TOKEN))
        async with asyncio.timeout(20):
            while running.emitted.waiting < 2:
                await asyncio.sleep(0)
        for _ in range(3):
            async with running.connection() as (third, _):
                got = await answer(third)
                assert (got.status, got.headers["retry-after"]) == (503, "5")
                assert await third.read() == b""
        running.emitted.gate.set()
        for reader in (first, second):
            assert (await answer(reader)).status == 200
        assert (await running.post(URL, **TOKEN)).status == 200
    assert [record.getMessage() for record in caplog.records if "all connections are in use" in record.getMessage()]
    assert len(caplog.records) == 1


async def test_an_answer_that_nobody_takes_does_not_keep_the_connection(start: Start) -> None:
    running = await start(header_timeout=0.2, keepalive_timeout=60)
    _, writer = await asyncio.open_connection(*running.address, limit=1)
    assert running.server._server is not None
    asks = message("/metrics", b"", "GET") * 100
    async with asyncio.timeout(20):
        while len(running.server._server):  # until it is closed, however much is asked
            writer.write(asks)
            await asyncio.sleep(0.01)
    writer.transport.abort()


async def test_fewer_files_than_connections(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bouncestream.descriptors._limit", lambda: 110)
    running = await start(max_connections=1000)
    strangers = [await hang(running, b"") for _ in range(60)]
    assert (await running.post(URL, **TOKEN)).status == 200
    assert running.server._server is not None
    assert len(running.server._server) <= 110 - 64
    for _, writer in strangers:
        writer.close()


async def test_no_more_files_is_one_line_and_no_traceback(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    scarce = OSError(24, "Too many open files")
    for _ in range(100):
        loop.call_exception_handler({"message": "accept() failed", "exception": scarce, "socket": None})
    (record,) = caplog.records
    assert "no connection can be accepted: Too many open files" in record.getMessage()
    assert record.exc_info is None
    loop.call_exception_handler({"message": "something else", "exception": ValueError("odd")})
    assert "something else" in caplog.text
