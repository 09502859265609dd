# SPDX-License-Identifier: GPL-3.0-or-later
"""How `bouncestream status` looks to a person: one screen, the most important first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bouncestream.alerts.rules import size, span
from bouncestream.cli import show as out

_SIGNS = {"green": "✔", "yellow": "⚠", "red": "✘", None: "·"}
_LEVELS = {"info": "·", "warning": "⚠", "error": "✘"}


def troubles(found: Mapping[str, Any]) -> list[str]:
    """What is not well, in a few words each; empty: all is."""
    said = [] if found["running"] else ["no bridge runs"]
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
    _sources(found["sources"], found["at"])
    _outbox(found["outbox"])
    sink = found["sink"]
    out.heading("Listmonk")
    out.mark(_SIGNS.get(sink["state"], "·"), f"{sink['url']}: {sink['why'] or sink['state'] or 'not known'}")
    if sink["restarts"]:
        out.mark("·", f"restarts noticed: {sink['restarts']}; events that it lost, posted again: {sink['lost']}")
    rest = {
        name: part
        for name, part in found["parts"].items()
        if part["state"] != "green" and name != "listmonk" and ":" not in name
    }
    for name, part in rest.items():
        out.mark(_SIGNS[part["state"]], f"{name}: {part['why']}")
    _alerts(found["alerts"])


def _sources(sources: list[dict[str, Any]], at: str) -> None:
    out.heading("Sources")
    if not sources:
        out.mark("⚠", "none is configured, so nothing can come in")
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


def _outbox(outbox: Mapping[str, Any]) -> None:
    out.heading("Outbox")
    states = ", ".join(f"{count} {state}" for state, count in outbox["states"].items() if count)
    out.mark("·", states or "empty")
    if outbox["oldest_pending_seconds"]:
        out.mark("·", f"the oldest that is not delivered has waited for {span(outbox['oldest_pending_seconds'])}")
    if outbox["quarantine"]:
        out.mark("⚠", f"{outbox['quarantine']} items in quarantine: `bouncestream outbox list --quarantine`")
    if outbox["doubled"]:
        out.mark("✘", f"{outbox['doubled']} events were seen twice in Listmonk")
    free = outbox["disk_free_bytes"]
    room = f", {size(free)} free on its disk" if free is not None else ""
    out.mark("·", f"{outbox['path']}: {size(outbox['bytes'])}, log {size(outbox['wal_bytes'])}{room}")


def _alerts(alerts: Mapping[str, Any]) -> None:
    out.heading("Alerts")
    for alert in alerts["active"]:
        about = f" ({alert['subject']})" if alert["subject"] else ""
        since = alert["since"][:16].replace("T", " ")
        out.mark(_LEVELS[alert["level"]], f"{alert['rule']}{about} since {since}: {alert['text']}", alert["fix"])
    if not alerts["active"]:
        out.mark("✔", "none is active")
    for channel in alerts["channels"]:
        if channel["waiting"]:
            why = f": {channel['error']}" if channel["error"] else ""
            out.mark("⚠", f"{channel['channel']}: {channel['waiting']} not sent yet{why}")
        elif channel["last_sent"]:
            out.mark("✔", f"{channel['channel']}: last sent {channel['last_sent'][:16].replace('T', ' ')}")
    if alerts["last"]:
        rows = [(n["at"][:16].replace("T", " "), n["event"], n["level"], n["title"]) for n in alerts["last"]]
        out.table(["last notices", "", "", ""], rows)


def free(directory: Path) -> int | None:
    """Bytes that are free on a disk; None: it cannot be asked."""
    try:
        disk = os.statvfs(directory)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize
