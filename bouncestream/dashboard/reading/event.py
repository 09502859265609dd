# SPDX-License-Identifier: GPL-3.0-or-later
"""One event: its way from what came in to what Listmonk keeps of it, as `bouncestream explain` tells it, without
asking anybody; and the request or mail as it came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from bouncestream.config.model import Config
from bouncestream.dashboard.reader import Pages
from bouncestream.errors import StoreSlow
from bouncestream.event import Kind
from bouncestream.judging.mail import judging_for, verdict_on
from bouncestream.judging.unsure import in_words
from bouncestream.mail.trace import RecipientTrace
from bouncestream.mail.verdict import RecipientVerdict, Verdict
from bouncestream.outbox.operator import Listed, Step
from bouncestream.survey.event import Found, body_sent, decision, find, judged_now, provider_said, sent_words

#: Bytes of a mail whose way is shown, and of a raw body.
LARGEST, RAW = 1 << 20, 256 << 10


@dataclass(frozen=True, slots=True)
class Way:
    """The way from a mail to a verdict about one recipient."""

    verdict: Verdict
    recipient: RecipientVerdict | None
    trace: RecipientTrace | None
    decided: str  #: which rule decided, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class OneEvent:
    """An event. What is not known is empty."""

    row: Listed
    steps: tuple[Step, ...]
    said: str  #: what the provider calls it
    by: str  #: the key that decides its class
    unsure: str
    soft: str
    judged_now: str  #: how this version judges it
    sent_words: str
    sent: Mapping[str, Any] | None
    kept: bool  #: the request or mail can be shown
    way: Way | None
    marks: tuple[str, ...]  #: the words in the diagnostic that decided


def read_event(pages: Pages, config: Config, ref: str, now: datetime) -> OneEvent:
    """Read it. Raises UsageError: there is none; StoreError."""
    found = pages.read(partial(find, ref=ref, config=config, now=now, with_raw=not pages.hidden))
    row, way = found.row, _way(config, found)
    said, by = provider_said(config, found)
    posted = found.sent and row.event.kind is not Kind.UNSUBSCRIBE
    return OneEvent(
        row=row,
        steps=tuple(found.steps),
        said=said,
        by=by,
        unsure=in_words(row.event),
        soft=found.soft,
        judged_now=_judged_now(pages, config, found),
        sent_words=sent_words(found),
        sent=body_sent(found) if posted else None,
        kept=found.came is not None,
        way=way,
        marks=_marks(way),
    )


def _judged_now(pages: Pages, config: Config, found: Found) -> str:
    try:
        return judged_now(config, found, pages.read)
    except StoreSlow:
        return ""


def _way(config: Config, found: Found) -> Way | None:
    """The way to the verdict on the mail, where it is one and is kept."""
    came = found.came
    if came is None or not found.of_mail or len(came.body) > LARGEST:
        return None
    try:
        verdict = verdict_on(came.body, judging_for(config, came.source), explain=True)
    except Exception:  # a bug of the mail reader's; `explain` tells it
        return None
    address = found.row.event.reported or found.row.event.recipient
    traces = verdict.trace.recipients if verdict.trace is not None else ()
    for recipient, trace in zip(verdict.recipients, traces, strict=False):
        if len(traces) == 1 or recipient.address in (address, found.row.event.recipient):
            return Way(verdict, recipient, trace, decision(recipient))
    return Way(verdict, None, None, "")


def _marks(way: Way | None) -> tuple[str, ...]:
    if way is None or way.recipient is None or way.trace is None:
        return ()
    decided = (signal.text for signal in way.trace.signals if signal.decided)
    return tuple(dict.fromkeys(text for text in (way.recipient.matched, *decided) if len(text) > 2))


@dataclass(frozen=True, slots=True)
class Raw:
    """A request or mail as it came in. `body` is None where it has expired; cut to a size that a page can show."""

    row: Listed
    content_type: str
    size: int
    body: bytes | None
    sealed: bool = False


def read_raw(pages: Pages, config: Config, ref: str, now: datetime) -> Raw:
    """Read it. Raises UsageError: there is no such event; StoreError."""
    found = pages.read(partial(find, ref=ref, config=config, now=now, with_raw=not pages.hidden))
    came = found.came
    if pages.hidden:
        return Raw(found.row, "", 0, None, sealed=True)
    if came is None:
        return Raw(found.row, "", 0, None)
    return Raw(found.row, came.content_type, len(came.body), came.body[:RAW])
