# SPDX-License-Identifier: GPL-3.0-or-later
"""`make chaos`: the long version of the simulation and of the storms, with its figures.

python -m tests.chaos [--schedules 50000] [--long-stalls 2000] [--storms 10] [--brake-storms 3] [--mail-storms 10]
    [--bridge-storms 5] [--failover-storms 6] [--asynchronous 2] [--chains 5] [--first SEED]

A failover storm has five failovers; the one after the last has the times of the program's own defaults.

In schedules with long stalls (nothing is written for one to three times the grace time) some events count twice,
which no rule can prevent: these are told, and all else must be right. Of each kind of stall as many are played.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bouncestream.sandbox import Action, Sandbox, SandboxSettings, Subscriber
from tests.e2e.brake_storm import BrakeStorm
from tests.e2e.bridge_storm import into_the_sandbox
from tests.e2e.failover_storm import storm as failover_storm
from tests.e2e.mail_storm import MailStorm
from tests.e2e.program import Program
from tests.e2e.storm import Storm
from tests.mailserver.dovecot import Dovecot, free_port
from tests.mailserver.proxy import Proxy
from tests.postgres.cluster import Cluster, programs
from tests.relay.forge import Forge
from tests.relay.stage import TTL, Stage, TablesStage, chain
from tests.running import running
from tests.simulation.test_simulation import LONG_STALLS, NAMED, ONE_STALL, simulate


async def storm(seed: int, kills: int = 20, faults: int = 20) -> bool:
    """One storm on the real program; True when all that was acknowledged was recorded exactly once. Every other one
    is on a sealed outbox, of which no file may hold an address then."""
    actions = {kind: Action(10**6, "none") for kind in ("hard", "soft", "complaint")}
    people = [Subscriber(f"p{i}@example.com") for i in range(20_000)]
    settings = SandboxSettings(row_seconds=0.0005, subscribers=people, actions=actions)
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        async with Sandbox(settings) as sandbox:
            program = Program(Path(folder), sandbox.url, port)
            if sealed := bool(seed % 2):
                program.seal()
            weather = Storm(program, sandbox, random.Random(seed), kills=kills, faults=faults)
            begun = time.monotonic()
            await weather.blow()
            count = len(weather.acknowledged)
            try:
                await program.settled({"verified": count}, seconds=180)
                unsettled = ""
            except AssertionError as error:
                unsettled = str(error)
            wrong = weather.wrong()
            state = sandbox.state()
            held = program.addresses() if sealed else set()
            await program.kill()
            print(
                f"storm {seed}{' (sealed)' if sealed else ''}:"
                f" {kills} kills, {faults} faults, {state['restarts']} restarts of Listmonk,"
                f" {count} acknowledged, {state['posted']} answered 200, {state['counts']['lost']} lost there,"
                f" {wrong['lost']} lost, {wrong['doubled']} doubled, {time.monotonic() - begun:.0f} s {unsettled}"
                f"{' ADDRESSES IN ' + ', '.join(sorted(held)) if held else ''}",
                flush=True,
            )
            return not wrong and not unsettled and not held


async def brake_storm(seed: int) -> bool:
    """One storm with the brake on; True when nothing is lost, doubled or undone that was not ours. Every other one
    is on a sealed outbox, of which no file may hold an address."""
    actions = {kind: Action(10**6, "none") for kind in ("hard", "soft", "complaint")}
    people = [Subscriber(f"p{i}@example.com", lists=(1, 2)) for i in range(20_000)]
    settings = SandboxSettings(row_seconds=0.0005, subscribers=people, actions=actions)
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(settings) as sandbox:
            program = Program(Path(folder), sandbox.url, free_port(), brake="50 in 10m and 5%")
            sealed = bool(seed % 2)
            weather = BrakeStorm(
                program, sandbox, random.Random(seed), kills=20, faults=20, undo_kills=10, sealed=sealed
            )
            begun = time.monotonic()
            try:
                await weather.blow()
            finally:
                if program.process is not None:
                    await program.kill()
            print(
                f"brake storm {seed}{' (sealed)' if sealed else ''}:"
                f" {weather.acknowledged} acknowledged, {weather.held} held at most,"
                f" wrong: {dict(weather.wrong)}, files with addresses: {sorted(weather.files)},"
                f" {time.monotonic() - begun:.0f} s",
                flush=True,
            )
            return not weather.wrong and not weather.files


async def mail_storm(seed: int, mails: int = 500, faults: int = 60) -> bool:
    """One storm of mails; True when each became one event, and each mail is where it belongs. Every other one is
    into a sealed outbox, of which no file may hold an address then."""
    actions = {kind: Action(10**6, "none") for kind in ("hard", "soft", "complaint")}
    people = [Subscriber(f"p{i}@example.com") for i in range(mails + faults + 1)]
    settings = SandboxSettings(row_seconds=0.0005, subscribers=people, actions=actions)
    dovecot = Dovecot()
    try:
        dovecot.start()
        with tempfile.TemporaryDirectory() as folder:
            async with Sandbox(settings) as sandbox, Proxy(dovecot.imap) as proxy:
                program = Program(Path(folder), sandbox.url, free_port())
                if sealed := bool(seed % 2):
                    program.seal()
                weather = MailStorm(
                    program, sandbox, dovecot, proxy, random.Random(seed), mails=mails, faults=faults
                )
                begun = time.monotonic()
                try:
                    await weather.blow()
                except BaseException:
                    await program.kill()
                    raise
                missing = await weather.settled(180)
                wrong = weather.wrong()
                held = program.addresses() if sealed else set()
                await program.kill()
                print(
                    f"mail storm {seed}{' (sealed)' if sealed else ''}:"
                    f" {mails} mails, {len(weather.bounces)} of them bounces, {faults} faults"
                    f" ({dict(weather.told)}), wrong: {dict(wrong)}, {time.monotonic() - begun:.0f} s {missing}"
                    f"{' ADDRESSES IN ' + ', '.join(sorted(held)) if held else ''}",
                    flush=True,
                )
                return not wrong and not missing and not held
    finally:
        dovecot.close()


def played(play: Callable[[int], Coroutine[Any, Any, bool]], start: int, count: int) -> bool:
    """Play so many; True when all went well. One that went wrong does not end it."""
    good = True
    for seed in range(start, start + count):
        good = asyncio.run(play(seed)) and good
    return good


def chains(start: int, count: int) -> bool:
    """So many chains of relays that post, and as many of those that record in Listmonk's tables; each of them falls
    at a step by chance."""
    good = True
    for made in (Stage, TablesStage):
        forging = contextmanager(running)(Forge(TTL, records=made is TablesStage))
        with contextmanager(running)(Cluster()) as cluster, forging as forge:
            play = partial(chain, falls=40, cluster=cluster, forge=forge, made=made)
            good = played(play, start, count) and good
    return good


def failover_storms(start: int, synchronous: int, asynchronous: int) -> bool:
    """So many storms of failovers, with a standby that commits wait for, and with one that they do not wait for."""
    good = played(failover_storm, start, synchronous)
    if synchronous:
        good = asyncio.run(failover_storm(start + synchronous, 1, own_times=True)) and good
    return played(partial(failover_storm, synchronous=False), start, asynchronous) and good


def schedules(start: int, count: int, name: str, named: set[str], **weather: Any) -> bool:
    """Play so many; True when nothing went wrong but what is `named`."""
    good = True
    for first in range(start, start + count, 1000):
        seeds = range(first, min(first + 1000, start + count))
        wrong, guilty, states = simulate(seeds, **weather)
        told = f"{dict(states)}, wrong: {dict(wrong)} {guilty[:9]}"
        print(f"{name} {seeds.start} to {seeds.stop - 1}: {told}", flush=True)
        good = good and set(wrong) <= named
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schedules", type=int, default=50_000)
    parser.add_argument("--long-stalls", type=int, default=2_000)
    parser.add_argument("--storms", type=int, default=10)
    parser.add_argument("--brake-storms", type=int, default=3)
    parser.add_argument("--mail-storms", type=int, default=10)
    parser.add_argument("--bridge-storms", type=int, default=5)
    parser.add_argument("--failover-storms", type=int, default=6)
    parser.add_argument("--asynchronous", type=int, default=2)
    parser.add_argument("--chains", type=int, default=5)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    good = played(storm, args.first, args.storms)
    good = played(brake_storm, args.first, args.brake_storms) and good
    if shutil.which("dovecot") is None:
        print("Dovecot is not installed (apt-get install dovecot-imapd dovecot-lmtpd): no mail storms")
        good = False
    else:
        good = played(mail_storm, args.first, args.mail_storms) and good
    if programs() is None:
        print("PostgreSQL is not installed (apt-get install postgresql): no bridges, failovers, chains")
        good = False
    else:
        good = played(into_the_sandbox, args.first, args.bridge_storms) and good
        good = failover_storms(args.first, args.failover_storms, args.asynchronous) and good
        good = chains(args.first, args.chains) and good
    good = schedules(args.first, args.schedules, "schedules", set()) and good
    for name, weather in (("two stalls of 10 to 30 min", LONG_STALLS), ("one stall of 650 s", ONE_STALL)):
        good = schedules(args.first, args.long_stalls, name, NAMED, **weather) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
