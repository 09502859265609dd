# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where an event becomes a row and a row an event: recipients, diagnostics and raw bodies pass here
and nowhere else, so that sealing them touches this file alone. Pure: rows go in and out as tuples.

Foreign text is made printable on its way in, since whoever opens the file with `sqlite3` reads it on a terminal.
Two things stay as they came: raw bodies, which are evidence, and recipients, as another address would be another
person (or none) to Listmonk.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bouncestream.event import DIAGNOSTIC_LIMIT, UNPROVEN, BounceEvent, Kind, believable, clip, person_key
from bouncestream.outbox.connection import damaged
from bouncestream.ports import Claimed, State, Submission
from bouncestream.printable import printable

#: Bytes; a shorter body is kept as it is, as there zlib saves little and costs 10 us.
ZLIB_FROM = 512
SMALL = 8192

#: Raw bodies up to that size share a block with others (`pack_together`); a larger one gains nothing by it.
SHARED = 32 * 1024


def stamp(at: datetime) -> str:
    """A time as it is stored: ISO 8601, UTC, milliseconds, so that times of one form sort as text."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def moment(text: str) -> datetime:
    """The time that `stamp` wrote. Raises StoreUnavailable when it is none any more: the disk has changed it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise damaged(f"{printable(text[:40])} is not a time")
    return at


def visible(text: str, limit: int = DIAGNOSTIC_LIMIT) -> str:
    """Foreign text as it is stored: at most `limit` bytes, controls and their like as escapes."""
    text = clip(text, limit)
    return text if text.isprintable() else clip(printable(text), limit)


def id_bound(at: datetime) -> str:
    """The text that sorts before the id of every event that came in at a time or later, and after all others."""
    text = f"{max(0, int(at.timestamp() * 1000)):012x}"
    return f"{text[:8]}-{text[8:]}"


class Columns(NamedTuple):
    """The columns of the table `outbox` that say what an event is."""

    kind: str
    recipient: str
    subscriber_uuid: str
    campaign_uuid: str
    source: str
    provider: str
    received_at: str
    occurred_at: str
    reason: str
    reply_code: str
    enhanced_status: str
    diagnostic: str
    message_id: str
    provider_event_id: str
    evidence: str
    address_form: str
    reported: str
    person: bytes
    domain: str
    sure: int | None

    @property
    def words(self) -> tuple[str, str, str, str, str]:
        """The words of the event that another judgement may change."""
        return self.reason, self.reply_code, self.enhanced_status, self.diagnostic, self.evidence


class Row(NamedTuple):
    """A row of the table `outbox`: where an event stands, and what it is."""

    id: int
    event_id: str
    state: str
    label: str
    attempt: int
    failures: int
    absences: int
    unsent: int
    held_for: str
    next_attempt_at: str | None
    finished_at: str | None
    why: str
    raw_id: int | None
    supersedes: str | None
    superseded_by: int | None
    event: Columns  #: as single columns, the last ones


#: The columns of a row, as the queries select them.
ROW = (*Row._fields[:-1], *Columns._fields)
_OWN = len(Row._fields) - 1
#: The enum itself takes ten times as long.
_KINDS = {kind.value: kind for kind in Kind}


def row(values: Sequence[Any]) -> Row:
    """The row whose columns a query has selected."""
    return Row._make((*values[:_OWN], Columns._make(values[_OWN:])))


def columns(event: BounceEvent, now: datetime, at: str, secret: bytes) -> Columns:
    """The columns of an event that came in `now`. `at` is `now` as it is stored, handed in because a whole
    submission shares it; `secret` is the key of the outbox's digests."""
    occurred = event.occurred_at
    evidence = event.evidence
    if occurred is None:
        occurred_at = at
    elif believable(occurred, now):
        occurred_at = stamp(occurred)
    else:
        occurred_at = at
        evidence = f"{evidence}; " if evidence else ""
        evidence += f"its own date {occurred.isoformat()} is implausible, so the time of receipt is used"
    told = (
        event.reason, event.reply_code, event.enhanced_status,
        event.message_id, event.provider_event_id, evidence,
    )  # fmt: skip
    if not "".join(told).isprintable():  # nearly always it is: asked once, it costs a third
        told = tuple(map(printable, told))  # type: ignore[assignment]
    return Columns(
        event.kind.value, event.recipient, event.subscriber_uuid, event.campaign_uuid, event.source, event.provider,
        at, occurred_at, *told[:3], visible(event.diagnostic) if event.diagnostic else "", *told[3:],
        "uuid" if event.proof and event.by_uuid else "email", event.reported,
        person_key(event.person, secret), event.recipient.rpartition("@")[2], _sure(event),
    )  # fmt: skip


def _sure(event: BounceEvent) -> int | None:
    """Of a report that is proven: 1 for a hard that is sure, 0 for one that rests on words alone, as whatever it is
    told. None for anything else."""
    if not event.sure:
        return 0
    return 1 if event.kind is Kind.HARD and event.confirms and event.proof not in UNPROVEN else None


def event(row: Row) -> BounceEvent:
    """The event in a row. Whether its id was stable and its fingerprint are not kept: its keys are in `seen`."""
    told = row.event
    return BounceEvent(
        _KINDS[told.kind], told.recipient, told.source, told.provider, moment(told.occurred_at),
        told.subscriber_uuid, told.campaign_uuid, told.reason, told.reply_code, told.enhanced_status,
        told.diagnostic, told.message_id, told.provider_event_id, told.evidence,
        hold=row.held_for, reported=told.reported, sure=told.sure != 0,
    )  # fmt: skip


def claimed(row: Row, state: State, label: str, attempt: int) -> Claimed:
    """A row for the relay, as it stands from now on."""
    return Claimed(
        row.id, row.event_id, state, event(row), moment(row.event.received_at), label, attempt, row.failures,
        row.absences, row.event.address_form, row.unsent,
    )  # fmt: skip


def pack(body: bytes) -> tuple[str, bytes]:
    """A raw body as it is stored: its encoding and its bytes. Level 1: most of the gain for a fifth of the time."""
    size = len(body)
    if size > ZLIB_FROM:
        # a small body needs no large window, and clearing one costs more than the compression: 15 us against 50
        deflate = zlib.compressobj(1, zlib.DEFLATED, 13, 7) if size <= SMALL else zlib.compressobj(1)
        packed = deflate.compress(body) + deflate.flush()
        if len(packed) < len(body):
            return "zlib", packed
    return "none", body


def pack_together(bodies: Sequence[bytes]) -> bytes:
    """Raw bodies as one block: those of one commit resemble each other, so together they take a half of the time
    and of the space that they take one by one. Each by itself, with a dictionary of its source (8 KiB, level 3),
    takes as much space, but 14 against 9 us for a returned mail of 4 KiB, and 11 against 5 for an event of 2."""
    return zlib.compress(b"".join(bodies), 1)


#: The columns of a raw body after its number.
RawValues = tuple[str, str, str, str, int, str, bytes, int | None, int | None]


def raw_values(submission: Submission, at: str, body: bytes | None = None) -> RawValues:
    """The columns of a raw body that is stored by itself: the whole one of a submission, or a part of it."""
    if body is None:
        body = submission.raw
    encoding, packed = pack(body)
    return (*_came(submission, at), len(body), encoding, packed, None, None)


def shared_values(submission: Submission, at: str, block: int, start: int) -> RawValues:
    """The values of a raw body that is in a block, from there on."""
    return (*_came(submission, at), len(submission.raw), "zlib", b"", block, start)


def _came(submission: Submission, at: str) -> tuple[str, str, str, str]:
    headers = json.dumps(dict(submission.headers)) if submission.headers else ""
    return at, submission.source, visible(submission.content_type, 200), headers


def headers(text: str) -> dict[str, str]:
    """The kept headers of a request, as they are stored. StoreUnavailable when the disk has changed them."""
    try:
        return dict(json.loads(text)) if text else {}
    except ValueError as error:
        raise damaged(f"the headers of a request cannot be read: {error}") from error


def unpack(encoding: str, body: bytes, start: int | None = None, size: int = 0) -> bytes:
    """The raw body, byte for byte as it came in; `body` is the whole block where it is in one. Raises
    StoreUnavailable when the disk has changed it."""
    try:
        whole = zlib.decompress(body) if encoding == "zlib" else body
    except zlib.error as error:
        raise damaged(f"a raw body cannot be unpacked: {error}") from error
    return whole if start is None else whole[start : start + size]
