# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `bouncestream`: whether feedback can come in, and whether what came in goes out.

The way to each webhook is proven by a signed request that stores nothing (`sources.webhook.selftest`): once
small, once larger than what nginx lets through by default.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bouncestream.config.model import Config
from bouncestream.doctor.areas import webhooks as ways
from bouncestream.doctor.areas.webhooks import Way
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import Reply, clean, describe
from bouncestream.doctor.probe.target import Target
from bouncestream.doctor.probe.web import Web
from bouncestream.errors import StoreError
from bouncestream.outbox.marker import Markers
from bouncestream.outbox.view import Overview, overview

TOPIC = "bouncestream"
FINDINGS: Mapping[str, str] = MappingProxyType(
    {
        "bridge-ok": "bouncestream runs, and its parts are well",
        "bridge-not-running": "bouncestream does not run",
        "bridge-part": "a part of the running bouncestream does not work",
        "bridge-no-source": "no webhook and no mailbox is configured, so nothing can come in",
        "bridge-no-public-url": "[server] public_url is not set, so the way from outside cannot be tried",
        "outbox-missing": "there is no outbox yet",
        "outbox-lost": "the outbox is missing, though there was one before",
        "outbox-unreadable": "the outbox cannot be read",
        "outbox-ok": "the outbox has room and is worked off",
        "outbox-disk": "the disk of the outbox is nearly full",
        "outbox-wal": "the write-ahead log of the outbox has grown large",
        "outbox-oldest": "an event has waited for its delivery for long",
        "outbox-dead": "dead letters wait for a person",
        "outbox-quarantine": "unreadable input waits in quarantine",
        "outbox-clock": "the newest event is from the future: the clock was turned back",
        "source-newest": "when each source was last heard of",
        **ways.FINDINGS,
    }
)
#: Free bytes below which a person should know; and below which nothing is taken in (`outbox.intake`).
LITTLE, NOTHING = 512 << 20, 64 << 20
WAL = 256 << 20
OLDEST, CLOCK = 900.0, 120.0


@dataclass(frozen=True, slots=True)
class BridgeFacts:
    """What was seen of bouncestream itself."""

    public: Target | None = None
    running: Reply | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    ways: Sequence[Way] = ()
    sources: Sequence[str] = ()
    outbox: str = ""
    holds: Overview | None = None
    trouble: str = ""  #: why the outbox could not be read
    missing: bool = False
    lost: str = ""  #: why it is missing, though there was one before
    free: int | None = None
    at: datetime | None = None


async def collect(config: Config, web: Web, now: datetime) -> BridgeFacts:
    """Ask the running bridge, go in by the public URL, and look at the outbox."""
    public = Target.read(config.server.public_url) if config.server.public_url else None
    host, port = config.server.address
    near = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared only
    near = f"[{near}]" if near and ":" in near and not near.startswith("[") else near
    base = f"http://{near}:{port}"
    running = asyncio.create_task(web.get(f"{base}/healthz"))
    ready = asyncio.create_task(web.get(f"{base}/readyz"))
    tried = await asyncio.gather(
        *(ways.attempt(public, hook, web, now) for hook in config.webhooks.values() if public)
    )
    path = Path(config.outbox.path)
    holds, trouble, missing = await asyncio.to_thread(_look, path, now)
    told = (await ready).json()
    parts = told.get("parts") if isinstance(told, dict) else None
    return BridgeFacts(
        public,
        await running if port else None,
        parts if isinstance(parts, dict) else {},
        tried,
        tuple(config.webhooks) + tuple(getattr(config, "mailboxes", ())),
        str(path),
        holds,
        trouble,
        missing,
        await asyncio.to_thread(Markers.of(config).lost),
        _free(path),
        now,
    )


def _look(path: Path, now: datetime) -> tuple[Overview | None, str, bool]:
    if not path.exists():
        return None, "", True
    try:
        return overview(path, now), "", False
    except (StoreError, OSError) as error:
        return None, str(error), False


def _free(path: Path) -> int | None:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize


def judge(seen: BridgeFacts) -> list[Finding]:
    """The running bridge, each way in, the outbox."""
    return _bridge(seen) + ways.judge(seen.public, seen.ways, seen.running) + _outbox(seen)


def _alive(seen: BridgeFacts) -> bool:
    return seen.running is not None and seen.running.status == 200 and seen.running.body.strip() == b"ok"


def _bridge(seen: BridgeFacts) -> list[Finding]:
    found = []
    alive = _alive(seen)
    if not alive and seen.running is not None:
        level = Level.INFO if seen.missing else Level.WARNING
        text = f"no bouncestream answers on this machine ({describe(seen.running)})"
        why = "Nothing comes in and nothing goes out while it does not run."
        fix = "start it:\n\n    systemctl enable --now bouncestream"
        found.append(Finding("bridge-not-running", level, TOPIC, text, why, fix))
    red = {name: part for name, part in seen.parts.items() if isinstance(part, dict) and part.get("state") == "red"}
    # These have areas of their own.
    elsewhere = {"listmonk", *(f"mailbox:{name}" for name in seen.sources)}
    well = not red.keys() - {"listmonk"}
    for name, part in red.items():
        if name in elsewhere:
            continue
        text = f"{clean(str(name), 60)} of the running bouncestream does not work"
        found.append(
            Finding("bridge-part", Level.ERROR, TOPIC, text, clean(str(part.get("why", "")), 300), "see its log")
        )
    if alive and well and not (seen.missing or seen.lost):
        found.append(Finding("bridge-ok", Level.OK, TOPIC, "bouncestream runs, and its parts are well"))
    if not seen.sources:
        text = "no webhook and no mailbox is configured"
        fix = "add one; this asks for what is needed:\n\n    bouncestream init"
        found.append(Finding("bridge-no-source", Level.INFO, TOPIC, text, "Nothing can come in.", fix))
    elif seen.public is None:
        text = "[server] public_url is not set, so nobody can try the way in from outside"
        fix = 'say where the Internet reaches this bridge:\n\n    [server]\n    public_url = "https://bounces.example.org"'
        found.append(Finding("bridge-no-public-url", Level.INFO, TOPIC, text, "", fix))
    return found


def _outbox(seen: BridgeFacts) -> list[Finding]:
    if seen.lost or (seen.missing and _alive(seen)):
        lost = seen.lost or f"there is no outbox at {seen.outbox}, and yet a bouncestream runs Next: see its log"
        what, _, fix = lost.partition(" Next: ")
        why = "What is not on the disk is lost with the process."
        return [Finding("outbox-lost", Level.ERROR, TOPIC, clean(what, 400), why, fix), *_disk(seen)]
    if seen.missing:
        text = f"there is no outbox at {seen.outbox} yet: `bouncestream run` makes it"
        return [Finding("outbox-missing", Level.INFO, TOPIC, text), *_disk(seen)]
    if seen.holds is None:
        what, _, fix = seen.trouble.partition(" Next: ")
        why = "Events that wait in it cannot be seen."
        fix = fix or "run the doctor as the user of bouncestream:\n\n    sudo -u bouncestream bouncestream doctor"
        return [Finding("outbox-unreadable", Level.WARNING, TOPIC, clean(what, 300), why, fix), *_disk(seen)]
    found = _disk(seen) + _work(seen, seen.holds)
    if not any(one.level in (Level.WARNING, Level.ERROR) for one in found):
        events = sum(seen.holds.states.values())
        text = f"{seen.outbox} holds {events} events ({seen.holds.size / 2**20:.1f} MiB), and the disk has room"
        found.append(Finding("outbox-ok", Level.OK, TOPIC, text))
    return found


def _disk(seen: BridgeFacts) -> list[Finding]:
    if seen.free is None or seen.free >= LITTLE:
        return []
    level = Level.ERROR if seen.free < NOTHING else Level.WARNING
    text = f"the disk of {seen.outbox} has {seen.free / 2**20:.0f} MiB left"
    why = f"Below {NOTHING >> 20} MiB nothing is taken in: providers are told to try again later."
    fix = f"free space:\n\n    df -h {Path(seen.outbox).parent}\n    journalctl --vacuum-size=200M"
    return [Finding("outbox-disk", level, TOPIC, text, why, fix, {"free_bytes": seen.free})]


def _work(seen: BridgeFacts, holds: Overview) -> list[Finding]:
    found = []

    def add(name: str, level: Level, text: str, why: str, fix: str, **told: Any) -> None:
        found.append(Finding(name, level, TOPIC, text, why, fix, told))

    if holds.wal_size > WAL:
        why = "Something reads the database without an end, so the log cannot be written back, and fills the disk."
        fix = f"end what has it open:\n\n    fuser -v {seen.outbox}"
        add("outbox-wal", Level.WARNING, f"its write-ahead log has {holds.wal_size >> 20} MiB", why, fix)
    if holds.oldest_pending > OLDEST:
        minutes = holds.oldest_pending / 60
        why = "Listmonk does not hear of it: it may be away, or refuse."
        fix = "see what it says about its last attempt:\n\n    bouncestream outbox list --state pending"
        text = f"an event has waited for its delivery for {minutes:.0f} minutes"
        add("outbox-oldest", Level.WARNING, text, why, fix, seconds=round(holds.oldest_pending))
    if dead := holds.states.get("dead", 0):
        why = "Listmonk refused them for good, or they failed 8 times."
        fix = "look at them, and send them again:\n\n    bouncestream outbox list --state dead\n"
        fix += "    bouncestream outbox replay --dead"
        add("outbox-dead", Level.WARNING, f"{dead} dead letters", why, fix, dead=dead)
    if holds.quarantined:
        fix = "look at them:\n\n    bouncestream outbox list --quarantine"
        why = "What could not be read is kept, and can be replayed after an update."
        add("outbox-quarantine", Level.INFO, f"{holds.quarantined} items in quarantine", why, fix)
    newest = holds.newest
    if seen.at and newest and (ahead := (max(newest.values()) - seen.at).total_seconds()) > CLOCK:
        why = "Signatures are judged by the clock, and events keep their time."
        fix = "    timedatectl set-ntp true\n    timedatectl status"
        add("outbox-clock", Level.WARNING, f"the newest event is {ahead:.0f} s in the future", why, fix)
    if newest or seen.sources:
        told = {name: newest[name].isoformat() if name in newest else "" for name in {*newest, *seen.sources}}
        shown = ", ".join(
            f"{clean(name, 40)} {at[:16].replace('T', ' ') or 'never'}" for name, at in sorted(told.items())
        )
        add("source-newest", Level.INFO, f"last heard of (UTC): {shown}", "", "", sources=told)
    return found
