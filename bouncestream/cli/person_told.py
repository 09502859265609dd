# SPDX-License-Identifier: GPL-3.0-or-later
"""What the outbox has of a person, as `bouncestream person` shows and exports it."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from bouncestream import providers
from bouncestream.cli import out
from bouncestream.cli.outbox_look import as_json as event_json
from bouncestream.cli.outbox_look import history_as_json
from bouncestream.config.model import Config
from bouncestream.errors import UsageError
from bouncestream.outbox import alerts, operator, suppression
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.operator import Listed, Step
from bouncestream.outbox.quarantine import Quarantined, quarantine_items
from bouncestream.outbox.traces import Traces, keys_of
from bouncestream.ports import Subscriber
from bouncestream.printable import mask

_OPEN = argparse.Namespace(reveal=True)


@dataclass(frozen=True, slots=True)
class Told:
    """All that is known of a person."""

    names: Sequence[str]
    subscriber: Subscriber | None
    trouble: str  #: why Listmonk could not be asked
    traces: Traces
    events: Sequence[tuple[Listed, list[Step]]]
    mentions: Sequence[tuple[Listed, list[Step]]]
    bodies: Sequence[tuple[int, str, bytes | None]]  #: number, content type; None: others are in it too
    quarantine: Sequence[Quarantined]
    notices: Sequence[str]
    keys: Sequence[tuple[str, int]]
    suppressed: date | None


def collected(conn: Conn, names: Sequence[str], subscriber: Subscriber | None, trouble: str, found: Traces) -> Told:
    """What is behind the traces, read at once."""
    said = {notice.id: notice for notice in alerts.recent(conn, alerts.KEEP_NOTICES)}
    stands = {key: f"{state.text} {state.fix}".strip() for key, state in alerts.states(conn).items()}
    told = [f"{said[number].title}: {said[number].text}" for number in found.notices if number in said]
    items = {item.id: item for item in quarantine_items(conn, limit=-1, replayed=True)} if found.quarantine else {}
    return Told(
        names,
        subscriber,
        trouble,
        found,
        [operator.show(conn, row) for row in found.events],
        [operator.show(conn, row) for row in found.mentions],
        list(_bodies(conn, found)),
        [items[number] for number in found.quarantine if number in items],
        [*told, *(stands[key] for key in found.alerts if key in stands)],
        keys_of(conn, found.events),
        suppression.suppressed_since(conn, names),
    )


def _bodies(conn: Conn, found: Traces) -> Iterator[tuple[int, str, bytes | None]]:
    for number in found.raw:
        head = operator.raw_head(conn, number)
        try:
            body = None if number in found.shared else operator.raw_body(conn, number)
        except UsageError:  # retention took it meanwhile
            continue
        yield number, head[1] if head else "", body


def as_json(told: Told, config: Config) -> dict[str, Any]:
    """The export: all of it, addresses in full. A request that is about others too is counted and not shown."""
    person = told.subscriber
    return {
        "person": told.names[0],
        "names": list(told.names),
        "exported_at": out.time(datetime.now(UTC)),
        "listmonk": {"id": person.id, "uuid": person.uuid, "email": person.email, "status": person.status}
        if person
        else None,
        "trouble": told.trouble,
        "events": [
            {**event_json(row, _OPEN), "history": history_as_json(steps, _OPEN)} for row, steps in told.events
        ],
        "named_in_events_about_others": [row.row for row, _ in told.mentions],
        "raw": [_body(*one) for one in told.bodies],
        "quarantine": [
            {
                "number": item.id,
                "received_at": out.time(item.received_at),
                "source": item.source,
                "why": item.why,
                "raw": item.raw_id,
                "unidentified": item.unidentified,
            }
            for item in told.quarantine
        ],
        "alerts": list(told.notices),
        "identity_keys": [{"key": key.lower(), "day": _day(day)} for key, day in told.keys],
        "suppressed_since": str(told.suppressed) if told.suppressed else None,
        "not_covered": not_covered(told.subscriber, config),
    }


def _body(number: int, content_type: str, body: bytes | None) -> dict[str, Any]:
    one: dict[str, Any] = {"number": number, "content_type": content_type, "shared": body is None}
    if body is not None:
        try:
            one["text"] = body.decode("utf-8")
        except UnicodeDecodeError:
            one["base64"] = base64.b64encode(body).decode()
    return one


def _day(day: int) -> str:
    return str(date.fromordinal(date(1970, 1, 1).toordinal() + day))


def not_covered(subscriber: Subscriber | None, config: Config) -> list[str]:
    """Where else data of the person may be, each with the place to click."""
    url = config.listmonk.public_url or config.listmonk.url
    link = f"{url.rstrip('/')}/admin/subscribers/{subscriber.id}" if subscriber else "Subscribers, search"
    places = [f"Listmonk: the subscriber, with its bounces, opens and clicks: {link}"]
    for hook in config.webhooks.values():
        provider = providers.get(hook.provider)
        where = provider.guide.suppressions or f"its activity log and suppression list at {provider.title}"
        places.append(f"webhook {hook.name}: {where}")
    for box in config.mailboxes.values():
        places.append(f"mailbox {box.name}: the bounce mails themselves, in its folders")
    return [*places, "backups of the outbox, and the logs of your reverse proxy and mail server"]


def summary(told: Told, config: Config, args: argparse.Namespace) -> None:
    """What there is, for a person on a terminal."""
    now, found = datetime.now(UTC), told.traces
    rows = [
        (
            str(row.row),
            out.short(row.received_at, now),
            row.event.source,
            out.judged(row.event.kind.value, row.event.reason),
            row.state.value,
            out.masked(row.why, args),
        )
        for row, _ in told.events
    ]
    shown = [name if args.reveal or "@" not in name else mask(name) for name in told.names]
    out.heading(", ".join(dict.fromkeys(shown)))
    if rows:
        out.table(("no.", "UTC", "source", "judged", "state", "why"), rows, prose=True)
    counted = (
        (len(found.events), "events about this person"),
        (len(found.mentions), "events about others that name this person"),
        (len(found.raw), f"requests or mails, {len(found.shared)} of which hold events about others too"),
        (len(found.quarantine), "items in quarantine, or unidentified mails"),
        (len(told.notices), "alerts and notices"),
        (len(told.keys), "identity keys (hashes), by which a repeated report is recognised"),
    )
    lines = [(number, what) for number, what in counted if number]
    for number, what in lines:
        out.mark("·", f"{number} {what}")
    if not lines:
        out.mark("·", "The outbox has nothing about this person.")
    if told.suppressed:
        out.mark("·", f"since {told.suppressed}, nothing about this person is stored")
    if told.trouble:
        fix = "`bouncestream check` tells more; events that carry only a UUID may be missing here"
        out.mark("⚠", f"Listmonk could not be queried: {told.trouble}", fix)
    print()
    tell_not_covered(told.subscriber, config)


def tell_not_covered(subscriber: Subscriber | None, config: Config) -> None:
    """The same, on a terminal."""
    out.heading("Not covered: look here too")
    for place in not_covered(subscriber, config):
        out.mark("·", place)
