# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of fetching a mail (RFC 3501 section 6.4.5): several, as no single one works on every server.

Xeams botches what is asked for in brackets together with a part of a body; others have no partial FETCH, or give
only what is called RFC822. The first form is the best one: it is bounded, and marks nothing as read. What works is
remembered for the mailbox (`Forms`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from bouncestream.errors import ServerRefused, Throttled
from bouncestream.sources.imap import replies
from bouncestream.sources.imap.commands import Commands
from bouncestream.sources.imap.names import uid_set
from bouncestream.sources.imap.replies import Fetched

#: A mail that is larger is not asked for as a whole; bytes.
WHOLE_LIMIT = 4 << 20
#: So many refusals there may be while it is looked for which of several mails is the one that is refused.
REFUSALS = 20

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Form:
    """A form of FETCH: one way to ask for a mail. `what`: with `%d` where the number of bytes goes."""

    what: str
    whole: bool = False  #: the mail comes as a whole, so its size is asked for first, and each comes alone
    marks: bool = False  #: the server marks the mail as read

    @property
    def dated(self) -> bool:
        return "INTERNALDATE" in self.what

    @property
    def name(self) -> str:
        """The form, as one may tell it."""
        return self.what.strip("()").removeprefix("UID ").replace("<0.%d>", "")

    def asked(self, limit: int) -> str:
        return self.what % limit if "%d" in self.what else self.what


PARTIAL = Form("(UID INTERNALDATE BODY.PEEK[]<0.%d>)")
#: In the order in which they are tried. RFC822.PEEK is of RFC 1730, and some servers know it still.
FORMS = (
    PARTIAL,
    Form("BODY.PEEK[]", whole=True),
    Form("(UID BODY.PEEK[HEADER] BODY.PEEK[TEXT]<0.%d>)"),
    Form("RFC822.PEEK", whole=True),
    Form("(UID RFC822.HEADER BODY.PEEK[TEXT])", whole=True),
    Form("RFC822", whole=True, marks=True),
)


@dataclass(slots=True)
class Forms:
    """The forms that a mailbox's server answers well; kept as long as the mailbox is read."""

    preferred: int = 0
    gave: set[int] = field(default_factory=set)  #: those that have given a mail
    tried: dict[tuple[str, int], int] = field(default_factory=dict)
    """Folder and UID → how many forms have been tried for that mail alone, as the connection may die on one."""
    exhausted: set[tuple[str, int]] = field(default_factory=set)  #: the mails that come in no form at all
    probes: int = 0  #: so that each time other mails are asked for

    @property
    def best(self) -> Form:
        """The form to ask with first."""
        return FORMS[self.preferred]

    def order(self, mail: tuple[str, int], *, last: bool) -> list[Form]:
        """The forms to ask for one mail with, beginning after what has been tried. `last`: also with what marks it
        as read."""
        usual = [form for form in FORMS if form is not self.best and (last or not form.marks)]
        forms = [self.best, *usual]
        return forms[self.tried.get(mail, 0) % len(forms) :]

    def untried(self, mail: tuple[str, int]) -> bool:
        """Whether it is not known yet that any form works, and some have not been tried for this mail."""
        return (
            self.preferred not in self.gave and mail not in self.exhausted and self.tried.get(mail, 0) < len(FORMS)
        )

    def worked(self, form: Form) -> bool:
        """Note that a form gave a mail. True: it is used from now on, as the one before never gave any."""
        number = FORMS.index(form)
        self.gave.add(number)
        if self.preferred in self.gave:
            return False
        self.preferred = number
        return True


class Fetching(Commands):
    """The questions about mails in the open folder."""

    async def fetch(self, uids: Sequence[int], *, limit: int, form: Form = PARTIAL) -> list[Fetched]:
        """The first `limit` bytes of these mails. Mails that are gone, or that the server does not give, are
        missing. Raises ServerRefused."""
        if not form.whole:
            answer = await self._sure("FETCH", uid_set(uids), form.asked(limit), prefix="UID")
            return await self._dated(replies.fetched(answer.lines), uids, form, limit)
        sizes = await self._sizes(uids)
        found: list[Fetched] = []
        for uid in uids:
            if sizes.get(uid, 0) <= WHOLE_LIMIT:
                answer = await self._sure("FETCH", str(uid), form.what, prefix="UID")
                found += replies.fetched(answer.lines)
        return await self._dated(found, uids, form, limit)

    async def _dated(self, found: Sequence[Fetched], uids: Sequence[int], form: Form, limit: int) -> list[Fetched]:
        """The mails that were asked for, no longer than that, with the time of their arrival."""
        wanted = set(uids)
        mails = [
            replace(mail, raw=mail.raw[:limit] if mail.raw is not None else None)
            for mail in found
            if mail.uid in wanted
        ]
        if form.dated or not any(mail.raw for mail in mails):
            return mails
        try:
            dates = await self.dates(sorted({mail.uid for mail in mails}))
        except Throttled:
            raise
        except ServerRefused:
            return mails
        return [replace(mail, arrived_at=mail.arrived_at or dates.get(mail.uid)) for mail in mails]

    async def _sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """UID → bytes, as far as the server tells them."""
        try:
            answer = await self._sure("FETCH", uid_set(uids), "(UID RFC822.SIZE)", prefix="UID")
        except Throttled:
            raise
        except ServerRefused:
            return {}
        return replies.sizes(answer.lines)

    async def header(self, uid: int, limit: int) -> bytes:
        """The header of a mail, as far as the server gives it; empty: it does not."""
        for what in (f"(UID BODY.PEEK[HEADER]<0.{limit}>)", "RFC822.HEADER"):
            try:
                answer = await self._sure("FETCH", str(uid), what, prefix="UID")
            except Throttled:
                raise
            except ServerRefused:
                continue
            if found := replies.header_of(answer.lines, uid):
                return found[:limit]
        return b""

    async def dates(self, uids: Sequence[int]) -> dict[int, datetime]:
        """UID → when it arrived (INTERNALDATE), of those that are there and of which the server tells it. Raises
        ServerRefused when it refuses that of all."""
        return await self._of_each(uids, "(UID INTERNALDATE)", replies.dates)

    async def flags(self, uids: Sequence[int]) -> dict[int, frozenset[str]]:
        """UID → flags, of those that are there and of which the server tells them. Raises ServerRefused when it
        refuses that of all."""
        return await self._of_each(uids, "(UID FLAGS)", replies.flags)

    async def there(self, uids: Sequence[int]) -> set[int]:
        """The UIDs of those of these mails that FETCH shows. One of which it refuses to show even the flags is not
        there; a server that refuses that of many raises ServerRefused."""
        try:
            return set(await self._of_each(uids, "(UID FLAGS)", lambda lines: dict.fromkeys(replies.shown(lines))))
        except Throttled:
            raise
        except ServerRefused:
            if len(uids) > REFUSALS:
                raise
            return set()

    async def _of_each(
        self, uids: Sequence[int], what: str, read: Callable[[Sequence[bytes | bytearray]], Mapping[int, Told]]
    ) -> dict[int, Told]:
        """The answers of the server about each of these mails. One that it refuses hides none of the others: it is
        missing. Raises ServerRefused when nothing is told or too much is refused, and Throttled at once."""
        found: dict[int, Told] = {}

        async def ask(some: Sequence[int]) -> None:
            answer = await self._sure("FETCH", uid_set(some), what, prefix="UID")
            wanted = set(some)
            found.update((uid, told) for uid, told in read(answer.lines).items() if uid in wanted)

        refusals = await halved(uids, ask, REFUSALS)
        if refusals and (not found or len(refusals) > REFUSALS):
            raise refusals[-1]
        return found


async def halved(
    uids: Sequence[int], do: Callable[[Sequence[int]], Awaitable[None]], most: int
) -> list[ServerRefused]:
    """Do something with these mails together, and where the server refuses it with each half, so that one mail
    hinders no other. The refusals; after more than `most` of them the rest is left. Raises Throttled at once."""
    waiting = [uids] if uids else []
    refusals: list[ServerRefused] = []
    while waiting and len(refusals) <= most:
        some = waiting.pop()
        try:
            await do(some)
        except Throttled:
            raise
        except ServerRefused as error:
            refusals.append(error)
            if len(some) > 1:
                waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
    return refusals
