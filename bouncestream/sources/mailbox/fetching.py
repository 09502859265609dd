# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what is new in an open folder: by UID, in windows and batches of bounded size, each batch fetched, judged
and committed with how far the folder is read, before anything else happens to its mails.

While one batch is judged and committed the next one is fetched. A mail that the server does not give, or on which
the connection or the process dies, is tried alone, each try noted before it is made; after three it is set aside in
quarantine, and the others go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from bouncestream.errors import ServerRefused, StoreBusy, StoreError
from bouncestream.folders import FetchAttempts, FetchedMail, Filing, FolderKey, FolderProgress, MailBatch
from bouncestream.judging.mail import Judging, Returned, read_mail, troubled
from bouncestream.metrics import MAILS
from bouncestream.sources.imap.fetch import FORMS
from bouncestream.sources.imap.names import batches
from bouncestream.sources.imap.replies import HIGHEST, Fetched, Selected
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox import rules
from bouncestream.sources.mailbox.alone import Alone, NoMail
from bouncestream.sources.mailbox.context import MailboxContext
from bouncestream.sources.mailbox.listing import DATES, Listing, Misled
from bouncestream.sources.mailbox.own_mail import marks
from bouncestream.sources.mailbox.rules import StillUnreadable

log = logging.getLogger("bouncestream.mailbox")

#: Bytes of mails that are judged at once on the event loop: more take a thread, as they take milliseconds.
AT_ONCE = 24 << 10
#: What is noted of a mail that is being set aside: where even that fails, it is not fetched once more.
ASIDE = "it was being set aside"
#: What is noted of the other tries: the usual ones, and the last one, which is made when other mails have come.
TRYING, AGAIN = "it was being fetched or read", "it was being fetched or read, after others had come"
#: Bytes of the header of a mail that the server does not give otherwise.
HEADER = 16_384


@dataclass(slots=True)
class _Work:
    """The work in a window of UIDs: `read` is to be fetched, the rest is only noted."""

    read: list[int]
    last: int  #: the highest UID in it
    skipped: list[int] = field(default_factory=list)
    passed: list[tuple[int, datetime]] = field(default_factory=list)

    def noted(self, upto: int) -> tuple[int, tuple[tuple[int, datetime], ...]]:
        """Take out what is to be noted of the mails up to a UID."""
        skipped = sum(uid <= upto for uid in self.skipped)
        passed = tuple(one for one in self.passed if one[0] <= upto)
        self.skipped = [uid for uid in self.skipped if uid > upto]
        self.passed = [one for one in self.passed if one[0] > upto]
        return skipped, passed


class Reading:
    """Reads one folder over one session. `progress` is how far it has come."""

    def __init__(
        self,
        box: MailboxContext,
        session: Session,
        key: FolderKey,
        progress: FolderProgress,
        tries: dict[int, FetchAttempts],
    ) -> None:
        self._box = box
        self._session = session
        self.key = key
        self.progress = progress
        self._tries = _counted(tries)
        self._careful = True  # nothing has gone well over this session yet
        self._size = rules.FIRST_BATCH
        self.mails = 0  #: read over this session
        self.since = progress.last_uid  #: what has a higher UID was read over this session
        self.listing = Listing(session, key)
        self._alone = Alone(box, session, self.listing, key)

    async def news(self, selected: Selected) -> bool:
        """Read what is new; whether anything was. Raises MailboxErrors and StoreErrors, with all that is done by
        then committed."""
        before = self.progress.last_uid
        self.listing.selected = selected
        try:
            named = await self._windows()
        except Misled:
            self._tries = _counted(await self._box.memory.tries(self.key))
            named = await self._windows()
        if not named and await self.listing.hidden(self.progress.last_uid):
            await self._windows()
        return self.progress.last_uid > before

    async def _windows(self) -> bool:
        """Go through all UIDs that are not done with; whether any mail is named."""
        named = False
        low, size, empty = self.progress.last_uid + 1, rules.WINDOW, 0
        while low <= HIGHEST:
            high = low + size - 1
            last = high >= self.listing.uidnext - 1 or high >= HIGHEST or empty >= rules.EMPTY
            # Only the end of the last window is open: the server may be wrong about what comes next.
            uids = await self.listing.named(low, None if last else high)
            if uids:
                named = True
                await self._window(await self._sorted(uids))
            if last:
                break
            low, size = high + 1, rules.next_window(size, len(uids))
            empty = 0 if uids else empty + 1
            if empty and self._session.has("ESEARCH") and not self.listing.by_fetch:
                following = await self._session.lowest(low)
                if following is None or following < low:
                    break
                low = following
        return named

    async def _sorted(self, uids: list[int]) -> _Work:
        """The mails to be read of these, and those that are too old. Only of what was there before: a mail that
        arrives while we listen is read whatever its date."""
        box, progress = self._box, self.progress
        work = _Work(uids, uids[-1])
        before = [uid for uid in uids if uid < progress.below]
        if not before:
            return work
        now = box.clock.now()
        if (floor := rules.oldest(box.settings, progress, now)) is not None:
            old = await self.listing.older(before, floor)
            work.skipped = sorted(old) if not progress.renumbered else []
            before = [uid for uid in before if uid not in old]
            work.read = [uid for uid in work.read if uid not in old]
        if before and (gone := rules.forgotten(progress, box.dedupe, now)) is not None:
            old = await self.listing.older(before, gone)
            for some in batches(sorted(old), DATES):
                dates = await self.listing.dates(some)
                work.passed += [(uid, dates.get(uid, gone)) for uid in some]
            work.read = [uid for uid in work.read if uid not in old]
            if old:
                log.warning(
                    "%s: %d mails of %s are older than [retention] dedupe and may have been read before: "
                    "skipped, and listed in the table passed_over",
                    *(self.key.mailbox, len(old), self.key.folder),
                )
        return work

    # -- batches -------------------------------------------------------------------------------------------------

    async def _window(self, work: _Work) -> None:
        queue = work.read
        storing: asyncio.Task[None] | None = None
        try:
            while queue:
                batch = rules.next_batch(queue, self._tries, self._size)
                if self._careful or batch[0] in self._tries:
                    if storing is not None:
                        await storing
                        storing = None
                    done = await self._carefully(batch, work)
                else:
                    mails, done = await self._fetch(batch)
                    if storing is not None:
                        await storing
                    storing = asyncio.create_task(self._store(mails, done, work)) if done else None
                queue = queue[len(done) :]
            if storing is not None:
                await storing
                storing = None
            if self.progress.last_uid < work.last:
                await self._store([], [work.last], work)
        finally:
            if storing is not None:  # something else went wrong: what is fetched is stored all the same
                await asyncio.gather(storing, return_exceptions=True)

    async def _carefully(self, batch: list[int], work: _Work) -> list[int]:
        """A batch that may be what breaks the connection, or the process: its tries are noted before it is fetched,
        and committed with the mails. Returns the UIDs that are done with."""
        memory, now = self._box.memory, self._box.clock.now()
        before = self._tries.get(batch[0])
        hopeless = rules.hopeless(before, now)
        if before is not None and before.count < rules.TRIES + len(FORMS):  # more: whatever was tried died with us
            hopeless = hopeless and not self._box.forms.untried((self.key.folder, batch[0]))
        why = TRYING
        if before is not None and hopeless:
            others = await self._alone.others_come(batch[0])
            if others is False and not rules.hopeless(before, now, rules.NONE_SPAN):
                raise self._alone.none_come()
            # What failed before may have been the server's own trouble: now that others come, once more.
            hopeless = others is not True or before.why in (AGAIN, ASIDE)
            why = ASIDE if hopeless else AGAIN
        await memory.note_tries(self.key, batch, why)
        for uid in batch:
            tried = self._tries.get(uid, FetchAttempts(0, now))
            self._tries[uid] = replace(tried, count=tried.count + 1)
        if before is not None and hopeless:
            await self._set_aside(batch[0], work, fetch=before.why != ASIDE)
            return batch[:1]
        try:
            mails, done = await (self._fetch(batch) if len(batch) > 1 else self._one(batch[0]))
            if done:
                await self._store(mails, done, work)
        except (StoreError, ServerRefused, Misled, asyncio.CancelledError):
            with suppress(StoreError):  # not the mails' fault: nothing is stored now, or no other mail comes either
                await self._forgive(batch)
            raise
        if not done and len(batch) > 1:
            await self._forgive(batch)  # which of them it is will be seen one by one
            self._tries |= {uid: replace(self._tries[uid], count=self._tries[uid].count - 1) for uid in batch}
            return done
        self._careful = False
        for uid in done:
            self._tries.pop(uid, None)
        if not done:
            raise StillUnreadable(
                f"{self.key.folder}: the server does not return the mail with UID {batch[0]}, attempt "
                f"{self._tries[batch[0]].count}"
            )
        return done

    async def _one(self, uid: int) -> tuple[list[Fetched], list[int]]:
        """Fetch one mail as `_fetch` does, in whatever form it comes."""
        last = self._tries[uid].count >= rules.TRIES
        mail = await self._alone.fetch(uid, self.progress.last_uid, last=last)
        return ([mail], [uid]) if isinstance(mail, Fetched) else ([], [uid] if mail is NoMail.GONE else [])

    async def _forgive(self, uids: list[int]) -> None:
        """Take the last try back, and what was noted of it."""
        await self._box.memory.note_tries(self.key, uids, TRYING)
        for _ in range(2):
            await self._box.memory.take_tries_back(self.key, uids)

    async def _fetch(self, batch: list[int]) -> tuple[list[Fetched], list[int]]:
        """The mails of a batch, and which of its UIDs are done with then: all of them, or those before the first
        mail that the server has, but does not give. That one is tried alone next."""
        form, folder = self._box.forms.best, self.key.folder
        try:
            got = await self._session.fetch(batch, limit=rules.FETCH_LIMIT, form=form)
        except ServerRefused as error:
            if error.later:
                first, times = self._box.refused.get(folder, (0, 0))
                times = times + 1 if first == batch[0] else 1
                self._box.refused[folder] = (batch[0], times)
                if times < rules.TRIES:
                    raise
            got = []
        mails = {mail.uid: mail for mail in got if mail.raw}
        if mails:
            self._box.forms.worked(form)
        self._size = rules.batch_size(len(mails), sum(len(mail.raw or b"") for mail in mails.values()))
        missing = [uid for uid in batch if uid not in mails]
        if missing:
            there = await self.listing.still_there(missing, self.progress.last_uid)
            withheld = [uid for uid in missing if uid in there]
            for uid in withheld:
                self._tries.setdefault(uid, FetchAttempts(0, self._box.clock.now()))
            batch = [uid for uid in batch if not withheld or uid < withheld[0]]
        return [mails[uid] for uid in batch if uid in mails], batch

    async def _store(self, fetched: list[Fetched], done: list[int], work: _Work) -> None:
        """Judge and commit."""
        box = self._box
        last = done[-1] if done[-1] != (work.read or [0])[-1] else work.last
        skipped, passed = work.noted(last)
        mails: list[FetchedMail] = []
        results: list[str] = []
        now = box.clock.now()
        floor = rules.oldest(box.settings, self.progress, now)
        gone = rules.forgotten(self.progress, box.dedupe, now)
        fresh: list[Fetched] = []
        for mail in fetched:
            if self._ours(mail):
                continue
            at = mail.arrived_at if mail.uid < self.progress.below else None
            if at is not None and floor is not None and at < floor:
                skipped += not self.progress.renumbered
            elif at is not None and gone is not None and at < gone:
                passed += ((mail.uid, at),)
            else:
                fresh.append(mail)
        for mail, returned in zip(fresh, await judged(fresh, box.judging), strict=True):
            filing = rules.filing(box.settings, returned.filing)
            mails.append(FetchedMail(mail.uid, returned.submission, filing, mail.arrived_at))
            results.append(_result(returned))
            log.debug("%s: %s UID %d: %s", self.key.mailbox, self.key.folder, mail.uid, returned.why)
        await self._commit(MailBatch(self.key, last, tuple(mails), passed, skipped))
        aside = 0 if mails else self.progress.aside
        self.progress = replace(
            self.progress,
            last_uid=last,
            skipped=self.progress.skipped + skipped,
            mails=self.progress.mails + len(mails),
            aside=aside,
        )
        self.mails += len(mails)
        if fetched:
            self._box.refused.pop(self.key.folder, None)
        name = self.key.mailbox
        for result in results:
            box.metrics.add(MAILS, name, result)
        for result, count in (("too old", skipped), ("passed over", len(passed))):
            if count:
                box.metrics.add(MAILS, name, result, by=count)

    async def _commit(self, batch: MailBatch) -> None:
        """Commit, with a little patience for an outbox that is busy: a new login would cost more."""
        for pause in rules.BUSY_PAUSES:
            try:
                await self._box.emit.mails(batch)
                return
            except StoreBusy:
                await asyncio.sleep(pause)
        await self._box.emit.mails(batch)

    def _ours(self, mail: Fetched) -> bool:
        """Whether it is a canary."""
        return marks(mail.raw or b"")[0] == self._box.mark

    async def _set_aside(self, uid: int, work: _Work, *, fetch: bool) -> None:
        """Put a mail that could not be read into quarantine: raw, if the server gives it this time."""
        mail = None
        if fetch:
            with suppress(ServerRefused):
                form = self._box.forms.best
                mail = next(iter(await self._session.fetch([uid], limit=rules.FETCH_LIMIT, form=form)), None)
        if mail is None and not await self.listing.still_there([uid], self.progress.last_uid):
            await self._store([], [uid], work)  # somebody has taken it away
            return
        where = f"UID {uid} (UIDVALIDITY {self.key.uidvalidity}) of {self.key.folder}"
        why = f"the mail with {where} could not be fetched or read in {self._tries[uid].count - 1} attempts"
        log.error("%s: %s; it is quarantined: `bouncestream outbox list --quarantine`", self.key.mailbox, why)
        raw = mail.raw if mail is not None and mail.raw else b""
        if fetch and not raw and (raw := await self._session.header(uid, HEADER)):
            why += "; only its header could be fetched"
        raw = raw or f"{where} of the mailbox {self.key.mailbox}".encode()
        submission = troubled(self.key.mailbox, why, raw)
        skipped, passed = work.noted(uid)
        await self._commit(MailBatch(self.key, uid, (FetchedMail(uid, submission),), passed, skipped, aside=1))
        self.progress = replace(self.progress, last_uid=uid, aside=self.progress.aside + 1)
        self._tries.pop(uid, None)
        self._box.metrics.add(MAILS, self.key.mailbox, "set aside")


def _counted(tries: dict[int, FetchAttempts]) -> dict[int, FetchAttempts]:
    return {uid: tried for uid, tried in tries.items() if tried.count}


def _result(returned: Returned) -> str:
    if returned.submission is None:
        return "no bounce"
    if returned.filing is Filing.UNIDENTIFIED:
        return "unidentified"
    return "bounce" if returned.submission.events else "set aside"


async def judged(mails: Sequence[Fetched], judging: Judging) -> list[Returned]:
    """The judgement of each mail; many or large ones are read on a thread, so that the event loop goes on."""
    if sum(len(mail.raw or b"") for mail in mails) > AT_ONCE:
        return await asyncio.to_thread(_judge, mails, judging)
    return _judge(mails, judging)


def _judge(mails: Sequence[Fetched], judging: Judging) -> list[Returned]:
    found = []
    for mail in mails:
        returned = read_mail(mail.raw or b"", judging, mail.arrived_at)
        if returned.bug:
            log.error("%s: %s at UID %d; the mail is quarantined", judging.source, returned.why, mail.uid)
        found.append(returned)
    return found
