# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.sandbox import Sandbox
from bouncestream.sandbox.sending import send
from bouncestream.sinks.listmonk.directory import Directory
from bouncestream.sinks.listmonk.sending import ListmonkLog
from tests.net.servers import hangs_up, is_mute, says, serving
from tests.sinks.listmonk.conftest import CAMPAIGN, GONE, Allow


@pytest.fixture
async def sending(url: str, listmonk: Directory) -> AsyncIterator[ListmonkLog]:
    made = ListmonkLog(url, "bridge", "sandbox-token-of-bridge", listmonk.by_ids, read_timeout=5)
    yield made
    await made.close()


async def test_the_log_and_its_campaigns(sending: ListmonkLog, sandbox: Sandbox) -> None:
    assert await sending.log_lines() == []
    send(sandbox.listmonk, CAMPAIGN, {"p7@example.com": "550 5.1.1 gone"}, running=True)
    _, line = await sending.log_lines()  # behind the one that says it begins
    assert line.endswith('error sending message in campaign To list 2: subscriber 7: 550 "5.1.1 gone"')
    found = {one.uuid: one for one in await sending.campaigns()}
    assert (found[CAMPAIGN].name, found[CAMPAIGN].running, found[CAMPAIGN].sent) == ("To list 2", True, 249)
    assert not found[GONE].running
    assert found[CAMPAIGN].started_at is not None


async def test_people_by_their_ids(sending: ListmonkLog) -> None:
    found = await sending.people([*range(1, 151), 9999])
    assert sorted(found) == list(range(1, 151))
    assert found[3].email == "p3@example.com"
    assert await sending.people([]) == {}


async def test_what_the_token_may_not(sending: ListmonkLog, without: Allow) -> None:
    without("lists:get_all", "lists:manage_all")
    with pytest.raises(SinkRefused, match="campaigns:get_all"):
        await sending.campaigns()
    without("settings:get")
    with pytest.raises(SinkRefused):
        await sending.log_lines()
    with pytest.raises(SinkRefused):
        async for _ in sending.log_stream():
            pass


async def test_the_stream_tells_lines(sending: ListmonkLog, sandbox: Sandbox) -> None:
    async def first() -> str:
        async for line in sending.log_stream():
            return line
        return ""

    task = asyncio.create_task(first())
    while not sandbox.listmonk.listeners:
        await asyncio.sleep(0.01)
    send(sandbox.listmonk, CAMPAIGN, {"p7@example.com": "550 5.1.1 gone"})
    assert "subscriber 7" in await asyncio.wait_for(task, 10)


EVENT = b'data: {"type": "error", "message": "m"}\n\n'


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + EVENT, ["m"]),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>" + EVENT, []),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n" + EVENT, []),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", []),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", []),
        (b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n", []),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 900\r\n\r\n" + EVENT, ["m"]),
    ],
)
async def test_a_stream_that_is_none(listmonk: Directory, answer: bytes, lines: list[str]) -> None:
    async with serving(says(answer)) as port:
        log = ListmonkLog(f"http://127.0.0.1:{port}", "u", "t", listmonk.by_ids)
        try:
            assert [line async for line in log.log_stream()] == lines
        finally:
            await log.close()


async def test_a_line_without_an_end_and_then_one_with(listmonk: Directory) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ")
        for _ in range(64):
            writer.write(b"x" * (64 << 10))
            await writer.drain()
        writer.write(b"\n" + EVENT)

    async with serving(endless) as port:
        log = ListmonkLog(f"http://127.0.0.1:{port}", "u", "t", listmonk.by_ids)
        try:
            assert [line async for line in log.log_stream()] == ["m"]
        finally:
            await log.close()


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + EVENT[:20],
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\ndata: ",
    ],
)
async def test_silence_is_waited_out_and_can_be_left(listmonk: Directory, begun: bytes) -> None:
    there = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(begun)
        await writer.drain()
        there.set()
        await is_mute(reader, writer)

    async with serving(silent) as port:
        log = ListmonkLog(f"http://127.0.0.1:{port}", "u", "t", listmonk.by_ids)

        async def hear() -> list[str]:
            return [line async for line in log.log_stream()]

        task = asyncio.create_task(hear())
        await asyncio.wait_for(there.wait(), 10)
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)
        await asyncio.wait_for(log.close(), 10)


async def test_no_answer_at_all(listmonk: Directory) -> None:
    async with serving(hangs_up) as port:
        log = ListmonkLog(f"http://127.0.0.1:{port}", "u", "t", listmonk.by_ids)
        try:
            with pytest.raises(SinkError):
                [line async for line in log.log_stream()]
        finally:
            await log.close()
