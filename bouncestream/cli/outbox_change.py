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
from bouncestream.cli.opened import configuration, reading, writing
from bouncestream.errors import UsageError
from bouncestream.outbox import operator as browse
from bouncestream.outbox.operator import Changed
from bouncestream.ports import State

#: Rows changed in one transaction: milliseconds, so that the bridge hardly waits.
_STEP = 500

_Change = Callable[[sqlite3.Connection, Sequence[int], datetime], Changed]


def replay(args: argparse.Namespace) -> int:
    """`outbox replay`."""
    config = configuration(args, with_secrets=False, judging=True)
    path = config.outbox.path
    if args.quarantine or args.unidentified:
        from bouncestream.cli.requeue import requeue

        return requeue(args, config)
    if args.dead:
        rows = _all(path, State.DEAD)
    elif args.unstored:
        rows = _all(path, State.UNSTORED)
    elif args.from_dry_run:
        rows = _all(path, State.DROPPED, why_begins="dry run")
    else:
        rows = []
    rows += _named(
        args,
        path,
        or_one_of="--dead, --unstored, --from-dry-run, --quarantine or --unidentified",
        many=_asked(args),
    )
    return _apply(args, path, rows, browse.replay, "replayed")


def _asked(args: argparse.Namespace) -> bool:
    return bool(args.dead or args.unstored or args.from_dry_run)


def drop(args: argparse.Namespace) -> int:
    """`outbox drop`."""
    path = configuration(args, with_secrets=False).outbox.path
    many = [state for state, wanted in ((State.HELD, args.held), (State.PENDING, args.pending)) if wanted]
    rows = [row for state in many for row in _all(path, state)]
    if rows and not args.yes:
        _confirm(f"This drops {len(rows)} events, which are then never told to Listmonk. Go on?")
    rows += _named(args, path, or_one_of="--held or --pending", many=bool(many))
    return _apply(args, path, rows, browse.drop, "dropped")


def release(args: argparse.Namespace) -> int:
    """`outbox release`."""
    path = configuration(args, with_secrets=False).outbox.path
    many = bool(args.all or args.held_for)
    rows = _all(path, State.HELD, held_for=args.held_for) if many else []
    rows += _named(args, path, or_one_of="--all or --held-for", many=many)
    return _apply(args, path, rows, browse.release, "released")


def _all(path: str, state: State, *, held_for: str = "", why_begins: str = "") -> list[int]:
    return reading(
        path, partial(browse.rows_in, state=state, held_for=held_for, why_begins=why_begins, limit=sys.maxsize)
    )


def _named(args: argparse.Namespace, path: str, *, or_one_of: str, many: bool) -> list[int]:
    """The rows that the command names one by one."""
    if not args.event:
        if not many:
            raise UsageError(
                f"Which events? Next: name them (`bouncestream outbox list` shows them), or {or_one_of}."
            )
        return []
    return reading(path, lambda conn: [browse.find(conn, ref) for ref in args.event])


def _apply(args: argparse.Namespace, path: str, rows: Sequence[int], change: _Change, done_word: str) -> int:
    done: list[int] = []
    refused: dict[int, str] = {}
    for at in range(0, len(rows), _STEP):
        changed = writing(path, partial(_step, change=change, rows=rows[at : at + _STEP]))
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
