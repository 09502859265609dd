# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests that a reader's mail program makes, through the public address and directly at Listmonk.

All use the all-zero UUIDs, which count nothing. What Listmonk itself says is compared with what comes through, so
that "Listmonk said so" and "the proxy said so" are told apart. `pixel` and `pages` judge what is collected here.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from bouncestream.doctor.probe.front import Front
from bouncestream.doctor.probe.reply import Reply
from bouncestream.doctor.probe.target import LINK, OPTIN, PIXEL, UNSUBSCRIBE, VIEW
from bouncestream.doctor.probe.web import AGENT, PATIENCE, Web

#: The programs that fetch pictures for readers, as they call themselves (seen in access logs, 2026-11).
AGENTS: Mapping[str, str] = {
    "Gmail": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Apple Mail": "Mozilla/5.0",
    "Yahoo": "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Outlook": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
}
#: So many requests at a time.
AT_ONCE = 8
#: A path and a query whose escapes Listmonk repeats as they came to it, in the Location of its login.
REFLECTED = "/admin/a%20b%C3%BC?c=%26%3D&d=+"
#: name → path
PAGES: Mapping[str, str] = {
    "pixel": PIXEL,
    "link": LINK,
    "unsubscribe": UNSUBSCRIBE,
    "view": VIEW,
    "optin": OPTIN,
    "webhooks": "/webhooks/bounce",
    "reflected": REFLECTED,
    "query": f"{PIXEL}?x=%26%C3%BC+%25",
    "escaped": "/subscription/a%20b%C3%BC%7B/x",
    "track open": "/track/open",
    "track link": "/track/link",
}


@dataclass(frozen=True, slots=True)
class Public:
    """The view through the public address, and what Listmonk itself says."""

    through: Mapping[str, Reply] = field(default_factory=dict)  #: by the names of PAGES, and "nonsense"
    direct: Mapping[str, Reply] = field(default_factory=dict)  #: empty where Listmonk cannot be asked directly
    again: Reply | None = None  #: the pixel, some time after the first
    head: Reply | None = None  #: HEAD of the pixel
    agents: Mapping[str, Reply] = field(default_factory=dict)
    chain: tuple[Reply, ...] = ()  #: where the pixel's redirect leads
    plain: tuple[Reply, ...] = ()  #: the pixel asked for by plain HTTP, and where that leads


async def collect(front: Front, listmonk_url: str, web: Web) -> Public:
    """The pixel first: where it gets no answer, nothing else would. Then the rest, some at a time, as a crowd of
    requests may meet a rate limit."""
    nonsense = f"/nosuch-{secrets.token_hex(6)}"
    paths = dict(PAGES) | {"nonsense": nonsense}
    direct = asyncio.create_task(_all(web, listmonk_url, paths if listmonk_url else {}))
    if not front.reachable:
        return Public(direct=await direct)
    base = front.target.url
    first = await web.get(base + PIXEL)
    if not first.whole:
        return Public(through={"pixel": first}, direct=await direct)
    others = {name: path for name, path in paths.items() if name != "pixel"}
    gate = asyncio.Semaphore(AT_ONCE)
    (again, chain), through, agents, head, plain = await asyncio.gather(
        _pixel_again(web, first),
        _all(web, base, others, gate),
        _all(web, base, dict.fromkeys(AGENTS, PIXEL), gate, AGENTS),
        web.head(base + PIXEL),
        _plain(web, front),
    )
    return Public(through | {"pixel": first}, await direct, again, head, agents, tuple(chain), tuple(plain))


async def _all(
    web: Web,
    base: str,
    paths: Mapping[str, str],
    gate: asyncio.Semaphore | None = None,
    agents: Mapping[str, str] | None = None,
) -> dict[str, Reply]:
    async def one(name: str, path: str) -> Reply:
        async with gate or asyncio.Semaphore():
            return await web.get(base + path, agent=(agents or {}).get(name, AGENT))

    replies = await asyncio.gather(*(one(name, path) for name, path in paths.items()))
    return dict(zip(paths, replies, strict=True))


async def _pixel_again(web: Web, first: Reply) -> tuple[Reply | None, list[Reply]]:
    if first.location:
        return None, await web.follow(first)
    return await web.get(first.url, patience=PATIENCE / 2), []


async def _plain(web: Web, front: Front) -> list[Reply]:
    """The pixel by plain HTTP, where the public address is https."""
    if front.target.scheme != "https" or not front.open_at(80):
        return []
    return await web.follow(await web.get(front.target.with_scheme("http") + PIXEL, patience=PATIENCE / 2))
