# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream explain FILE|EVENT`: the way from a mail to a verdict (`explain_mail`), or of an event of the
outbox from what came in to what Listmonk keeps of it, for a person."""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bouncestream import decay
from bouncestream.cli import out
from bouncestream.cli.explain_mail import explain_mail
from bouncestream.cli.opened import configuration, configuration_if_any, looking
from bouncestream.cli.outbox_look import as_json, history_as_json
from bouncestream.cli.parser import Parser, command
from bouncestream.config.model import Config
from bouncestream.errors import SinkError, UsageError
from bouncestream.event import MAILBOX, Kind
from bouncestream.judging.stored import StillUnreadable, identified_again, pieces, same_report
from bouncestream.judging.unsure import in_words
from bouncestream.outbox import delivery, operator, raising
from bouncestream.outbox.operator import Listed, Step
from bouncestream.outbox.people import judged_again
from bouncestream.outbox.view import View
from bouncestream.ports import RawInput, State
from bouncestream.printable import mask_all
from bouncestream.sinks.listmonk import payload

#: How long Listmonk may take to say what it kept; seconds.
_PATIENCE = 15

_DECIDE = "Next: `bouncestream outbox release {row}` sends it, `bouncestream outbox drop {row}` never does"
#: For what an event is held, and what comes next.
_HELD = {
    "unproven": f"your decision, as nothing proves where its mail is from. {_DECIDE}",
    "operator": f"your decision. {_DECIDE}",
    "brake": f"your decision. {_DECIDE}",
    "permission": "a permission of the token, and resumes once it is granted. Next: `bouncestream check` names it",
}


def options(parser: Parser) -> None:
    """The options of `bouncestream explain`."""
    command(
        parser,
        run,
        "For a mail: its parts, where the address was found and the alternatives, which\nwords or code decided, "
        "and what is sent to Listmonk. For an event also what was sent to Listmonk, what\nit stored, and the "
        "history.",
    )
    parser.add_argument(
        "target", metavar="FILE|EVENT", help="a raw mail (- for standard input), or the number or id of an event"
    )
    parser.add_argument("--mailbox", default="", metavar="NAME", help="judge as a mail of this mailbox")
    parser.add_argument("--offline", action="store_true", help="do not query Listmonk")
    parser.add_argument("--json", action="store_true", help="JSON output")
    parser.add_argument("--reveal", action="store_true", help="show addresses in full")


def run(args: argparse.Namespace) -> int:
    """A file is explained as a mail; anything else is looked up in the outbox."""
    name = args.target
    if name != "-" and not Path(name).exists():
        return _explain_event(args)
    raw = sys.stdin.buffer.read() if name == "-" else _bytes(Path(name))
    config = configuration_if_any(args)
    explain_mail(raw, config, args, name=name)
    return 0


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise UsageError(f"{path} is a directory. Next: name one mail; `bouncestream parse` takes many.")
    return path.read_bytes()


def _explain_event(args: argparse.Namespace) -> int:
    """Print it; 3 when Listmonk could not be asked."""
    config = configuration(args, with_secrets=not args.offline, judging=True, sealing=True)
    with looking(config, reveal=True) as outbox:
        found = outbox.read(partial(_found, ref=args.target, config=config))
        now = _now(config, found, outbox) if args.json or not found.of_mail else ""
    row, steps = found.row, found.steps
    kept, trouble = ("", "") if args.offline else asyncio.run(_kept(config, found))
    if args.json:
        out.json_line(_json(config, found, now, kept, trouble, args))
        return 3 if trouble else 0
    out.heading(f"Event {row.row}: {out.judged(row.event.kind.value, row.event.reason)}; {row.state.value}")
    _came_in(config, found, now, args)
    print()
    out.heading("What was sent to Listmonk")
    out.mark("·", out.masked(_sent_words(found), args))
    if found.sent and row.event.kind is not Kind.UNSUBSCRIBE:
        out.prose(out.masked(json.dumps(_sent(found)), args), "  ", "  ")
    print()
    out.heading("What Listmonk stored")
    sign = "⚠" if trouble else "·" if args.offline else "✔" if kept.startswith("its row") else "·"
    out.mark(sign, trouble or kept or "not queried (--offline)")
    print()
    out.heading("History")
    for step in steps:
        way = f"{step.before} → {step.after.value}" if step.before else step.after.value
        out.prose(f"{way}: {out.masked(step.why, args)}", f"  {out.when(step.at)}  ", " " * 23)
    return 3 if trouble else 0


@dataclass(frozen=True, slots=True)
class _Found:
    """The event with all that the outbox has of it."""

    row: Listed
    steps: list[Step]
    came: RawInput | None  #: the request or mail that it came by; None: it is not kept
    instance: str  #: the outbox's name among outboxes
    soft: str = ""  #: how its person stands, where soft bounces are counted here

    @property
    def of_mail(self) -> bool:
        return self.came is not None and self.came.provider == MAILBOX

    @property
    def sent(self) -> bool:
        """Whether Listmonk may have been told. What its first claim ends as dropped was not: the policy said no."""
        dropped = any((step.before, step.after) == (State.CLAIMED, State.DROPPED) for step in self.steps[-1:])
        return self.row.attempt > (1 if dropped else 0)


def _found(conn: sqlite3.Connection, ref: str, config: Config) -> _Found:
    try:
        row, steps = operator.show(conn, operator.find(conn, ref))
    except UsageError as error:
        raise UsageError(f"There is no file {ref}, and: {error}") from None
    try:
        came = operator.raw_input(conn, row)
    except UsageError:
        came = None
    return _Found(row, steps, came, delivery.get_meta(conn, "instance") or "", _soft(conn, row, config))


def _soft(conn: sqlite3.Connection, row: Listed, config: Config) -> str:
    """How the person of a soft bounce stands, in words; empty: Listmonk counts."""
    soft, rules = config.policy.soft, config.policy.rules
    if soft.mode != "bridge" or row.event.kind is not Kind.SOFT:
        return ""
    counts, bounces = raising.counted_with(conn, row.row, rules, config.unproven)
    told = decay.in_words(decay.standings(bounces, soft.rule, datetime.now(UTC)), soft.rule)
    if not counts and raising.is_counted(conn, row.row):
        told.insert(0, "this one counts no more: something more severe was told since, and a new count began")
    elif not counts:
        told.insert(0, "this one does not count: only proven ones about the mailbox do")
    return "; ".join(told)


def _came_in(config: Config, found: _Found, now: str, args: argparse.Namespace) -> None:
    """How it came in, how it was judged, and, where a mail is kept, the way to that."""
    row, came = found.row, found.came
    said, by = _said(config, found)
    out.fields(
        (
            (name, out.masked(value, args))
            for name, value in (
                ("received", f"{out.when(row.received_at)} UTC by {row.event.source} ({row.event.provider})"),
                ("recipient", row.event.recipient or row.event.subscriber_uuid),
                ("provider's word", said),
                ("decided by", by),
                ("server's words", row.event.diagnostic),
                ("evidence", row.event.evidence),
                ("unsure", in_words(row.event)),
                ("soft bounces", found.soft),
            )
        ),
        "  ",
    )
    if came is None:
        out.mark("·", "the raw input has expired ([retention] raw)")
    elif found.of_mail:
        print()
        explain_mail(came.body, config, args, name="The mail that reported it", source=came.source)
    else:
        out.mark("·", f"this version {now}")
        print(f"  `bouncestream outbox show {row.row} --raw` prints the request")


def _said(config: Config, found: _Found) -> tuple[str, str]:
    """What the provider calls it, and the key that decides its class; empty: not kept, or of a mail."""
    if found.came is None or found.of_mail:
        return "", ""
    told = {piece.event: piece for piece in pieces(found.came, config) if piece.event is not None}
    same = same_report([*told], found.row.event)
    return (told[same[0]].said, told[same[0]].by) if len(same) == 1 else ("", "")


def _now(config: Config, found: _Found, outbox: View) -> str:
    """How the stored request or mail is judged by this version, in words; empty: it is not kept."""
    if found.came is None:
        return ""
    row, old = found.row, found.row.event
    try:
        events = identified_again(found.came, config).events
    except StillUnreadable as error:
        return f"cannot read the request: {error}"
    same = same_report(events, old)
    if not same:
        return "finds no such event in the request"
    if len({(one.kind, one.reason) for one in same}) > 1:
        return "finds several events about that person in the request"
    at = old.occurred_at or row.received_at
    new = outbox.read(partial(judged_again, event=same[0], row=row.row, at=at))
    if (new.kind, new.reason) == (old.kind, old.reason):
        return "judges the request the same way"
    return f"judges it as {new.kind} ({new.reason}): {mask_all(new.evidence)}"


def _sent(found: _Found) -> dict[str, Any]:
    """The body of the POST, as it was made or would be."""
    body: dict[str, Any] = json.loads(payload.body(found.row, found.instance))
    return body


def _sent_words(found: _Found) -> str:
    row = found.row
    if row.state is State.HELD:
        return f"nothing yet: it is held for {_HELD[row.held_for].format(row=row.row)}"
    if not found.sent:
        yet = "" if row.state is State.DROPPED else " yet"
        return f"nothing{yet}: it is {row.state.value}" + (f" ({row.why})" if row.why else "")
    if row.event.kind is Kind.UNSUBSCRIBE:
        times = "" if row.attempt == 1 else f", after {row.attempt} attempts"
        return f"the unsubscription was carried out at the subscriber{times}"
    return f"this, with attempt {row.attempt}, as source {row.label!r}:"


async def _kept(config: Config, found: _Found) -> tuple[str, str]:
    """The words for what Listmonk has of the event; or why that cannot be said."""
    from bouncestream.sinks.listmonk.client import ListmonkClient

    row = found.row
    if not row.label:
        return "nothing: it was never posted as a bounce", ""
    settings = config.listmonk
    token = settings.token.reveal() if settings.token else ""
    sink = ListmonkClient(settings.url, settings.user, token, instance=found.instance)
    try:
        async with asyncio.timeout(_PATIENCE):
            rows = [seen for seen in await sink.read_label(row.label) if seen.event_id == row.event_id]
    except (SinkError, TimeoutError) as error:
        return "", f"Listmonk cannot be queried: {error or 'no answer in time'}. Next: `bouncestream check`"
    finally:
        await sink.close()
    if not rows:
        return "no row: " + (row.why or "it was not stored"), ""
    attempts = ", ".join(str(seen.attempt) for seen in rows)
    word = "its row" if len(rows) == 1 else f"{len(rows)} rows, which is a double"
    return f"{word} (of attempt {attempts}) under {row.label!r}", ""


def _json(
    config: Config, found: _Found, now: str, kept: str, trouble: str, args: argparse.Namespace
) -> dict[str, Any]:
    row = found.row
    sent = _sent(found) if found.sent and row.event.kind is not Kind.UNSUBSCRIBE else None
    said, by = _said(config, found)
    return {
        **as_json(row, args),
        "said": said,
        "decided_by": by,
        "soft_bounces": found.soft,
        "judged_now": now,
        "sent": json.loads(out.masked(json.dumps(sent), args)),
        "kept": kept,
        "trouble": trouble,
        "history": history_as_json(found.steps, args),
    }
