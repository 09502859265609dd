# SPDX-License-Identifier: GPL-3.0-or-later
"""How long to wait before the next attempt: waits that double, and what a server wishes. Pure: the dice are thrown
by the caller."""

from __future__ import annotations

#: No event ever waits longer than this, in seconds. A stored time further away comes from a clock that jumped.
LONGEST = 6 * 3600.0


def backoff(failures: int, *, base: float = 2.0, cap: float = LONGEST, jitter: float) -> float:
    """Seconds until the next attempt after `failures` failures: 2, 4, 8 … up to `cap`, each made up to half
    shorter.

    `jitter` is in [0, 1). It is there because events that failed together would otherwise come back together,
    and hit a Listmonk that has just come up with all of them in one second. It only shortens, so `cap` holds.
    """
    doublings = min(
        max(failures, 1) - 1, 64
    )  # a float holds 2**64 easily, and no further failure makes a difference
    return min(cap, base * 2.0**doublings) * (1 - jitter / 2)


def wished(retry_after: str | None) -> float | None:
    """A server's own wish to wait, in seconds, at most an hour: its Retry-After (RFC 9110 section 10.2.3). None:
    there is none, or it is a date, which is left to our own backoff."""
    text = (retry_after or "").strip()
    return min(float(text[:12]), 3600.0) if text.isascii() and text.isdigit() else None
