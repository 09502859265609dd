# SPDX-License-Identifier: GPL-3.0-or-later
"""The inside of aioimaplib that we need is as we know it; the bytes of a connection are cut into answers whatever
the segments, and nothing that a server says ends anywhere but in an error of ours.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from aioimaplib import aioimaplib as library

from bouncestream.errors import ConnectionLost
from bouncestream.sources.imap.protocol import COMMAND_SEAMS, LITERAL_LIMIT, SEAMS, TEXT_LIMIT, Command, Protocol


class Transport:
    """Takes what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        pass


@pytest.fixture
async def protocol() -> Protocol:
    found = Protocol(asyncio.get_running_loop())
    found.connection_made(Transport())
    found.data_received(b"* OK ready\r\n")
    await found.greeting
    found.state = library.SELECTED
    return found


async def test_an_answer_without_mails_is_bounded_further(protocol: Protocol) -> None:
    """A SEARCH of 64 MB would be read for seconds."""
    command = Command("SEARCH", protocol.new_tag(), "1:*", prefix="UID", loop=protocol.loop)
    waiting = asyncio.create_task(protocol.execute(command))
    await asyncio.sleep(0)
    line = b"* SEARCH " + b"1234567890 " * 300_000 + b"\r\n"
    for _ in range(TEXT_LIMIT // len(line) + 1):
        assert not protocol.why
        protocol.data_received(line)
    assert protocol.why
    with pytest.raises(ConnectionLost):
        await waiting


def test_the_seams_are_there() -> None:
    loop = asyncio.new_event_loop()
    try:
        inside = library.IMAP4ClientProtocol(loop)
        assert [name for name in SEAMS if not hasattr(inside, name)] == []
        command = library.Command("NOOP", "A1", loop=loop)
        assert [name for name in COMMAND_SEAMS if not hasattr(command, name)] == []
        idle = library.IdleCommand("A2", asyncio.Queue(), loop=loop)
        assert (idle.name, idle.buffer) == ("IDLE", [])
        assert library.Commands["AUTHENTICATE"].exec is library.Exec.is_sync
        assert library.Commands["STARTTLS"].exec is library.Exec.is_sync
    finally:
        loop.close()


async def ask(protocol: Protocol, name: str = "FETCH", prefix: str | None = "UID") -> asyncio.Task[Any]:
    """A command that waits for its answer."""
    command = Command(name, "T1", "1:*", prefix=prefix, loop=protocol.loop)
    task = asyncio.ensure_future(protocol.execute(command))
    await asyncio.sleep(0)
    return task


ANSWER = (
    b"* 1 FETCH (UID 7 BODY[]<0> {12}\r\nT1 OK\r\n* x\r\n)\r\n* 2 FETCH (BODY[] {0}\r\n UID 8)\r\n"
    b'* OK [X {9}\r\n* LIST () "/" a* b\r\nT1 OK done {5}\r\n'
)
LINES = [
    b"1 FETCH (UID 7 BODY[]<0> {12}", bytearray(b"T1 OK\r\n* x\r\n"), b")", b"2 FETCH (BODY[] {0}", bytearray(),
    b" UID 8)", b"OK [X {9}", b'LIST () "/" a* b', b"done {5}",
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_segments_do_not_matter(protocol: Protocol, size: int) -> None:
    task = await ask(protocol)
    for start in range(0, len(ANSWER), size):
        protocol.data_received(ANSWER[start : start + size])
    response = await task
    assert (response.result, response.lines) == ("OK", LINES)


async def test_any_number_of_lines_in_one_segment(protocol: Protocol) -> None:
    task = await ask(protocol)
    protocol.data_received(b"".join(b"* %d EXPUNGE\r\n" % n for n in range(5000)) + b"\r\n" * 5000 + b"T1 OK x\r\n")
    assert len((await task).lines) == 5001


@pytest.mark.parametrize(
    "said",
    [
        b"T9 OK the answer to nobody's question\r\n",
        b"* 1 FETCH (BODY[] {%d}\r\n" % (LITERAL_LIMIT + 1),
        b"* " + b"x" * (5 << 20),
        b"* 1 FETCH (BODY[] {8000000}\r\n" + (b"x" * 8_000_000 + b" {8000000}\r\n") * 9,
    ],
    ids=["a wrong tag", "a huge literal", "an endless line", "an endless answer"],
)
async def test_nonsense_ends_the_connection_at_once(protocol: Protocol, said: bytes) -> None:
    task = await ask(protocol)
    protocol.data_received(said)
    with pytest.raises(ConnectionLost, match="not valid IMAP"):
        await task
    assert protocol.transport.aborted
    protocol.data_received(b"* more\r\n")  # what was on its way
    with pytest.raises(ConnectionLost):
        protocol.send("T2 NOOP")


async def test_a_lost_connection_ends_what_waits(protocol: Protocol) -> None:
    task = await ask(protocol)
    protocol.connection_lost(ConnectionResetError(104, "Connection reset by peer"))
    with pytest.raises(ConnectionLost, match="the connection was reset"):
        await task
    assert protocol.idle_queue.get_nowait() == [b"BYE"]
    assert protocol.lost.is_set()


async def test_the_farewell_is_told(protocol: Protocol) -> None:
    task = await ask(protocol)
    protocol.data_received(b"* BYE Server \x1b[1mshutting down\r\n")
    protocol.eof_received()
    with pytest.raises(ConnectionLost, match=r"said BYE: Server \\x1b\[1mshutting down"):
        await task


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that is logged, at the lowest level."""
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("aioimaplib").setLevel(logging.DEBUG)
        yield caplog


async def test_nothing_is_logged_and_no_command_shows_its_arguments(
    protocol: Protocol, everything: pytest.LogCaptureFixture
) -> None:
    command = Command("LOGIN", "T1", '"ann"', '"a pass\\"word"', loop=protocol.loop)
    protocol.state = library.NONAUTH
    task = asyncio.ensure_future(protocol.execute(command))
    await asyncio.sleep(0)
    assert protocol.transport.written == b'T1 LOGIN "ann" "a pass\\"word"\r\n'
    protocol.data_received(b"T2 OK wrong tag\r\n")
    with pytest.raises(ConnectionLost) as caught:
        await task
    assert "pass" not in repr(command) + str(caught.value) + everything.text
    assert not [record for record in everything.records if record.name.startswith("aioimaplib")]
    assert logging.getLogger("aioimaplib.aioimaplib").disabled


async def test_line_breaks_cannot_be_smuggled_in(protocol: Protocol) -> None:
    with pytest.raises(ValueError, match="CR and LF"):
        Command("SELECT", "T1", '"a\r\nT2 DELETE INBOX"', loop=protocol.loop)
