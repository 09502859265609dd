# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.relay.several URL NAME LISTMONK USER TOKEN TTL [STEP SIGNAL]`: the relay of one bridge among
several, as a process that is killed and stopped, by itself at a step of `tests.relay.steps`. It says on its
standard output what it does. With RECORDS in its environment it records in Listmonk's
tables.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from functools import partial

from bouncestream import lease


async def main(url: str, name: str, listmonk: str, user: str, token: str) -> None:
    """Deliver while this bridge may."""
    from bouncestream.clock import SystemClock
    from bouncestream.health import Health
    from bouncestream.metrics import Metrics
    from bouncestream.outbox import delivery
    from bouncestream.outbox.db import Database
    from bouncestream.outbox.place import Server
    from bouncestream.outbox.postgres.leasing import Leasing
    from bouncestream.relay.context import RelaySettings
    from bouncestream.relay.ledger import Times
    from bouncestream.relay.loop import Relay
    from bouncestream.relay.recording import RecordingRelay
    from bouncestream.sinks.listmonk.client import ListmonkClient
    from bouncestream.sinks.listmonk_db.tables import Tables
    from bouncestream.supervisor import Supervisor

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    clock, health, metrics = SystemClock(), Health(), Metrics()
    db = await Database.open(Server(url, name), metrics=metrics)
    instance = await db.read(partial(delivery.get_meta, name="instance")) or ""
    leasing = Leasing(db, clock, name, "0.1.0", health, metrics)
    await leasing.begin()
    may_send = partial(leasing.safe, lease.RELAY)
    sink = ListmonkClient(
        listmonk, user, token, instance=instance, post_timeout=5, read_timeout=5, may_post=may_send
    )
    settings = RelaySettings(batch_size=20, linger=0.001, pulse=0.1, settle=0.5, late=lease.TTL)
    relays: list[Relay] = []
    made = Relay
    if os.environ.get("RECORDS"):
        store = db.beside("listmonk_db")  # type: ignore[attr-defined]
        made = partial(RecordingRelay, store=store, tables=Tables(), instance=instance)  # type: ignore[assignment]

    async def deliver() -> None:
        relay = made(
            db,
            sink,
            clock,
            settings,
            Times(margin=0.3, grace=1),
            health,
            metrics,
            may_send=may_send,
        )
        relays.append(relay)
        await relay.prepare()
        print("leads", flush=True)
        try:
            await relay.run()
        finally:
            print("leads no more", flush=True)

    async with Supervisor(health) as side:
        side.keep("leases", leasing.run)
        work = side.keep("relay", leasing.hold(lease.RELAY, deliver), finite=True)
        print("ready", flush=True)
        await stop.wait()
        leasing.stop()
        for relay in relays:
            relay.stop()
        if not leasing.safe(lease.RELAY):
            work.cancel()
        await asyncio.wait([work], timeout=10)
        await leasing.end()
    await sink.close()
    await db.close()
    print("ended", flush=True)


def quicken(ttl: float) -> None:
    """Have leases last for so many seconds; before anything else takes these names."""
    lease.TTL, lease.RENEW, lease.GUARD, lease.FROZEN = ttl, ttl / 3, ttl / 5, max(1.0, ttl / 3)  # type: ignore[misc]


def run(url: str, name: str, listmonk: str, user: str, token: str, *step: str) -> None:
    """Be that bridge, to its end."""
    if step:
        from tests.relay.steps import place

        place(step[0], int(step[1]))
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(url, name, listmonk, user, token))


if __name__ == "__main__":
    quicken(float(sys.argv[6]))
    run(*sys.argv[1:6], *sys.argv[7:])
