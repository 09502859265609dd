# SPDX-License-Identifier: GPL-3.0-or-later
"""Running one command on an IMAP connection: with a time limit, and with each way in which it can fail as an
error in an operator's words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aioimaplib import aioimaplib as library

from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import ConnectionLost, MailboxError, ServerRefused, Throttled
from bouncestream.sources.imap import refusals, replies
from bouncestream.sources.imap.protocol import Command, Protocol
from bouncestream.sources.imap.replies import Lines

#: How often the time limit an answer may take that keeps coming in.
SLOW_ANSWER = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a command: `OK`, `NO` or `BAD`, and its lines, the last of which is its status."""

    result: str
    lines: Lines
    blank: Callable[[str], str] = str  #: takes our secrets out of what it says

    @property
    def ok(self) -> bool:
        return self.result == "OK"

    @property
    def words(self) -> str:
        return replies.words_of(self.lines, self.blank)

    @property
    def code(self) -> str:
        return replies.code(self.words)[0]


class Commands:
    """Runs commands, one at a time. After a time-out or a lost connection each raises ConnectionLost."""

    def __init__(self, protocol: Protocol, settings: Mailbox) -> None:
        self._protocol = protocol
        self._settings = settings
        self._where = f"{settings.host}:{settings.real_port}"

    def kill(self, why: str) -> None:
        """Cut the connection: whoever waits for an answer gets ConnectionLost with `why`."""
        self._protocol.fail(why)

    async def _sure(self, name: str, *args: str, prefix: str | None = None) -> Answer:
        """The answer of `_run`, with NO and BAD as ServerRefused."""
        answer = await self._run(name, *args, prefix=prefix)
        if not answer.ok:
            raise self._refused(name, answer)
        return answer

    async def _run(self, name: str, *args: str, prefix: str | None = None, patience: float = 1.0) -> Answer:
        protocol = self._protocol
        command = Command(name, protocol.new_tag(), *args, prefix=prefix, loop=protocol.loop)
        return await self._execute(command, patience=patience)

    async def _execute(self, command: library.Command, *, patience: float | None) -> Answer:
        """Run it; a server that says nothing for `patience` time limits is given up (None: the caller waits)."""
        protocol = self._protocol
        if protocol.why:
            raise self._gone(protocol.why)
        limit = self._settings.timeout * patience if patience is not None else None
        task = asyncio.ensure_future(protocol.execute(command))
        begun = protocol.loop.time()
        try:
            while not task.done():
                since = max(begun, protocol.heard_at)
                left = None if limit is None else since + limit - protocol.loop.time()
                if limit is not None and begun + limit * SLOW_ANSWER < protocol.loop.time():
                    left = 0.0
                if left is not None and left <= 0:
                    raise self._silent(command.name, limit or 0.0)
                await asyncio.wait({task}, timeout=left)
            response = task.result()
        except ConnectionLost as error:
            raise self._gone(f"{error} (during {command.name})") from None
        except library.AioImapException:
            raise self._gone(f"{command.name} cannot be sent in this state") from None
        finally:
            if not task.done():  # cancelled or given up: its answer would be taken for the next one's
                protocol.fail(f"{command.name} was cancelled")
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return Answer(response.result, response.lines, protocol.blank)

    def _silent(self, name: str, seconds: float) -> ConnectionLost:
        self.kill(f"no answer to {name}")
        return ConnectionLost(f"{self._where} did not answer {name} within {seconds:g} s")

    def _gone(self, why: str) -> MailboxError:
        bye = self._protocol.bye
        if bye and refusals.now(bye, replies.code(bye)[0]) in refusals.TOO_MUCH:
            return Throttled(f"{self._where} closed the connection because of a limit: {bye}")
        return ConnectionLost(f"the connection to {self._where} is lost: {why}")

    def _refused(self, name: str, answer: Answer) -> ServerRefused:
        sort = refusals.now(answer.words, answer.code)
        error = Throttled if sort in refusals.TOO_MUCH else ServerRefused
        now = " (for now)" if sort is not None else ""
        return error(
            f"{self._where} said {answer.result} to {name}{now}: {answer.words}", answer.code, later=bool(now)
        )
