# SPDX-License-Identifier: GPL-3.0-or-later
"""The cheap checks that run while the bridge does: the certificates of the public address and of the webhooks'
address, the pixel through the public address, and what the API user may do in Listmonk.

The judges are those of the whole examination. What is wrong is looked at twice, so that a hiccup wakes
nobody. Whether Listmonk answers at all is known better by the relay, so that is not told here; what could not be
looked at is told, so that nobody takes it for mended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bouncestream.config.model import Config
from bouncestream.doctor.areas import listmonk, listmonk_db, pixel, tls
from bouncestream.doctor.finding import CHEAP, Finding, Level, partly_examined, unexamined
from bouncestream.doctor.probe import front
from bouncestream.doctor.probe.public import Public
from bouncestream.doctor.probe.target import PIXEL, Target, is_private
from bouncestream.doctor.probe.web import PATIENCE, Credentials, Web

log = logging.getLogger("bouncestream.doctor")

#: Seconds: for one look; between two; for all of it.
LOOK, PAUSE, ALL = 12.0, 3.0, 28.0


async def quick(config: Config) -> list[Finding]:
    """The warnings and errors of the cheap checks, one for each id; and `partly_examined`, if they were so. Ends
    within 30 seconds; never raises."""
    try:
        async with asyncio.timeout(ALL):
            found, unknown = await _look(config)
            if found:
                first = {one.id for one in found}
                await asyncio.sleep(PAUSE)
                again, more = await _look(config)
                found, unknown = [one for one in again if one.id in first], unknown | more
            return _one_each(found) + ([partly_examined(unknown)] if unknown else [])
    except TimeoutError:
        why = f"they did not finish within {LOOK:g} s"
    except Exception as error:  # a bug of ours must not stop the watching
        log.debug("the doctor's quick checks failed", exc_info=error)
        why = f"a bug in bouncestream: {type(error).__name__}"
    return [unexamined(why)]


async def _look(config: Config) -> tuple[list[Finding], set[str]]:
    """What is wrong, and what could not be looked at (keys of CHEAP)."""
    async with asyncio.timeout(LOOK), Web() as web:
        everything, unknown = await _all(config, web, datetime.now(UTC))
    found = listmonk_db.eased(config, everything)
    return [one for one in found if one.level in (Level.WARNING, Level.ERROR)], unknown


async def _all(config: Config, web: Web, now: datetime) -> tuple[list[Finding], set[str]]:
    settings, unknown = config.listmonk, set[str]()
    seen = await listmonk.collect(Credentials.of(settings), web, patience=PATIENCE)
    judged = listmonk.judge(seen)
    if not any(one.id == "listmonk-ok" for one in judged):
        unknown |= {"permission-", "pixel-"} if seen.known or settings.public_url else set(CHEAP)
    found = [one for one in judged if one.id.startswith("permission-")]
    public = Target.read(settings.public_url) if settings.public_url else None
    if public is None and (root := Target.read(seen.root_url or "")) is not None and not is_private(root.host):
        public = root
    hooks = Target.read(config.server.public_url) if config.server.public_url else None
    works = []
    if public is not None:
        works.append(_public(await front.by_https(public, web), web, settings.url if seen.known else "", now))
    if hooks is not None and (public is None or hooks.host != public.host):
        works.append(_certificate(hooks, web, now))
    for more, unseen in await asyncio.gather(*works):
        found += more
        unknown |= unseen
    return found, unknown


async def _certificate(target: Target, web: Web, now: datetime) -> tuple[list[Finding], set[str]]:
    door = await front.collect(target, web.names, ())
    shakes = await tls.collect(door)
    seen = target.scheme != "https" or any(shake.certificate is not None for shake in shakes)
    return tls.judge(door, shakes, now), set() if seen else {"tls-"}


async def _public(target: Target, web: Web, listmonk_url: str, now: datetime) -> tuple[list[Finding], set[str]]:
    """Certificate and pixel; where there is no handshake, nothing can be asked behind it."""
    (found, unknown), through, direct = await asyncio.gather(
        _certificate(target, web, now), web.get(target.url + PIXEL), _direct(web, listmonk_url)
    )
    if any(one.id in ("tls-failed", "tls-no-certificate", "tls-old", "tls-plain") for one in found):
        return found, unknown | {"pixel-"}
    if not through.whole:
        unknown = unknown | {"pixel-"}
    chain = tuple(await web.follow(through)) if through.location else ()
    found += pixel.judge(target, replace(direct, through={"pixel": through}, chain=chain), listmonk_url)
    return found, unknown


async def _direct(web: Web, listmonk_url: str) -> Public:
    """The pixel as Listmonk itself gives it."""
    return Public(direct={"pixel": await web.get(listmonk_url.rstrip("/") + PIXEL)} if listmonk_url else {})


def _one_each(found: Sequence[Finding]) -> list[Finding]:
    """The findings, the same trouble at several places only once: an alert goes by the id."""
    merged: dict[str, Finding] = {}
    for one in found:
        before = merged.get(one.id)
        merged[one.id] = one if before is None else replace(before, seen=f"{before.seen}; {one.seen}")
    return list(merged.values())
