# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream outbox stats`: how many events, by day, campaign, source, reason and domain."""

from __future__ import annotations

import argparse
import sqlite3
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from bouncestream.cli import out
from bouncestream.cli.opened import configuration, looking
from bouncestream.outbox import delivery, operator
from bouncestream.outbox.operator import Stats
from bouncestream.ports import State

#: What all but the states look back on.
_RECENT = timedelta(days=30)

_KINDS = ("hard", "soft", "complaints", "unsub.")


def stats(args: argparse.Namespace) -> int:
    """`outbox stats`."""
    now = datetime.now(UTC)
    with looking(configuration(args, with_secrets=False).outbox.path) as outbox:
        counts = outbox.read(_counts)
        recent = None if args.json else outbox.read(partial(operator.stats, since=now - _RECENT))
    if recent is None:
        out.json_line(counts)
        return 0
    _print(recent, counts, now)
    return 0


def _print(recent: Stats, counts: dict[str, Any], now: datetime) -> None:
    """What an operator looks for first, first: what came in of late, and of which campaign."""
    blocks: list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]] = [
        ("by day", ("day", *_KINDS), [(day, *map(str, numbers)) for day, *numbers in recent.days]),
        (
            "by campaign",
            ("campaign", *_KINDS, "newest"),
            [(uuid or "not told", *map(str, n), out.short(at, now)) for uuid, *n, at in recent.campaigns],
        ),
        (
            "by source",
            ("source", "kind", "events", "newest"),
            [(s, k, str(n), out.short(at, now)) for s, k, n, at in recent.sources],
        ),
        ("by reason", ("kind", "reason", "events"), [(k, r or "-", str(n)) for k, r, n in recent.reasons]),
        ("by domain", ("domain", "events"), [(d, str(n)) for d, n in recent.domains]),
    ]
    if not recent.days:
        out.mark("·", f"No event came in within {_RECENT.days} days.")
        print()
    for title, columns, rows in blocks:
        if rows:
            out.table(columns, rows, title=f"{title}, the last {_RECENT.days} days, UTC")
            print()
    out.table(
        ("state", "events"),
        [(state, str(number)) for state, number in counts["states"].items()],
        title="by state, all that is kept",
    )
    print()
    out.table(("beside them", "number"), [(name, str(n)) for name, n in counts.items() if name != "states"])


def _counts(conn: sqlite3.Connection) -> dict[str, Any]:
    tally = delivery.tally(conn)
    return {
        "states": {state.value: tally.get(state.value, 0) for state in State},
        "duplicates": int(delivery.get_meta(conn, "duplicates") or 0),
        "doubled": int(delivery.get_meta(conn, "doubled") or 0),
        "quarantine": delivery.quarantine_count(conn),
        "unidentified": delivery.quarantine_count(conn, unidentified=True),
    }
