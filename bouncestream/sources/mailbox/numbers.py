# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the numbers of a folder's mails (UIDs) still mean what they meant (RFC 3501 section 2.3.1.1).

A new UIDVALIDITY says that they do not. So does a server that was restored from a backup, though it keeps the
UIDVALIDITY: it gives numbers anew that it had given before, which shows in a UIDNEXT that is not above the last UID
that was read, or in another mail under that UID. Then the folder is read anew: what is known is not told twice, and
what was still owed to single mails is forgotten, as their numbers belong to others.
"""

from __future__ import annotations

import logging
from datetime import datetime

from bouncestream.errors import ServerRefused, Throttled
from bouncestream.folders import FolderKey, FolderProgress, MailBatch
from bouncestream.sources.imap.replies import Selected
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox import rules
from bouncestream.sources.mailbox.context import MailboxContext
from bouncestream.sources.mailbox.fetching import Reading

log = logging.getLogger("bouncestream.mailbox")

#: So many of the mails that a UIDNEXT says not to be there are asked for.
ASKED = 5


class Numbers:
    """The numbers (UIDs) of one folder, over all of its sessions."""

    def __init__(self, box: MailboxContext, name: str) -> None:
        self._box = box
        self._name = name
        self._anew_at = 0.0
        self._count = 0
        self._unsure = False  # the server would not tell whether the last mail is the one that was read
        self.unsteady = False  #: at the last look they were new ones again, as so often before

    @property
    def wait(self) -> float:
        """Seconds until the next look at a folder whose numbers are new each time."""
        return rules.unsteady_wait(self._count, self._box.settings)

    async def reading(self, session: Session, selected: Selected, before: Reading | None) -> Reading:
        """The reading of the folder as it was just opened: `before`, as long as its numbers mean the same. The
        first contact, and new numbers, are committed. Raises MailboxError and StoreError."""
        box, settings = self._box, self._box.settings
        self.unsteady = False
        key = FolderKey(settings.name, self._name, selected.uidvalidity)
        if before is not None and before.key == key:
            why = await self._begun_anew(session, selected, before.progress, first=self._unsure)
            if not why:
                return before
            progress: FolderProgress | None = before.progress
        else:
            progress = await box.memory.progress(settings.name, self._name)
            why = "UIDVALIDITY"
            if progress is not None and progress.uidvalidity == selected.uidvalidity:
                why = await self._begun_anew(session, selected, progress, first=True)
        if progress is None:
            await self._first(session, selected, key)
        elif why:
            await self._anew(session, selected, key, why)
        now = await box.memory.progress(settings.name, self._name)
        assert now is not None
        return Reading(box, session, key, now, await box.memory.tries(key))

    async def _first(self, session: Session, selected: Selected, key: FolderKey) -> None:
        settings = self._box.settings
        highest = await self._highest(session, selected)
        below = max(selected.uidnext, highest + 1)
        none = settings.start == "now"
        batch = MailBatch(key, highest if none else 0, below=below, skipped=selected.exists if none else 0)
        await self._box.emit.mails(batch)
        log.info(
            "%s: %s is read for the first time: %d mails, start = %s",
            *(settings.name, self._name, selected.exists, settings.start),
        )

    async def _anew(self, session: Session, selected: Selected, key: FolderKey, why: str) -> None:
        below = max(selected.uidnext, await self._highest(session, selected) + 1)
        await self._box.emit.mails(MailBatch(key, 0, below=below, anew=True))
        now = self._box.clock.monotonic()
        self._count = self._count + 1 if self._count and now - self._anew_at < rules.UNSTEADY_SPAN else 1
        self._anew_at = now
        self.unsteady = self._count >= rules.UNSTEADY
        if not self.unsteady:
            log.warning(
                "%s: the server renumbered the mails of %s (%s): they are read again; known bounces "
                "are not counted twice",
                *(self._box.settings.name, self._name, why),
            )

    async def _highest(self, session: Session, selected: Selected) -> int:
        """The highest UID in the folder; 0: none, or none that can be believed."""
        found = await session.search("*") if selected.exists else []
        highest = max(found, default=0)
        if highest >= selected.uidnext and not await session.there([highest]):
            return 0
        return highest

    async def _begun_anew(
        self, session: Session, selected: Selected, progress: FolderProgress, *, first: bool
    ) -> str:
        """Why the numbers must be new ones although UIDVALIDITY is the same; empty: they need not be. `first`: over
        this session; within one a server does not exchange its mails unseen."""
        last = progress.last_uid
        if 0 < selected.uidnext <= last:
            low = selected.uidnext
            found = [uid for uid in await session.search(f"UID {low}:{last}") if low <= uid <= last]
            if not await session.there(found[-ASKED:]):
                return f"UIDNEXT is {low}, and mails up to {last} were read"
        if first and progress.last_at is not None and selected.exists:
            at = await self._arrival(session, last)
            if at is not None and _other(at, progress.last_at):
                return f"UID {last} is no longer the mail that was read"
        return ""

    async def _arrival(self, session: Session, uid: int) -> datetime | None:
        """The time a mail arrived; None: it is gone, or the server refuses. The mail may be damaged, and must
        not keep those after it from being read; the server is asked again at the next look."""
        self._unsure = False
        try:
            return (await session.dates([uid])).get(uid)
        except Throttled:
            raise
        except ServerRefused as error:
            self._unsure = True
            log.debug("%s: %s: UID %d: %s", self._box.settings.name, self._name, uid, error)
            return None


def _other(one: datetime, two: datetime) -> bool:
    """Whether two times of arrival are those of two mails. An offset that a server gets wrong makes hours of
    difference to the same mail when summer time begins."""
    seconds = abs((one - two).total_seconds())
    return seconds > 86400 or (seconds >= 1 and seconds % 1800 != 0)
