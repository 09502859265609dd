# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream outbox replay|drop|release`: what an operator does to events, also beside a running bridge.

Changes are made by the store's own code in short transactions; `run` notices them within a second. Events that it
holds (claimed, posted) are refused.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from bouncestream.cli import show as out
from bouncestream.cli.opened import Changing, changing, configuration
from bouncestream.errors import UsageError
from bouncestream.outbox import operator
from bouncestream.outbox.operator import Changed
from bouncestream.ports import State

#: Rows changed in one transaction: milliseconds, so that the bridge hardly waits.
_STEP = 500

_Change = Callable[[sqlite3.Connection, Sequence[int], datetime], Changed]


def replay(args: argparse.Namespace) -> int:
    """`outbox replay`."""
    config = configuration(args, with_secrets=False, judging=True)
    many = bool(args.dead or args.unstored or args.from_dry_run)
    with changing(config.outbox.path) as outbox:
        if args.quarantine or args.unidentified:
            from bouncestream.cli.requeue import requeue

            return requeue(args, config, outbox)
        rows = []
        if args.dead:
            rows = _all(outbox, State.DEAD)
        elif args.unstored:
            rows = _all(outbox, State.UNSTORED)
        elif args.from_dry_run:
            rows = _all(outbox, State.DROPPED, why_begins="dry run")
        other = "--dead, --unstored, --from-dry-run, --quarantine or --unidentified"
        rows += _named(args, outbox, or_one_of=other, many=many)
        return _apply(args, outbox, rows, operator.replay, "replayed")


def drop(args: argparse.Namespace) -> int:
    """`outbox drop`."""
    many = [state for state, wanted in ((State.HELD, args.held), (State.PENDING, args.pending)) if wanted]
    with changing(configuration(args, with_secrets=False).outbox.path) as outbox:
        rows = [row for state in many for row in _all(outbox, state)]
        if rows and not args.yes:
            _confirm(f"This drops {len(rows)} events, which are then never told to Listmonk. Go on?")
        rows += _named(args, outbox, or_one_of="--held or --pending", many=bool(many))
        return _apply(args, outbox, rows, operator.drop, "dropped")


def release(args: argparse.Namespace) -> int:
    """`outbox release`."""
    many = bool(args.all or args.held_for)
    with changing(configuration(args, with_secrets=False).outbox.path) as outbox:
        rows = _all(outbox, State.HELD, held_for=args.held_for) if many else []
        rows += _named(args, outbox, or_one_of="--all or --held-for", many=many)
        return _apply(args, outbox, rows, operator.release, "released")


def _all(outbox: Changing, state: State, *, held_for: str = "", why_begins: str = "") -> list[int]:
    return outbox.read(
        partial(operator.rows_in, state=state, held_for=held_for, why_begins=why_begins, limit=sys.maxsize)
    )


def _named(args: argparse.Namespace, outbox: Changing, *, or_one_of: str, many: bool) -> list[int]:
    """The rows that the command names one by one."""
    if not args.event:
        if not many:
            raise UsageError(
                f"Which events? Next: name them (`bouncestream outbox list` shows them), or {or_one_of}."
            )
        return []
    return outbox.read(lambda conn: [operator.find(conn, ref) for ref in args.event])


def _apply(args: argparse.Namespace, outbox: Changing, rows: Sequence[int], change: _Change, done_word: str) -> int:
    done: list[int] = []
    refused: dict[int, str] = {}
    for at in range(0, len(rows), _STEP):
        changed = outbox.write(partial(_step, change=change, rows=rows[at : at + _STEP]))
        done += changed.done
        refused |= changed.refused
    return out.tell(args.json, done, refused, done_word, "event")


def _step(conn: sqlite3.Connection, change: _Change, rows: Sequence[int]) -> Changed:
    return change(conn, rows, datetime.now(UTC))


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Next: say so with --yes.")
    print(f"{question} [y/N] ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("Nothing was changed.")
