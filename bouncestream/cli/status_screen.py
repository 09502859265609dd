# SPDX-License-Identifier: GPL-3.0-or-later
"""The screen of `bouncestream status`: what `--json` has, for a person; each trouble with the command to run
next."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from datetime import datetime
from typing import Any

from bouncestream.alerts.rules import size, span
from bouncestream.cli import out
from bouncestream.judging.refusal import LISTMONK_LOG, LOG
from bouncestream.lease import RELAY
from bouncestream.survey.replication import in_words
from bouncestream.survey.status import troubles, waiting

#: The alternate screen of a terminal, without cursor (xterm, "Private Modes" 1049 and 25), and back.
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"

_SIGNS = {"green": "✔", "yellow": "⚠", "red": "✘", None: "·"}
_LEVELS = {"info": "·", "warning": "⚠", "error": "✘"}


class Page(io.StringIO):
    """What is printed within it is drawn over the page before, as far as the terminal has lines."""

    def __enter__(self) -> Page:
        self._redirected = redirect_stdout(self)
        self._redirected.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._redirected.__exit__(*error)
        lines, most = self.getvalue().splitlines(), shutil.get_terminal_size().lines
        if len(lines) > most:
            lines[most - 1 :] = [f"… {len(lines) - most + 1} more lines: `bouncestream status` shows them"]
        sys.stdout.write(_HOME + "\n".join(f"{line}{_REST_OF_LINE}" for line in lines) + _REST)

    def isatty(self) -> bool:
        return True


def show(found: Mapping[str, Any]) -> None:
    """Print it."""
    now = datetime.fromisoformat(found["at"])
    out.heading(f"bouncestream, {out.when(now)} UTC")
    state = "ready" if found["ready"] else "not ready"
    if found["running"]:
        sign = "✘" if not found["ready"] else "⚠" if troubles(found) else "✔"
        out.mark(sign, f"the bridge: {state}")
    else:
        out.mark("✘", "No bridge answers", "start it: bouncestream run (or systemctl start bouncestream)")
    _sources(found["sources"], now)
    _waiting(found)
    _bridges(found["bridges"], found["parts"])
    _outbox(found["outbox"])
    _listmonk(found)
    _alerts(found["alerts"], now)


def _sources(sources: list[dict[str, Any]], now: datetime) -> None:
    out.heading("Sources")
    if all(source["type"] == LOG for source in sources):
        text = "no webhook, mailbox or [smtp] is configured, so no bounce can arrive"
        out.mark("⚠", text, "add one: bouncestream init, or config.toml")
    if not sources:
        return
    rows = [
        (
            _SIGNS.get(source["state"], "·"),
            source["name"],
            source["provider"] or ("Listmonk's log" if source["type"] == LOG else source["type"]),
            _heard(source, now),
            str(source["day"]),
            str(source["week"]),
            "" if source["state"] == "green" and source["type"] != LOG else source["why"],
        )
        for source in sources
    ]
    out.table(("", "name", "type", "last heard", "24 h", "7 days", ""), rows, prose=True)


def _heard(source: Mapping[str, Any], now: datetime) -> str:
    if at := source["last_heard"] or source["newest_hour"]:
        return f"{span(max(0.0, (now - datetime.fromisoformat(at)).total_seconds()))} ago"
    return "never"


def _waiting(found: Mapping[str, Any]) -> None:
    """What waits for a person, each with the command that shows or ends it."""
    told = list(waiting(found))
    if told:
        out.heading("Waiting for you")
    for sign, text, fix in told:
        out.mark(sign, text, fix)


def _bridges(bridges: list[dict[str, Any]], known: Mapping[str, Any]) -> None:
    """Where several share the outbox. `known`: the parts that are told elsewhere."""
    if bridges:
        out.heading("Bridges")
    for one in bridges:
        others = [name for name in one["leases"] if name != RELAY]
        jobs = ([f"delivers ({one['leases'][RELAY]:.0f} s left)"] if one["leads"] else []) + others
        text = f"{one['name']} {one['version']}: {', '.join(jobs) or 'takes in'}"
        if one["alive"]:
            worst = {part["state"] for part in one["parts"].values()}
            out.mark("✘" if "red" in worst else "⚠" if worst else "✔", text)
            for name, part in one["parts"].items():
                if known.get(name) != part:
                    out.mark(_SIGNS.get(part["state"], "·"), f"{one['name']}: {name}: {part['why']}")
        else:
            fix = "see whether its machine runs and reaches PostgreSQL"
            out.mark("✘", f"{one['name']} {one['version']}: last seen {span(one['seen_seconds'])} ago", fix)


def _outbox(outbox: Mapping[str, Any]) -> None:
    out.heading("Outbox")
    states = ", ".join(f"{count} {state}" for state, count in outbox["states"].items() if count)
    out.mark("·", states or "empty: nothing has come in yet", "bouncestream outbox stats" if states else "")
    if outbox["oldest_pending_seconds"]:
        waits = span(outbox["oldest_pending_seconds"])
        out.mark("·", f"the oldest undelivered event has been waiting for {waits}")
    free = outbox["disk_free_bytes"]
    room = f", {size(free)} free on its disk" if free is not None else ""
    log = f", log {size(outbox['wal_bytes'])}" if outbox["replication"] is None else ""
    out.mark("·", f"{outbox['path']}: {size(outbox['bytes'])}{log}{room}")
    if outbox["replication"] is not None:
        out.mark(*in_words(outbox["replication"]))


def _listmonk(found: Mapping[str, Any]) -> None:
    sink = found["sink"]
    out.heading("Listmonk")
    words = sink["why"] or sink["state"] or "unknown"
    words += f" (as {sink['by']} sees it, which delivers)" if sink["by"] and sink["state"] else ""
    fix = "bouncestream check" if sink["state"] in ("yellow", "red") else ""
    out.mark(_SIGNS.get(sink["state"], "·"), f"{sink['url']}: {words}", fix)
    if sink["restarts"]:
        out.mark("·", f"restarts: {sink['restarts']}; events lost and posted again: {sink['lost']}")
    for name, part in found["parts"].items():
        if part["state"] != "green" and name not in ("listmonk", LISTMONK_LOG) and ":" not in name:
            out.mark(_SIGNS[part["state"]], f"{name}: {part['why']}")


def _alerts(alerts: Mapping[str, Any], now: datetime) -> None:
    out.heading("Alerts")
    for alert in alerts["active"]:
        about = f" ({alert['subject']})" if alert["subject"] else ""
        text = f"{alert['rule']}{about} since {_short(alert['since'], now)}: {alert['text']}"
        out.mark(_LEVELS[alert["level"]], text, alert["fix"])
    if not alerts["active"]:
        out.mark("✔", "none active")
    for channel in alerts["channels"]:
        if channel["waiting"]:
            why = f": {channel['error']}" if channel["error"] else ""
            out.mark("⚠", f"{channel['channel']}: {channel['waiting']} waiting{why}", "bouncestream alert test")
        elif channel["last_sent"]:
            out.mark("✔", f"{channel['channel']}: last sent {_short(channel['last_sent'], now)}")
    if alerts["last"]:
        rows = [(_short(n["at"], now), n["event"], n["level"], n["title"]) for n in alerts["last"]]
        out.table(("last notices", "", "", ""), rows, prose=True)


def _short(at: str, now: datetime) -> str:
    return out.short(datetime.fromisoformat(at), now) if at else "?"
