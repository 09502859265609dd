# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain client of LMTP and SMTP, that sends what no library would, and reads an answer for each recipient."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress


class Lmtp:
    """An open connection, greeted and introduced."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self, seconds: float = 20) -> str:
        """The next answer, its lines joined; empty: the connection has ended."""
        lines: list[str] = []
        async with asyncio.timeout(seconds):
            while True:
                try:
                    line = (await self.reader.readline()).decode().rstrip()
                except ConnectionError:
                    line = ""
                lines.append(line)
                if line[3:4] != "-":
                    return "\n".join(lines)

    async def say(self, line: str | bytes) -> str:
        """Send a line, and read its answer."""
        self.send((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return await self.answer()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def begin(self, recipients: Sequence[str], sender: str = "") -> list[str]:
        """Up to DATA and its 354; the answers to the recipients."""
        assert (await self.say(f"MAIL FROM:<{sender}>")).startswith("250 ")
        answers = [await self.say(f"RCPT TO:<{one}>") for one in recipients]
        assert (await self.say("DATA")).startswith("354 ")
        return answers

    async def deliver(
        self, mail: bytes, recipients: Sequence[str], sender: str = "", *, each: bool = True
    ) -> list[str]:
        """Send a mail to recipients who are all taken; the answers to it."""
        await self.begin(recipients, sender)
        self.send(mail + b".\r\n")
        return [await self.answer() for _ in (recipients if each else "1")]


@asynccontextmanager
async def lmtp(where: str | tuple[str, int], hello: str = "LHLO client.example.org") -> AsyncIterator[Lmtp]:
    """A connection to a path or to an address. `hello`: empty for none."""
    if isinstance(where, str):
        reader, writer = await asyncio.open_unix_connection(where)
    else:
        reader, writer = await asyncio.open_connection(*where)
    client = Lmtp(reader, writer)
    try:
        assert (await client.answer()).startswith("220 ")
        if hello:
            assert (await client.say(hello)).startswith("250-")
        yield client
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
