# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict of the first page: one line about the whole. Green is what was proven, and not long ago: that nothing
is known to be wrong proves nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bouncestream.judging.refusal import LOG

#: What was proven longer ago may have stopped to work meanwhile.
FRESH = timedelta(days=7)


class Tone(StrEnum):
    """How a thing stands, and so its colour."""

    PROVEN = "proven"  #: it worked, and not long ago
    CALM = "calm"  #: nothing is known to be wrong
    LOOK = "look"  #: works, but someone should know
    BAD = "bad"  #: does not do its work


_TONES = {"yellow": Tone.LOOK, "red": Tone.BAD}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict. Times are None where nothing came yet."""

    tone: Tone
    running: bool
    last_bounce: datetime | None
    waiting: int
    troubles: tuple[str, ...]  #: what is not well, in a few words each


def tone_of(state: str | None, proven_at: datetime | None, now: datetime) -> Tone:
    """How a part stands: by the colour that it has on the board of health, and by its newest proof."""
    if state in _TONES:
        return _TONES[state]
    return Tone.PROVEN if is_fresh(proven_at, now) else Tone.CALM


def is_fresh(proven_at: datetime | None, now: datetime) -> bool:
    """Whether a proof says something of now."""
    return proven_at is not None and now - proven_at <= FRESH


def heard_at(source: Mapping[str, Any]) -> datetime | None:
    """When a source of `survey.status` last brought something, which proves it."""
    at = source["last_heard"] or source["newest_hour"]
    return datetime.fromisoformat(at) if at else None


def verdict(
    found: Mapping[str, Any], told: tuple[str, ...], needs_you: int, listmonk_at: datetime | None, now: datetime
) -> Verdict:
    """The verdict on a status. `told`: its troubles; `needs_you`: how many things wait for a person; `listmonk_at`:
    when an event was last read back from Listmonk."""
    # Silence of Listmonk's log is the rule: it tells of nothing but refusals.
    heard = [heard_at(source) for source in found["sources"] if source["type"] != LOG]
    states = found["outbox"]["states"]
    red = not found["running"] or any(part["state"] == "red" for part in found["parts"].values())
    red = red or any(alert["level"] == "error" for alert in found["alerts"]["active"])
    if red:
        tone = Tone.BAD
    elif told or needs_you:
        tone = Tone.LOOK
    elif heard and all(is_fresh(at, now) for at in (*heard, listmonk_at)):
        tone = Tone.PROVEN
    else:
        tone = Tone.CALM
    waiting = sum(states.get(state, 0) for state in ("pending", "claimed", "posted"))
    return Verdict(tone, bool(found["running"]), max(filter(None, heard), default=None), waiting, told)
