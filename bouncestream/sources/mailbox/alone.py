# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail that the server did not give together with others is asked for alone, in one form after the other. When it
does not come, other mails are asked for too, since the server may give none at all just now.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bouncestream.errors import ServerRefused, Throttled
from bouncestream.folders import FolderKey
from bouncestream.sources.imap.fetch import FORMS, Form
from bouncestream.sources.imap.replies import Fetched
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox import rules
from bouncestream.sources.mailbox.context import MailboxContext
from bouncestream.sources.mailbox.listing import Listing

log = logging.getLogger("bouncestream.mailbox")

#: How many other mails are asked for, of how many UIDs around, and how many bytes of each.
PROBES, AROUND, PROBE = 4, 1000, 1024


class NoMail(Enum):
    """Why a mail did not come."""

    GONE = "it was removed meanwhile"
    WITHHELD = "the server lists it but does not return it"


@dataclass(eq=False)
class Alone:
    """Asks for single mails of one folder over one session."""

    box: MailboxContext
    session: Session
    listing: Listing
    key: FolderKey

    async def fetch(self, uid: int, read: int, *, last: bool) -> Fetched | NoMail:
        """Fetch one mail, in whatever form it comes. `read`: the folder is read up to that UID; `last`: it is the
        last try, so a form that marks it as read will do. Raises ServerRefused when the server refuses the other
        mails of the folder too: then it is not this one's fault."""
        forms, this = self.box.forms, (self.key.folder, uid)
        mail, refusal = await self._in_forms(uid, forms.order(this, last=last))
        if mail is None and not await self.listing.still_there([uid], read):
            return NoMail.GONE
        others = await self.others_come(uid) if mail is None else True
        if others is False and not last and not isinstance(refusal, Throttled):
            mail, refusal = await self._in_forms(uid, [form for form in FORMS if form.marks])
        if mail is not None:
            return mail
        forms.tried.pop(this, None)
        if last:
            forms.exhausted.add(this)
        if refusal is not None and refusal.later and not others:
            raise refusal
        if refusal is not None and others is False:
            raise self.none_come()
        return NoMail.WITHHELD

    def none_come(self) -> ServerRefused:
        """The words about the server then."""
        return ServerRefused(f"{self.key.folder}: the server returns none of its mails for now", later=True)

    async def others_come(self, uid: int) -> bool | None:
        """Whether the server gives other mails of the folder than this one; None: there is no other."""
        forms = self.box.forms
        others = [other for other in await self.listing.named(max(1, uid - AROUND), uid + AROUND) if other != uid]
        if not others:
            others = [other for other in await self.listing.named(1, None) if other != uid]
        if not others:
            return None
        others.sort(key=lambda other: abs(other - uid))
        at = forms.probes * (PROBES - 1) % len(others)
        forms.probes += 1
        for other in dict.fromkeys((*(others[at:] + others[:at])[: PROBES - 1], others[-1])):
            try:
                if any(mail.raw for mail in await self.session.fetch([other], limit=PROBE, form=forms.best)):
                    forms.worked(forms.best)
                    return True
            except Throttled:
                return False  # each further question makes it worse
            except ServerRefused:
                continue
        return False

    async def _in_forms(self, uid: int, order: Sequence[Form]) -> tuple[Fetched | None, ServerRefused | None]:
        """Fetch one mail in the first of these forms in which it comes, else why not. A form is noted before it is
        tried, as the connection may die on it."""
        forms, this = self.box.forms, (self.key.folder, uid)
        refusal: ServerRefused | None = None
        for form in order:
            forms.tried[this] = forms.tried.get(this, 0) + 1
            try:
                got = await self.session.fetch([uid], limit=rules.FETCH_LIMIT, form=form)
            except Throttled as error:
                return None, error
            except ServerRefused as error:
                refusal = error
                continue
            if mail := next((mail for mail in got if mail.raw), None):
                forms.tried.pop(this, None)
                self._tell(form, better=forms.worked(form))
                return mail, None
        return None, refusal

    def _tell(self, form: Form, *, better: bool) -> None:
        """Log the form in which the server returns its mails, where it is an unusual one."""
        if better or form.marks:
            what = "its mails" if better else "a mail"
            marks = ", which marks them as read" if form.marks else ""
            log.warning("%s: the server returns %s only as %s%s", self.key.mailbox, what, form.name, marks)
