# SPDX-License-Identifier: GPL-3.0-or-later
"""Claimed events for the tests of the sinks and of the relay."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bouncestream.event import BounceEvent, Kind
from bouncestream.ports import Claimed, State

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def claimed(number: int = 1, *, label: str = "ses 2026-03-01", attempt: int = 1, **fields: object) -> Claimed:
    """Event number so-and-so; fields of the event or of the row may be given."""
    event = BounceEvent(Kind.HARD, f"p{number}@example.com", "ses", "generic", occurred_at=AT)
    row = Claimed(number, f"event-{number}", State.CLAIMED, event, AT, label, attempt)
    of_event = {k: v for k, v in fields.items() if k in BounceEvent.__slots__}
    of_row = {k: v for k, v in fields.items() if k not in of_event}
    return replace(row, event=replace(event, **of_event), **of_row)  # type: ignore[arg-type]
