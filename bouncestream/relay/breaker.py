# SPDX-License-Identifier: GPL-3.0-or-later
"""The breaker: keeps quiet for a while after trouble, and pauses where a person has to act. Pure.

Trouble (refused connection, time-out, 5xx, 429) passes by itself. A pause (token, permission, webhooks or
processing off, something else answering in Listmonk's place) ends when a harmless probe says so.
"""

from __future__ import annotations

from collections.abc import Callable

from bouncestream.backoff import backoff
from bouncestream.ports import Answer, PostOutcome

TROUBLE_BASE, TROUBLE_LIMIT = 0.3, 60.0
PAUSE_BASE, PAUSE_LIMIT = 2.0, 60.0


class Breaker:
    """Open until `until` (monotonic seconds). `chance` gives a number in [0, 1), for the jitter."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self.until = float("-inf")
        self.why = ""  #: the newest trouble
        self.paused = ""  #: what a person has to do; empty: nothing
        self._in_a_row = 0

    def fine(self) -> None:
        """An answer showed that posting works."""
        self.until, self.why, self.paused, self._in_a_row = float("-inf"), "", "", 0

    def trouble(self, now: float, why: str, retry_after: float | None = None) -> None:
        """Something failed that passes by itself; wait longer each time, at least as long as the sink wishes."""
        if now < self.until:  # the other requests in flight met the same trouble
            return
        self._in_a_row += 1
        wait = backoff(self._in_a_row, base=TROUBLE_BASE, cap=TROUBLE_LIMIT, jitter=self._chance())
        self.until, self.why = now + max(wait, retry_after or 0.0), why

    def pause(self, now: float, answer: Answer) -> None:
        """Posting as such is not possible; `answer` tells why."""
        if answer.outcome in (PostOutcome.UNKNOWN, PostOutcome.NOT_SENT, PostOutcome.BUSY) and answer.status != 503:
            self.trouble(now, answer.words or f"Listmonk answered {answer.status}", answer.retry_after)
            return
        self.paused = self.why = advice(answer)
        if now >= self.until:
            self._in_a_row += 1
            wait = backoff(self._in_a_row, base=PAUSE_BASE, cap=PAUSE_LIMIT, jitter=self._chance())
            self.until = now + max(wait, answer.retry_after or 0.0)

    def wants_probe(self, now: float) -> bool:
        """Whether it is time to ask if the pause is over."""
        return bool(self.paused) and now >= self.until


def advice(answer: Answer) -> str:
    """The advice after a probe that was not answered as Listmonk would: what is wrong, and what to do about it."""
    words = f" ({answer.words})" if answer.words else ""
    if answer.outcome is PostOutcome.FOREIGN:
        return (
            f"another server answers at Listmonk's URL with {answer.status}{words}: point [listmonk] url at "
            "Listmonk itself, not at a login page or a catch-all site"
        )
    if answer.status in (401, 403) and "webhooks:post_bounce" in answer.words:
        return f"Listmonk answers {answer.status}{words}: grant webhooks:post_bounce to the API user's role"
    if answer.status in (401, 403):
        return f"Listmonk answers {answer.status}{words}: check [listmonk] user and token; is the user enabled?"
    if answer.status == 404:
        return (
            "Listmonk answers 404: enable bounce webhooks (Settings, Bounces, Enable bounce webhooks), and bounce "
            "processing, which is also off in a new installation"
        )
    if answer.status == 503:
        return "bounce processing is off: enable it (Settings, Bounces, Enable bounce processing)"
    return f"Listmonk, or a proxy before it, answers {answer.status}{words} to a bounce: check the proxy's rules"
