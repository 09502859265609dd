# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream reconcile`: the outbox against Listmonk, and against a provider's own list."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bouncestream.cli import out
from bouncestream.cli.exits import FINE, NOT_WELL
from bouncestream.cli.opened import configuration, looking, since_when
from bouncestream.cli.parser import Parser, command
from bouncestream.config.model import Config
from bouncestream.errors import UsageError
from bouncestream.event import clean_uuid
from bouncestream.judging.reconcile import CAUSES, Compared, Entry
from bouncestream.outbox.delivery import get_meta
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.view import View

if TYPE_CHECKING:
    pass

T = TypeVar("T")

_KINDS = ("hard", "soft", "complaint", "unsubscribe")
#: Unexplained ones that are named.
_NAMED = 20
#: A list of more bytes is no export of bounces.
_LIMIT = 256 << 20


def options(parser: Parser) -> None:
    """The options of `bouncestream reconcile`."""
    command(
        parser,
        run,
        "Compares the events of the outbox with the bounces in Listmonk, and with a list that your\nprovider "
        "exports. Every difference is listed by its cause. Changes nothing.",
    )
    parser.add_argument(
        "--since", default="30d", metavar="WHEN", help="events received since: 7d, a date, or all (default: 30d)"
    )
    parser.add_argument("--campaign", default="", metavar="UUID", help="only the events of this campaign")
    parser.add_argument(
        "--provider-csv", default="", metavar="FILE", help="a list of bounces that your provider exported as CSV"
    )
    parser.add_argument(
        "--address-column", default="", metavar="NAME", help="the column of that list that holds the addresses"
    )
    parser.add_argument("--json", action="store_true", help="JSON output")


def run(args: argparse.Namespace) -> int:
    """Compare, and tell; 1 when something is unexplained."""
    campaign = clean_uuid(args.campaign)
    if args.campaign and not campaign:
        raise UsageError(
            f"--campaign {args.campaign!r} is not a UUID. Next: `bouncestream outbox stats --by campaign` has them."
        )
    since = since_when(args)
    entries = _entries(args.provider_csv, args.address_column) if args.provider_csv else None
    config = configuration(args)
    with looking(config, reveal=True) as outbox:
        compared = asyncio.run(_compare(config, outbox, since, campaign, entries))
    if args.json:
        out.json_line(_json(compared, listed=entries is not None))
    else:
        _print(compared, listed=entries is not None)
    return NOT_WELL if compared.unexplained else FINE


def _entries(name: str, column: str) -> list[Entry]:
    from bouncestream.judging.provider_list import entries

    path = Path(name)
    if path.stat().st_size > _LIMIT:
        raise UsageError(f"{name} is larger than {_LIMIT >> 20} MiB. Next: export fewer days.")
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        return list(entries(lines, column))


async def _compare(
    config: Config, outbox: View, since: datetime | None, campaign: str, entries: Sequence[Entry] | None
) -> Compared:
    from bouncestream.maintenance.reconcile import reconcile, with_provider
    from bouncestream.sinks.listmonk.directory import Directory  # slow to import

    async def read(fn: Callable[[Conn], T], /) -> T:
        return outbox.read(fn)

    before = datetime.now(UTC) - timedelta(seconds=config.retention.events)
    instance = outbox.read(lambda conn: get_meta(conn, "instance")) or ""
    async with Directory(*config.listmonk.login, instance=instance) as sink:
        compared = await reconcile(read, sink, since=since, before=before, campaign=campaign)
        if entries is not None:
            await with_provider(compared, read, sink, entries, before)
    return compared


def _print(compared: Compared, *, listed: bool) -> None:
    rows = [
        (kind, str(compared.events[kind]), "-" if kind == "unsubscribe" else str(compared.stored[kind]))
        for kind in _KINDS
        if compared.events[kind]
    ]
    total = sum(compared.events.values()), sum(compared.stored.values())
    out.table(("kind", "outbox", "Listmonk"), [*rows, ("all", *map(str, total))], title="who has what")
    if listed:
        out.mark("·", f"the provider's list has {compared.listed} entries; {compared.matched} are in the outbox")
    print()
    if compared.causes:
        told = [(str(number), cause, CAUSES[cause]) for cause, number in compared.causes.items()]
        out.table(("number", "cause", "what it is"), told, title="differences", prose=True)
        print()
    unexplained = compared.unexplained
    if not unexplained:
        out.mark("✔", "Every difference is explained." if compared.causes else "The numbers add up.")
        return
    out.mark("✘", f"{len(unexplained)} differences are unexplained:")
    for one in unexplained[:_NAMED]:
        out.mark("·", f"{one.cause}: {f'event {one.row}' if one.row else one.what}")
    rows_ = [one.row for one in unexplained if one.row]
    if rows_:
        print(f"Next: `bouncestream explain {rows_[0]}` shows what happened to the first of them.")


def _json(compared: Compared, *, listed: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "events": {kind: compared.events[kind] for kind in _KINDS},
        "stored": {kind: compared.stored[kind] for kind in _KINDS},
        "causes": compared.causes,
        "unexplained": [{"cause": one.cause, "event": one.row, "what": one.what} for one in compared.unexplained],
    }
    if listed:
        told["provider"] = {"entries": compared.listed, "matched": compared.matched}
    return told
