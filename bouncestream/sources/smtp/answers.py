# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of the listener (RFC 5321 section 4.2, with the codes of RFC 3463), and which one tells what became
of a mail. Pure.

Whatever may go away by itself is a 4xx: the mail server keeps the mail, and comes again. Only what can never be
taken is a 5xx: another recipient, a mail that is too large, a mail whose end is disputed.
"""

from __future__ import annotations

from collections.abc import Sequence

from bouncestream.errors import MailsWait, StoreBusy, StoreError
from bouncestream.record import record


@record(frozen=True, slots=True)
class Answer:
    """An answer to a command or a mail."""

    code: int
    status: str  #: the enhanced code (RFC 3463)
    words: str

    @property
    def line(self) -> str:
        """The answer as it is sent, without its line end."""
        return f"{self.code} {self.status} {self.words}"

    @property
    def taken(self) -> bool:
        """Whether the mail is ours from now on."""
        return self.code == 250


TAKEN = Answer(250, "2.0.0", "stored")
RECIPIENT = Answer(250, "2.1.5", "recipient taken")
BUSY = Answer(451, "4.3.2", "busy: nothing was stored, please try again later")
UNAVAILABLE = Answer(451, "4.3.0", "nothing can be stored now, please try again later")
NO_ROOM = Answer(452, "4.3.1", "no room for this mail now, please try again later")
TOO_MANY = Answer(452, "4.5.3", "too many recipients in one mail, please send the rest in another one")
UNKNOWN = Answer(550, "5.1.1", "no such recipient here: this is no relay")
DISPUTED = Answer(550, "5.5.2", "a lone dot behind or before a bare CR or LF: the end of the mail is disputed")
TOO_LARGE = Answer(552, "5.3.4", "the mail is too large")
FULL = Answer(421, "4.3.2", "all connections are in use, please try again later")
STOPPING = Answer(421, "4.3.2", "shutting down, please try again later")
SLOW = Answer(421, "4.4.2", "timeout")
ENOUGH = Answer(421, "4.7.0", "too many commands without a mail")

#: Second and third number of the code of an answer that has none: by its first digit.
_GENERAL = {"2": "0.0", "4": "3.0", "5": "5.0"}


def for_error(error: StoreError) -> Answer:
    """The answer to a mail that was not stored."""
    if isinstance(error, StoreBusy):
        return BUSY
    return NO_ROOM if isinstance(error, MailsWait) else UNAVAILABLE


def for_all(answers: Sequence[Answer]) -> Answer:
    """The one answer of SMTP to a mail of several recipients: taken only if it is for each. One that comes again is
    known again, so those who have it get nothing twice."""
    return next((one for one in answers if not one.taken), TAKEN)


def with_status(line: str) -> str:
    """An answer with an enhanced code (RFC 2034 section 3): a general one, where it has none. "250 OK" → "250 2.0.0
    OK"."""
    general = _GENERAL.get(line[:1])
    if general is None or not line[:3].isdigit() or line[3:4] != " " or line[4:6] == f"{line[0]}.":
        return line
    return f"{line[:3]} {line[0]}.{general} {line[4:]}"
