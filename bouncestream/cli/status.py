# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream status`: sources, outbox, Listmonk and alerts on one screen, from the outbox (read only) and from
what the running bridge says on its port.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bouncestream.alerts import wording
from bouncestream.cli import out, status_screen
from bouncestream.cli.exits import FINE, NOT_WELL, code_of
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, command
from bouncestream.cli.running import Running, ask
from bouncestream.config.model import Config
from bouncestream.errors import StoreError, StoreUnavailable
from bouncestream.outbox import alerts, delivery
from bouncestream.outbox.files import beside, free_beside, size_of
from bouncestream.outbox.marker import Markers
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.view import view

#: Alerts and notices that are shown.
LAST = 8
#: Hours of a day and of a week.
DAY, WEEK = 24, 168


def options(parser: Parser) -> None:
    """The options of `bouncestream status`."""
    command(
        parser,
        run,
        "Reads the outbox, and queries the running bridge at [server] listen. --json has the keys running, ready, "
        "parts, sources, outbox, sink and alerts.",
    )
    parser.add_argument("--json", action="store_true", help="JSON output")
    parser.add_argument("--watch", action="store_true", help="refresh until Ctrl-C")
    parser.add_argument(
        "--every",
        type=_seconds,
        default=2.0,
        metavar="SECONDS",
        help=("with --watch, seconds between refreshes (default: 2)"),
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.1 to 3600")
    return seconds


def run(args: argparse.Namespace) -> int:
    """Show it once, or again and again."""
    config = configuration(args, with_secrets=False)
    if not args.watch:
        return _show(config, as_json=args.json)
    return _watch(config, args)


def _watch(config: Config, args: argparse.Namespace) -> int:
    """Until Ctrl-C; on a terminal on its alternate screen, so that what stood there comes back."""
    code, full = FINE, out.on_terminal() and not args.json
    print(status_screen.ENTER if full else "", end="")
    try:
        while True:
            with status_screen.Page() if full else nullcontext():
                try:
                    code = _show(config, as_json=args.json)
                except StoreError as error:  # locked for a moment, or not there yet
                    out.mark("✘", str(error))
                    code = code_of(error)
            sys.stdout.flush()
            time.sleep(args.every)
            if not full and not args.json:
                print()
    except KeyboardInterrupt:
        return code
    finally:
        print(status_screen.LEAVE if full else "", end="", flush=True)


def _show(config: Config, *, as_json: bool) -> int:
    found = status(config)
    if as_json:
        out.json_line(found)
    else:
        status_screen.show(found)
    return NOT_WELL if status_screen.troubles(found) else FINE


def status(config: Config) -> dict[str, Any]:
    """The status, as `--json` prints it. Raises StoreError when the outbox cannot be read."""
    now = datetime.now(UTC)
    path = Path(config.outbox.path)
    if lost := Markers.of(config).lost():
        raise StoreUnavailable(lost)
    with view(path) as outbox:
        running = ask(config.server.local_url)
        return outbox.read(
            lambda conn: {
                "at": out.time(now),
                "running": running.up,
                "ready": running.ready,
                "parts": running.parts,
                "sources": _sources(conn, config, running, now),
                "outbox": _outbox(conn, path, now),
                "sink": _sink(config, running),
                "alerts": _alerts(conn),
            }
        )


def _sources(conn: sqlite3.Connection, config: Config, running: Running, now: datetime) -> list[dict[str, Any]]:
    hour = alerts.hour_of(now)
    known = alerts.hours(conn, hour - alerts.KEEP_HOURS)
    _, uncounted = alerts.new_arrivals(conn, now)
    known += [(*key, events) for key, events in uncounted.items()]
    heard = dict(conn.execute(QUERIES["newest_by_source"]).fetchall())
    found = []
    for kind, table in (("webhook", config.webhooks), ("mailbox", config.mailboxes)):
        for name, settings in table.items():
            mine = [(at, events) for at, source, _, events in known if source == name]
            newest = max((at for at, _ in mine), default=None)
            part = running.parts.get(f"{kind}:{name}", {})
            found.append(
                {
                    "name": name,
                    "type": kind,
                    "provider": getattr(settings, "provider", ""),
                    "state": part.get("state"),
                    "why": part.get("why", ""),
                    "last_heard": heard.get(name),
                    "newest_hour": out.time(datetime.fromtimestamp(newest * 3600, UTC)) if newest else None,
                    "day": sum(events for at, events in mine if at > hour - DAY),
                    "week": sum(events for at, events in mine if at > hour - WEEK),
                }
            )
    return found


def _outbox(conn: sqlite3.Connection, path: Path, now: datetime) -> dict[str, Any]:
    return {
        "path": str(path),
        "states": dict(delivery.tally(conn)),
        "oldest_pending_seconds": round(delivery.oldest_pending(conn, now), 1),
        "held": dict(conn.execute(QUERIES["held_for"]).fetchall()),
        "quarantine": delivery.quarantine_count(conn),
        "unidentified": delivery.quarantine_count(conn, unidentified=True),
        "duplicates": int(delivery.get_meta(conn, "duplicates") or 0),
        "doubled": int(delivery.get_meta(conn, "doubled") or 0),
        "bytes": size_of(path),
        "wal_bytes": size_of(beside(path, "-wal")),
        "disk_free_bytes": free_beside(path),
    }


def _sink(config: Config, running: Running) -> dict[str, Any]:
    part = running.parts.get("listmonk", {})
    return {
        "url": config.listmonk.url,
        "state": part.get("state"),
        "why": part.get("why", ""),
        "restarts": running.number("bouncestream_listmonk_restarts_total"),
        "lost": running.number("bouncestream_listmonk_lost_total"),
    }


def _alerts(conn: sqlite3.Connection) -> dict[str, Any]:
    active = [s for s in alerts.states(conn).values() if s.active]
    channels: dict[str, dict[str, Any]] = {}
    for sent in alerts.deliveries(conn):  # the oldest first
        channel = channels.setdefault(
            sent.channel, {"channel": sent.channel, "waiting": 0, "error": "", "last_sent": None}
        )
        if sent.sent:
            channel |= {"last_sent": out.time(sent.ended_at), "error": ""}
        elif sent.due_at is not None:
            channel["waiting"] += 1
            channel["error"] = sent.error or channel["error"]
    return {
        "active": [
            {
                "rule": s.rule,
                "subject": s.subject,
                "level": s.level,
                "since": out.time(s.fired_at),
                "text": s.text,
                "fix": s.fix,
            }
            for s in sorted(active, key=lambda s: (s.level, s.rule, s.subject))
        ],
        "last": [wording.as_json(notice) for notice in alerts.recent(conn, LAST)],
        "channels": sorted(channels.values(), key=lambda channel: str(channel["channel"])),
    }
