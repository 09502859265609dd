# SPDX-License-Identifier: GPL-3.0-or-later
"""How many files this process may have open (RLIMIT_NOFILE, getrlimit(2)), and how many connections that makes.

Each connection is a file. When none is left, asyncio can take no connection, SQLite cannot open its log, and no
mail server can be reached: so connections get what the rest of the program leaves, and not the other way round.
"""

from __future__ import annotations

import resource

#: For the outbox, Listmonk, mail servers, the log and the library's own.
SPARE = 64

#: Connections that wait to be accepted. asyncio also accepts as many in one round of its loop.
_BACKLOG = 128

#: What is accepted is counted some rounds later, on each of two sockets (IPv4 and IPv6).
_UNCOUNTED_ROUNDS = 6


def raise_limit() -> int:
    """Raise the soft limit to the hard one, as any process may; returns it. 1,024 is the usual soft limit for the
    sake of programs that use select(2), which this one does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):  # not permitted here: the soft one has to do
            return soft
    return hard


def backlog(files: int | None = None) -> int:
    """How long the queue of a listening socket is, with so many files (default: the limit of now)."""
    return max(4, min(_BACKLOG, (_limit() if files is None else files) // 32))


def connections(wanted: int, files: int | None = None) -> int:
    """How many of the `wanted` connections there can be."""
    files = _limit() if files is None else files
    return max(1, min(wanted, files - SPARE - _UNCOUNTED_ROUNDS * backlog(files)))


def _limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else 1 << 20
