# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection of a listener, in SMTP (RFC 5321) or LMTP (RFC 2033). aiosmtpd reads the commands and has the
state; what it does not do, or does otherwise (seen in 1.4.6), is here:

* DATA is read within the budget for bodies, a long line is no fault (reports have long ones), and LMTP gets an
  answer for each recipient; theirs gives one for all.
* A client that reads no answers, or sends commands without end, is cut off.
* No AUTH, which theirs offers behind STARTTLS; no HELP, no EXPN. Each answer has an enhanced code.
* It logs each line with its addresses: its logger is shut up.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, AnyStr, NoReturn, Protocol

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, TLSSetupException

from bouncestream.errors import StoreBusy
from bouncestream.ports import Clock
from bouncestream.sources.smtp import answers
from bouncestream.sources.smtp.answers import Answer
from bouncestream.sources.smtp.body import Body
from bouncestream.sources.smtp.trace import Letter
from bouncestream.sources.webhook.budget import Budget, Share

logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)

#: Bytes of a command line, and of a piece of a mail's line that is read at once.
LINE = 8192
#: Commands without a mail, beside those for its recipients; seconds of one connection.
COMMANDS, LONGEST = 200, 3600.0
#: So many bytes of a mail are counted at once in the budget.
STEP = 16 << 10


class Receiver(Protocol):
    """What a session asks of its listener."""

    clock: Clock
    hostname: str
    budget: Budget
    tls: ssl.SSLContext | None
    max_size: int
    max_recipients: int
    timeout: float
    stopping: bool

    def takes(self, recipient: str) -> bool:
        """Whether mail for it is taken."""

    def refused(self, why: str, address: str) -> None:
        """Count a refusal."""

    async def take(self, letter: Letter) -> list[Answer]:
        """Store a mail; the answer for each recipient."""

    def failed(self, error: Exception) -> None:
        """Tell of a bug."""

    def left(self, session: Any) -> None:
        """The connection is closed."""


class _Enough(Exception):
    """Too many commands without a mail, or too long a connection."""


class _Hooks:
    """What aiosmtpd asks at its commands. It reads every member of it, which with the slots of a dataclass is an
    error in Python 3.11.2."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, offered: list[str]
    ) -> list[str]:
        session.host_name = hostname
        kept = [line for line in offered if not line.startswith(("250-AUTH", "250 HELP"))]
        return [*kept, "250-PIPELINING", "250 ENHANCEDSTATUSCODES"]

    async def handle_RCPT(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not self.receiver.takes(address):
            self.receiver.refused("recipient", _ip(session))
            return answers.UNKNOWN.line
        if len(envelope.rcpt_tos) >= self.receiver.max_recipients:
            return answers.TOO_MANY.line
        envelope.rcpt_tos.append(address)
        return answers.RECIPIENT.line

    async def handle_exception(self, error: Exception) -> str:
        if isinstance(error, _Enough):
            self.receiver.refused("commands", "")
            return answers.ENOUGH.line
        if not isinstance(error, TLSSetupException):
            self.receiver.failed(error)
        return answers.UNAVAILABLE.line


class SmtpSession(SMTP):
    """A connection. `busy`: a mail is coming in, or being stored."""

    line_length_limit = LINE
    command_size_limit = LINE // 4
    each = False  #: an answer for each recipient

    def __init__(self, receiver: Receiver) -> None:
        self.command_size_limits = defaultdict(lambda: LINE // 4)  # theirs is shared by all connections, and grows
        self._receiver = receiver
        self._plain = False
        self._commands = 0
        self.busy = False
        loop = asyncio.get_running_loop()
        self._since = loop.time()
        super().__init__(
            _Hooks(receiver),
            data_size_limit=receiver.max_size,
            enable_SMTPUTF8=True,
            hostname=receiver.hostname,
            ident="bouncestream",
            tls_context=receiver.tls,
            timeout=receiver.timeout,
            loop=loop,
        )
        for name in ("AUTH", "EXPN", "HELP"):
            self._smtp_methods.pop(name, None)

    # -- the connection --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        first = self._original_transport is None
        super().connection_made(transport)
        if first and self._handler_coroutine is not None:
            self._handler_coroutine.add_done_callback(_retrieved)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._receiver.left(self)

    def end(self, answer: Answer) -> None:
        """Say this and close; at once, where the client does not even read what it was told before."""
        transport = self.transport
        if not isinstance(transport, asyncio.WriteTransport):
            return
        if transport.get_write_buffer_size():
            transport.abort()
            return
        transport.write(answer.line.encode() + b"\r\n")
        transport.close()

    def _timeout_cb(self) -> None:
        self._receiver.refused("timeout", _ip(self.session))
        self.end(answers.SLOW)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Called at each command that is known."""
        super()._reset_timeout(duration)
        self._commands += 1
        late = self.loop.time() - self._since > LONGEST
        if late or self._commands > COMMANDS + 2 * self._receiver.max_recipients:
            raise _Enough

    async def push(self, status: AnyStr) -> None:
        if isinstance(status, str) and not self._plain:
            await super().push(answers.with_status(status))
        else:
            await super().push(status)
        if status[:3] in ("421", b"421"):
            self._hang_up()

    def _hang_up(self) -> NoReturn:
        """Close, and leave alone what was read ahead: theirs would go on with it."""
        if self.transport is not None:
            self.transport.close()
        raise asyncio.CancelledError

    # -- commands --------------------------------------------------------------------------------------------------

    async def smtp_HELO(self, hostname: str) -> None:
        await self._plainly(super().smtp_HELO(hostname))

    async def smtp_EHLO(self, hostname: str) -> None:
        await self._plainly(super().smtp_EHLO(hostname))

    async def _plainly(self, greeting: Any) -> None:
        """The answer to a greeting has no enhanced code (RFC 2034 section 4)."""
        self._plain = True
        try:
            await greeting
        finally:
            self._plain = False

    async def smtp_DATA(self, arg: str) -> None:
        if await self.check_helo_needed():
            return
        envelope, session = self.envelope, self.session
        assert envelope is not None
        assert session is not None
        if not envelope.rcpt_tos or arg:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Error: need RCPT command")
            return
        self.busy = True
        share = Share(self._receiver.budget)
        try:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            body = Body(self._receiver.max_size)
            refusal = await self._read(body, share)
            # Their timer goes on while a mail is stored, for which its sender waits longer than that.
            super()._reset_timeout()
            if refusal is None:
                found = await self._receiver.take(self._letter(envelope, session, bytes(body.kept)))
                self._commands = 0
            else:
                found = [refusal] * len(envelope.rcpt_tos)
            self.envelope = self._create_envelope()
            for answer in found if self.each else [answers.for_all(found)]:
                await self.push(answer.line)
        finally:
            share.release()
            self.busy = False
        if not body.complete:
            self._hang_up()
        if self._receiver.stopping:
            await self.push(answers.STOPPING.line)

    async def _read(self, body: Body, share: Share) -> Answer | None:
        """Read a mail to its end; what is to be answered instead of taking it."""
        counted = 0
        share.waits(body.drop)
        try:
            while not body.complete and not body.disputed and not body.hopeless:
                body.feed(await self._piece())
                if body.dropped or len(body.kept) - counted < STEP:
                    continue
                counted = self._count(body, share, counted)
            if not body.dropped:
                self._count(body, share, counted)
        finally:
            share.settled()
        address = _ip(self.session)
        if body.disputed:
            self._receiver.refused("disputed end", address)
            return answers.DISPUTED
        if body.too_large:
            self._receiver.refused("size", address)
            return answers.TOO_LARGE
        if body.dropped:
            self._receiver.refused("busy", address)
            return answers.BUSY
        return None

    async def _piece(self) -> bytes:
        try:
            return await self._reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError as error:
            return await self._reader.read(error.consumed)

    @staticmethod
    def _count(body: Body, share: Share, counted: int) -> int:
        """Count what came since in the budget; where it has no room, the mail is not kept."""
        size = len(body.kept)
        try:
            if size > counted:
                share.grow(size - counted)
        except StoreBusy:
            body.drop()
        return size

    def _letter(self, envelope: Envelope, session: Session, content: bytes) -> Letter:
        sender = (envelope.mail_from or "").strip("<>")
        return Letter(
            sender,
            tuple(envelope.rcpt_tos),
            content,
            session.host_name or "",
            _ip(session),
            self._protocol(session),
            self._receiver.clock.now(),
        )

    def _protocol(self, session: Session) -> str:
        return ("ESMTP" if session.extended_smtp else "SMTP") + ("S" if session.ssl is not None else "")


class LmtpSession(LMTP, SmtpSession):
    """The same for LMTP: an answer for each recipient that was taken, in their order (RFC 2033 section 4.2)."""

    each = True

    def _protocol(self, session: Session) -> str:
        return "LMTP" + ("S" if session.ssl is not None else "")


class Overflow(asyncio.Protocol):
    """A connection above the limit."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(answers.FULL.line.encode() + b"\r\n")
        transport.close()


def _ip(session: Session | None) -> str:
    """The IP address of the other side; empty: a Unix socket."""
    peer = session.peer if session is not None else None
    return str(peer[0]).partition("%")[0] if isinstance(peer, Sequence) and len(peer) > 1 and peer[0] else ""


def _retrieved(task: asyncio.Task[None]) -> None:
    """A connection that breaks ends its task with an error that nobody else looks at."""
    if not task.cancelled():
        task.exception()
