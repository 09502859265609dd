# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs for leases, and for who the bridges are: each is a synchronous function on one connection, as all jobs
are. The rules are in `bouncestream/lease.py`.

A bridge looks before it takes, since the look waits for nobody: taking locks the row, which the holder's own
transactions prove their epoch by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from importlib.resources import files
from typing import NamedTuple, TypeVar

from bouncestream.errors import LeaseLost
from bouncestream.lease import FROZEN, TTL, Bridge, Lease
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import parse

T = TypeVar("T")


class Term(NamedTuple):
    """One epoch of a lease, as its holder proves it."""

    name: str
    holder: str
    epoch: int


#: The term under which the running task works; None: under no lease. It goes with the task, and with those that it
#: begins: so whatever they write proves the epoch that their knowledge is of, and none of them can forget to.
TERM: ContextVar[Term | None] = ContextVar("term", default=None)
#: A bridge that was not seen for so long is no more; seconds.
FORGET_AFTER = 7 * 86400.0

QUERIES = parse(files("bouncestream.outbox.postgres").joinpath("leases.sql").read_text("utf-8"))


def leases(conn: Conn) -> list[Lease]:
    """All leases that were ever taken, by their names."""
    return [Lease(*row) for row in conn.execute(QUERIES["leases"])]


def take(conn: Conn, names: Iterable[str], holder: str) -> Mapping[str, int]:
    """Take or renew leases: name → epoch, of those that `holder` has now."""
    wanted = sorted(names)  # in one order, so that two bridges never wait for each other
    others = {lease.name: lease for lease in leases(conn) if lease.holder != holder}
    found: dict[str, int] = {}
    for name in wanted:
        if (other := others.get(name)) is not None and (other.left > 0 or _is_locked(conn, name)):
            continue
        row = conn.execute(QUERIES["take_lease"], {"name": name, "holder": holder, "ttl": TTL}).fetchone()
        if row is not None:
            found[name] = row[0]
    return found


def _is_locked(conn: Conn, name: str) -> bool:
    """Whether a change of its last holder is under way, who may be frozen in it: what comes in must not wait for
    that. Such a change is ended after some seconds, by the server or here."""
    if conn.execute(QUERIES["lock_lease"], (name,)).fetchone() is not None:
        return False
    end_frozen(conn)
    return True


def end_frozen(conn: Conn) -> int:
    """End the changes of bridges that are frozen or cut off in the middle of them, so that nobody waits for what
    they have locked; how many there were. They have changed nothing."""
    return len(conn.execute(QUERIES["end_frozen"], {"after": FROZEN}).fetchall())


def give_up(conn: Conn, holder: str) -> None:
    """End all leases of a holder that has ended what it did under them: another may go on at once."""
    conn.execute(QUERIES["give_leases_up"], {"holder": holder})


def prove(conn: Conn, name: str, holder: str, epoch: int) -> None:
    """Until the end of this transaction `holder` has the lease, in this epoch. Raises LeaseLost."""
    if conn.execute(QUERIES["prove_lease"], {"name": name, "holder": holder, "epoch": epoch}).fetchone() is None:
        raise LeaseLost(
            f"Another bridge has taken over ({name}): nothing was changed. Next: nothing, if this bridge was "
            "stopped or cut off for a while."
        )


def proven(job: Callable[[Conn], T], term: Term) -> Callable[[Conn], T]:
    """The job, in a transaction of that term or not at all. It raises LeaseLost."""

    def run(conn: Conn) -> T:
        prove(conn, *term)
        return job(conn)

    return run


def meet(conn: Conn, name: str, run: str, version: str, board: str = "") -> bool:
    """Note that this run of a bridge is alive, and its health board (`lease.Bridge`). False: another run of that
    name is alive, or was until a moment ago."""
    values = {"name": name, "run": run, "version": version, "ttl": TTL, "board": board}
    found = conn.execute(QUERIES["meet_bridge"], values).fetchone() is not None
    conn.execute(QUERIES["forget_bridges"], {"after": FORGET_AFTER})
    return found


def leave(conn: Conn, name: str, run: str) -> None:
    """Note that this run of a bridge has ended in order."""
    conn.execute(QUERIES["leave_bridge"], {"name": name, "run": run})


def bridges(conn: Conn) -> list[Bridge]:
    """The bridges that were seen within a week, by their names."""
    return [Bridge(*row) for row in conn.execute(QUERIES["bridges"])]


def alive(conn: Conn) -> list[tuple[str, str]]:
    """Name and version of the bridges that may be running."""
    return conn.execute(QUERIES["alive_bridges"], {"ttl": TTL}).fetchall()
