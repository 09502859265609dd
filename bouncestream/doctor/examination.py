# SPDX-License-Identifier: GPL-3.0-or-later
"""An examination that goes on: what was found so far, and the time that is left. An area that does not end in time,
or fails, becomes a finding of its own, and the others go on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bouncestream.doctor.catalogue import TOPICS, UNEXAMINED
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.web import Web

log = logging.getLogger("bouncestream.doctor")

#: Seconds for all of it.
ALL = 13.5

T = TypeVar("T")


@dataclass(slots=True)
class Examination:
    """An examination: what is known so far, and what was found."""

    web: Web
    now: datetime
    found: list[Finding] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    async def within(self, seconds: float, topic: str, work: Awaitable[T], instead: T) -> T:
        """The result of `work`, or `instead` and a finding when it does not end in time, or fails."""
        try:
            async with asyncio.timeout(min(seconds, ALL - (time.monotonic() - self.began))):
                return await work
        except TimeoutError:
            why = f"it did not finish within {seconds:g} s"
        except Exception as error:  # one area's bug must not take the others away
            log.debug("the area %s failed", topic, exc_info=error)
            why = f"a bug in bouncestream: {type(error).__name__}"
        self.note(topic, why)
        return instead

    def note(self, topic: str, why: str) -> None:
        """Say that something could not be examined."""
        text = f"{TOPICS.get(topic, topic)} could not be examined: {why}"
        self.found.append(Finding(UNEXAMINED, Level.WARNING, "doctor", text, "Its state is unknown."))

    def judged(self, topic: str, judge: Callable[[], list[Finding]]) -> None:
        """Add what `judge` finds; foreign data must not end the examination."""
        try:
            self.found += judge()
        except Exception as error:
            log.debug("judging %s failed", topic, exc_info=error)
            self.note(topic, f"a bug in bouncestream: {type(error).__name__}")

    def in_order(self) -> list[Finding]:
        """The findings as a person reads them: by topic, the worst first within each; a finding that came twice is
        one."""
        topics, levels = list(TOPICS), [Level.ERROR, Level.WARNING, Level.INFO, Level.OK]
        once = {(one.id, one.seen): one for one in self.found}

        def place(one: Finding) -> tuple[int, int]:
            return topics.index(one.topic) if one.topic in topics else len(topics), levels.index(one.level)

        return sorted(once.values(), key=place)
