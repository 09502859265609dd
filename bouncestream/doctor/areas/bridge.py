# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `bouncestream`: whether feedback can come in, and whether what came in goes out.

The way to each webhook is proven by a signed request that stores nothing (`sources.webhook.selftest`): once
small, once larger than what nginx lets through by default.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bouncestream.config.model import Config, Server
from bouncestream.doctor.areas import listmonk_db, outbox, sealing, webhooks
from bouncestream.doctor.areas.webhooks import Way
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.reply import Reply, clean, describe
from bouncestream.doctor.probe.target import Target
from bouncestream.doctor.probe.web import Web
from bouncestream.outbox.view import Sealing
from bouncestream.providers._settings import Webhook
from bouncestream.settings.shapes import UNIX

TOPIC = "bouncestream"
FINDINGS: Mapping[str, str] = {
    "bridge-ok": "bouncestream is running and healthy",
    "bridge-not-running": "bouncestream is not running",
    "bridge-part": "a component of the running bouncestream fails or has something to report",
    "bridge-no-source": "no webhook, mailbox or [smtp] listener is configured, so no event can arrive",
    "bridge-no-public-url": "[server] public_url is not set, so access from outside cannot be tested",
    "bridge-port-taken": "something else listens on [server] listen",
    "bridge-cannot-listen": "bouncestream cannot listen on [server] listen",
    **outbox.FINDINGS,
    **listmonk_db.FINDINGS,
    **sealing.FINDINGS,
    **webhooks.FINDINGS,
}


@dataclass(frozen=True, slots=True)
class BridgeFacts:
    """The facts about bouncestream itself."""

    public: Target | None = None
    running: Reply | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    ways: Sequence[Way] = ()
    sources: Sequence[str] = ()
    outbox: outbox.OutboxFacts = field(default_factory=outbox.OutboxFacts)
    at: datetime | None = None
    server: Server = field(default_factory=Server)
    hooks: Sequence[Webhook] = ()
    bind: OSError | None = None  #: why it could not listen on [server] listen
    sealed: Sealing | None = None  #: None: the outbox cannot be read
    seal: bool = False  #: as [privacy] says
    tables: listmonk_db.TablesFacts | None = None  #: Listmonk's, where bounces are recorded in them

    @property
    def alive(self) -> bool:
        """Whether a bouncestream runs on this machine."""
        return self.running is not None and self.running.status == 200 and self.running.body.strip() == b"ok"


async def collect(config: Config, web: Web, now: datetime) -> BridgeFacts:
    """Ask the running bridge, go in by the public URL, and look at the outbox."""
    public = Target.read(config.server.public_url) if config.server.public_url else None
    local = config.server.local_url
    running = asyncio.create_task(web.get(f"{local}/healthz")) if local else None
    told_at = config.told_url
    asked = told_at and not told_at.startswith(UNIX)
    ready = asyncio.create_task(web.get(f"{told_at}/readyz")) if asked else None
    tried = await asyncio.gather(
        *(webhooks.attempt(public, hook, web, now) for hook in config.webhooks.values() if public)
    )
    box = await asyncio.to_thread(outbox.collect, config, now)
    told = (await ready).json() if ready is not None else None
    parts = told.get("parts") if isinstance(told, dict) else None
    answer = await running if running is not None else None
    bind = await asyncio.to_thread(_bind, config.server) if answer is not None and not answer.status else None
    return BridgeFacts(
        public,
        answer,
        parts if isinstance(parts, dict) else {},
        tried,
        tuple(config.webhooks) + config.mailed,
        box,
        now,
        config.server,
        tuple(config.webhooks.values()),
        bind,
        await asyncio.to_thread(sealing.collect, config),
        config.privacy.seal,
        await asyncio.to_thread(listmonk_db.collect, config),
    )


def _bind(server: Server) -> OSError | None:
    """Try to listen, and let go again: why it is not possible."""
    host, port = server.address
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, proto, _, address = found[0]
        with socket.socket(family, kind, proto) as made:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
    except OSError as error:
        return error
    return None


def judge(seen: BridgeFacts, *, to_run: bool = False) -> list[Finding]:
    """The running bridge, each way in, the outbox. `to_run`: asked before a start, so that nothing runs yet is
    normal, and that nothing can come in is not."""
    return (
        _bridge(seen, to_run=to_run)
        + webhooks.judge(seen.public, seen.ways, seen.running, to_run=to_run and not seen.alive)
        + [webhooks.to_enter(seen.server.public_url, hook) for hook in seen.hooks]
        + outbox.judge(seen.outbox, seen.sources, seen.at, alive=seen.alive)
        + sealing.judge(seen.sealed, wanted=seen.seal)
        + listmonk_db.judge(seen.tables)
    )


def _bridge(seen: BridgeFacts, *, to_run: bool) -> list[Finding]:
    found = _listening(seen, to_run=to_run) + _parts(seen)
    red = {name for name, state in _states(seen).items() if state == "red"}
    missing = seen.outbox.missing or seen.outbox.lost
    if seen.alive and not red - {"listmonk"} and not missing:
        found.append(Finding("bridge-ok", Level.OK, TOPIC, "bouncestream is running and healthy"))
    if not seen.sources:
        text = "no webhook, mailbox or [smtp] listener is configured"
        fix = "add one; this command asks for the settings:\n\n    bouncestream init"
        level = Level.WARNING if to_run else Level.INFO
        found.append(Finding("bridge-no-source", level, TOPIC, text, "No event can arrive.", fix))
    elif seen.public is None:
        text = "[server] public_url is not set, so access from outside cannot be tested"
        fix = (
            'set the public address of this bridge:\n\n    [server]\n    public_url = "https://bounces.example.org"'
        )
        found.append(Finding("bridge-no-public-url", Level.INFO, TOPIC, text, "", fix))
    return found


def _listening(seen: BridgeFacts, *, to_run: bool) -> list[Finding]:
    if seen.alive or seen.running is None:
        return []
    listen = seen.server.listen
    if seen.running.status or (seen.bind is not None and seen.bind.errno == errno.EADDRINUSE):
        text = f"something else listens on {listen} ({describe(seen.running)})"
        why = "bouncestream cannot start there, and webhooks forwarded there do not reach it."
        see = f"ss -ltnp 'sport = :{seen.server.address[1]}'"
        fix = f"stop it, or give bouncestream another [server] listen:\n\n    {see}"
        return [Finding("bridge-port-taken", Level.ERROR, TOPIC, text, why, fix)]
    if seen.bind is not None:
        text = f"bouncestream could not listen on {listen}: {clean(seen.bind.strerror or str(seen.bind), 100)}"
        fix = _FIXES.get(seen.bind.errno or 0, "correct [server] listen")
        return [Finding("bridge-cannot-listen", Level.ERROR, TOPIC, text, "bouncestream cannot start.", fix)]
    level = Level.INFO if seen.outbox.missing or to_run else Level.WARNING
    text = f"bouncestream does not answer on this machine ({describe(seen.running)})"
    why = "While it is down, no event arrives and none is delivered."
    fix = "start it:\n\n    systemctl enable --now bouncestream"
    return [Finding("bridge-not-running", level, TOPIC, text, why, fix)]


_FIXES = {
    errno.EACCES: "ports below 1024 need root: choose a higher one in [server] listen",
    errno.EADDRNOTAVAIL: "this machine does not have that address: correct [server] listen",
}


def _states(seen: BridgeFacts) -> Mapping[str, Any]:
    return {str(name): part.get("state") for name, part in seen.parts.items() if isinstance(part, dict)}


def _parts(seen: BridgeFacts) -> list[Finding]:
    """Findings about the parts of the running bridge. A red Listmonk, or mailbox, has an area of its own."""
    mail = (f"{kind}:{name}" for kind in ("mailbox", "smtp") for name in seen.sources)
    elsewhere = {"listmonk", *mail}
    return [
        _part(seen, name)
        for name, state in _states(seen).items()
        if state == "yellow" or (state == "red" and name not in elsewhere)
    ]


def judge_listmonk(seen: BridgeFacts) -> list[Finding]:
    """The finding that the running bridge cannot deliver, where nothing wrong is seen of Listmonk itself."""
    return [_part(seen, "listmonk")] if _states(seen).get("listmonk") == "red" else []


def _part(seen: BridgeFacts, name: str) -> Finding:
    part = seen.parts[name]
    why, _, fix = clean(str(part.get("why", "")), 400).partition(" Next: ")
    if part.get("state") != "red":  # it works, but someone should know
        return Finding("bridge-part", Level.INFO, TOPIC, f"{clean(name, 60)} of the running bouncestream: {why}")
    text = f"{clean(name, 60)} of the running bouncestream does not work"
    return Finding("bridge-part", Level.ERROR, TOPIC, text, why, fix or "check its log")
