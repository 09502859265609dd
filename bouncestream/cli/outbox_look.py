# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream outbox list|show`: what is in the outbox. Addresses are masked unless --reveal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any

from bouncestream.cli import out, outbox_change, outbox_copy, outbox_stats
from bouncestream.cli.opened import Changing, configuration, looking
from bouncestream.cli.outbox_change import as_command, item_number
from bouncestream.cli.parser import Parser, count, group
from bouncestream.errors import UsageError
from bouncestream.event import Kind
from bouncestream.judging.unsure import in_words
from bouncestream.mail.address import mailed_to
from bouncestream.outbox import operator
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.operator import Listed, Step
from bouncestream.outbox.quarantine import Quarantined, quarantine_items
from bouncestream.outbox.state import HELD_FOR
from bouncestream.outbox.view import View
from bouncestream.ports import State
from bouncestream.printable import mask, mask_all, printable

_STATES = tuple(state.value for state in State)
_KINDS = tuple(kind.value for kind in Kind)

#: Rows that are read at a time: a list of all events need not fit in memory.
_PAGE = 5000

#: The columns of --csv, by their names in --json.
_CSV = (
    "number", "id", "received_at", "occurred_at", "source", "provider", "kind", "reason", "recipient",
    "subscriber_uuid", "campaign_uuid", "reply_code", "enhanced_status", "diagnostic", "state", "why",
    "finished_at", "label",
)  # fmt: skip

#: States whose reason is news; the others are told by their name.
_NEWS = {State.HELD, State.DEAD, State.UNSTORED, State.DROPPED}


def options(parser: Parser) -> None:
    """The commands behind `bouncestream outbox`."""
    inner = group(
        parser,
        "Inspect the outbox, and change waiting events; also while `bouncestream run` is up.\nName an event by "
        "its number, its id, or the first 8 or more characters of its id.",
    )
    many = as_command(inner, "list", "list events, newest first", listing)
    _reveal(many)
    many.add_argument(
        "--state",
        action="append",
        choices=_STATES,
        metavar="STATE",
        help=f"only events in this state: {', '.join(_STATES)}",
    )
    many.add_argument("--source", default="", metavar="NAME", help="only events from this webhook or mailbox")
    many.add_argument("--provider", default="", metavar="NAME", help='only events from this provider, or "mailbox"')
    many.add_argument(
        "--kind",
        action="append",
        choices=_KINDS,
        metavar="KIND",
        help=(f"only events of this kind: {', '.join(_KINDS)}"),
    )
    many.add_argument("--recipient", default="", metavar="ADDRESS", help="only events about this address")
    many.add_argument(
        "--limit", type=count, default=50, metavar="N", help=("at most this many events, 0 for all (default: 50)")
    )
    many.add_argument("--csv", action="store_true", help="CSV output, safe to open in a spreadsheet")
    instead = many.add_mutually_exclusive_group()
    instead.add_argument(
        "--quarantine",
        action="store_true",
        help=("list the quarantine instead: input that could not be parsed, oldest first"),
    )
    instead.add_argument("--unidentified", action="store_true", help="list unidentified bounce mails instead")

    one = as_command(inner, "show", "show an event and its history", show)
    _reveal(one)
    one.add_argument("event", metavar="EVENT", help="number, id, or start of the id")
    one.add_argument("--raw", action="store_true", help="print only the raw request or mail")
    one.add_argument("--quarantine", action="store_true", help="EVENT is the number of a quarantined item")

    counts = as_command(
        inner,
        "stats",
        "count the events",
        outbox_stats.stats,
        '--json: {"states": {"pending": n, … every state}, "duplicates": n, "doubled": n, "quarantine": n,\n'
        '"unidentified": n}; with --by a list of rows',
    )
    counts.add_argument(
        "--by",
        choices=outbox_stats.BY,
        metavar="WHAT",
        help=f"only the last 30 days by one of: {', '.join(outbox_stats.BY)}",
    )
    outbox_change.options(inner)
    outbox_copy.options(inner)


def _reveal(parser: Parser) -> None:
    parser.add_argument("--reveal", action="store_true", help="show addresses in full")


def listing(args: argparse.Namespace) -> int:
    """`outbox list`."""
    if args.csv and (args.json or args.quarantine or args.unidentified):
        raise UsageError("--csv lists events, and not as JSON. Next: leave the other option out.")
    config = configuration(args, with_secrets=False, sealing=args.reveal or bool(args.recipient))
    with looking(config, reveal=args.reveal) as outbox:
        if args.quarantine or args.unidentified:
            return _list_quarantine(args, outbox)
        found = pages(
            outbox,
            _PAGE,
            args.limit,
            states=[State(state) for state in args.state or ()],
            kinds=args.kind or (),
            source=args.source,
            provider=args.provider,
            recipient=(mailed_to(args.recipient) or args.recipient) if args.recipient else "",
        )
        return _list_events(args, chain.from_iterable(found))


def _list_events(args: argparse.Namespace, rows: Iterable[Listed]) -> int:
    if args.json:
        for row in rows:
            out.json_line(as_json(row, args))
        return 0
    if args.csv:
        out.csv(_CSV, ([told[name] for name in _CSV] for told in (as_json(row, args) for row in rows)))
        return 0
    now, before, shown = datetime.now(UTC), "", []
    for row in rows:
        why = out.masked(_news(row), args)
        shown.append(
            (
                str(row.row),
                out.short(row.received_at, now),
                row.event.source,
                out.judged(row.event.kind.value, row.event.reason),
                who(row, args),
                row.state.value,
                "" if why == before else why,  # one reason of many neighbours is told once
            )
        )
        before = why or before
    if shown:
        out.table(("no.", "UTC", "source", "judged", "recipient", "state", "why"), shown, prose=True)
    else:
        filters = args.state or args.kind or args.source or args.provider or args.recipient
        out.mark("·", "No event passes these filters." if filters else "The outbox has no events yet.")
    return 0


def _news(row: Listed) -> str:
    """Why it stands as it does, where that is more than its state says."""
    if row.state is State.HELD and row.held_for != "permission":
        return f"held: {HELD_FOR[row.held_for]}"
    return row.why if row.state in _NEWS or (row.attempt and row.state is State.PENDING) else ""


def pages(outbox: View | Changing, size: int, limit: int = 0, **filters: Any) -> Iterator[list[Listed]]:
    """The rows that pass the filters of `operator.list_rows`, newest first, `size` at a time; `limit` 0: all."""
    left, before = limit or sys.maxsize, 0
    while left > 0:
        wanted = min(left, size)
        page = outbox.read(partial(operator.list_rows, before_row=before, limit=wanted, **filters))
        yield page
        if len(page) < wanted:
            return
        left -= wanted
        before = page[-1].row


def _list_quarantine(args: argparse.Namespace, outbox: View) -> int:
    limit = -1 if args.source or args.provider else args.limit or -1
    items = outbox.read(partial(quarantine_items, limit=limit, unidentified=args.unidentified))
    if args.source or args.provider:
        items = [
            item for item in items if args.source in ("", item.source) and args.provider in ("", item.provider)
        ][: args.limit or None]
    if args.json:
        for item in items:
            out.json_line(_quarantined(item))
        return 0
    now = datetime.now(UTC)
    if items:
        out.table(
            ("no.", "UTC", "source", "provider", "type", "why"),
            [
                (str(i.id), out.short(i.received_at, now), i.source, i.provider, i.event_type, mask_all(i.why))
                for i in items
            ],
            prose=True,
        )
        return 0
    of = f" from {args.source or args.provider}" if args.source or args.provider else ""
    out.mark("·", f"No bounce mail{of} is unidentified." if args.unidentified else f"Nothing{of} is in quarantine.")
    return 0


def show(args: argparse.Namespace) -> int:
    """`outbox show`."""
    config = configuration(args, with_secrets=False, sealing=args.reveal)
    with looking(config, reveal=args.reveal) as outbox:
        return _show_quarantined(args, outbox) if args.quarantine else _show_event(args, outbox)


def _show_event(args: argparse.Namespace, outbox: View) -> int:
    row, steps, raw = outbox.read(partial(_whole, ref=args.event))
    if args.raw:
        if row.raw_id is None:
            raise UsageError("This event has no raw body.")
        return _print_raw(args, outbox, row.raw_id)
    if args.json:
        told = as_json(row, args)
        told["history"] = history_as_json(steps, args)
        out.json_line(told)
        return 0
    pairs = _pairs(row, args)
    if raw is not None:
        pairs.append(("raw", f"{raw[2]} bytes of {raw[1] or 'no type'}; `outbox show {row.row} --raw` prints them"))
    out.fields(pairs)
    print()
    _print_history(steps, args)
    return 0


def _whole(conn: Conn, ref: str) -> tuple[Listed, list[Step], tuple[datetime, str, int] | None]:
    row, steps = operator.show(conn, operator.find(conn, ref))
    return row, steps, operator.raw_head(conn, row.raw_id) if row.raw_id is not None else None


def _print_history(steps: list[Step], args: argparse.Namespace) -> None:
    out.table(
        ("UTC", "from", "to", "why"),
        ((out.when(s.at), s.before, s.after.value, out.masked(s.why, args)) for s in steps),
        prose=True,
    )


def _show_quarantined(args: argparse.Namespace, outbox: View) -> int:
    number = item_number(args.event)
    items = outbox.read(partial(quarantine_items, after=number - 1, limit=1, replayed=True))
    if not items or items[0].id != number:
        raise UsageError(f"There is no item {number} in quarantine. Next: `bouncestream outbox list --quarantine`.")
    item = items[0]
    if args.raw:
        return _print_raw(args, outbox, item.raw_id)
    if args.json:
        out.json_line(_quarantined(item))
        return 0
    out.fields((name, str(value)) for name, value in _quarantined(item).items() if value is not None)
    print()
    return _print_raw(args, outbox, item.raw_id)


def _print_raw(args: argparse.Namespace, outbox: View, raw_id: int) -> int:
    """Print a raw body: byte for byte into a pipe with --reveal, else masked and made printable line by line."""
    if outbox.hidden:
        print("sealed; --reveal opens it with the key")
        return 0
    body = outbox.read(partial(operator.raw_body, raw_id=raw_id))
    if args.reveal and args.raw and not out.on_terminal():
        sys.stdout.flush()
        sys.stdout.buffer.write(body)
        return 0
    for line in body.decode("utf-8", "replace").splitlines():
        print(printable(out.masked(line, args)))
    return 0


def as_json(row: Listed, args: argparse.Namespace) -> dict[str, Any]:
    """A row as `outbox list --json` shows it: the event's fields, and where it stands."""
    event = row.event
    return {
        "number": row.row,
        "id": row.event_id,
        "kind": event.kind.value,
        "recipient": event.recipient if args.reveal else mask(event.recipient),
        "subscriber_uuid": event.subscriber_uuid,
        "campaign_uuid": event.campaign_uuid,
        "source": event.source,
        "provider": event.provider,
        "occurred_at": out.time(event.occurred_at),
        "received_at": out.time(row.received_at),
        "reason": event.reason,
        "reply_code": event.reply_code,
        "enhanced_status": event.enhanced_status,
        "diagnostic": out.masked(event.diagnostic, args),
        "message_id": _without(event.message_id, event.recipient, args),
        "provider_event_id": _without(event.provider_event_id, event.recipient, args),
        "evidence": out.masked(event.evidence, args),
        "unsure": in_words(event),
        "raw": row.raw_id,
        "state": row.state.value,
        "attempt": row.attempt,
        "failures": row.failures,
        "label": row.label,
        "next_attempt_at": out.time(row.next_attempt_at) or None,
        "finished_at": out.time(row.finished_at) or None,
        "held_for": row.held_for,
        "address_form": row.address_form,
        "supersedes": row.supersedes,
        "why": out.masked(row.why, args),
    }


def history_as_json(steps: list[Step], args: argparse.Namespace) -> list[dict[str, Any]]:
    """The history of a row, as `outbox show --json` shows it."""
    return [
        {"at": out.time(step.at), "from": step.before, "to": step.after.value, "why": out.masked(step.why, args)}
        for step in steps
    ]


def _pairs(row: Listed, args: argparse.Namespace) -> list[tuple[str, str]]:
    told = as_json(row, args)
    for name in ("raw", "address_form"):
        told.pop(name)
    for name in ("occurred_at", "received_at", "next_attempt_at", "finished_at"):
        told[name] = told[name] and f"{told[name][:19].replace('T', ' ')} UTC"
    return [(name.replace("_", " "), "" if value is None else str(value)) for name, value in told.items()]


def _quarantined(item: Quarantined) -> dict[str, Any]:
    return {
        "number": item.id,
        "received_at": out.time(item.received_at),
        "source": item.source,
        "provider": item.provider,
        "type": item.event_type,
        "why": mask_all(item.why),
        "unidentified": item.unidentified,
        "raw": item.raw_id,
        "replayed_at": out.time(item.replayed_at) or None,
    }


def who(row: Listed, args: argparse.Namespace) -> str:
    """Whom a row is about, by the address or else by the UUID."""
    recipient = row.event.recipient
    return (recipient if args.reveal else mask(recipient)) or row.event.subscriber_uuid


def _without(mark: str, recipient: str, args: argparse.Namespace) -> str:
    """An id, which looks like an address but is none; unless whoever made it put the recipient's into it."""
    return mark if args.reveal or not recipient else mark.replace(recipient, mask(recipient))
