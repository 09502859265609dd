# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary of a day or a week: when it is due, and what it says. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta

from bouncestream.alert import AlertState
from bouncestream.config.alerting import Summary
from bouncestream.printable import printable

DAYS = {"daily": 1, "weekly": 7}
KINDS = ("hard", "soft", "complaint", "unsubscribe")


def last_due(settings: Summary, now: datetime) -> datetime | None:
    """The newest moment, not after `now`, at which a summary was due; None: none is wanted."""
    if settings.every not in DAYS:
        return None
    today = datetime.combine(now.astimezone(UTC).date(), time.fromisoformat(settings.at), UTC)
    due = today if today <= now else today - timedelta(days=1)
    if settings.every == "weekly":
        due -= timedelta(days=due.weekday())  # Monday is 0
    return due


def is_due(settings: Summary, told: datetime | None, now: datetime) -> bool:
    """Whether one has to be told now. `told`: when the last one was, or when watching began."""
    due = last_due(settings, now)
    return due is not None and told is not None and told < due


def title(settings: Summary, due: datetime) -> str:
    """Its one line."""
    return f"{'the week' if settings.every == 'weekly' else 'the day'} before {due:%Y-%m-%d %H:%M} UTC"


def text(
    hours: Iterable[tuple[int, str, str, int]],
    tally: Mapping[str, int],
    quarantine: int,
    states: Iterable[AlertState],
) -> str:
    """The text of a summary: what came in (hour, source, kind, events), what waits, which alerts are active."""
    counted: dict[str, Counter[str]] = {}
    for _, source, kind, events in hours:
        counted.setdefault(source, Counter())[kind] += events
    lines = ["Received:"]
    for source, kinds in sorted(counted.items()):
        told = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind])
        lines.append(f"  {printable(source)}: {told}")
    if not counted:
        lines.append("  nothing")
    waiting = sum(tally.get(state, 0) for state in ("pending", "claimed", "posted"))
    lines += [
        "In the outbox:",
        f"  {tally.get('verified', 0)} verified, {tally.get('unstored', 0)} not stored by Listmonk, {waiting} in "
        f"transit, {tally.get('held', 0)} held, {tally.get('dead', 0)} dead letters",
        f"  {quarantine} items in quarantine",
        "Active alerts:",
    ]
    active = [s for s in states if s.active]
    lines += [f"  {s.level}: {s.rule}{f' ({s.subject})' if s.subject else ''}: {s.text}" for s in active] or [
        "  none"
    ]
    return "\n".join(lines)
