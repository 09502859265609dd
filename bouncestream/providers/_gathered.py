# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of a request, while a provider's file reads it piece by piece: `into.report(…)` makes an event of a
piece, or tells why it is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from bouncestream.errors import Malformed
from bouncestream.event import DIAGNOSTIC_LIMIT, BounceEvent, Kind, clean_message_id
from bouncestream.mail.address import mailed_to
from bouncestream.policy import LISTED
from bouncestream.ports import Unreadable
from bouncestream.providers._classes import NO_EVENT, class_of, judged
from bouncestream.providers._fields import (
    canonical,
    enhanced_status,
    fingerprint,
    moment,
    reply_code,
    text,
    uuids,
)
from bouncestream.providers._request import Answer
from bouncestream.providers._settings import Webhook
from bouncestream.record import record

#: Beyond so many unreadable parts of one request, the rest is kept as one: they have the same cause.
MAX_UNREADABLE = 100

#: What code that reads foreign data raises when the data is not what it was written for.
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

NOTHING: Mapping[str, str] = {}

S = TypeVar("S", bound=Webhook)


class UnknownType(Malformed):
    """A well-formed notification of a type that the provider's file does not know."""

    def __init__(self, why: str, event_type: str) -> None:
        super().__init__(why)
        self.event_type = event_type


@record(frozen=True, slots=True)
class Visit:
    """A URL to visit (GET) before the request is answered, such as the confirmation of a subscription."""

    url: str
    why: str  #: in words, for the log


@record(frozen=True, slots=True)
class Parsed:
    """The content of a request, read."""

    events: tuple[BounceEvent, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()  #: parts that could not become an event
    ignored: tuple[str, ...] = ()  #: for each part that is no event by design: why, in words
    notes: tuple[str, ...] = ()  #: odd but understood, such as a class that is not in the table; in words
    visits: tuple[Visit, ...] = ()
    answer: Answer | None = None  #: instead of ours


@dataclass(slots=True)
class Gathered(Generic[S]):
    """A `Parsed` in the making, for one request of the webhook with these `settings`."""

    settings: S
    title: str  #: the provider's own name, for the evidence
    classes: Mapping[str, str]
    now: datetime
    list_at: str = ""  #: where the provider shows whom it does not send to
    events: list[BounceEvent] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    answer: Answer | None = None

    def each(self, items: object, read_one: Callable[[Any, Gathered[S]], None], key: str = "") -> None:
        """Read each item of a list (or the one, if it is none), so that a bad one does not spoil its neighbours.

        key: of the list, where an object is around it. A bad item is kept without that object, and comes so when it
        is replayed: then it is the one.
        """
        if key and isinstance(items, dict):
            items = items.get(key, items)
        for item in items if isinstance(items, list) else [items]:
            try:
                read_one(item, self)
            except Malformed as error:
                kind = error.event_type if isinstance(error, UnknownType) else ""
                self.unreadable.append(Unreadable(str(error), kind, canonical(item)))
            except MALFORMED as error:
                self.unreadable.append(Unreadable(f"{type(error).__name__} while reading it", part=canonical(item)))

    def report(
        self,
        said: str,
        *,
        part: object,
        recipient: object,
        at: object = None,
        diagnostic: object = "",
        code: object = "",
        status: object = "",
        message_id: object = "",
        vendor_message_id: object = "",
        event_id: object = "",
        metadata: object = None,
        class_: str = "",
        reason: str = "",
        how: Mapping[str, str] = NOTHING,
    ) -> None:
        """Report a piece of feedback. `said` is what the provider calls it, as in the table of classes (or `class_`
        is what it means). The rest is as it stands in `part`, its JSON, of whatever type. Raises Malformed.

        message_id: the Message-ID that Listmonk gave, and no other; vendor_message_id: the provider's own number of
        the mail, which makes two reports about one mail one event too; event_id: of this report, only if retries
        keep it; metadata: where Listmonk's UUIDs may be, see `_fields.uuids`; reason: a word of our own table, for
        where the provider names a cause and codes and words do not; how: of a description, which key led to what,
        for `_trace`.
        """
        meaning = class_of(said, self.settings.classes) or class_ or class_of(said, self.classes)
        if meaning is None:
            raise UnknownType(f"{self.title}'s type is unknown", text(said, 100) or "?")
        if meaning in NO_EVENT:
            self.ignored.append(f'{self.title} says "{text(said, 100)}": {NO_EVENT[meaning]}')
            return
        kind, found = judged(
            meaning,
            status=enhanced_status(status),
            reply_code=reply_code(code),
            diagnostic=(words := text(diagnostic, DIAGNOSTIC_LIMIT)),
            reason=reason,
        )
        address = mailed_to(recipient) if isinstance(recipient, str) else ""
        campaign, subscriber = uuids(metadata)
        if not address and not subscriber:
            raise Malformed("it names no recipient")
        # A vendor's number of the mail says more than that of the report: it is the same in every report.
        own_id = text(vendor_message_id) or text(event_id)
        header = text(message_id)
        known = own_id or (campaign and subscriber) or clean_message_id(header)
        self.add(
            BounceEvent(
                kind=kind,
                recipient=address,
                source=self.settings.name,
                provider=self.settings.provider,
                occurred_at=moment(at),
                subscriber_uuid=subscriber,
                campaign_uuid=campaign,
                reason=found.reason,
                reply_code=found.reply_code,
                enhanced_status=found.status,
                diagnostic=words,
                message_id=header,
                provider_event_id=own_id,
                evidence=f'{self.title} says "{text(said, 100)}"'
                f"{f', {found.evidence}' if found.evidence else ''} → {self._meant(kind, found.reason)}",
                stable_id=bool(own_id),
                fingerprint=b"" if known else fingerprint(part),
                sure=found.sure or kind is not Kind.HARD,
            )
        )

    def _meant(self, kind: Kind, reason: str) -> str:
        if reason != LISTED:
            return kind.value
        return f"not sent, by a list of its own{f'; see {self.list_at}' if self.list_at else ''}"

    def add(self, event: BounceEvent) -> None:
        """An event that the provider's file made itself. A complaint needs no words to have its reason."""
        if event.kind is Kind.COMPLAINT and not event.reason:
            event = replace(event, reason="complaint")
        self.events.append(event)

    def done(self) -> Parsed:
        """The content that was gathered."""
        unreadable = self.unreadable
        if len(unreadable) > MAX_UNREADABLE:
            more = len(unreadable) - MAX_UNREADABLE + 1
            unreadable = unreadable[: MAX_UNREADABLE - 1]
            unreadable.append(Unreadable(f"{more} more parts could not be read either; this is the whole request"))
        return Parsed(
            tuple(self.events),
            tuple(unreadable),
            tuple(self.ignored),
            tuple(self.notes),
            tuple(self.visits),
            self.answer,
        )
