# SPDX-License-Identifier: GPL-3.0-or-later
"""The listeners for LMTP and SMTP: each a task that listens, and the connections that it took. Imported only where
one is configured.

At the end nobody new is let in, who only waits is told 421, and a mail that is coming in is finished and answered:
one that is cut off was not answered, so its server has it still.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bouncestream import descriptors
from bouncestream.config.model import Config
from bouncestream.config.smtp import Smtp
from bouncestream.errors import ListenError
from bouncestream.health import Health, Status
from bouncestream.judging.mail import judging_for
from bouncestream.metrics import SMTP_CONNECTIONS, SMTP_REFUSED, Metrics
from bouncestream.ports import Clock, EmitLetter
from bouncestream.sources.listening import until_listening
from bouncestream.sources.smtp import answers
from bouncestream.sources.smtp.answers import Answer
from bouncestream.sources.smtp.recipients import takes
from bouncestream.sources.smtp.session import LmtpSession, Overflow, SmtpSession
from bouncestream.sources.smtp.storing import Storing
from bouncestream.sources.smtp.trace import Letter
from bouncestream.sources.unix import UnixSocket
from bouncestream.sources.webhook.budget import Budget
from bouncestream.sources.webhook.telling import Telling
from bouncestream.supervisor import Supervisor

log = logging.getLogger("bouncestream.smtp")

#: Seconds between two looks for the socket in its place.
LOOK = 30.0


@dataclass(eq=False)
class Listener:
    """One listener, and the `Receiver` of its sessions. `recipients` may be exchanged at any time."""

    settings: Smtp
    recipients: tuple[str, ...]
    storing: Storing
    budget: Budget
    health: Health
    chance: Callable[[], float] = random.random
    after: asyncio.Task[None] | None = None  #: the end of the one that was here before
    look: float = LOOK
    tls: ssl.SSLContext | None = field(default=None, init=False)
    stopping: bool = field(default=False, init=False)
    port: int = field(default=0, init=False)  #: the real one, where it listens on an address
    listening: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _sessions: set[SmtpSession] = field(default_factory=set, init=False)
    _servers: list[asyncio.Server] = field(default_factory=list, init=False)
    _unix: UnixSocket | None = field(default=None, init=False)
    _idle: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self.clock = self.storing.clock
        self.hostname = self.storing.hostname
        self.max_size, self.max_recipients = self.settings.max_size, self.settings.max_recipients
        self.timeout = self.settings.timeout
        self._part = f"smtp:{self.settings.name}"

    # -- listening -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Listen until it is cancelled, and again where that was not possible, or the socket is gone."""
        if self.after is not None:
            await asyncio.wait([self.after])
        while True:
            await until_listening(self._open, self.where, self._cannot_listen, self.chance)
            self.health.set(self._part, Status.GREEN, f"listening on {self.where}")
            self.listening.set()
            await self._watch()
            assert self._unix is not None
            log.warning(
                "smtp %s: its socket is gone from %s; it is made again", self.settings.name, self._unix.path
            )
            self._close_doors()

    def _cannot_listen(self, why: str) -> None:
        self.health.set(self._part, Status.RED, f"{why}; mail servers keep their mails meanwhile")

    async def _watch(self) -> None:
        """Until the socket is gone from its place, which nothing tells of."""
        while True:
            await asyncio.sleep(self.look)
            if self._unix is not None and not self._unix.there:
                return

    @property
    def where(self) -> str:
        """Where it listens, in words."""
        return f"{self.settings.path or self.settings.listen} ({self.settings.protocol.upper()})"

    async def _open(self) -> None:
        if self.settings.tls_cert and self.tls is None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._certify(context)
            self.tls = context
        loop, backlog = asyncio.get_running_loop(), descriptors.backlog()
        if self.settings.path:
            self._unix = UnixSocket.open(
                Path(self.settings.path), self.settings.socket_mode, self.settings.socket_group
            )
            server = await loop.create_unix_server(self._session, sock=self._unix.socket, backlog=backlog)
        else:
            host, port = self.settings.address
            server = await loop.create_server(self._session, host, port, backlog=backlog)
            self.port = server.sockets[0].getsockname()[1]
        self._servers.append(server)

    def _certify(self, context: ssl.SSLContext) -> None:
        try:
            context.load_cert_chain(self.settings.tls_cert, self.settings.tls_key)
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            raise ListenError(
                f"the certificate {self.settings.tls_cert} with {self.settings.tls_key} cannot be used: "
                f"{error.strerror if isinstance(error, OSError) else error}. Next: check both files, and reload"
            ) from error

    def renew(self) -> None:
        """Read certificate and key again: connections from now on get them."""
        if self.tls is None:
            return
        try:
            self._certify(self.tls)
        except ListenError as error:
            log.error("smtp %s: %s; the former certificate stays in use", self.settings.name, error)

    def _session(self) -> asyncio.BaseProtocol:
        if self.stopping or len(self._sessions) >= self.settings.max_connections:
            self.refused("connections", "")
            return Overflow()
        try:
            session = (LmtpSession if self.settings.protocol == "lmtp" else SmtpSession)(self)
        except Exception as error:  # asyncio would tell nobody, and cut the connection off
            self.failed(error)
            return Overflow()
        self._sessions.add(session)
        self._count()
        return session

    def _count(self) -> None:
        self.storing.metrics.set(SMTP_CONNECTIONS, len(self._sessions), self.settings.name)

    def _close_doors(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        if self._unix is not None:
            self._unix.close()
            self._unix = None

    async def close(self, grace: float) -> None:
        """Let nobody in, let mails that are coming in end within `grace` seconds, and close."""
        self.stopping = True
        self._close_doors()
        for session in list(self._sessions):
            if not session.busy:
                session.end(answers.STOPPING)
        if self._sessions:
            self._idle.clear()
            try:
                async with asyncio.timeout(grace):
                    await self._idle.wait()
            except TimeoutError:
                log.warning(
                    "smtp %s: %d connections were cut off: not finished within %g s",
                    *(self.settings.name, len(self._sessions), grace),
                )
        for session in list(self._sessions):
            session.end(answers.STOPPING)
        self.health.forget(self._part)

    # -- the receiver of its sessions ------------------------------------------------------------------------------

    def takes(self, recipient: str) -> bool:
        """Whether mail for it is taken."""
        return takes(self.recipients, recipient)

    def refused(self, why: str, address: str) -> None:
        """Count a refusal, and log it now and then."""
        name = self.settings.name
        self.storing.metrics.add(SMTP_REFUSED, name, why)
        words = _WORDS.get(why, why)
        self.storing.telling.tell(
            name, f"refused: {why}", logging.WARNING, f"{words}{f', from {address}' if address else ''}"
        )

    async def take(self, letter: Letter) -> list[Answer]:
        """Store a mail; the answer for each recipient."""
        return await self.storing.take(letter)

    def failed(self, error: Exception) -> None:
        """Tell of a bug of ours or of aiosmtpd."""
        name = self.settings.name
        self.storing.telling.tell(name, "bug", logging.ERROR, f"a bug in a connection: {type(error).__name__}")
        log.debug("in the connection", exc_info=error)

    def left(self, session: SmtpSession) -> None:
        """The connection is closed."""
        self._sessions.discard(session)
        self._count()
        if not self._sessions:
            self._idle.set()


_WORDS = {
    "recipient": "refused a recipient that is not in recipients (550)",
    "connections": "all connections are in use: further mail servers are told to try again later (421)",
    "timeout": "a mail server was silent, or too slow, and was cut off (421)",
    "commands": "a client sent commands without end, and was cut off (421)",
    "disputed end": "refused a mail with a lone dot behind or before a bare CR or LF (550)",
    "size": "refused a mail larger than max_size (552)",
    "busy": "the memory for bodies is used up: a mail server is told to try again later (451)",
}


@dataclass(eq=False)
class SmtpListeners:
    """All listeners. `reload` begins and exchanges, `stop` ends."""

    emit: EmitLetter
    budget: Budget
    clock: Clock
    health: Health
    metrics: Metrics
    grace: float  #: seconds for what is in hand where one is exchanged
    chance: Callable[[], float] = random.random
    listeners: dict[str, Listener] = field(default_factory=dict, init=False)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict, init=False)
    _ending: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._supervisor = Supervisor(self.health, self.chance)

    def reload(self, config: Config) -> None:
        """Listen as configured from now on; those whose settings are the same go on undisturbed."""
        ended: asyncio.Task[None] | None = None
        for name in [n for n, one in self.listeners.items() if config.smtp.get(n) != one.settings]:
            ended = self._end(name, self.grace)
        for name, settings in config.smtp.items():
            judging, recipients = judging_for(config, name), config.taken_for(settings)
            if (there := self.listeners.get(name)) is not None:
                there.storing.judging, there.recipients = judging, recipients
                there.renew()
                continue
            hostname = settings.hostname or socket.gethostname()
            telling = Telling(self.clock, "smtp")
            storing = Storing(judging, hostname, self.emit, self.clock, self.metrics, telling)
            made = Listener(settings, recipients, storing, self.budget, self.health, self.chance, ended)
            self.listeners[name] = made
            self._tasks[name] = self._supervisor.keep(f"smtp {name}", made.run)

    async def stop(self, grace: float) -> None:
        """End all of them; mails that are coming in have `grace` seconds."""
        for name in list(self.listeners):
            self._end(name, grace)
        if self._ending:
            await asyncio.wait(self._ending, timeout=grace + 1)
        await self._supervisor.stop()

    def _end(self, name: str, grace: float) -> asyncio.Task[None]:
        ending = asyncio.create_task(_ended(self.listeners.pop(name), self._tasks.pop(name), grace))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return ending


async def _ended(listener: Listener, task: asyncio.Task[None], grace: float) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await listener.close(grace)
