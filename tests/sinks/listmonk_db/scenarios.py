# SPDX-License-Identifier: GPL-3.0-or-later
"""What is held against Listmonk's API: bounces of one person in a row, under rules, and how the person stood. And
the same bounces as the outbox hands them over."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bouncestream.event import BounceEvent, Kind
from bouncestream.ports import Claimed, State
from bouncestream.sinks.listmonk_db.deciding import Rule

AT = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)

RULES: dict[str, dict[str, Rule]] = {
    "usual": {"soft": Rule(2, "none"), "hard": Rule(1, "blocklist"), "complaint": Rule(1, "blocklist")},
    "late": {"soft": Rule(3, "blocklist"), "hard": Rule(2, "unsubscribe"), "complaint": Rule(2, "delete")},
    "harsh": {"soft": Rule(1, "unsubscribe"), "hard": Rule(1, "delete"), "complaint": Rule(1, "none")},
}
SEQUENCES = (
    ("hard",),
    ("complaint",),
    ("soft",) * 5,
    ("soft", "hard", "soft", "complaint"),
    ("hard", "hard", "hard"),
    ("complaint", "complaint", "soft"),
)
STATUSES = ("enabled", "disabled", "blocklisted", "")  #: the last one: nobody has the address


def claimed(row: int, email: str = "", kind: str = "hard", **fields: Any) -> Claimed:
    """A claimed bounce."""
    told: dict[str, Any] = {"posts": 1, "form": "email", "label": "shop 2026-03-01"}
    told |= {key: fields.pop(key) for key in tuple(told) if key in fields}
    event = BounceEvent(Kind(kind), email, "shop", "generic", AT)
    event = replace(event, **fields)
    event_id = str(uuid.uuid4())
    return Claimed(row, event_id, State.CLAIMED, event, AT, told["label"], told["posts"], address_form=told["form"])
