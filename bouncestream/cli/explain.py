# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream explain FILE|EVENT`: the way from a mail to a verdict (`explain_mail`), or of an event of the
outbox from what came in to what Listmonk keeps of it, for a person."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bouncestream.cli import out
from bouncestream.cli.explain_mail import explain_mail
from bouncestream.cli.opened import configuration, configuration_if_any, looking
from bouncestream.cli.outbox_look import as_json, history_as_json
from bouncestream.cli.parser import Parser, command
from bouncestream.config.model import Config
from bouncestream.errors import SinkError, UsageError
from bouncestream.event import Kind
from bouncestream.judging.unsure import in_words
from bouncestream.survey.event import Found, body_sent, find, judged_now, provider_said, sent_words

#: How long Listmonk may take to say what it kept; seconds.
_PATIENCE = 15


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
    parser.add_argument("--mailbox", default="", metavar="NAME", help="judge as a mail of this mailbox or listener")
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
        try:
            found = outbox.read(partial(find, ref=args.target, config=config, now=datetime.now(UTC)))
        except UsageError as error:
            raise UsageError(f"There is no file {args.target}, and: {error}") from None
        now = judged_now(config, found, outbox.read) if args.json or not found.of_mail else ""
    row, steps = found.row, found.steps
    kept, trouble = ("", "") if args.offline else asyncio.run(_kept(config, found))
    if args.json:
        out.json_line(_json(config, found, now, kept, trouble, args))
        return 3 if trouble else 0
    out.heading(f"Event {row.row}: {out.judged(row.event.kind.value, row.event.reason)}; {row.state.value}")
    _came_in(config, found, now, args)
    print()
    out.heading("What was sent to Listmonk")
    out.mark("·", out.masked(sent_words(found), args))
    if found.sent and row.event.kind is not Kind.UNSUBSCRIBE:
        out.prose(out.masked(json.dumps(body_sent(found)), args), "  ", "  ")
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


def _came_in(config: Config, found: Found, now: str, args: argparse.Namespace) -> None:
    """How it came in, how it was judged, and, where a mail is kept, the way to that."""
    row, came = found.row, found.came
    said, by = provider_said(config, found)
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


async def _kept(config: Config, found: Found) -> tuple[str, str]:
    """The words for what Listmonk has of the event; or why that cannot be said."""
    from bouncestream.sinks.listmonk.client import ListmonkClient

    row = found.row
    if not row.label:
        return "nothing: it was never posted as a bounce", ""
    client = ListmonkClient(*config.listmonk.login, instance=found.instance)
    try:
        async with client as sink, asyncio.timeout(_PATIENCE):
            rows = [seen for seen in await sink.read_label(row.label) if seen.event_id == row.event_id]
    except (SinkError, TimeoutError) as error:
        return "", f"Listmonk cannot be queried: {error or 'no answer in time'}. Next: `bouncestream check`"
    if not rows:
        return "no row: " + (row.why or "it was not stored"), ""
    attempts = ", ".join(str(seen.attempt) for seen in rows)
    word = "its row" if len(rows) == 1 else f"{len(rows)} rows, which is a double"
    return f"{word} (of attempt {attempts}) under {row.label!r}", ""


def _json(
    config: Config, found: Found, now: str, kept: str, trouble: str, args: argparse.Namespace
) -> dict[str, Any]:
    row = found.row
    sent = body_sent(found) if found.sent and row.event.kind is not Kind.UNSUBSCRIBE else None
    said, by = provider_said(config, found)
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
