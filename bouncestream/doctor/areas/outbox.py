# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox: its place, its disk, what waits in it, and whether `run` will take it. Nothing of it is changed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bouncestream.config.model import Config
from bouncestream.config.secrets import too_open
from bouncestream.doctor.areas import listmonk
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import clean
from bouncestream.doctor.probe.web import Credentials, Web
from bouncestream.errors import NoOutbox, SchemaTooOld, StoreError
from bouncestream.outbox import files
from bouncestream.outbox.intake import MIN_FREE
from bouncestream.outbox.marker import Markers
from bouncestream.outbox.place import Server, place_of, require_driver
from bouncestream.outbox.view import Overview, overview
from bouncestream.sinks.listmonk import strangers

if TYPE_CHECKING:
    from bouncestream.outbox.postgres.worth import Worth

TOPIC = "bouncestream"
FINDINGS: Mapping[str, str] = {
    "outbox-missing": "there is no outbox yet",
    "outbox-place": "the outbox cannot be created or written at [outbox] path",
    "outbox-lost": "the outbox is missing, although there was one before",
    "outbox-former": "the outbox is new, but Listmonk has bounces from another one: `run` accepts no events",
    "outbox-older": "the outbox is of an older version: `run` upgrades it",
    "outbox-copied": "the outbox was copied elsewhere, or is an unfinished copy: `run` does not start on it",
    "outbox-unreadable": "the outbox cannot be read",
    "outbox-open": "other users of this machine can read the outbox, which contains addresses",
    "outbox-ok": "the outbox has space and no backlog",
    "outbox-disk": "the disk of the outbox is nearly full",
    "outbox-wal": "the write-ahead log of the outbox has grown large",
    "outbox-oldest": "an event has been waiting long for its delivery",
    "outbox-dead": "there are dead letters",
    "outbox-held": "events are held until you release them",
    "outbox-quarantine": "there is unreadable input in quarantine",
    "outbox-unsafe": "PostgreSQL is set so that it loses what it has acknowledged when its machine stops",
    "outbox-asynchronous": "a standby of PostgreSQL that takes over may lack events that were acknowledged",
    "outbox-unreachable": "the outbox on PostgreSQL cannot be reached or used: `run` cannot start",
    "outbox-clock": "the newest event is in the future: the clock was set back",
    "source-newest": "the last event of each source",
}
#: Free bytes below which a person should know; below `MIN_FREE` nothing is taken in.
LITTLE = 512 << 20
WAL = 256 << 20
OLDEST, CLOCK = 900.0, 120.0
#: So many of Listmonk's newest bounces are asked whether another outbox told them, as `run` does; and their bytes.
_NEWEST, _LIMIT = 2000, 8 << 20


@dataclass(frozen=True, slots=True)
class OutboxFacts:
    """The facts about the outbox."""

    path: str = ""
    holds: Overview | None = None
    trouble: str = ""  #: why it could not be read
    older: bool = False  #: it is of an older version, which `run` upgrades
    place: tuple[str, str] = ("", "")  #: what is wrong with its place, and the fix
    open_to: str = ""  #: who else may read it
    missing: bool = False
    lost: str = ""  #: why it is missing, though there was one before
    free: int | None = None
    worth: Worth | None = None  #: on PostgreSQL: what an acknowledgement is worth
    server: bool = False  #: it is on PostgreSQL

    @property
    def new(self) -> bool:
        """Whether it has told Listmonk nothing yet, and is not known to be the only one."""
        return self.missing or (self.holds is not None and not self.holds.settled)


def collect(config: Config, now: datetime) -> OutboxFacts:
    """Look at the file, from outside and inside, or ask the server; takes up to some seconds."""
    place_ = place_of(config)
    if isinstance(place_, Server):
        return _ask(place_, now)
    path = Path(config.outbox.path)
    place, missing = _place(path), not path.exists()
    holds, trouble, older = (None, "", False) if missing or place[0] else _look(path, now)
    lost = Markers.of(config).lost()
    open_to = too_open(path, 0o077) if path.is_file() else ""
    return OutboxFacts(str(path), holds, trouble, older, place, open_to, missing, lost, files.free_beside(path))


def _ask(server: Server, now: datetime) -> OutboxFacts:
    seen = OutboxFacts(server.url, server=True)
    try:
        require_driver()
        from bouncestream.outbox.postgres.worth import worth  # only where it is used

        seen = replace(seen, worth=worth(server))
        return replace(seen, holds=overview(server, now))
    except NoOutbox:
        return replace(seen, missing=True)
    except StoreError as error:
        return replace(seen, trouble=str(error), older=isinstance(error, SchemaTooOld))


def _place(path: Path) -> tuple[str, str]:
    parent = path.parent
    if not parent.is_dir():
        fix = f"create it, owned by the user of bouncestream:\n\n    install -d -m 700 {parent}"
        return f"the directory of the outbox, {parent}, does not exist", fix
    if not path.exists():
        if os.access(parent, os.W_OK | os.X_OK):
            return "", ""
        fix = "give the bouncestream user write access, or run the doctor as that user"
        return f"this user cannot create the outbox in {parent}", fix
    if not path.is_file():
        what = "a directory" if path.is_dir() else "not a file"
        named = path / "outbox.db" if path.is_dir() else "/var/lib/bouncestream/outbox.db"
        return f"the outbox, {path}, is {what}", f'set a file name:\n\n    [outbox]\n    path = "{named}"'
    return "", ""


def _look(path: Path, now: datetime) -> tuple[Overview | None, str, bool]:
    if not os.access(path, os.R_OK | os.W_OK):
        why = f"{path} cannot be written by this user Next: run this as the user that owns it: ls -l {path}"
        return None, why, False
    try:
        return overview(path, now), "", False
    except (StoreError, OSError) as error:
        return None, str(error), isinstance(error, SchemaTooOld)


async def collect_former(who: Credentials, web: Web) -> Sequence[Mapping[str, Any]]:
    """The newest bounces that Listmonk holds; none, where they cannot be had."""
    query = f"/api/bounces?page=1&per_page={_NEWEST}&order_by=created_at&order=desc"
    reply = await web.get(who.url.rstrip("/") + query, who=who, limit=_LIMIT, patience=listmonk.PATIENCE)
    return reply.rows() or []


def judge_former(seen: OutboxFacts, rows: Sequence[Mapping[str, Any]], sources: Sequence[str]) -> list[Finding]:
    """Whether `run` will refuse this new outbox, since Listmonk knows an older one (`maintenance.newcomer`)."""
    instance = seen.holds.instance if seen.holds is not None else ""
    found: Counter[str] = strangers.strangers(rows, sources, instance)
    if not found or not seen.new or seen.lost:
        return []
    text, why, fix = strangers.told(found, clean(seen.path, 200))
    return [Finding("outbox-former", Level.ERROR, TOPIC, text, why, fix, {"sources": sorted(found)})]


def judge(seen: OutboxFacts, sources: Sequence[str], at: datetime | None, *, alive: bool) -> list[Finding]:
    """Its place, its disk, what waits in it. `sources`: their names; `at`: now; `alive`: a bouncestream runs."""
    if seen.lost or (seen.missing and alive):
        lost = seen.lost or f"bouncestream is running without an outbox at {seen.path} Next: check its log"
        what, _, fix = lost.partition(" Next: ")
        why = "Events that are not on the disk are lost when the process ends."
        return [Finding("outbox-lost", Level.ERROR, TOPIC, clean(what, 400), why, fix), *_disk(seen)]
    if seen.place[0]:
        why = "`bouncestream run` cannot start: events must be on the disk before they are acknowledged."
        return [Finding("outbox-place", Level.ERROR, TOPIC, clean(seen.place[0], 300), why, seen.place[1])]
    if seen.server and seen.trouble and not seen.older:
        what, _, fix = seen.trouble.partition(" Next: ")
        why = "`bouncestream run` cannot start: events must be on the disk before they are acknowledged."
        return [Finding("outbox-unreachable", Level.ERROR, TOPIC, clean(what, 400), why, clean(fix, 400))]
    if seen.missing:
        text = f"there is no outbox at {seen.path} yet: `bouncestream run` creates it"
        return [Finding("outbox-missing", Level.INFO, TOPIC, text), *_disk(seen), *_worth(seen)]
    if seen.holds is None:
        what, _, fix = seen.trouble.partition(" Next: ")
        if seen.older:
            older = Finding("outbox-older", Level.INFO, TOPIC, clean(what, 300), fix=fix)
            return [older, *_disk(seen), *_worth(seen)]
        why = "Its waiting events cannot be examined."
        fix = fix or "run the doctor as the bouncestream user:\n\n    sudo -u bouncestream bouncestream doctor"
        return [Finding("outbox-unreadable", Level.WARNING, TOPIC, clean(what, 300), why, fix), *_disk(seen)]
    if seen.holds.closed:
        what, _, fix = seen.holds.closed.partition(" Next: ")
        why = "`bouncestream run` does not start: one of the two outboxes may deliver, and no more."
        return [Finding("outbox-copied", Level.ERROR, TOPIC, clean(what, 400), why, clean(fix, 400)), *_disk(seen)]
    found = _disk(seen) + _open(seen) + _worth(seen) + _work(seen.path, seen.holds, sources, at)
    if not any(one.level in (Level.WARNING, Level.ERROR) for one in found):
        events = sum(seen.holds.states.values())
        rest = "and each is on its disk" if seen.server else "and the disk has space"
        if seen.worth is not None and seen.worth.synchronous:
            rest += f" and on that of {seen.worth.synchronous} standby"
        text = f"{seen.path} holds {events} events ({seen.holds.size / 2**20:.1f} MiB), {rest}"
        found.append(Finding("outbox-ok", Level.OK, TOPIC, text))
    return found


def _worth(seen: OutboxFacts) -> list[Finding]:
    if seen.worth is None:
        return []
    found = []
    if off := seen.worth.unsafe:
        text = f"PostgreSQL has {' and '.join(off)} off"
        why = "When its machine stops, events are lost that providers were told are stored."
        fix = "\n\n    " + "\n    ".join(f"ALTER SYSTEM SET {name} = on;" for name in off)
        fix = f"set it there, and reload:{fix}\n    SELECT pg_reload_conf();"
        found.append(Finding("outbox-unsafe", Level.ERROR, TOPIC, text, why, fix, {"off": list(off)}))
    if seen.worth.asynchronous:
        text = f"PostgreSQL has {seen.worth.standbys} standby, for which no commit waits"
        why = (
            "When the standby takes over after the primary has died, the newest acknowledged events are gone: some "
            "hundred, with half a second of lag."
        )
        fix = "with Patroni set synchronous_mode: true; otherwise name the standby (application_name in "
        fix += "pg_stat_replication), and note that nothing is acknowledged while it is away:\n\n"
        fix += "    ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (standby1)';\n    SELECT pg_reload_conf();"
        told = {"standbys": seen.worth.standbys}
        found.append(Finding("outbox-asynchronous", Level.WARNING, TOPIC, text, why, fix, told))
    return found


def _open(seen: OutboxFacts) -> list[Finding]:
    if not seen.open_to:
        return []
    text = f"{seen.path} {seen.open_to}"
    why = "It contains your subscribers' addresses."
    fix = f"restrict it to its owner:\n\n    chmod 600 {seen.path}"
    return [Finding("outbox-open", Level.WARNING, TOPIC, text, why, fix)]


def _disk(seen: OutboxFacts) -> list[Finding]:
    if seen.free is None or seen.free >= LITTLE:
        return []
    level = Level.ERROR if seen.free < MIN_FREE else Level.WARNING
    text = f"the disk of {seen.path} has {seen.free / 2**20:.0f} MiB left"
    why = f"Below {MIN_FREE >> 20} MiB no event is accepted: providers are told to retry later."
    fix = f"free space:\n\n    df -h {Path(seen.path).parent}\n    journalctl --vacuum-size=200M"
    return [Finding("outbox-disk", level, TOPIC, text, why, fix, {"free_bytes": seen.free})]


def _work(path: str, holds: Overview, sources: Sequence[str], at: datetime | None) -> list[Finding]:
    found = []

    def add(name: str, level: Level, text: str, why: str, fix: str, **told: Any) -> None:
        found.append(Finding(name, level, TOPIC, text, why, fix, told))

    if holds.wal_size > WAL:
        why = "A program keeps reading the database, so the log cannot be written back and fills the disk."
        fix = f"stop the program that has it open:\n\n    fuser -v {path}"
        add("outbox-wal", Level.WARNING, f"its write-ahead log has {holds.wal_size >> 20} MiB", why, fix)
    if holds.oldest_pending > OLDEST:
        minutes = holds.oldest_pending / 60
        why = "It does not reach Listmonk, which may be down or refuse it."
        fix = "see its last attempt:\n\n    bouncestream outbox list --state pending"
        text = f"an event has been waiting {minutes:.0f} minutes for its delivery"
        add("outbox-oldest", Level.WARNING, text, why, fix, seconds=round(holds.oldest_pending))
    if dead := holds.states.get("dead", 0):
        why = "Listmonk rejected them, or they failed 8 times."
        fix = "inspect them, then replay them:\n\n    bouncestream outbox list --state dead\n"
        fix += "    bouncestream outbox replay --dead"
        add("outbox-dead", Level.WARNING, f"{dead} dead letters", why, fix, dead=dead)
    if held := holds.states.get("held", 0):
        fix = "inspect them, then release or drop them:\n\n    bouncestream outbox list --state held"
        add("outbox-held", Level.INFO, f"{held} events held back", "They are not delivered until released.", fix)
    if holds.quarantined:
        fix = "inspect them:\n\n    bouncestream outbox list --quarantine"
        why = "Unreadable input is kept and can be replayed after an upgrade."
        add("outbox-quarantine", Level.INFO, f"{holds.quarantined} items in quarantine", why, fix)
    newest = holds.newest
    if at and newest and (ahead := (max(newest.values()) - at).total_seconds()) > CLOCK:
        why = "Signatures are checked against the clock, and events keep their time."
        fix = "    timedatectl set-ntp true\n    timedatectl status"
        add("outbox-clock", Level.WARNING, f"the newest event is {ahead:.0f} s in the future", why, fix)
    if newest or sources:
        told = {name: newest[name].isoformat() if name in newest else "" for name in {*newest, *sources}}
        shown = ", ".join(
            f"{clean(name, 40)} {when[:16].replace('T', ' ') or 'never'}" for name, when in sorted(told.items())
        )
        add("source-newest", Level.INFO, f"last event (UTC): {shown}", "", "", sources=told)
    return found
