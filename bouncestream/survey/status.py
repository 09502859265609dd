# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of the bridge: its sources, outbox, sink and alerts, what is wrong with it, and what waits for a
person. From the outbox, which is only read, and from what the running bridge says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bouncestream.alerts import wording
from bouncestream.config.model import Config
from bouncestream.judging.refusal import LISTMONK_LOG, LOG
from bouncestream.lease import RELAY, Bridge
from bouncestream.outbox import alerts, codec, delivery
from bouncestream.outbox.bridges import AtWork, at_work
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.files import beside, free_beside, size_of
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.replication import replication
from bouncestream.outbox.state import HELD_FOR
from bouncestream.survey.replication import as_json
from bouncestream.survey.running import Running

#: Notices that are told.
LAST = 8
#: The part of the bridge that delivers.
LISTMONK = "listmonk"
#: Hours of a day and of a week.
DAY, WEEK = 24, 168


def status(
    conn: Conn, config: Config, running: Running, now: datetime, sizes: tuple[int, int] | None = None
) -> dict[str, Any]:
    """The state, as `bouncestream status --json` prints it: the keys at, running, ready, parts, sources,
    bridges, outbox, sink and alerts. `sizes`: bytes of the outbox and of its log; None: those of its files."""
    bridges = at_work(conn)
    leader = next((one.bridge for one in bridges if one.bridge.alive and RELAY in one.jobs), None)
    parts = {**_led(leader, running), **running.parts}
    return {
        "at": _time(now),
        "running": running.up,
        "ready": running.ready,
        "parts": parts,
        "sources": _sources(conn, config, parts, now),
        "bridges": [_bridge(one) for one in bridges],
        "outbox": _outbox(conn, config, now, sizes),
        "sink": _sink(config, running, parts, bridges, leader),
        "alerts": _alerts(conn),
    }


def _led(leader: Bridge | None, running: Running) -> dict[str, dict[str, str]]:
    """What the bridge that delivers says of what it does alone, as it stands in the database."""
    told = leader.parts if leader is not None else {}
    return told if running.up else {name: part for name, part in told.items() if name == LISTMONK}


def troubles(found: Mapping[str, Any]) -> list[str]:
    """The troubles, in a few words each; empty: all is."""
    said = [] if found["running"] else ["no bridge is running"]
    said += [f"{name} is {part['state']}" for name, part in found["parts"].items() if part["state"] != "green"]
    said += [a["rule"] for a in found["alerts"]["active"] if a["level"] != "info"]
    said += [f"{c['channel']} fails" for c in found["alerts"]["channels"] if c["waiting"] and c["error"]]
    return said


def waiting(found: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What waits for a person: a sign, the words, and the command that shows or ends it."""
    yield from _in_outbox(found["outbox"])
    yield from _backfills(found["parts"])


def _in_outbox(outbox: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for reason, number in outbox["held"].items():
        fix = f"bouncestream outbox list --state held, then: outbox release --held-for {reason}"
        yield "⚠", f"{number} held: {HELD_FOR.get(reason, reason)}", fix
    if dead := outbox["states"].get("dead"):
        yield "✘", f"{dead} dead", "bouncestream outbox list --state dead, then: outbox replay --dead"
    if outbox["quarantine"]:
        yield (
            "⚠",
            f"{outbox['quarantine']} in quarantine: could not be read",
            "bouncestream outbox list --quarantine",
        )
    if outbox["unidentified"]:
        text = f"{outbox['unidentified']} unidentified: bounce mails that do not tell whose they are"
        yield "·", text, "bouncestream outbox list --unidentified"
    if outbox["doubled"]:
        yield "✘", f"{outbox['doubled']} are stored twice in Listmonk", "bouncestream doctor"


def _backfills(parts: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    """The backfills that wait for a start, or could not ask."""
    for name, part in parts.items():
        if name.startswith("backfill:") and part["state"] != "green":
            what, _, step = part["why"].partition(" Next: ")
            yield "⚠", f"{name}: {what}", step


def _sources(
    conn: Conn, config: Config, parts: Mapping[str, Mapping[str, str]], now: datetime
) -> list[dict[str, Any]]:
    hour = alerts.hour_of(now)
    known = alerts.hours(conn, hour - alerts.KEEP_HOURS)
    _, uncounted = alerts.new_arrivals(conn, now)
    known += [(*key, events) for key, events in uncounted.items()]
    heard = dict(conn.execute(QUERIES["newest_by_source"]).fetchall())
    found = []
    tables: dict[str, Mapping[str, Any]] = {
        "webhook": config.webhooks,
        "mailbox": config.mailboxes,
        "smtp": config.smtp,
    }
    if config.listmonk_log.enabled:
        tables[LOG] = {LISTMONK_LOG: config.listmonk_log}
    for kind, table in tables.items():
        for name, settings in table.items():
            # not the hours of a clock that was ahead
            mine = [(at, events) for at, source, _, events in known if source == name and at <= hour]
            newest = max((at for at, _ in mine), default=None)
            part = parts.get(LISTMONK_LOG if kind == LOG else f"{kind}:{name}", {})
            found.append(
                {
                    "name": name,
                    "type": kind,
                    "provider": getattr(settings, "provider", ""),
                    "state": part.get("state"),
                    "why": part.get("why", ""),
                    "last_heard": heard.get(name),
                    "newest_hour": _time(datetime.fromtimestamp(newest * 3600, UTC)) if newest else None,
                    "day": sum(events for at, events in mine if at > hour - DAY),
                    "week": sum(events for at, events in mine if at > hour - WEEK),
                }
            )
    return found


def _bridge(one: AtWork) -> dict[str, Any]:
    """Where several bridges share the outbox: one of them, what it alone does, and what is not well with it."""
    return {
        "name": one.bridge.name,
        "version": one.bridge.version,
        "alive": one.bridge.alive,
        "seen_seconds": round(one.bridge.seen, 1),
        "up_seconds": round(one.bridge.age),
        "leads": RELAY in one.jobs,
        "leases": {name: round(left, 1) for name, left in sorted(one.jobs.items())},
        "parts": {name: part for name, part in sorted(one.bridge.parts.items()) if part["state"] != "green"},
    }


def _outbox(conn: Conn, config: Config, now: datetime, sizes: tuple[int, int] | None) -> dict[str, Any]:
    path = Path(config.outbox.path)
    size, wal = (size_of(path), size_of(beside(path, "-wal"))) if sizes is None else sizes
    return {
        "path": config.outbox.where,
        "states": dict(delivery.tally(conn)),
        "oldest_pending_seconds": round(delivery.oldest_pending(conn, now), 1),
        "held": dict(conn.execute(QUERIES["held_for"]).fetchall()),
        "quarantine": delivery.quarantine_count(conn),
        "unidentified": delivery.quarantine_count(conn, unidentified=True),
        "duplicates": int(delivery.get_meta(conn, "duplicates") or 0),
        "doubled": int(delivery.get_meta(conn, "doubled") or 0),
        "bytes": size,
        "wal_bytes": wal,
        "disk_free_bytes": None if config.outbox.url else free_beside(path),
        "replication": as_json(replication(conn)),
    }


def _sink(
    config: Config,
    running: Running,
    parts: Mapping[str, Mapping[str, str]],
    bridges: Sequence[AtWork],
    leader: Bridge | None,
) -> dict[str, Any]:
    """Listmonk, as this bridge sees it, or where another one delivers (`by`), as that one saw it last."""
    part = parts.get(LISTMONK, {})
    by = leader.name if leader is not None and LISTMONK not in running.parts else ""
    why = part.get("why", "")
    if not part and bridges:
        why = f"only {by} asks it, which delivers" if by else "no bridge delivers just now"
    return {
        "url": config.listmonk.url,
        "state": part.get("state"),
        "why": why,
        "by": by,
        "restarts": running.number("bouncestream_listmonk_restarts_total"),
        "lost": running.number("bouncestream_listmonk_lost_total"),
    }


def _alerts(conn: Conn) -> dict[str, Any]:
    active = [s for s in alerts.states(conn).values() if s.active]
    channels: dict[str, dict[str, Any]] = {}
    for sent in alerts.deliveries(conn):  # the oldest first
        channel = channels.setdefault(
            sent.channel, {"channel": sent.channel, "waiting": 0, "error": "", "last_sent": None}
        )
        if sent.sent:
            channel |= {"last_sent": _time(sent.ended_at), "error": ""}
        elif sent.due_at is not None:
            channel["waiting"] += 1
            channel["error"] = sent.error or channel["error"]
    return {
        "active": [
            {
                "rule": s.rule,
                "subject": s.subject,
                "level": s.level,
                "since": _time(s.fired_at),
                "text": s.text,
                "fix": s.fix,
            }
            for s in sorted(active, key=lambda s: (s.level, s.rule, s.subject))
        ],
        "last": [wording.as_json(notice) for notice in alerts.recent(conn, LAST)],
        "channels": sorted(channels.values(), key=lambda channel: str(channel["channel"])),
    }


def _time(at: datetime | None) -> str:
    """A time as JSON has it; empty: none."""
    return codec.stamp(at) if at else ""
