# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream outbox stats`: how many events, by day, campaign, source, reason and domain."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from bouncestream.cli import out
from bouncestream.cli.opened import configuration, looking
from bouncestream.outbox import delivery, operator
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.operator import Stats
from bouncestream.ports import State

#: What all but the states look back on.
_RECENT = timedelta(days=30)

_KINDS = ("hard", "soft", "complaints", "unsub.")


#: What `--by` may name; the tables have the same names.
BY = ("day", "campaign", "source", "reason", "domain")
#: So many rows of each table, and of one that is asked for alone.
_SOME, _MANY = 20, 100_000


def stats(args: argparse.Namespace) -> int:
    """`outbox stats`."""
    now = datetime.now(UTC)
    with looking(configuration(args, with_secrets=False)) as outbox:
        limit = _MANY if args.by else _SOME
        recent = (
            outbox.read(partial(operator.stats, since=now - _RECENT, limit=limit))
            if args.by or not args.json
            else None
        )
        counts = outbox.read(_counts)
    if recent is None:
        out.json_line(counts)
    elif args.by:
        _by(recent, args, now)
    else:
        _print(recent, counts, now)
    return 0


def _by(recent: Stats, args: argparse.Namespace, now: datetime) -> None:
    columns, rows = _tables(recent, now, whole=args.json)[args.by]
    if args.json:
        out.json_line([dict(zip(columns, row, strict=True)) for row in rows])
    elif rows:
        out.table(columns, [tuple(map(str, row)) for row in rows], title=_title(args.by))
    else:
        out.mark("·", f"No event came in within {_RECENT.days} days.")


def _tables(
    recent: Stats, now: datetime, *, whole: bool = False
) -> dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
    """Name → columns and rows. What an operator looks for first, first: what came in of late, and of which
    campaign."""
    when = out.time if whole else partial(out.short, now=now)
    return {
        "day": (("day", *_KINDS), [tuple(row) for row in recent.days]),
        "campaign": (
            ("campaign", *_KINDS, "newest"),
            [(uuid or "not told", *n, when(at)) for uuid, *n, at in recent.campaigns],
        ),
        "source": (("source", "kind", "events", "newest"), [(s, k, n, when(at)) for s, k, n, at in recent.sources]),
        "reason": (("kind", "reason", "events"), [(k, r or "-", n) for k, r, n in recent.reasons]),
        "domain": (("domain", "events"), [tuple(row) for row in recent.domains]),
    }


def _title(by: str) -> str:
    return f"by {by}, the last {_RECENT.days} days, UTC"


def _print(recent: Stats, counts: dict[str, Any], now: datetime) -> None:
    if not recent.days:
        out.mark("·", f"No event came in within {_RECENT.days} days.")
        print()
    for by, (columns, rows) in _tables(recent, now).items():
        if rows:
            out.table(columns, [tuple(map(str, row)) for row in rows], title=_title(by))
            print()
    out.table(
        ("state", "events"),
        [(state, str(number)) for state, number in counts["states"].items()],
        title="by state, all that is kept",
    )
    print()
    out.table(("beside them", "number"), [(name, str(n)) for name, n in counts.items() if name != "states"])


def _counts(conn: Conn) -> dict[str, Any]:
    tally = delivery.tally(conn)
    return {
        "states": {state.value: tally.get(state.value, 0) for state in State},
        "duplicates": int(delivery.get_meta(conn, "duplicates") or 0),
        "doubled": int(delivery.get_meta(conn, "doubled") or 0),
        "quarantine": delivery.quarantine_count(conn),
        "unidentified": delivery.quarantine_count(conn, unidentified=True),
    }
