# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of a mailbox, watched for ever: connect → read what is new → do what is owed → SELECT → IDLE → again.

SELECT is the last command before IDLE, as a server may tell of a new mail while it answers another command, where
nobody listens. What IDLE says is never taken for more than a reason to look. Every end of a session is waited out,
each sort in its own way (`rules`).
"""

from __future__ import annotations

import asyncio
import logging

from bouncestream.errors import (
    ConnectionLost,
    FolderMissing,
    LoginRefused,
    MailboxError,
    ServerRefused,
    StoreError,
    Throttled,
)
from bouncestream.health import Status
from bouncestream.metrics import MAILBOX_FAILURES, MAILBOX_HEARD
from bouncestream.sources.imap.replies import Selected
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox import rules
from bouncestream.sources.mailbox.context import MailboxContext
from bouncestream.sources.mailbox.fetching import Reading
from bouncestream.sources.mailbox.filing import settle
from bouncestream.sources.mailbox.numbers import Numbers
from bouncestream.sources.mailbox.rules import Deaf, FolderState

log = logging.getLogger("bouncestream.mailbox")

#: How long IDLE is not tried again where it was mute, in re-IDLE times.
MUTE_FOR = 12
#: So often in a row a folder may change without anything new in it before we listen anyway.
FRUITLESS = 5


class Folder:
    """Reads one folder. `run` until it is cancelled."""

    def __init__(self, box: MailboxContext, name: str) -> None:
        self.box = box
        self.name = name
        self.session: Session | None = None
        self.listening = False  #: in IDLE just now, or between two looks
        self.looked = asyncio.Event()  #: set at each look into the folder
        self.wire_name = name  #: as the server calls it
        self._state = FolderState.CONNECTING
        self._deaf: Deaf | None = None
        self._waiting_since: float | None = None  # it had read all over this session, and waited for news
        self._reading: Reading | None = None
        self._numbers = Numbers(box, name)
        self._unheard = 0  # times in a row that IDLE was silent about news
        self._hollow = 0  # times in a row that IDLE ended at once and nothing was new
        self._broken = 0  # times in a row that IDLE broke off at once
        self._mute_until = 0.0
        self._settle_at = 0.0
        self._pushed = False  # IDLE has told of something since the last look
        self._told_skipped = False

    async def run(self) -> None:
        """Watch the folder, for ever."""
        box = self.box
        failures = 0
        self._stand(FolderState.CONNECTING, 0, f"{self.name}: connecting to {box.settings.host}")
        while True:
            self._forget()
            trouble: Exception
            try:
                await self._session()
                continue
            except (MailboxError, StoreError, OSError) as error:
                trouble = self._deaf or error
            except Exception as error:
                log.exception("%s: bug while reading %s", box.settings.name, self.name)
                trouble = error
            state = rules.state_of(trouble)
            lasted = box.clock.monotonic() - self._waiting_since if self._waiting_since is not None else 0.0
            read = self._reading is not None and self._reading.mails > 0
            failures = rules.failures_after(failures, lasted, read, box.settings) + 1
            box.metrics.add(MAILBOX_FAILURES, box.settings.name, state.value)
            words = str(trouble) if isinstance(trouble, (MailboxError, StoreError)) else type(trouble).__name__
            self._stand(state, failures, words)
            if isinstance(trouble, (LoginRefused, Throttled)):
                box.connector.hold(trouble)
                await box.connector.closed()
            else:
                wait = rules.wait_after(state, failures, box.settings, box.chance())
                await asyncio.sleep(max(wait, getattr(trouble, "after", 0.0)))

    def _forget(self) -> None:
        self._deaf = self._reading = self._waiting_since = None

    def deaf(self, why: str) -> None:
        """Another connection saw what this one did not hear of: replace it."""
        if self.session is not None:
            self._deaf = Deaf(why)
            self.session.kill("it missed new mails")

    @property
    def seen(self) -> Selected | None:
        """The folder as it was at the last look."""
        return self.session.selected if self.session is not None else None

    async def _session(self) -> None:
        self.session = session = await self.box.connector.connect()
        try:
            await self._find(session)
            before: tuple[int, int, int] | None = None
            silent = False  # the last IDLE said nothing
            while True:
                before, news = await self._catch_up(session, before)
                if news:
                    self._hollow = 0
                if silent and news:
                    self._found_unheard()
                if await self._settle(session) and not self._numbers.unsteady:
                    continue
                silent = await self._wait(session)
                if self._pushed or not self._reading or not self._reading.listing.uidnext:
                    before = None  # something may be new although the folder looks the same
        finally:
            self.session = None
            self.listening = False
            await session.close()

    async def _find(self, session: Session) -> None:
        """The folder by its name, or by what servers with folders below INBOX call it."""
        self.wire_name = self.name
        try:
            await session.select(self.name)
        except FolderMissing:
            prefix = await session.prefix()
            if not prefix or self.name.startswith(prefix):
                raise
            await session.select(prefix + self.name)
            self.wire_name = prefix + self.name

    # -- reading -------------------------------------------------------------------------------------------------

    async def _catch_up(
        self, session: Session, before: tuple[int, int, int] | None
    ) -> tuple[tuple[int, int, int] | None, bool]:
        """Read until nothing is new; SELECT is then the last thing that was said. `before`: how the folder stood
        when nothing was found in it; returns that anew, and whether something was new."""
        news = False
        fruitless = 0
        while True:
            selected = await session.select(self.wire_name)
            self._note_look()
            self._reading = reading = await self._numbers.reading(session, selected, self._reading)
            now = (selected.uidvalidity, selected.uidnext, selected.exists)
            if now == before or fruitless >= FRUITLESS:
                return now, news
            found = await reading.news(selected)
            if self._numbers.unsteady:
                return None, False  # the next SELECT would give them new numbers again
            if found:
                news = True
                before = None
                self._stand(FolderState.READING, 0, f"{self.name}: reading the mails that have arrived")
            else:
                before = now
                fruitless += 1

    def _note_look(self) -> None:
        self.looked.set()
        self.box.metrics.set(MAILBOX_HEARD, self.box.clock.now().timestamp(), self.box.settings.name, self.name)

    # -- afterwards ----------------------------------------------------------------------------------------------

    async def _settle(self, session: Session) -> bool:
        """Do what is owed; whether the server was asked for anything by that."""
        box = self.box
        reading = self._reading
        if box.dry_run or reading is None or box.clock.monotonic() < self._settle_at:
            return False
        line = f"{self.name}, afterwards"
        try:
            asked, hindrance = await settle(
                session, reading.key, reading.since, box.settings, box.memory, box.metrics
            )
        except ServerRefused as error:
            self._settle_at = box.clock.monotonic() + box.settings.retry
            box.health.set(line, Status.YELLOW, f"{self.name}: mails cannot be flagged or moved yet: {error}")
            return True
        if hindrance:
            box.health.set(line, Status.YELLOW, f"{self.name}: {hindrance}")
        elif asked:
            box.health.forget(line)
        return asked

    # -- waiting -------------------------------------------------------------------------------------------------

    async def _wait(self, session: Session) -> bool:
        """Until something may be new; True: IDLE has lasted its time in silence."""
        box, settings = self.box, self.box.settings
        self._pushed = False
        if self._waiting_since is None:
            self._waiting_since = box.clock.monotonic()
        self._tell_skipped()
        if self._numbers.unsteady:
            text = f"{self.name}: the server renumbers all mails each time (UIDVALIDITY), so all of them "
            text += "are read again now and then; none is counted twice. Next: ask the server's administrator"
            self._stand(FolderState.UNSTEADY, 0, text)
            await asyncio.sleep(self._numbers.wait * (0.9 + 0.1 * box.chance()))
            return False
        self._tell_unread()
        box.connector.fine()
        self.listening = True
        try:
            if not session.has("IDLE") or box.clock.monotonic() < self._mute_until:
                why = "reports no new mails" if session.has("IDLE") else "is missing"
                self._stand(
                    FolderState.POLLING,
                    0,
                    f"{self.name}: IDLE {why} on this server: polled every {settings.poll:g} s",
                )
                await asyncio.sleep(settings.poll * (0.9 + 0.1 * box.chance()))
                return False
            self._stand(FolderState.LISTENING, 0, f"listening to {self.name}")
            began = box.clock.monotonic()
            try:
                heard = await session.idle(settings.idle * (0.9 + 0.1 * box.chance()))
            except ServerRefused as error:
                log.warning("%s: %s", settings.name, error)
                self._be_mute()
                return False
            except ConnectionLost:
                self._broken += box.clock.monotonic() - began < rules.SHORT_IDLE
                if self._broken > rules.MUTE_AFTER:
                    self._be_mute()
                raise
            self._broken = 0
            self._pushed = heard
            if heard:
                self._unheard = 0
            self._hollow = self._hollow + 1 if box.clock.monotonic() - began < rules.SHORT_IDLE else 0
            if rest := rules.hollow_rest(self._hollow, settings):
                log.debug("%s: IDLE of %s ended at once without news: pausing %g s", settings.name, self.name, rest)
                await asyncio.sleep(rest)
            return not heard
        finally:
            self.listening = False

    def _found_unheard(self) -> None:
        """Something was new although IDLE had said nothing for its whole time. Once may be chance."""
        self._unheard += 1
        if self._unheard >= rules.MUTE_AFTER:
            self._be_mute()
            raise Deaf(f"{self.name}: IDLE failed to report new mails twice in a row")

    def _be_mute(self) -> None:
        self._broken = self._unheard = 0
        self._mute_until = self.box.clock.monotonic() + MUTE_FOR * self.box.settings.idle

    # -- telling -------------------------------------------------------------------------------------------------

    def _stand(self, state: FolderState, failures: int, words: str) -> None:
        if state is FolderState.READING and self._state in (FolderState.POLLING, FolderState.UNSTEADY):
            return  # and back to that in a moment
        self._state = state
        status = rules.status(state, failures)
        text = words if status is Status.GREEN else f"{state.value}: {words}"
        self.box.health.set(self.name, status, text)

    def _tell_unread(self) -> None:
        """Listening is no green light where what is heard of cannot be read."""
        line = f"{self.name}, unread"
        if self._reading is None or not rules.unread(self._reading.progress):
            self.box.health.forget(line)
            return
        text = f"{self.name}: its mails cannot be read, quarantined in a row: {self._reading.progress.aside}. "
        text += "Next: `bouncestream outbox list --quarantine` says why"
        self.box.health.set(line, Status.RED, f"{FolderState.UNREAD}: {text}")

    def _tell_skipped(self) -> None:
        """At the end of the first contact: what was left out."""
        reading = self._reading
        if reading is None or self._told_skipped or not reading.progress.skipped:
            return
        self._told_skipped = True
        log.info(
            "%s: %s: mails older than start = %s are skipped: %d",
            *(self.box.settings.name, self.name, self.box.settings.start, reading.progress.skipped),
        )
