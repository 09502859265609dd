# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream status`: sources, outbox, Listmonk and alerts on one screen, from the outbox (read only) and from
what the running bridge says on its port.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bouncestream.alerts import wording
from bouncestream.alerts.rules import size, span
from bouncestream.cli import out
from bouncestream.cli.exits import FINE, NOT_WELL, code_of
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, command
from bouncestream.cli.running import Running, ask
from bouncestream.config.model import Config
from bouncestream.errors import StoreError, StoreUnavailable
from bouncestream.outbox import alerts, delivery
from bouncestream.outbox.files import beside, free_beside, size_of
from bouncestream.outbox.marker import Markers
from bouncestream.outbox.view import view

#: Alerts and notices that are shown.
LAST = 8
#: Hours of a day and of a week.
DAY, WEEK = 24, 168

_SIGNS = {"green": "✔", "yellow": "⚠", "red": "✘", None: "·"}
_LEVELS = {"info": "·", "warning": "⚠", "error": "✘"}


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
        screen(found)
    return NOT_WELL if troubles(found) else FINE


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
    return {
        "path": str(path),
        "states": dict(delivery.tally(conn)),
        "oldest_pending_seconds": round(delivery.oldest_pending(conn, now), 1),
        "quarantine": delivery.quarantine_count(conn),
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


def troubles(found: Mapping[str, Any]) -> list[str]:
    """The troubles, in a few words each; empty: all is."""
    said = [] if found["running"] else ["no bridge is running"]
    said += [f"{name} is {part['state']}" for name, part in found["parts"].items() if part["state"] != "green"]
    said += [a["rule"] for a in found["alerts"]["active"] if a["level"] != "info"]
    said += [f"{c['channel']} fails" for c in found["alerts"]["channels"] if c["waiting"] and c["error"]]
    return said


def screen(found: Mapping[str, Any]) -> None:
    """Print it."""
    bad = troubles(found)
    state = "No bridge answers" if not found["running"] else "ready" if found["ready"] else "not ready"
    out.heading(f"bouncestream, {found['at'][:19].replace('T', ' ')} UTC")
    out.mark(
        "✘" if not found["ready"] else "⚠" if bad else "✔", f"the bridge: {state}" if found["running"] else state
    )
    if not found["running"]:
        print("  → start it: bouncestream run (or systemctl start bouncestream)")
    _show_sources(found["sources"], found["at"])
    _show_outbox(found["outbox"])
    sink = found["sink"]
    out.heading("Listmonk")
    out.mark(_SIGNS.get(sink["state"], "·"), f"{sink['url']}: {sink['why'] or sink['state'] or 'unknown'}")
    if sink["restarts"]:
        out.mark("·", f"restarts: {sink['restarts']}; events lost and posted again: {sink['lost']}")
    rest = {
        name: part
        for name, part in found["parts"].items()
        if part["state"] != "green" and name != "listmonk" and ":" not in name
    }
    for name, part in rest.items():
        out.mark(_SIGNS[part["state"]], f"{name}: {part['why']}")
    _show_alerts(found["alerts"])


def _show_sources(sources: list[dict[str, Any]], at: str) -> None:
    out.heading("Sources")
    if not sources:
        out.mark("⚠", "none is configured, so nothing can arrive")
        return
    rows = [
        (
            _SIGNS.get(source["state"], "·"),
            source["name"],
            f"{source['type']} {source['provider']}".strip(),
            _ago(source["newest_hour"], at),
            str(source["day"]),
            str(source["week"]),
            "" if source["state"] == "green" else source["why"],
        )
        for source in sources
    ]
    columns = ["", "name", "type", "newest event", "24 h", "7 days", ""]
    out.table(columns, rows)


def _ago(hour: str | None, at: str) -> str:
    if hour is None:
        return "none yet"
    ago = datetime.fromisoformat(at) - datetime.fromisoformat(hour)
    return "this hour" if ago < timedelta(hours=1) else f"{span(ago.total_seconds() - 3600)} ago"


def _show_outbox(outbox: Mapping[str, Any]) -> None:
    out.heading("Outbox")
    states = ", ".join(f"{count} {state}" for state, count in outbox["states"].items() if count)
    out.mark("·", states or "empty")
    if outbox["oldest_pending_seconds"]:
        out.mark(
            "·", (f"the oldest undelivered event has been waiting for {span(outbox['oldest_pending_seconds'])}")
        )
    if outbox["quarantine"]:
        out.mark("⚠", f"{outbox['quarantine']} items in quarantine: `bouncestream outbox list --quarantine`")
    if outbox["doubled"]:
        out.mark("✘", f"{outbox['doubled']} events are stored twice in Listmonk")
    free = outbox["disk_free_bytes"]
    room = f", {size(free)} free on its disk" if free is not None else ""
    out.mark("·", f"{outbox['path']}: {size(outbox['bytes'])}, log {size(outbox['wal_bytes'])}{room}")


def _show_alerts(alerts: Mapping[str, Any]) -> None:
    out.heading("Alerts")
    for alert in alerts["active"]:
        about = f" ({alert['subject']})" if alert["subject"] else ""
        since = alert["since"][:16].replace("T", " ")
        out.mark(_LEVELS[alert["level"]], f"{alert['rule']}{about} since {since}: {alert['text']}", alert["fix"])
    if not alerts["active"]:
        out.mark("✔", "none active")
    for channel in alerts["channels"]:
        if channel["waiting"]:
            why = f": {channel['error']}" if channel["error"] else ""
            out.mark("⚠", f"{channel['channel']}: {channel['waiting']} waiting{why}")
        elif channel["last_sent"]:
            out.mark("✔", f"{channel['channel']}: last sent {channel['last_sent'][:16].replace('T', ' ')}")
    if alerts["last"]:
        rows = [(n["at"][:16].replace("T", " "), n["event"], n["level"], n["title"]) for n in alerts["last"]]
        out.table(["last notices", "", "", ""], rows)
