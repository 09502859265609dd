# SPDX-License-Identifier: GPL-3.0-or-later
"""What bodies cost in memory: nothing for who has not shown the right secret where it can be seen before the body,
no more than one budget for all of them, and nothing at all once a request has ended, however it ended."""

from __future__ import annotations

import asyncio
import gc
import gzip
import random
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

import aiohttp
import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import StoreBusy
from bouncestream.providers import webhook
from bouncestream.sources.webhook.body import end_now
from bouncestream.sources.webhook.budget import Budget, Share
from tests.sources.conftest import CLAIM, KEY, TOKEN, Running, Start, answer, message

URL, SIGNED = "/webhooks/scripts", "/webhooks/signed"
#: What can be seen of a self-test before the body.
SELFTEST = {"X_Bouncestream_Selftest_Signature": "sha256=" + "0" * 64}

HOOKS = {
    "scripts": webhook(name="scripts", provider="generic", token=Secret(KEY)),
    "signed": webhook(name="signed", provider="generic", hmac_secret=Secret(KEY)),
    "sendamatic": webhook(name="sendamatic", provider="sendamatic", secret=Secret(KEY)),
    "path": webhook(name="path", provider="generic", token=Secret(KEY), path_secret=Secret("a-path-" + KEY)),
}
BIG = 400_000


@contextmanager
def kept() -> Iterator[list[int]]:
    """The sizes of what only the collector would have freed: buffers of at least 20 KB, and what aiohttp buffers
    a body in (0)."""
    sizes: list[int] = []
    gc.collect()
    gc.disable()
    flags = gc.get_debug()
    try:
        yield sizes
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found = {
            id(one): len(one)
            for holder in gc.garbage
            for one in (holder, *gc.get_referents(holder))
            if isinstance(one, bytes | bytearray | memoryview)
        }
        sizes += [size for size in found.values() if size > 20_000]
        sizes += [0 for holder in gc.garbage if isinstance(holder, aiohttp.StreamReader)]
    finally:
        gc.set_debug(flags)
        gc.garbage.clear()
        gc.enable()


def chunked(path: str, pieces: int, **headers: str) -> bytes:
    head = message(path, b"", Transfer_Encoding="chunked", **headers).replace(b"Content-Length: 0\r\n", b"")
    return head + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * pieces


ENDS = ("close", "reset", "half-close", "too slow", "bad chunk", "too large", "unreadable", "bad gzip", "self-test")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("path", "proof"), [(URL, TOKEN), (SIGNED, CLAIM)])
async def test_no_cycle_keeps_a_body(start: Start, path: str, proof: dict[str, str], end: str) -> None:
    running = await start(HOOKS, max_body=BIG, body_timeout=0.2)
    sent = {
        "bad chunk": chunked(path, BIG // 0x4000, **proof) + b"zz\r\n",
        "too large": chunked(path, BIG // 0x4000 + 2, **proof),
        "unreadable": message(path, b"x" * BIG, **proof),
        "bad gzip": message(
            path, gzip.compress(b"x")[:-4] + b"\x01" * (BIG - 100), Content_Encoding="gzip", **proof
        ),
        "self-test": message(path, b"x" * BIG, X_Bouncestream_Selftest="1795348800", **SELFTEST),
    }.get(end, message(path, b"x" * BIG, **proof)[:-2])
    with kept() as sizes:
        for _ in range(3):
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await once(running, sent, end)
        await settled(running)
    assert sizes == []


async def once(running: Running, sent: bytes, end: str) -> None:
    reader, writer = await asyncio.open_connection(*running.address)
    try:
        writer.write(sent)
        await writer.drain()
        if end in ("close", "reset", "half-close"):
            await begun(running)
        if end == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        elif end == "half-close":
            writer.write_eof()
            assert await reader.read() == b""
        elif end != "close":
            assert (await answer(reader)).status in (200, 400, 401, 408, 413, 422)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def begun(running: Running) -> None:
    """Until the body has come in as far as it was sent."""
    async with asyncio.timeout(10):
        while running.server.budget.used < BIG - 10_000:
            await asyncio.sleep(0)


async def settled(running: Running) -> None:
    """Until the server has no connection any more."""
    assert running.server._server is not None
    async with asyncio.timeout(10):
        while len(running.server._server):
            await asyncio.sleep(0.001)
    for _ in range(10):
        await asyncio.sleep(0)
    assert running.server.budget.used == 0


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (URL, {}),
        (URL, {"Authorization": "Bearer wrong"}),
        ("/webhooks/sendamatic", {"X_Webhook_Secret": "wrong"}),
        ("/webhooks/path", TOKEN),
        ("/webhooks/path/a-path-wrong", TOKEN),
        ("/webhooks/nobody", TOKEN),
        (SIGNED, {}),
        (SIGNED, CLAIM | {"X_Bouncestream_Timestamp": "1"}),
        (SIGNED, CLAIM | {"X_Bouncestream_Signature": "sha256=00"}),
        (URL, {"X_Bouncestream_Selftest": "1"} | SELFTEST),
        ("/webhooks/path", {"X_Bouncestream_Selftest": "1795348800"} | SELFTEST),
    ],
)
async def test_what_the_header_shows_is_answered_before_the_body(
    start: Start, path: str, headers: dict[str, str]
) -> None:
    running = await start(HOOKS)
    head = message(path, b"", **headers).replace(b"Content-Length: 0", b"Content-Length: 9000000")
    for sent in (head, head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")):
        async with running.connection() as (reader, writer):
            writer.write(sent)
            got = await answer(reader)
            assert (got.status, got.headers["connection"]) == (404 if "nobody" in path else 401, "close")


async def partial(running: Running, path: str, size: int, **headers: str) -> asyncio.StreamReader:
    """A connection that has sent a body of this size but for its last byte."""
    used = running.server.budget.used
    reader, writer = await asyncio.open_connection(*running.address)
    KEPT.append(writer)
    writer.write(message(path, b"x" * size, **headers)[:-1])
    async with asyncio.timeout(10):
        while running.server.budget.used == used:
            await asyncio.sleep(0)
    return reader


KEPT: list[asyncio.StreamWriter] = []


async def hang_up() -> None:
    while KEPT:
        writer = KEPT.pop()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
async def small(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr("bouncestream.sources.webhook.server.Budget", lambda _: Budget(100_000))
    yield
    await hang_up()


@pytest.mark.usefixtures("small")
async def test_above_the_budget_a_sender_is_told_to_come_again(start: Start) -> None:
    running = await start(HOOKS)
    for _ in range(3):
        await partial(running, URL, 30_000, **TOKEN)
    got = await running.post(URL, b" " * 30_000, **TOKEN)
    assert (got.status, got.headers["retry-after"]) == (503, "5")
    assert (await running.post(URL, **TOKEN)).status == 200
    await hang_up()
    await settled(running)
    assert (await running.post(URL, b" " * 90_000, **TOKEN)).status == 422


@pytest.mark.usefixtures("small")
async def test_bodies_of_strangers_make_room_the_slowest_first(start: Start) -> None:
    running = await start(HOOKS)
    strangers = [await partial(running, SIGNED, 30_000 + number, **CLAIM) for number in range(6)]
    assert running.server.budget.used <= 100_000
    for reader in strangers[:3]:
        got = await answer(reader)
        assert (got.status, got.headers["retry-after"], got.headers["connection"]) == (503, "5", "close")
    assert (await running.post(URL, b" " * 80_000, **TOKEN)).status == 422
    assert (await running.post(SIGNED, b"", **CLAIM)).status == 401


async def test_a_body_as_large_as_is_allowed_always_has_room(start: Start) -> None:
    running = await start(HOOKS, max_body=80 << 20)
    body = b"[" + b" " * (70 << 20) + b"]"
    assert (await running.post(URL, body, **TOKEN)).status == 200


def test_a_budget_ends_where_it_began() -> None:
    budget = Budget(100)
    one, two, three = Share(budget), Share(budget), Share(budget)
    ended: list[str] = []
    one.grow(40)
    one.waits(lambda: ended.append("one"))
    two.grow(40)
    with pytest.raises(StoreBusy):
        one.grow(30)  # nobody makes room for itself
    three.grow(60)
    assert (ended, one.was_cut, budget.used) == (["one"], True, 100)
    with pytest.raises(StoreBusy):
        one.grow(1)
    for share in (one, two, three, two):
        share.release()
    assert budget.used == 0


async def test_a_body_in_pieces_of_any_size_is_the_body(start: Start) -> None:
    running = await start(HOOKS)
    event = b'{"kind": "hard", "recipient": "person@example.org", "diagnostic": "%b"}'
    body = event % bytes(random.Random(1).choices(b"abcdefgh ", k=150_000))
    sizes = random.Random(2)
    async with running.connection() as (reader, writer):
        writer.write(message(URL, body, **TOKEN)[: -len(body)])
        at = 0
        while at < len(body):
            size = sizes.choice((1, 7, 3000, 4096, 5000, 40_000))
            writer.write(body[at : at + size])
            await writer.drain()
            await asyncio.sleep(0)
            at += size
        assert (await answer(reader)).status == 200
    assert running.emitted.submissions[0].raw == body


@pytest.mark.parametrize("seconds", [0, 60])
async def test_a_time_that_is_just_over_can_be_ended(seconds: int) -> None:
    ended: list[None] = []

    async def wait() -> None:
        async with asyncio.timeout(seconds) as time:
            # of 0 seconds: after the timer, and before the task hears of it
            asyncio.get_running_loop().call_soon(lambda: ended.append(end_now(time)))
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await wait()
    assert ended == [None]
