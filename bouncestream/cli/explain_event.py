# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream explain EVENT`: an event of the outbox from what came in to what Listmonk keeps of it."""

from __future__ import annotations

import argparse
import asyncio
import json
from functools import partial
from typing import Any

from bouncestream.cli import show as out
from bouncestream.cli.explain_mail import explain_mail
from bouncestream.cli.opened import configuration, reading
from bouncestream.cli.outbox_look import as_json
from bouncestream.cli.reread import StillUnreadable, Stored, events_again, same_person
from bouncestream.config.model import Config
from bouncestream.errors import SinkError, UsageError
from bouncestream.event import Kind
from bouncestream.judging.mail import PROVIDER as MAILBOX
from bouncestream.outbox import delivery as store
from bouncestream.outbox import operator as browse
from bouncestream.outbox.operator import Listed, Step
from bouncestream.ports import Claimed
from bouncestream.printable import mask_all, printable
from bouncestream.sinks.listmonk import payload

#: How long Listmonk may take to say what it kept; seconds.
_PATIENCE = 15


def explain_event(args: argparse.Namespace) -> int:
    """Print it; 3 when Listmonk could not be asked."""
    config = configuration(args, with_secrets=not args.offline, judging=True)
    path = config.outbox.path
    try:
        number = reading(path, partial(browse.find, ref=args.target))
    except UsageError as error:
        raise UsageError(f"There is no file {args.target}, and: {error}") from None
    row, steps = reading(path, partial(browse.show, row=number))
    kept, trouble = ("", "") if args.offline else asyncio.run(_kept(config, row))
    if args.json:
        out.json_line(_json(config, row, steps, kept, trouble, reveal=args.reveal))
        return 3 if trouble else 0
    out.heading(f"Event {row.row}: {row.event.kind}, {row.event.reason or 'no reason'}; {row.state.value}")
    _came_in(config, row, args)
    print()
    out.heading("What was sent to Listmonk")
    out.mark("·", mask_all(_sent_words(row)) if not args.reveal else _sent_words(row))
    if row.attempt and row.event.kind is not Kind.UNSUBSCRIBE:
        print(f"  {printable(_masked(json.dumps(_sent(config, row)), args))}")
    print()
    out.heading("What Listmonk kept of it")
    sign = "⚠" if trouble else "·" if args.offline else "✔" if kept.startswith("its row") else "·"
    out.mark(sign, trouble or kept or "not asked (--offline)")
    print()
    out.heading("History")
    for step in steps:
        way = f"{step.before} → {step.after.value}" if step.before else step.after.value
        print(f"  {out.when(step.at)}  {way}: {printable(_masked(step.why, args))}")
    return 3 if trouble else 0


def _masked(text: str, args: argparse.Namespace) -> str:
    return text if args.reveal else mask_all(text)


def _came_in(config: Config, row: Listed, args: argparse.Namespace) -> None:
    """How it came in, how it was judged, and, where a mail is kept, the way to that."""
    out.fields(
        (f"  {name}", _masked(value, args))
        for name, value in (
            ("received", f"{out.when(row.received_at)} UTC by {row.event.source} ({row.event.provider})"),
            ("recipient", row.event.recipient or row.event.subscriber_uuid),
            ("server's words", row.event.diagnostic),
            ("evidence", row.event.evidence),
        )
    )
    stored = _stored(config, row)
    if stored is None:
        out.mark("·", "what came in is not kept any more ([retention] raw)")
    elif stored.provider == MAILBOX:
        print()
        explain_mail(stored.body, config, args, name="The mail that it came in by", source=stored.source)
    else:
        out.mark("·", f"this version {_now(config, row, stored)}")
        print(f"  `bouncestream outbox show {row.row} --raw` prints the request")


def _now(config: Config, row: Listed, stored: Stored) -> str:
    """How the stored request is judged by this version, in words."""
    try:
        events = events_again(stored, config)
    except StillUnreadable as error:
        return f"cannot read the request: {error}"
    same = same_person(events, row.event)
    if not same:
        return "finds no such event in the request"
    if (same[0].kind, same[0].reason) == (row.event.kind, row.event.reason):
        return "judges the request in the same way"
    return f"judges it as {same[0].kind} ({same[0].reason}): {mask_all(same[0].evidence)}"


def _stored(config: Config, row: Listed) -> Stored | None:
    if row.raw_id is None:
        return None
    try:
        body = reading(config.outbox.path, partial(browse.raw_body, raw_id=row.raw_id))
    except UsageError:
        return None
    head = reading(config.outbox.path, partial(browse.raw_head, raw_id=row.raw_id))
    return Stored(row.event.source, row.event.provider, row.received_at, body, head[1] if head else "")


def _claimed(row: Listed) -> Claimed:
    return Claimed(
        row.row, row.event_id, row.state, row.event, row.received_at, row.label, row.attempt,
        address_form=row.address_form,
    )  # fmt: skip


def _sent(config: Config, row: Listed) -> dict[str, Any]:
    """The body of the POST, as it was made or would be."""
    instance = reading(config.outbox.path, partial(store.get_meta, name="instance")) or ""
    body: dict[str, Any] = json.loads(payload.body(_claimed(row), instance))
    return body


def _sent_words(row: Listed) -> str:
    if not row.attempt:
        return f"nothing yet: it is {row.state.value}" + (f" ({row.why})" if row.why else "")
    if row.event.kind is Kind.UNSUBSCRIBE:
        return f"the unsubscription was carried out at the subscriber, {row.attempt} attempts"
    return f"this, with attempt {row.attempt}, as source {row.label!r}:"


async def _kept(config: Config, row: Listed) -> tuple[str, str]:
    """What Listmonk has of the event, in words; or why that cannot be said."""
    from bouncestream.sinks.listmonk.client import Listmonk

    if not row.label:
        return "nothing: it was never posted as a bounce", ""
    settings = config.listmonk
    instance = await asyncio.to_thread(reading, config.outbox.path, partial(store.get_meta, name="instance"))
    sink = Listmonk(
        settings.url, settings.user, settings.token.reveal() if settings.token else "", instance=instance or ""
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            rows = [seen for seen in await sink.read_label(row.label) if seen.event_id == row.event_id]
    except (SinkError, TimeoutError) as error:
        return "", f"Listmonk cannot be asked: {error or 'no answer in time'}. Next: `bouncestream check`"
    finally:
        await sink.close()
    if not rows:
        return "no row of it: " + (row.why or "it was not stored"), ""
    attempts = ", ".join(str(seen.attempt) for seen in rows)
    word = "its row" if len(rows) == 1 else f"{len(rows)} rows, which is a double"
    return f"{word} (of attempt {attempts}) under {row.label!r}", ""


def _json(
    config: Config, row: Listed, steps: list[Step], kept: str, trouble: str, *, reveal: bool
) -> dict[str, Any]:
    stored = _stored(config, row)
    sent = _sent(config, row) if row.attempt and row.event.kind is not Kind.UNSUBSCRIBE else None
    if sent is not None and not reveal:
        sent = json.loads(mask_all(json.dumps(sent)))
    return {
        **as_json(row, reveal=reveal),
        "judged_now": _now(config, row, stored) if stored is not None else "",
        "sent": sent,
        "kept": kept,
        "trouble": trouble,
        "history": [
            {
                "at": out.time(s.at),
                "from": s.before,
                "to": s.after.value,
                "why": s.why if reveal else mask_all(s.why),
            }
            for s in steps
        ],
    }
