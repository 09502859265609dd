# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail that came in → judged and committed for each of its recipients → an answer for each. The commit is the
250: a mail that was answered otherwise, or not at all, is still its sender's, and comes again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from bouncestream.errors import MailsWait, StoreError
from bouncestream.folders import Filing
from bouncestream.judging.mail import Judging, Returned, read_mail
from bouncestream.metrics import SMTP_MAILS, Metrics
from bouncestream.ports import Clock, EmitLetter
from bouncestream.sources.smtp.answers import BUSY, TAKEN, Answer, for_error
from bouncestream.sources.smtp.trace import Letter, traced
from bouncestream.sources.webhook.telling import Telling

#: Bytes of a mail that are judged at once on the event loop: more take a thread, as they take milliseconds.
AT_ONCE = 24 << 10
#: Seconds for storing one mail for all of its recipients. Senders wait ten minutes (RFC 5321 section 4.5.3.2.6).
PATIENCE = 60.0


@dataclass(slots=True)
class Storing:
    """What a mail is judged by, and where it goes. `judging` may be exchanged at any time."""

    judging: Judging
    hostname: str
    emit: EmitLetter
    clock: Clock
    metrics: Metrics
    telling: Telling
    patience: float = PATIENCE

    async def take(self, letter: Letter) -> list[Answer]:
        """The answer for each recipient, in order: 250 for those for whom it is on the disk."""
        answers: list[Answer] = []
        try:
            async with asyncio.timeout(self.patience):
                for recipient in letter.recipients:
                    answers.append(await self._one(letter, recipient))
        except TimeoutError:
            self._tell("slow", logging.ERROR, f"a mail was not stored within {self.patience:g} s: it comes again")
            answers += [BUSY] * (len(letter.recipients) - len(answers))
        return answers

    async def _one(self, letter: Letter, recipient: str) -> Answer:
        raw = traced(letter, recipient, self.hostname)
        judging = self.judging
        if len(raw) > AT_ONCE:
            returned = await asyncio.to_thread(read_mail, raw, judging, letter.arrived_at)
        else:
            returned = read_mail(raw, judging, letter.arrived_at)
        assert returned.submission is not None  # Judging.keeps_all
        try:
            await self.emit.letter(returned.submission)
        except StoreError as error:
            sort = "room" if isinstance(error, MailsWait) else "store"
            self._tell(sort, logging.ERROR, f"nothing was stored, the mail comes again: {error}")
            self.metrics.add(SMTP_MAILS, judging.source, "not stored")
            return for_error(error)
        result = _result(returned)
        self.metrics.add(SMTP_MAILS, judging.source, result)
        if returned.bug:
            self._tell("bug", logging.ERROR, f"{returned.why}: the mail is quarantined")
        elif result != "bounce":
            kept = "it is kept: `bouncestream outbox list --unidentified`"
            self._tell(result, logging.INFO, f"{returned.why}; {kept}")
        return TAKEN

    def _tell(self, sort: str, level: int, text: str) -> None:
        self.telling.tell(self.judging.source, sort, level, text)


def _result(returned: Returned) -> str:
    """What a mail was, as the metric has it."""
    if returned.bug:
        return "set aside"
    if returned.filing is Filing.UNIDENTIFIED:
        return "no bounce" if returned.why.startswith("no bounce") else "unidentified"
    return "bounce"
