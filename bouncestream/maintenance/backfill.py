# SPDX-License-Identifier: GPL-3.0-or-later
"""Missed webhooks heal: providers are asked for what they reported, by hand or at intervals.

At intervals (`[webhooks.x] backfill`) nothing is stored before a person has seen how much there is: runs only count
what they find, and say so, until `bouncestream backfill NAME` has stored it. A run that finds nothing needs nobody.
How each webhook stands is one value in `meta`: whether it was started, what the newest count was, when a run was
through last, and the page at which one was cut off.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson

from bouncestream import providers
from bouncestream.backoff import backoff
from bouncestream.config.model import Config
from bouncestream.errors import ApiError, SinkError, StoreError
from bouncestream.health import Health, Status
from bouncestream.metrics import BACKFILL_ITEMS, BACKFILL_LAST, BACKFILL_RUNS, Metrics
from bouncestream.missed import Found, KeepMissed, Missed, People
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta, set_meta
from bouncestream.outbox.dry_run import Rehearsal
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.missed import NEAR, rehearse_missed
from bouncestream.ports import Clock
from bouncestream.providers._settings import Webhook
from bouncestream.sources.backfill.calls import Calls
from bouncestream.sources.backfill.run import Bookmark, Counts, Run

log = logging.getLogger("bouncestream.backfill")

#: A run at an interval asks for so much: a complaint may have the time of its mail, and be weeks younger.
SINCE = timedelta(days=30)
#: A bookmark is good for so long; then the lists are read from their beginnings.
BOOKMARK_KEPT = timedelta(hours=24)
#: Seconds after the start before the first run, at least and at most; and between looks at the clock.
FIRST, LOOK = (120.0, 600.0), 30.0
#: The wait after a run that failed, at first; seconds. It doubles, up to the interval.
AGAIN = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillState:
    """How the backfill of one webhook stands."""

    provider: str = ""
    started: bool = False  #: a person has started it, or nothing was to be found
    waiting: int = 0  #: so many were found that wait for that
    through_at: str = ""  #: when a run last went through all lists; ISO 8601
    place: dict[str, Any] | None = None  #: the bookmark, and when it was kept: by these names it is stored
    place_at: str = ""

    def resumed(self, since: datetime, now: datetime) -> Bookmark | None:
        """The bookmark to go on from, for a run that asks for as much."""
        try:
            bookmark = Bookmark(
                **{**(self.place or {}), "since": datetime.fromisoformat((self.place or {})["since"])}
            )
            fresh = now - datetime.fromisoformat(self.place_at) < BOOKMARK_KEPT
        except (KeyError, TypeError, ValueError):
            return None
        return bookmark if fresh and bookmark.since <= since else None


def reach(config: Config, now: datetime) -> datetime:
    """From when on the outbox remembers: of what is older, nobody could tell whether it was reported."""
    return now - timedelta(seconds=config.retention.events) + NEAR


def backfill_state(conn: Conn, hook: Webhook) -> BackfillState:
    """How a webhook's backfill stands; as a new one where it is another provider's now."""
    try:
        found = BackfillState(**orjson.loads(get_meta(conn, f"backfill:{hook.name}") or "{}"))
    except (orjson.JSONDecodeError, TypeError):
        found = BackfillState()
    return found if found.provider == hook.provider else BackfillState(provider=hook.provider)


def note(conn: Conn, hook: Webhook, **changes: Any) -> None:
    """Note a change of it."""
    now = replace(backfill_state(conn, hook), **changes)
    set_meta(conn, f"backfill:{hook.name}", orjson.dumps(asdict(now)).decode())


_NO_LOOK_UP = (
    "Listmonk does not let the token look subscribers up, and of a list only those are stored that Listmonk has. "
    "Next: give it subscribers:get_all and subscribers:sql_query."
)


@dataclass(eq=False)
class OneRun:
    """What one run needs, by hand and at an interval. `sleep` and `context` are for tests and for Ctrl-C."""

    hook: Webhook
    config: Config
    clock: Clock
    people: People
    told: Callable[[Counts, str], None] = lambda counts, listing: None
    waits: Callable[[str], None] = lambda words: log.info("backfill: %s", words)
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    context: Any = None

    async def go(
        self,
        keep: KeepMissed,
        since: datetime,
        stopped: asyncio.Event,
        *,
        bookmark: Bookmark | None = None,
        keep_bookmark: Callable[[Bookmark], Awaitable[None]] | None = None,
        counts: Counts | None = None,
    ) -> Counts:
        """Run once. Raises ApiError, SinkError and StoreError."""
        provider = providers.get(self.hook.provider)
        api = provider.backfill
        assert api is not None, "the configuration was checked"
        if not await self.people.may_look_up():
            raise SinkError(_NO_LOOK_UP)
        calls = Calls(
            provider.title,
            api.hosts,
            api.permission,
            pause=api.pause,
            told=self.waits,
            context=self.context,
            sleep=self.sleep,
            stopped=stopped.is_set,
        )
        async with calls:
            run = Run(
                provider,
                self.hook,
                self.config.policy.rules,
                bookmark.since if bookmark is not None else since,
                self.clock,
                calls,
                self.people,
                keep,
                told=self.told,
                keep_bookmark=keep_bookmark,
                counts=counts if counts is not None else Counts(),
                hard=bookmark.hard if bookmark is not None else 0,
            )
            return await run.go(stopped, bookmark)


class Rehearsing:
    """A `KeepMissed` that stores nothing and counts as the intake would. `read`: a job on the outbox."""

    def __init__(self, read: Callable[[Callable[[Any], Any]], Awaitable[Any]]) -> None:
        self._read = read
        self._shown = Rehearsal()

    async def __call__(self, items: Sequence[Missed], hard: int) -> Found:
        if not items:
            return Found()
        kinds, duplicates = await self._read(partial(rehearse_missed, items=items, shown=self._shown))
        return Found(tuple(kind.value for kind in kinds), duplicates=duplicates)


@dataclass(eq=False)
class Backfilling:
    """The task of `run`: each webhook with an interval in its turn. `run` until cancelled."""

    db: Database
    clock: Clock
    health: Health
    metrics: Metrics
    config: Config
    people: People
    keep: KeepMissed
    chance: Callable[[], float] = random.random
    context: Any = None
    _due: dict[str, float] = field(default_factory=dict, init=False)  # name → monotonic seconds
    _failures: dict[str, int] = field(default_factory=dict, init=False)

    async def run(self) -> None:
        """Ask again and again, for ever."""
        while True:
            await self.turn()
            await asyncio.sleep(LOOK)

    def leave(self) -> None:
        """Say nothing more of it: another bridge asks from now on. `run` may begin anew."""
        self.health.forget(*(f"backfill:{name}" for name in self._due))
        self._due.clear()
        self.metrics.forget(BACKFILL_LAST)

    async def turn(self) -> None:
        """Run what is due."""
        hooks = {name: hook for name, hook in self.config.webhooks.items() if hook.backfill and hook.api_key}
        for name in self._due.keys() - hooks.keys():
            del self._due[name]
            self.health.forget(f"backfill:{name}")
        for name, hook in hooks.items():
            try:
                if name not in self._due:
                    self._due[name] = await self._first(hook)
                if self._due[name] <= self.clock.monotonic():
                    await self._one(hook)
            except StoreError as error:
                log.debug("backfill of %s is delayed: %s", name, error)
                self._due[name] = self.clock.monotonic() + AGAIN

    async def _first(self, hook: Webhook) -> float:
        """When it is due after a start: not at once, and not again what another run did a moment ago."""
        found: BackfillState = await self.db.read(partial(backfill_state, hook=hook))
        low, high = FIRST
        wait = low + (high - low) * self.chance()
        try:
            age = (self.clock.now() - datetime.fromisoformat(found.through_at)).total_seconds()
            wait = max(wait, hook.backfill - max(0.0, age))
        except ValueError:
            pass
        self._show(hook, found)
        return self.clock.monotonic() + wait

    async def _one(self, hook: Webhook) -> None:
        """One run, whatever comes of it."""
        name, now = hook.name, self.clock.now()
        found: BackfillState = await self.db.read(partial(backfill_state, hook=hook))
        counts = Counts()
        try:
            if found.started:
                await self._store(hook, found, now, counts)
            else:
                await self._count(hook, now, counts)
        except (ApiError, SinkError) as error:
            self._fail(hook, str(error))
            return
        finally:
            for result, number in counts.results().items():
                self.metrics.add(BACKFILL_ITEMS, name, result, by=number)
        self._failures.pop(name, None)
        self.metrics.add(BACKFILL_RUNS, name, "stored" if found.started else "counted")
        self.metrics.set(BACKFILL_LAST, now.timestamp(), name)
        for words in counts.notes:
            log.warning("%s: backfill: %s", name, words)
        self._due[name] = self.clock.monotonic() + hook.backfill * (0.9 + 0.2 * self.chance())
        self._show(hook, await self.db.read(partial(backfill_state, hook=hook)))

    async def _store(self, hook: Webhook, found: BackfillState, now: datetime, counts: Counts) -> None:
        since = self._since(now)
        bookmark = found.resumed(since, now)
        await self._go(hook, self.keep, since, counts, bookmark, self._keep_bookmark(hook))
        await self.db.write(partial(note, hook=hook, place=None, through_at=now.isoformat()))
        if counts.new:
            log.warning(
                "%s: a backfill found %d missed events (%s)%s",
                hook.name,
                counts.new,
                ", ".join(f"{number} {kind}" for kind, number in sorted(counts.found.items())),
                f"; {counts.held} are held. Next: bouncestream outbox list --state held" if counts.held else "",
            )

    async def _count(self, hook: Webhook, now: datetime, counts: Counts) -> None:
        await self._go(hook, Rehearsing(self.db.read), self._since(now), counts)
        new = counts.new
        await self.db.write(partial(note, hook=hook, started=not new, waiting=new, through_at=now.isoformat()))
        if new:
            log.warning(
                "%s: a first backfill found %d missed events and stored none. Next: bouncestream backfill %s",
                hook.name,
                new,
                hook.name,
            )

    def _since(self, now: datetime) -> datetime:
        return max(now - SINCE, reach(self.config, now))

    async def _go(
        self,
        hook: Webhook,
        keep: KeepMissed,
        since: datetime,
        counts: Counts,
        bookmark: Bookmark | None = None,
        keep_bookmark: Callable[[Bookmark], Awaitable[None]] | None = None,
    ) -> None:
        one = OneRun(hook, self.config, self.clock, self.people, context=self.context)
        await one.go(keep, since, asyncio.Event(), bookmark=bookmark, keep_bookmark=keep_bookmark, counts=counts)

    def _keep_bookmark(self, hook: Webhook) -> Callable[[Bookmark], Awaitable[None]]:
        return keeper(self.db, hook, self.clock)

    def _fail(self, hook: Webhook, why: str) -> None:
        count = self._failures[hook.name] = self._failures.get(hook.name, 0) + 1
        wait = backoff(count, base=AGAIN, cap=max(AGAIN, hook.backfill), jitter=self.chance())
        self._due[hook.name] = self.clock.monotonic() + wait
        self.metrics.add(BACKFILL_RUNS, hook.name, "failed")
        self.health.set(f"backfill:{hook.name}", Status.YELLOW, f"The last backfill failed. {why}")

    def _show(self, hook: Webhook, found: BackfillState) -> None:
        """How it stands, on the board."""
        if found.started or not found.waiting:
            self.health.set(f"backfill:{hook.name}", Status.GREEN)
            return
        why = (
            f"{found.waiting} events whose webhooks were missed wait to be stored. Next: look at them with "
            f"`bouncestream backfill {hook.name} --dry-run`, and start it with `bouncestream backfill {hook.name}`."
        )
        self.health.set(f"backfill:{hook.name}", Status.YELLOW, why)


def keeper(db: Database, hook: Webhook, clock: Clock) -> Callable[[Bookmark], Awaitable[None]]:
    """Notes where a run stands."""

    async def keep_bookmark(bookmark: Bookmark) -> None:
        told = {
            "listing": bookmark.listing,
            "first": bookmark.first,
            "url": bookmark.url,
            "since": bookmark.since.isoformat(),
            "hard": bookmark.hard,
        }
        await db.write(partial(note, hook=hook, place=told, place_at=clock.now().isoformat()))

    return keep_bookmark
