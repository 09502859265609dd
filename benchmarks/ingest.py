# SPDX-License-Identifier: GPL-3.0-or-later
"""Durable ingest: how many events a second are verified, parsed, committed and answered.

Listmonk's url is a closed port, so the relay sleeps in its backoff (it still looks up at each commit, which is part
of what is measured). After each run bouncestream is killed with SIGKILL and the outbox must hold exactly the events
that it had answered 200; wrk may have seen fewer of the answers, by one for each connection, as it hangs up when
its time is over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from secrets import token_hex

from benchmarks import providers
from benchmarks.bridge import Bridge, Other, Sink
from benchmarks.figures import Effort, Figure, Run, compare, interleave
from benchmarks.load import wrk
from benchmarks.machine import Broken, scratch, slow_disk, watch
from benchmarks.prepared import Prepared, generic, sendamatic

#: Requests prepared for each second of load: more than any server here answers with parsing.
A_SECOND = 12_000


def through_bridge(
    directory: Path,
    prepared: Prepared,
    connections: int,
    seconds: float,
    *,
    env: dict[str, str] | None = None,
    extra: str = "",
    psql: Callable[[str], str] | None = None,
) -> Run:
    """One run of bouncestream on an empty outbox, killed at its end."""
    with Bridge(directory, env=env, extra=extra, psql=psql) as bridge:
        return measure(bridge, prepared, connections, seconds, kill=True)


def measure(bridge: Bridge, prepared: Prepared, connections: int, seconds: float, *, kill: bool = False) -> Run:
    """Load on a bouncestream that runs, with the check of what is on the disk."""
    newest, before = bridge.newest_row(), bridge.taken()
    with watch(bridge.process) as watched:
        load = wrk(bridge.port, prepared, connections, seconds)
    answered = bridge.taken() - before
    if kill:
        bridge.process.kill()
    if load.bad or load.broken:
        raise Broken(f"{load.bad} requests were refused, {load.broken} connections broke. {bridge.said()}")
    if load.wraps:
        raise Broken("more requests were sent than prepared: those sent twice are cheaper")
    each = prepared.events
    check(bridge.stored(newest), answered * each, load.requests * each, connections * each)
    note = "killed after each run: as many distinct events on disk as were answered 200" if kill else ""
    return Run.of(load.answered * each, load.seconds, watched, note, load.p99 / 1e6)


def check(stored: int, answered: int, seen: int, connections: int) -> None:
    """Nothing acknowledged may be missing, and nothing may be there twice."""
    if stored != answered or not seen <= answered <= seen + connections:
        raise Broken(f"NOT DURABLE: {stored} events are on disk, {answered} were answered 200, wrk saw {seen}")


def through_other(
    directory: Path,
    prepared: Prepared,
    connections: int,
    seconds: float,
    name: str,
    *args: object,
    env: dict[str, str] | None = None,
    sink: Sink | None = None,
) -> Run:
    """One run of something else."""
    with Other(directory, name, *args, env=env) as other:
        with watch(other, *([sink] if sink else [])) as watched:
            load = wrk(other.port, prepared, connections, seconds)
        if load.bad:
            raise Broken(f"{name} answered {load.bad} requests with an error")
        return Run.of(load.answered * prepared.events, load.seconds, watched, p99=load.p99 / 1e6)


def ingest(effort: Effort) -> list[Figure]:
    """Generic provider (2 KB, HMAC) and Sendamatic (DSN of 4 KB) against an aiohttp server that does nothing."""
    figures = []
    number = int(A_SECOND * max(1, effort.seconds))
    with scratch() as directory:
        for what, make, share, target in (
            ("durable ingest, generic 2 KB with HMAC, 64 connections", generic, 1.0, 0.32),
            ("durable ingest, Sendamatic with a DSN of 4 KB", sendamatic, 0.4, 0.10),
        ):
            prepared = make(directory / "requests", int(number * share))
            ours, theirs = interleave(
                effort.reps,
                partial(through_bridge, directory, prepared, 64, effort.seconds),
                partial(through_other, directory, prepared, 64, effort.seconds, "nothing"),
            )
            figures.append(compare(what, ours, theirs, target, ("bouncestream", "do-nothing")))
    return figures


def sealing() -> dict[str, str]:
    """The environment of a bridge that seals what it stores."""
    return {"BOUNCESTREAM__PRIVACY__SEAL": "true", "BOUNCESTREAM__PRIVACY__KEY": token_hex(32)}


def sealed(effort: Effort) -> list[Figure]:
    """A sealed outbox ([privacy] seal) against one in the open."""
    figures = []
    number = int(A_SECOND * max(1, effort.seconds))
    seal = sealing()
    with scratch() as directory:
        for what, make, share in (
            ("durable ingest of a sealed outbox, generic 2 KB", generic, 1.0),
            ("durable ingest of a sealed outbox, Sendamatic with a DSN of 4 KB", sendamatic, 0.4),
        ):
            prepared = make(directory / "requests", int(number * share))
            ours, theirs = interleave(
                effort.reps,
                partial(through_bridge, directory, prepared, 64, effort.seconds, env=seal),
                partial(through_bridge, directory, prepared, 64, effort.seconds),
            )
            figures.append(compare(what, ours, theirs, 0.85, ("sealed", "in the open")))
    return figures


def signed(effort: Effort) -> list[Figure]:
    """SendGrid's batches of 100 (ECDSA) and Mailgun's events (HMAC within) against the same do-nothing server."""
    figures = []
    with scratch() as directory:
        for what, make, number in (
            ("durable ingest, SendGrid in batches of 100, ECDSA", providers.sendgrid, 400),
            ("durable ingest, Mailgun, signed within", providers.mailgun, A_SECOND // 2),
        ):
            prepared, extra = make(directory / "requests", int(number * max(1, effort.seconds)))
            ours, theirs = interleave(
                effort.reps,
                partial(through_bridge, directory, prepared, 16, effort.seconds, extra=extra),
                partial(through_other, directory, prepared, 16, effort.seconds, "nothing"),
            )
            figures.append(compare(what, ours, theirs, None, ("bouncestream", "do-nothing")))
    return figures


def tutorial(effort: Effort) -> list[Figure]:
    """Against the tutorial that everyone copies: Flask parses, posts on, answers."""
    figures = []
    with scratch() as directory:
        number = int(A_SECOND * max(1, effort.seconds))
        with Sink(directory, number) as sink:
            for connections, target in ((16, 6.0), (64, 10.0)):
                prepared = generic(directory / "requests", number)
                ours, theirs = interleave(
                    effort.reps,
                    partial(through_bridge, directory, prepared, connections, effort.seconds),
                    partial(
                        through_other,
                        directory,
                        prepared,
                        connections,
                        effort.seconds,
                        "tutorial",
                        sink.port,
                        sink=sink,
                    ),
                )
                what = f"against the Flask tutorial, {connections} connections"
                figures.append(compare(what, ours, theirs, target, ("bouncestream", "tutorial")))
    return figures


def fsync(effort: Effort) -> list[Figure]:
    """With 5 ms added to each fsync, against a commit per request."""
    with scratch() as directory:
        env = slow_disk(directory)
        if env is None:
            raise Broken("there is no C compiler here (gcc): the shim that slows fsync down cannot be made")
        prepared = generic(directory / "requests", int(A_SECOND * max(1, effort.seconds)))
        numbers = iter(range(10_000))

        def per_request() -> Run:
            database = directory / f"per-request-{next(numbers)}.db"
            return through_other(directory, prepared, 64, effort.seconds, "per_request", database, env=env)

        ours, theirs = interleave(
            effort.reps, partial(through_bridge, directory, prepared, 64, effort.seconds, env=env), per_request
        )
        what = "5 ms added to each fsync, 64 connections"
        return [compare(what, ours, theirs, 20.0, ("bouncestream", "a commit per request"))]
