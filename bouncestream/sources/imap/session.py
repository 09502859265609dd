# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with an IMAP server (RFC 3501): typed calls over aioimaplib, each with a time limit, each failure an
error in an operator's words.

One task owns a session; two commands at once would confuse aioimaplib. After a time-out or a lost connection it is
of no use any more: every further call raises ConnectionLost.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress

from aioimaplib import aioimaplib as library

from bouncestream import __version__
from bouncestream.config.mailbox import Mailbox
from bouncestream.config.oauth import needs_token
from bouncestream.errors import (
    AuthFailed,
    CertificateRefused,
    ConnectionLost,
    FolderMissing,
    LoginBarred,
    MailboxError,
    ServerRefused,
    Throttled,
)
from bouncestream.sources.imap import refusals, replies
from bouncestream.sources.imap.commands import Answer
from bouncestream.sources.imap.connect import connect_error, open_connection, tls_context
from bouncestream.sources.imap.fetch import Fetching
from bouncestream.sources.imap.login import fix, refused, sasl, without
from bouncestream.sources.imap.names import encoded_folder, quoted, uid_set
from bouncestream.sources.imap.protocol import Authenticate, Protocol
from bouncestream.sources.imap.refusals import Sort
from bouncestream.sources.imap.replies import Selected

#: How often the time limit a login may take: servers delay the answer to a wrong password.
LOGIN_PATIENCE = 1.5


class Session(Fetching):
    """A connection that is logged in. Made by `connect`; `close` it."""

    def __init__(self, protocol: Protocol, settings: Mailbox) -> None:
        super().__init__(protocol, settings)
        self.capabilities: frozenset[str] = frozenset()
        self._identified = False
        self.selected: Selected | None = None  #: the folder that is open, as it was at the last `select`

    # -- opening and closing -------------------------------------------------------------------------------------

    @classmethod
    async def connect(cls, settings: Mailbox, *, token: str | None = None) -> Session:
        """A session that is connected, secured, logged in, and knows what the server can.

        `token`: the access token, for auth = xoauth2 and oauthbearer. Raises AuthFailed, CertificateRefused,
        ConnectionLost or ServerRefused.
        """
        secret = token if needs_token(settings) else settings.password.reveal() if settings.password else None
        blank = without(settings, secret)
        session = cls(await open_connection(settings, blank), settings)
        try:
            await session._greet()
            if settings.tls == "starttls":
                await session._start_tls()
            await session._login(secret)
            await session._ask_capabilities()
            if session.has("ID"):
                await session._identify()
        except BaseException:
            session.kill("it was cancelled")
            raise
        return session

    async def close(self) -> None:
        """Say good-bye and hang up; never waits long, never raises."""
        protocol = self._protocol
        if not protocol.why and protocol.transport is not None:
            done = "DONE\r\n" if protocol.has_pending_idle_command() else ""
            protocol.transport.write(f"{done}{protocol.new_tag()} LOGOUT\r\n".encode())
        self.kill("bouncestream closed it")
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await protocol.lost.wait()

    @property
    def lost(self) -> bool:
        return bool(self._protocol.why)

    @property
    def idling(self) -> bool:
        """Whether it is in IDLE just now."""
        return bool(self._protocol.has_pending_idle_command())

    @property
    def secured(self) -> ssl.SSLObject | None:
        """The TLS of the connection; None: there is none."""
        transport = self._protocol.transport
        found: ssl.SSLObject | None = transport.get_extra_info("ssl_object") if transport is not None else None
        return found

    def has(self, capability: str) -> bool:
        """Whether the server can do that, such as `IDLE`, `MOVE`, `UIDPLUS`."""
        return capability in self.capabilities

    async def _greet(self) -> None:
        try:
            async with asyncio.timeout(self._settings.timeout):
                await asyncio.shield(self._protocol.greeting)
        except TimeoutError:
            raise self._gone(f"no greeting within {self._settings.timeout:g} s") from None
        except ConnectionLost as error:
            raise self._gone(str(error)) from None
        self._protocol.keep_alive(self._settings.idle / 5)
        await self._ask_capabilities()

    async def _start_tls(self) -> None:
        protocol = self._protocol
        if protocol.state != library.NONAUTH or not self.has("STARTTLS"):
            raise CertificateRefused(
                f"{self._where} does not offer STARTTLS, so the password would be sent unencrypted. Next: set "
                'tls = "implicit" if the server has a port for it (993), or ask its administrator.'
            )
        protocol.upgrading = True
        answer = await self._run("STARTTLS")
        if not answer.ok:
            raise CertificateRefused(
                f"{self._where} refused STARTTLS: {answer.words}. Next: ask its administrator."
            )
        if protocol.why:
            raise self._gone(protocol.why)
        try:
            async with asyncio.timeout(self._settings.timeout):
                transport = await protocol.loop.start_tls(
                    protocol.transport, protocol, tls_context(self._settings), server_hostname=self._settings.host
                )
        except (OSError, TimeoutError) as error:
            raise connect_error(error, self._settings) from None
        if transport is None:
            raise self._gone(protocol.why or "TLS could not be started")
        protocol.transport = transport
        protocol.upgrading = False
        await self._ask_capabilities()  # what was said before TLS proves nothing

    async def _login(self, secret: str | None) -> None:
        settings, protocol = self._settings, self._protocol
        if protocol.state != library.NONAUTH:
            return  # PREAUTH: the server knows us already
        if not secret:
            raise AuthFailed(f"no password is set to log in as {settings.user}. Next: {fix(settings)}.")
        refusal = ""
        if settings.auth == "password" and not (self.has("LOGINDISABLED") and self.has("AUTH=PLAIN")):
            answer = await self._run("LOGIN", quoted(settings.user), quoted(secret), patience=LOGIN_PATIENCE)
        else:
            mechanism, message, farewell = sasl(settings, secret)
            if not self.has(f"AUTH={mechanism}"):
                offered = ", ".join(sorted(c[5:] for c in self.capabilities if c.startswith("AUTH="))) or "nothing"
                raise AuthFailed(
                    f"{self._where} does not support auth = {settings.auth}; it offers {protocol.blank(offered)}. "
                    f"Next: change mailboxes.{settings.name}.auth."
                )
            at_once = self.has("SASL-IR")
            command = Authenticate(
                protocol.new_tag(),
                mechanism,
                *([message] if at_once else []),
                replies=[] if at_once else [message],
                farewell=farewell,
                loop=protocol.loop,
            )
            answer = await self._execute(command, patience=LOGIN_PATIENCE)
            refusal = protocol.blank(command.refusal)
        if not answer.ok:
            raise refused(settings, answer.words, answer.code, refusal)
        protocol.state = library.AUTH

    async def _identify(self) -> None:
        """Say which program we are (RFC 2971), and nothing about anybody: NetEase (163, 126, yeah.net) opens no
        folder before. Whatever the answer is."""
        self._identified = True
        await self._run("ID", f'("name" "bouncestream" "version" {quoted(__version__)})')

    async def _ask_capabilities(self) -> None:
        answer = await self._run("CAPABILITY")
        self.capabilities = replies.capabilities(answer.lines)
        self._protocol.capabilities = set(self.capabilities)
        if not {"IMAP4REV1", "IMAP4REV2", "IMAP4"} & self.capabilities:
            raise self._gone("it is not an IMAP server")

    # -- folders -------------------------------------------------------------------------------------------------

    async def folders(self) -> list[str]:
        """The names of all folders that can hold mails, as a person writes them."""
        answer = await self._sure("LIST", '""', '"*"')
        listed = replies.folders(answer.lines)
        return [self._protocol.blank(name) for name, _, attributes in listed if "\\noselect" not in attributes]

    async def prefix(self) -> str:
        """The prefix of a person's own folders on this server, such as `INBOX.`; often nothing."""
        if not self.has("NAMESPACE"):
            return ""
        answer = await self._run("NAMESPACE")
        return replies.prefix(answer.lines) if answer.ok else ""

    async def select(self, folder: str) -> Selected:
        """Open a folder, or look at it anew: afterwards all that arrived before is known. Raises FolderMissing only
        where there is none by that name, else ServerRefused or LoginBarred with what the server says."""
        answer = await self._run("SELECT", encoded_folder(folder))
        if not answer.ok and not self._identified and refusals.is_unsafe(answer.words):
            await self._identify()  # it wants to know who we are, though it does not offer ID
            answer = await self._run("SELECT", encoded_folder(folder))
        if not answer.ok:
            raise await self._unopened(folder, answer)
        self._protocol.state = library.SELECTED
        self.selected = replies.selected(answer.lines)
        return self.selected

    async def _unopened(self, folder: str, answer: Answer) -> MailboxError:
        """Why a folder is not opened."""
        refusal = refusals.folder(answer.words, answer.code)
        said = f"{self._where} refused to open the folder {folder}"
        if refusal.sort in refusals.TOO_MUCH:
            return Throttled(f"{said} because of a limit: {answer.words}", answer.code)
        if refusal.sort is Sort.UNAVAILABLE:
            return ServerRefused(f"{said} for now: {answer.words}", answer.code)
        if refusal.sort is Sort.MISSING or (refusal.sort is Sort.UNCLEAR and not await self._is_there(folder)):
            return FolderMissing(
                f"{said}: {answer.words}. Next: `bouncestream mailbox test {self._settings.name}` lists the "
                "existing folders."
            )
        if refusal.sort is Sort.PERSON:
            return LoginBarred(f"{said}: {answer.words}. Next: {refusal.fix}.")
        fix = refusal.fix or "ask the mail server's administrator; the folder exists"
        return ServerRefused(f"{said}, although it exists: {answer.words}. Next: {fix}.", answer.code)

    async def _is_there(self, folder: str) -> bool:
        """Whether the server lists a folder; where it lists nothing, nobody knows."""
        try:
            listed = await self.folders()
        except ServerRefused:
            return True
        return folder.upper() == "INBOX" or not listed or folder in listed

    async def status(self, folder: str) -> dict[str, int]:
        """UIDNEXT, UIDVALIDITY and MESSAGES of a folder that need not be open; what the server leaves out is
        missing. Raises ServerRefused."""
        answer = await self._sure("STATUS", encoded_folder(folder), "(UIDNEXT UIDVALIDITY MESSAGES)")
        return replies.status(answer.lines)

    async def create(self, folder: str) -> None:
        """Make a folder, and subscribe to it so that mail programs show it. One that is there already is fine."""
        answer = await self._run("CREATE", encoded_folder(folder))
        if not answer.ok and answer.code != "ALREADYEXISTS" and folder not in await self.folders():
            raise self._refused(f"CREATE {folder}", answer)
        await self._run("SUBSCRIBE", encoded_folder(folder))

    # -- mails ---------------------------------------------------------------------------------------------------

    async def search(self, criteria: str) -> list[int]:
        """The UIDs of the mails in the open folder that fit, ascending."""
        return replies.numbers((await self._sure("SEARCH", criteria, prefix="UID")).lines)

    async def lowest(self, uid: int) -> int | None:
        """The lowest UID from `uid` on that there is, where the server has ESEARCH (RFC 4731)."""
        answer = await self._sure("SEARCH", "RETURN (MIN)", f"UID {uid}:*", prefix="UID")
        return replies.minimum(answer.lines)

    async def listed(self, low: int, high: int | None = None) -> list[int]:
        """The UIDs of the mails from `low` to `high` (None: to the last one), as FETCH shows them, ascending. What
        SEARCH names need not be there. Raises ServerRefused."""
        what = f"{low}:{high or '*'}"
        shown = replies.shown((await self._sure("FETCH", what, "(UID FLAGS)", prefix="UID")).lines)
        return sorted(uid for uid in shown if low <= uid <= (high or replies.HIGHEST))

    async def store(self, uids: Sequence[int], flags: str) -> None:
        """Add flags, such as `\\Seen $Keyword`. Raises ServerRefused."""
        await self._sure("STORE", uid_set(uids), "+FLAGS.SILENT", f"({flags})", prefix="UID")

    async def copy(self, uids: Sequence[int], folder: str) -> set[int]:
        """Copy to another folder; those that the server says to have copied (COPYUID, RFC 4315 section 3). Raises
        ServerRefused, with code TRYCREATE when there is no such folder."""
        answer = await self._sure("COPY", uid_set(uids), encoded_folder(folder), prefix="UID")
        return set(replies.copied(answer.lines).intersection(uids))

    async def move(self, uids: Sequence[int], folder: str) -> None:
        """Move to another folder (RFC 6851), where the server has MOVE. Raises ServerRefused as `copy` does."""
        await self._sure("MOVE", uid_set(uids), encoded_folder(folder), prefix="UID")

    async def expunge(self, uids: Sequence[int]) -> int:
        """Take just these mails away, if they are flagged \\Deleted (UID EXPUNGE, RFC 4315). Never another one:
        refuses to do anything where the server has no UIDPLUS. How many the server says that it has removed."""
        if not self.has("UIDPLUS"):
            raise ServerRefused(f"{self._where} has no UIDPLUS, so no mail is expunged")
        return replies.expunged((await self._sure("EXPUNGE", uid_set(uids), prefix="UID")).lines)

    async def append(self, folder: str, raw: bytes, flags: str = "") -> tuple[int, int] | None:
        """Put a mail into a folder; the folder's UIDVALIDITY and the mail's UID, where the server tells them
        (UIDPLUS). Raises ServerRefused."""
        self._protocol.literal_data = raw
        args = [encoded_folder(folder), *([f"({flags})"] if flags else []), f"{{{len(raw)}}}"]
        answer = await self._sure("APPEND", *args)
        return replies.appended(answer.words)

    # -- waiting -------------------------------------------------------------------------------------------------

    async def idle(self, seconds: float) -> bool:
        """Listen (RFC 2177) until the server says something about the folder, at most so long; whether it did. What
        it says is of no use beyond that: look yourself. Raises ServerRefused where IDLE is refused."""
        protocol = self._protocol
        while not protocol.idle_queue.empty():
            protocol.idle_queue.get_nowait()
        command = library.IdleCommand(protocol.new_tag(), protocol.idle_queue, loop=protocol.loop)
        protocol._idle_event.clear()
        answering = asyncio.create_task(self._execute(command, patience=None))
        begun = asyncio.create_task(protocol._idle_event.wait())
        try:
            await asyncio.wait(
                {answering, begun}, timeout=self._settings.timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if not answering.done() and not begun.done():
                raise self._silent("IDLE", self._settings.timeout)
            heard = False
            if not answering.done():
                heard = await self._listen(answering, seconds)
            if not answering.done():
                protocol.idle_done()
                await asyncio.wait({answering}, timeout=self._settings.timeout)
                if not answering.done():
                    raise self._silent("DONE", self._settings.timeout)
            answer = await answering
            if not answer.ok:
                raise self._refused("IDLE", answer)
            return heard
        finally:
            for task in (answering, begun):
                task.cancel()
            await asyncio.gather(answering, begun, return_exceptions=True)

    async def _listen(self, answering: asyncio.Task[Answer], seconds: float) -> bool:
        loop = self._protocol.loop
        end = loop.time() + seconds
        while True:
            pushed = asyncio.create_task(self._protocol.idle_queue.get())
            try:
                await asyncio.wait(
                    {answering, pushed}, timeout=max(0.0, end - loop.time()), return_when=asyncio.FIRST_COMPLETED
                )
                if not pushed.done():
                    return False
                # `OK Still here` is a sign of life, and no news.
                if any(line[:2].upper() != b"OK" for line in pushed.result()):
                    return True
            finally:
                pushed.cancel()
                await asyncio.gather(pushed, return_exceptions=True)
