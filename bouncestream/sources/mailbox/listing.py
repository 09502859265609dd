# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of mails in the open folder. SEARCH names them, and is not believed blindly: servers are known that
answer it with every UID, with sequence numbers, or with nothing. FETCH shows what there is: it is asked where the
two can be seen to disagree, and from then on alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from bouncestream.errors import ServerRefused, Throttled
from bouncestream.folders import FolderKey
from bouncestream.sources.imap.names import batches, uid_set
from bouncestream.sources.imap.replies import HIGHEST, Selected, search_date
from bouncestream.sources.imap.session import Session

log = logging.getLogger("bouncestream.mailbox")

#: So many dates, or mails that may not be there, are asked for together.
DATES = 500
#: So many of the newest and of the oldest mails that a SEARCH calls too old are asked for their dates.
SAMPLE = 3


class Misled(Exception):
    """SEARCH names mails that are not there, and others are."""


class Listing:
    """Of one folder over one session. `selected`: how the folder was when it was opened last."""

    def __init__(self, session: Session, key: FolderKey) -> None:
        self._session = session
        self._key = key
        self.selected = Selected(key.uidvalidity, 0, 0)
        self.by_fetch = False  #: SEARCH names other mails than there are
        self._doubted = False  # that was looked into

    @property
    def uidnext(self) -> int:
        """The UID that the next mail gets, as the server says; 0: it does not."""
        return self.selected.uidnext

    async def named(self, low: int, high: int | None) -> list[int]:
        """The UIDs of the mails from `low` to `high` (None: to the last one), ascending. Raises MailboxError.

        Those that lie beyond what the server itself says there is (UIDNEXT) count only when FETCH shows them: one
        wrong UID must not make all that arrive later look as if they were read.
        """
        if self.by_fetch:
            return await self._session.listed(low, high)
        found = await self._searched(low, high)
        beyond = [uid for uid in found if uid >= self.uidnext]
        believed = found[: len(found) - len(beyond)]
        for some in batches(beyond, DATES):
            shown = await self._session.there(some)
            believed += [uid for uid in some if uid in shown]
            if not shown:
                break
        return believed

    async def _searched(self, low: int, high: int | None) -> list[int]:
        found = await self._session.search(f"UID {low}:{high or '*'}")
        return [uid for uid in found if low <= uid <= (high or HIGHEST)]  # `n:*` names the last mail even if older

    async def hidden(self, last: int) -> bool:
        """Whether FETCH shows mails after the UID `last` although SEARCH names none. Asked only where the server
        says that there may be some. Raises ServerRefused when there must be some and neither names them, as then
        nothing is read."""
        told, exists = self.uidnext, self.selected.exists
        if 0 < told <= last + 1 or not (told or exists):
            return False
        listed: list[int] = []
        try:
            listed = await self._session.listed(last + 1, told - 1 if told else None)
        except ServerRefused as error:
            log.debug("%s: %s cannot be listed: %s", self._key.mailbox, self._key.folder, error)
        if listed:
            self._mistrust()
        elif exists and not last:
            raise ServerRefused(f"the server reports mails in {self._key.folder} ({exists} EXISTS), but lists none")
        return bool(listed)

    async def still_there(self, uids: list[int], last: int) -> set[int]:
        """The mails of these, which a FETCH did not give, that the server has all the same. Once a session it is
        made sure that SEARCH names the mails there are after the UID `last`: else they would all be set aside, one
        after the other. Raises Misled, and MailboxError."""
        shown = await self._session.there(uids)
        if self.by_fetch:
            return shown
        named = set(await self._session.search(f"UID {uid_set(uids)}")).intersection(uids)
        if named - shown and not self._doubted:
            self._doubted = True
            low, high = last + 1, max(self.uidnext - 1, uids[-1])
            with suppress(ServerRefused):
                listed = await self._session.listed(low, high)
                if set(listed).difference(await self._searched(low, high)):
                    self._mistrust()
                    raise Misled
        return named | shown

    async def older(self, uids: Sequence[int], moment: datetime) -> set[int]:
        """The mails that arrived more than a day before `moment`: SEARCH knows days only, in the server's own zone.
        The rest tells its time when it is fetched. What a SEARCH leaves out is believed once some of it has told
        its time."""
        day = moment - timedelta(days=1)
        old = sorted(uids)
        if not self.by_fetch:
            found = await self._session.search(f"UID {uids[0]}:{uids[-1]} SINCE {search_date(day)}")
            old = sorted(set(uids).difference(found))
            sample = await self.dates([*old[-SAMPLE:], *old[:SAMPLE]])
            if not old or (sample and all(at < moment for at in sample.values())):
                return set(old)
        dates: dict[int, datetime] = {}
        for some in batches(old, DATES):
            dates |= await self.dates(some)
        return {uid for uid in old if uid in dates and dates[uid] < day}

    async def dates(self, uids: Sequence[int]) -> dict[int, datetime]:
        """UID → when it arrived, as far as the server tells it. Raises Throttled."""
        try:
            return await self._session.dates(sorted(set(uids)))
        except Throttled:
            raise
        except ServerRefused as error:
            log.debug("%s: %s: no dates: %s", self._key.mailbox, self._key.folder, error)
            return {}

    def _mistrust(self) -> None:
        """From now on, over this session, FETCH tells which mails there are."""
        self.by_fetch = True
        log.warning(
            "%s: %s: SEARCH and FETCH list different mails on this server, so SEARCH is not used",
            *(self._key.mailbox, self._key.folder),
        )
