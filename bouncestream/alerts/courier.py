# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes notices to their channels, each channel at its own pace: one that fails or hangs delays no other, and
nothing of this is ever waited for by intake or relay.

What is not sent yet is kept in memory and, as long as the outbox can be written, there too: so a full disk is told,
and a restart forgets nothing. Of one alert only the newest notice waits, so that a channel that comes back after a
day brings a handful of messages and not hundreds.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from bouncestream.alert import Delivery, Key, Notice
from bouncestream.alerts.channels import Channel, SendFailed
from bouncestream.alerts.rules import span
from bouncestream.backoff import backoff
from bouncestream.health import Status
from bouncestream.metrics import ALERT_NOTICES, ALERT_WAITING, Metrics
from bouncestream.ports import Clock
from bouncestream.supervisor import Supervisor

log = logging.getLogger("bouncestream.alerts")

#: Seconds between two tries of one channel, at first and at most.
BASE, CAP = 15.0, 1800.0
#: A notice that could not be sent for so long is given up.
GIVE_UP = timedelta(days=7)
#: So many notices wait for one channel at most; the oldest go.
LIMIT = 200
#: A channel that has failed for so long is an alert of its own.
FAILING = timedelta(hours=1)

Keep = Callable[[Iterable[Delivery]], Awaitable[None]]


@dataclass(eq=False)
class Courier:
    """`keep` writes deliveries down; it must not raise. `supervisor` owns a task for each channel. `chance`
    gives a number in [0, 1), for the jitter."""

    keep: Keep
    clock: Clock
    metrics: Metrics
    supervisor: Supervisor
    chance: Callable[[], float] = random.random
    _channels: dict[str, Channel] = field(default_factory=dict, init=False)
    _waiting: dict[str, dict[Key, Delivery]] = field(default_factory=dict, init=False)
    #: Failures in a row, and until when it is left alone.
    _rest: dict[str, tuple[int, datetime]] = field(default_factory=dict, init=False)
    _failing: dict[str, tuple[datetime, str]] = field(default_factory=dict, init=False)  # since when, and why
    _missed: dict[str, str] = field(default_factory=dict, init=False)  # whom it does not reach, of what was told
    _wake: dict[str, asyncio.Event] = field(default_factory=dict, init=False)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict, init=False)

    def serve(self, channels: Iterable[Channel]) -> list[Delivery]:
        """From now on serve these channels, and no others; one that stays as it is goes on with what it does.
        Returns what is ended, as its channel is gone."""
        new = {channel.name: channel for channel in channels}
        ended: list[Delivery] = []
        for name in [name for name in self._channels if self._channels[name] != new.get(name)]:
            self._tasks.pop(name).cancel()
            self._rest.pop(name, None)  # it may be right now
        for name in [*self._waiting, *self._failing, *self._rest]:
            if name not in new:
                ended += [self._end(d, "the channel is no longer configured") for d in self._forget(name)]
        self._channels = new
        for name, channel in new.items():
            self._waiting.setdefault(name, {})
            self._wake.setdefault(name, asyncio.Event()).set()
            self.metrics.set(ALERT_WAITING, len(self._waiting[name]), name)
            if name not in self._tasks:
                self._tasks[name] = self.supervisor.keep(
                    f"alerts over {name}", partial(self._serve, channel), status=Status.YELLOW
                )
        return ended

    def add(self, notice: Notice, names: Iterable[str] | None = None) -> list[Delivery]:
        """Send a notice over the channels that are named, or all. Returns what has to be kept."""
        changed: list[Delivery] = []
        for name in self._channels if names is None else names:
            changed += self._put(Delivery(notice, name, due_at=notice.at))
        return changed

    def resume(self, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """Go on with what an earlier run could not send. Returns what has to be kept."""
        changed: list[Delivery] = []
        for delivery in deliveries:
            if delivery.channel in self._channels:
                changed += self._put(delivery)
            else:
                changed.append(self._end(delivery, "the channel is no longer configured"))
        return changed

    def unsent(self, now: datetime) -> Mapping[str, str]:
        """Channels that have failed for long, and why."""
        return {name: why for name, (since, why) in self._failing.items() if now - since >= FAILING}

    @property
    def names(self) -> list[str]:
        """The channels."""
        return list(self._channels)

    @property
    def trouble(self) -> str:
        """In words which channels fail now; empty: none."""
        return "; ".join(f"{name}: {why}" for name, (_, why) in sorted(self._failing.items()))

    async def stop(self) -> None:
        """Send nothing more; what was not sent stays kept."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        self._channels = {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _put(self, delivery: Delivery) -> list[Delivery]:
        waiting = self._waiting.setdefault(delivery.channel, {})
        changed = [delivery]
        if (older := waiting.pop(delivery.notice.key, None)) is not None:
            changed.append(self._end(older, "replaced by a newer notice"))
        waiting[delivery.notice.key] = delivery
        if len(waiting) > LIMIT:
            changed.append(self._end(waiting.pop(next(iter(waiting))), "too many notices were waiting"))
        self.metrics.set(ALERT_WAITING, len(waiting), delivery.channel)
        self._wake.setdefault(delivery.channel, asyncio.Event()).set()
        return changed

    def _forget(self, name: str) -> list[Delivery]:
        self._failing.pop(name, None)
        self._rest.pop(name, None)
        self.metrics.set(ALERT_WAITING, 0, name)
        return list(self._waiting.pop(name, {}).values())

    def _end(self, delivery: Delivery, error: str = "", *, sent: bool = False) -> Delivery:
        return replace(delivery, due_at=None, ended_at=self.clock.now(), sent=sent, error=error or delivery.error)

    async def _serve(self, channel: Channel) -> None:
        """Serve one channel for ever: the oldest notice first; after a failure it is left alone for a while."""
        name = channel.name
        while True:
            wake = self._wake[name]
            wake.clear()
            waiting = self._waiting[name]
            if not waiting:
                await wake.wait()
                continue
            rest = self._rest_of(name)
            if rest > 0:
                await asyncio.sleep(rest)  # however many notices come in meanwhile
                continue
            delivery = next(iter(waiting.values()))
            try:
                self._partly(name, await channel.send(delivery.notice) or "")
            except SendFailed as error:
                await self._failed(delivery, str(error))
            except Exception as error:  # a bug of ours: told, and tried again like any failure
                log.exception("a bug in channel %s", name)
                await self._failed(delivery, f"a bug: {type(error).__name__}")
            else:
                await self._sent(delivery)

    def _partly(self, name: str, why: str) -> None:
        """Tell once that a channel does not reach everybody. Nothing is sent again: the others have it."""
        if why and why != self._missed.get(name):
            log.warning("an alert over %s did not reach everybody: %s", name, why)
        self._missed[name] = why

    def _rest_of(self, name: str) -> float:
        """Seconds until a channel is tried again."""
        _, until = self._rest.get(name, (0, None))
        return 0.0 if until is None else min(CAP, (until - self.clock.now()).total_seconds())

    async def _sent(self, delivery: Delivery) -> None:
        name = delivery.channel
        if name in self._failing:
            since = (self.clock.now() - self._failing.pop(name)[0]).total_seconds()
            log.info("alerts are delivered over %s again, after %s", name, span(since))
        self._rest.pop(name, None)
        self.metrics.add(ALERT_NOTICES, name, "sent")
        self._take(delivery)
        await self.keep([replace(self._end(delivery, sent=True), tries=delivery.tries + 1, error="")])

    async def _failed(self, delivery: Delivery, why: str) -> None:
        name, now = delivery.channel, self.clock.now()
        if name not in self._failing:
            log.warning("an alert could not be sent over %s: %s. It will be retried", name, why)
        self._failing[name] = (self._failing.get(name, (now, ""))[0], why)
        failures = self._rest.get(name, (0, now))[0] + 1
        wait = backoff(failures, base=BASE, cap=CAP, jitter=self.chance())
        self._rest[name] = (failures, now + timedelta(seconds=wait))
        self.metrics.add(ALERT_NOTICES, name, "failed")
        tried = replace(delivery, tries=delivery.tries + 1, due_at=self._rest[name][1], error=why)
        if now - delivery.notice.at >= GIVE_UP:
            self._take(delivery)
            log.error("a notice was discarded: it could not be sent over %s for a week: %s", name, why)
            tried = self._end(tried)
        elif self._waiting.get(name, {}).get(delivery.notice.key) is delivery:
            # To the end of the queue: it may be this notice that the channel dislikes.
            self._waiting[name].pop(delivery.notice.key)
            self._waiting[name][delivery.notice.key] = tried
        else:
            return  # a newer one took its place while it was tried, and that is kept already
        await self.keep([tried])

    def _take(self, delivery: Delivery) -> None:
        waiting = self._waiting.get(delivery.channel, {})
        if waiting.get(delivery.notice.key) is delivery:
            del waiting[delivery.notice.key]
        self.metrics.set(ALERT_WAITING, len(waiting), delivery.channel)
