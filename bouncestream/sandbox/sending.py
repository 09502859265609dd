# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending a campaign, as far as its refusals go: what Listmonk writes into its log, and streams.

`POST /sandbox/send {"campaign": UUID, "refuse": {ADDRESS: "550 5.1.1 …"}, "running": false}` sends it to the
subscribers of its lists. Lines and stream as seen on Listmonk 6.2.0 (November 2026).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import orjson
from aiohttp import web

from bouncestream.sandbox.listmonk import SandboxListmonk
from bouncestream.sandbox.model import Letter
from bouncestream.sandbox.posted import Refused

#: Events that a consumer may lag behind; more are dropped.
LAG = 100
#: A consumer that has gone is noticed after so long; seconds.
NOTICED = 0.2


def send(listmonk: SandboxListmonk, campaign: str, refuse: Mapping[str, str], *, running: bool = False) -> int:
    """Send a campaign; how many messages got through. `running`: it goes on after that. Raises Refused."""
    mark = campaign.lower()
    if mark not in listmonk.database.campaigns:
        raise Refused(400, "Campaign not found")
    _, name = listmonk.database.campaigns[mark]
    lists = listmonk.database.sent_to[mark]
    settings = listmonk.settings
    key = next(key for key in settings.campaigns if key.lower() == mark)
    known = settings.campaigns[key]
    letter = known if isinstance(known, Letter) else Letter(name)
    if letter.status != "running":
        listmonk.write("manager.go:431", f"start processing campaign ({name})")
    sent = 0
    for person in list(listmonk.database.people.values()):
        if person.status != "enabled" or not lists & person.lists.keys():
            continue
        if (words := refuse.get(person.email)) is None:
            sent += 1
            continue
        code, _, text = words.partition(" ")
        quoted = f"{code} {json.dumps(text, ensure_ascii=False)}" if code.isdecimal() else words
        listmonk.write(
            "manager.go:548", f"error sending message in campaign {name}: subscriber {person.id}: {quoted}"
        )
    if not running:
        listmonk.write("pipe.go:236", f"campaign ({name}) finished")
    letter = replace(
        letter,
        status="running" if running else "finished",
        sent=letter.sent + sent,
        started_at=letter.started_at or datetime.now(UTC),
    )
    settings.campaigns = {**settings.campaigns, key: letter}
    return sent


async def stream(listmonk: SandboxListmonk, request: web.BaseRequest) -> web.StreamResponse:
    """The event stream, until the consumer or Listmonk goes. Not even the status line comes before its first
    event."""
    lines: asyncio.Queue[str | None] = asyncio.Queue(LAG)
    listmonk.listeners.append(lines)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "Connection": "keep-alive"}
    )
    try:
        while request.transport is not None and not request.transport.is_closing():
            try:
                async with asyncio.timeout(NOTICED):
                    line = await lines.get()
            except TimeoutError:
                continue
            if line is None:
                break
            if not response.prepared:
                await response.prepare(request)
            told = {"id": "", "type": "error", "message": line + "\n", "data": None}
            await response.write(b"retry: 3000\ndata: " + orjson.dumps(told) + b"\n\n")
    finally:
        listmonk.listeners.remove(lines)
    return response
