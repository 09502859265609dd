# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream status`: sources, outbox, Listmonk and alerts on one screen, from the outbox (read only) and from
what the running bridge says on its port.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bouncestream.alerts import wording
from bouncestream.cli import show as out
from bouncestream.cli import status_show
from bouncestream.cli.exits import FINE, NOT_WELL, code_of
from bouncestream.cli.opened import configuration, local_url
from bouncestream.cli.running import Running, ask
from bouncestream.config.model import Config
from bouncestream.errors import StoreError, StoreUnavailable
from bouncestream.outbox import alerts as alertbook
from bouncestream.outbox import connection, migrate
from bouncestream.outbox import delivery as store
from bouncestream.outbox.files import beside
from bouncestream.outbox.marker import Markers

#: Alerts and notices that are shown.
LAST = 8
#: Hours of a day and of a week.
DAY, WEEK = 24, 168


def run(args: argparse.Namespace) -> int:
    """Show it once, or again and again."""
    config = configuration(args, with_secrets=False)
    if not args.watch:
        return _show(config, as_json=args.json)
    code = FINE
    try:
        while True:
            if out.on_terminal() and not args.json:
                print("\x1b[H\x1b[2J", end="")
            try:
                code = _show(config, as_json=args.json)
            except StoreError as error:  # locked for a moment, or not there yet
                out.mark("✘", str(error))
                code = code_of(error)
            sys.stdout.flush()
            time.sleep(args.every)
            if not out.on_terminal() and not args.json:
                print()
    except KeyboardInterrupt:
        return code


def _show(config: Config, *, as_json: bool) -> int:
    found = status(config)
    if as_json:
        out.json_line(found)
    else:
        status_show.screen(found)
    return NOT_WELL if status_show.troubles(found) else FINE


def status(config: Config) -> dict[str, Any]:
    """All of it, as `--json` prints it. Raises StoreError when the outbox cannot be read."""
    now = datetime.now(UTC)
    path = Path(config.outbox.path)
    if lost := Markers(path, config.path, os.environ).lost():
        raise StoreUnavailable(lost)
    if not path.exists():
        raise StoreUnavailable(
            f"There is no outbox at {path}. Next: check [outbox] path and disk; `run` makes a first one."
        )
    with connection.in_words(), closing(sqlite3.connect(**connection.options(path, readonly=True))) as conn:
        connection.prepare_reader(conn)
        if migrate.version(conn) < migrate.newest():
            raise StoreUnavailable(
                "The outbox is of an older version. Next: start `bouncestream run`, it renews it."
            )
        conn.execute("BEGIN")  # one consistent view
        running = ask(local_url(config.server))
        return {
            "at": out.time(now),
            "running": running.up,
            "ready": running.ready,
            "parts": running.parts,
            "sources": _sources(conn, config, running, now),
            "outbox": _outbox(conn, path, now),
            "sink": _sink(config, running),
            "alerts": _alerts(conn),
        }


def _sources(conn: sqlite3.Connection, config: Config, running: Running, now: datetime) -> list[dict[str, Any]]:
    hour = alertbook.hour_of(now)
    known = alertbook.hours(conn, hour - alertbook.KEEP_HOURS)
    _, uncounted = alertbook.new_arrivals(conn, now)
    known += [(*key, events) for key, events in uncounted.items()]
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
                    "newest_hour": out.time(datetime.fromtimestamp(newest * 3600, UTC)) if newest else None,
                    "day": sum(events for at, events in mine if at > hour - DAY),
                    "week": sum(events for at, events in mine if at > hour - WEEK),
                }
            )
    return found


def _outbox(conn: sqlite3.Connection, path: Path, now: datetime) -> dict[str, Any]:
    def size(suffix: str) -> int:
        file = beside(path, suffix)
        return file.stat().st_size if file.exists() else 0

    return {
        "path": str(path),
        "states": dict(store.tally(conn)),
        "oldest_pending_seconds": round(store.oldest_pending(conn, now), 1),
        "quarantine": store.quarantine_count(conn),
        "duplicates": int(store.get_meta(conn, "duplicates") or 0),
        "doubled": int(store.get_meta(conn, "doubled") or 0),
        "bytes": size(""),
        "wal_bytes": size("-wal"),
        "disk_free_bytes": status_show.free(path.parent),
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
    active = [s for s in alertbook.standings(conn).values() if s.active]
    channels: dict[str, dict[str, Any]] = {}
    for delivery in alertbook.deliveries(conn):  # the oldest first
        channel = channels.setdefault(
            delivery.channel, {"channel": delivery.channel, "waiting": 0, "error": "", "last_sent": None}
        )
        if delivery.sent:
            channel |= {"last_sent": out.time(delivery.ended_at), "error": ""}
        elif delivery.due_at is not None:
            channel["waiting"] += 1
            channel["error"] = delivery.error or channel["error"]
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
        "last": [wording.as_json(notice) for notice in alertbook.recent(conn, LAST)],
        "channels": sorted(channels.values(), key=lambda channel: str(channel["channel"])),
    }
