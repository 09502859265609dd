# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that the rooms hand to each other: the seams between sources, outbox, relay and sinks.

A source makes a `Submission` and awaits `Emit`; the outbox hands the relay `Claimed` rows and takes `Move`s
back; a sink answers a POST with an `Answer`. Exceptions are for bugs and outages, never for outcomes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bouncestream.event import BounceEvent, Kind
from bouncestream.record import record


class State(StrEnum):
    """The state of an event in the outbox. The moves between them: `outbox/state.py`."""

    PENDING = "pending"  #: due at next_attempt_at
    CLAIMED = "claimed"  #: taken for posting; after a crash or a time-out: perhaps posted
    POSTED = "posted"  #: Listmonk took it into its memory queue; not yet seen as a row
    VERIFIED = "verified"  #: final: its row was seen in Listmonk (or the unsubscription was)
    UNSTORED = "unstored"  #: final: Listmonk does not keep it, by design, for the reason given
    DEAD = "dead"  #: final until replayed: refused for good, or failed 8 times
    HELD = "held"  #: waits for a person or a permission, see held_for
    DROPPED = "dropped"  #: final: the policy said ignore, a dry run, or an operator did


@record(frozen=True, slots=True)
class Unreadable:
    """A part of an authenticated request that could not become an event; it is kept in quarantine."""

    why: str  #: in words, for the operator
    event_type: str = ""  #: the provider's name of the unknown type, if that is the trouble
    part: bytes = b""  #: the piece itself; empty: the whole raw body of the submission
    unidentified: bool = False  #: a bounce mail that can be read, but does not tell whose it is
    fingerprint: bytes = b""  #: digest of the mail: one that comes again from the same source is not kept twice


@record(frozen=True, slots=True)
class Submission:
    """A submission: what one request or mail brought; it is stored in one transaction or not at all."""

    source: str
    provider: str
    events: tuple[BounceEvent, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    raw: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  #: those of its request that judging it again needs
    way: str = ""  #: by which it came in, in words; empty: the webhook or mailbox of its source


@record(frozen=True, slots=True)
class RawInput:
    """The raw input: one request or mail as it came in and is kept, what is judged, and judged again."""

    source: str
    provider: str
    received_at: datetime  #: aware, UTC
    body: bytes  #: decompressed
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  #: of a request: those that its provider's file reads


@record(frozen=True, slots=True)
class Receipt:
    """The receipt of a submission: what became of it once it was committed."""

    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    unidentified: int = 0


class Emit(Protocol):
    """The way in which a source hands over what came in."""

    async def __call__(self, submission: Submission) -> Receipt:
        """Return only once all of it is on disk: the caller answers 200, or flags the mail, next.

        Raises StoreBusy or StoreUnavailable when nothing was stored.
        """


class EmitLetter(Protocol):
    """The way in which a mail is handed over that its mail server then forgets."""

    async def letter(self, submission: Submission) -> Receipt:
        """Return only once all of it is on disk: the mail server is told 250 next.

        Raises StoreBusy or StoreUnavailable when nothing was stored; MailsWait where there is no room for mails.
        """


@record(frozen=True, slots=True)
class Claimed:
    """A row that the relay holds: to be posted, or (after a crash) perhaps posted by an earlier run."""

    row: int  #: outbox.id, the order of arrival
    event_id: str
    state: State
    event: BounceEvent
    received_at: datetime
    label: str  #: what is sent as Listmonk's `source`; empty for an unsubscription
    attempt: int
    failures: int = 0
    absences: int = 0  #: how often it was absent although nothing else explains it but Listmonk's design
    address_form: str = "email"  #: `email`, `uuid` or `unicode`: how the recipient is named to Listmonk
    unsent: int = 0  #: of the attempts: nothing of them left this host, or they certainly did not count

    @property
    def posts(self) -> int:
        """How many attempts may have reached Listmonk, or may still; this one included."""
        return self.attempt - self.unsent


@record(frozen=True, slots=True)
class Repost:
    """A pending row that is to be posted again, after attempts that may have reached Listmonk."""

    row: int  #: outbox.id
    event_id: str
    label: str
    posts: int  #: so many attempts may have reached it


@record(frozen=True, slots=True)
class Move:
    """A move: one decided change of state of a row, with its reason for the history."""

    row: int
    to: State
    why: str
    delay: float = 0.0  #: seconds until the next attempt (only for `pending`)
    failed: bool = False  #: counts towards `dead`: it was the event's own fault
    absent: bool = False  #: counts as an absence
    lost: bool = False  #: Listmonk had accepted it and lost it
    address_form: str | None = None  #: a new way to name the recipient
    held_for: str = ""  #: only for `held`
    final: bool = False  #: only for `posted`: no read-back is possible, so this is the end
    unsent: bool = False  #: only for `pending`: the attempt certainly did not count
    again: str = ""  #: a label that is read again later: another attempt of the event may still be recorded


class PostOutcome(StrEnum):
    """The outcome of a POST, by its answer (docs/develop/rules.md, rule 2)."""

    ACCEPTED = "accepted"  #: 200 with {"data": true}
    NOT_SENT = "not sent"  #: refused connection, DNS, TLS: not a byte went out
    BUSY = "busy"  #: 429: it did not count
    REFUSED = "refused"  #: 400: this event is malformed to Listmonk
    DENIED = "denied"  #: 401, 403, 404, 503 of Listmonk itself: whose fault, a probe tells
    FOREIGN = "foreign"  #: 200, but not Listmonk's answer
    UNKNOWN = "unknown"  #: it may have counted, or may still


@record(frozen=True, slots=True)
class Answer:
    """The answer to one POST: its meaning, the HTTP status (0: none) and the server's own words."""

    outcome: PostOutcome
    status: int = 0
    words: str = ""
    retry_after: float | None = None  #: seconds, the server's own wish


@record(frozen=True, slots=True)
class ListedRow:
    """A row that a read-back showed."""

    event_id: str
    attempt: int
    ours: bool = True  #: made by this outbox, not by another bridge under the same label
    number: int = 0  #: Listmonk's own id of the row
    subscriber_id: int = 0
    subscriber_uuid: str = ""
    status: str = ""  #: of the subscriber now; empty: before Listmonk 5 a row does not tell


@record(frozen=True, slots=True)
class Cause:
    """A bounce of ours that was stored, and what it caused in Listmonk."""

    row: int  #: outbox.id
    event_id: str
    kind: Kind
    bounce_id: int  #: Listmonk's own id of its row
    subscriber_id: int
    subscriber: bytes  #: keyed digest of the subscriber's UUID
    status: str  #: of the subscriber after it; empty: not told
    action: str  #: of Listmonk for this kind, then; empty: not known
    lists: Mapping[int, str]  #: subscriptions before it, where they were looked up
    begun: str  #: when an undo began with it, as it is stored; empty: none has
    found: str  #: when the subscriber was last changed, as that undo found it
    told_at: datetime  #: when the attempt that left the row was claimed


@record(frozen=True, slots=True)
class Subscriber:
    """A subscriber as Listmonk knows it."""

    id: int
    uuid: str
    email: str
    status: str  #: `enabled`, `disabled` or `blocklisted`
    lists: Mapping[int, str] = field(default_factory=dict)  #: list id → subscription status


@record(frozen=True, slots=True)
class LookupResult:
    """The result of looking up one event's subscriber."""

    reason: str = ""  #: why Listmonk does not store it, in words; empty: it would store it
    address_form: str = ""  #: Listmonk knows the person under this form of the address (see Claimed)


@record(frozen=True, slots=True)
class Capabilities:
    """The capabilities of the token, and what else shapes verification."""

    version: str = ""
    post: bool = True  #: webhooks:post_bounce
    read: bool = False  #: bounces:get
    lookup: bool = False  #: subscribers:get_all and subscribers:sql_query
    counts: Mapping[str, int] | None = None  #: settings:get: bounce type → count at which Listmonk acts
    actions: Mapping[str, str] = field(default_factory=dict)  #: settings:get: bounce type → what it does then
    processing: bool = True  #: settings:get: bounce processing is on (before 6.2 only the setting tells)


class Sink(Protocol):
    """The sink that events are delivered to. Each call has a time limit, and raises SinkError when it fails."""

    async def post(self, claimed: Claimed) -> Answer: ...

    async def probe(self) -> Answer:
        """A harmless POST that shows whether posting is possible at all: REFUSED means that it is."""

    async def boot_id(self) -> str:
        """The mark of this run of Listmonk; empty when it shows none."""

    async def read_label(self, label: str) -> Sequence[ListedRow]: ...

    async def capabilities(self) -> Capabilities: ...

    async def look_up(self, claimed: Sequence[Claimed]) -> Mapping[int, LookupResult]:
        """By row: why Listmonk would not keep it. Rows that could not be asked (an odd address) are missing."""

    async def owners(self, uuids: Sequence[str]) -> Mapping[str, str]:
        """UUID → the address that its subscriber has now, "" where Listmonk has none; one not asked is missing."""

    async def subscriber(self, event: BounceEvent) -> Subscriber | None:
        """The subscriber that the event is about; None: Listmonk has none."""

    async def campaign_lists(self, subscriber: Subscriber, campaign_uuid: str) -> frozenset[int]:
        """The ids of those of the subscriber's lists, left ones too, that a campaign was sent to; none when the
        campaign is unknown. `campaign_uuid`: clean."""

    async def unsubscribe(self, subscriber: Subscriber, lists: Collection[int]) -> None:
        """Take the subscriber off lists, by their ids. Raises SinkRefused when the token may not."""

    async def blocklist(self, subscriber: Subscriber) -> None:
        """Blocklist the subscriber. Raises SinkRefused when the token may not."""


@record(frozen=True, slots=True)
class Campaign:
    """A campaign as Listmonk lists it."""

    id: int
    uuid: str
    name: str
    status: str  #: `running`, `paused`, `finished` …
    sent: int = 0  #: messages so far
    started_at: datetime | None = field(default=None, compare=False)  #: aware, UTC
    updated_at: datetime | None = field(default=None, compare=False)  #: the same; of one that runs: it counted last
    views: int | None = field(default=None, compare=False)  #: opens, as Listmonk counts them; None: not told
    clicks: int | None = field(default=None, compare=False)  #: the same

    @property
    def running(self) -> bool:
        """Whether it is being sent."""
        return self.status == "running"


class Clock(Protocol):
    """The clock: what time it is, as far as anyone in the program may know."""

    def now(self) -> datetime:
        """The wall clock: aware, UTC. For what is stored and shown."""

    def monotonic(self) -> float:
        """Seconds that never jump. For delays inside this process."""
