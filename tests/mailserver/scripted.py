# SPDX-License-Identifier: GPL-3.0-or-later
"""An IMAP server that says exactly the bytes that a test wants, for what no decent server does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

CAPABILITIES = "IMAP4rev1 SASL-IR IDLE UIDPLUS MOVE AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER"


@dataclass
class Peer:
    """One connection of a client, as the script of a test sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    lines: list[str] = field(default_factory=list)  #: what it sent
    tag: str = ""  #: of its last command

    def say(self, *lines: str | bytes) -> None:
        """Send these lines, in one segment."""
        parts = [line.encode() if isinstance(line, str) else line for line in lines]
        self.writer.write(b"".join(part + b"\r\n" for part in parts))

    async def line(self) -> str:
        """The next line of the client."""
        async with asyncio.timeout(20):
            raw = await self.reader.readuntil(b"\r\n")
        self.lines.append(raw.decode("latin-1").rstrip("\r\n"))
        return self.lines[-1]

    async def command(self) -> str:
        """The next command, without its tag, which `done` uses."""
        self.tag, _, rest = (await self.line()).partition(" ")
        if rest == "LOGOUT":
            raise ConnectionResetError
        return rest

    def done(self, text: str = "OK done", *untagged: str | bytes) -> None:
        """Answer the last command: untagged lines, then the tagged one, in one segment."""
        self.say(*(b"* " + (u.encode() if isinstance(u, str) else u) for u in untagged), f"{self.tag} {text}")

    async def expect(self, beginning: str, text: str = "OK done", *untagged: str | bytes) -> str:
        """Await a command that begins so, and answer it."""
        command = await self.command()
        assert command.upper().startswith(beginning.upper()), f"{beginning!r} was to come, but {command!r} did"
        self.done(text, *untagged)
        return command

    async def greet(self, capabilities: str = CAPABILITIES) -> None:
        """Greeting, capabilities, LOGIN or AUTHENTICATE, capabilities again."""
        self.say("* OK ready")
        await self.expect("CAPABILITY", "OK done", f"CAPABILITY {capabilities}")
        await self.command()
        self.done("OK logged in")
        await self.expect("CAPABILITY", "OK done", f"CAPABILITY {capabilities}")

    async def silence(self) -> None:
        """Say nothing until the client goes."""
        with suppress(ConnectionError):
            await self.reader.read()

    def abort(self) -> None:
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


class Scripted:
    """Plays a script to each connection: `async with Scripted(script) as server`. What a script raises, the end of
    the block raises."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts
        self.port = 0
        self.peers: list[Peer] = []
        self._errors: list[BaseException] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._on, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for peer in self.peers:
            peer.abort()
        if self._errors and kind is None:
            raise self._errors[0]

    async def _on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        peer = Peer(reader, writer)
        self.peers.append(peer)
        # The first script for the first connection, and so on; the last one for all that follow.
        script = self._scripts[min(len(self.peers), len(self._scripts)) - 1]
        try:
            await script(peer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client went
        except BaseException as error:
            self._errors.append(error)
        finally:
            writer.close()
