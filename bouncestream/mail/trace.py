# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a verdict, for `bouncestream explain` and `parse --json`: made only when `decode.read` is asked to.

Plain frozen values; `as_dict` gives them as data. The texts are foreign: through `printable` before a terminal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartSeen:
    """A node of the mail's MIME tree, in the order of the mail."""

    number: str  #: "1", "2.1"; "0" is the mail itself
    type: str  #: media type, lower case
    size: int  #: characters before decoding
    role: str  #: what it was taken for: container, notice, report, feedback, receipt, returned, attachment, ignored


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the reader: one question about the mail as a whole, and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that could have been the recipient, and where it stood."""

    address: str
    where: str  #: Original-Recipient, X-Failed-Recipients, To of the returned message, …
    chosen: bool


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that speaks for a reason: words, a code, an action, the stage of the session."""

    part: str  #: Diagnostic-Code, Status, Action, notice, session, …
    rule: str  #: words, shape, status, reply, action, stage
    text: str  #: the phrase, pattern or code that was found
    reason: str  #: a word of the reason table; '' when it only speaks against something
    said_by: str  #: whose words these are, from the phrase table; ''
    decided: bool  #: this one made the verdict


@dataclass(frozen=True, slots=True)
class RecipientTrace:
    """The way to one `RecipientVerdict`; in the same order."""

    address: str
    candidates: tuple[Candidate, ...]
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """The way to a `Verdict`."""

    parts: tuple[PartSeen, ...]
    steps: tuple[Step, ...]
    recipients: tuple[RecipientTrace, ...]
