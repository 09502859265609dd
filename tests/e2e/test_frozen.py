# SPDX-License-Identifier: GPL-3.0-or-later
"""One of two real bridges is frozen (SIGSTOP) or killed where it matters, and wakes up after its lease: in the
midst of taking in, and right before it writes a request to Listmonk, which is the double that no rule removes."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta
from bouncestream.outbox.mailboxes import progress
from bouncestream.outbox.place import Server
from bouncestream.sandbox import Sandbox
from tests.e2e.bridges import bridge, deliver, frozen, recorded, rows, running, until_intake, wake
from tests.e2e.test_mail_run import bounce, configure, until_part
from tests.mailserver.dovecot import Dovecot

pytestmark = [pytest.mark.process, pytest.mark.wrapped]

KILL, STOP = int(signal.SIGKILL), int(signal.SIGSTOP)


async def test_a_request_of_a_frozen_leader_is_the_one_double_and_is_counted_and_alerted(
    pg_url: str, tmp_path: Path, sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """Frozen between its look at the lease and the first byte, for longer than lease and margin."""
    one = bridge(tmp_path, pg_url, "one", sandbox.url, step=f"posting:{STOP}")
    two = bridge(tmp_path, pg_url, "two", sandbox.url)
    two.environment["BOUNCESTREAM__ALERTS__EVERY"] = "1s"
    async with running(one, two):
        await deliver(session, [two], 0)
        await frozen(one)
        await asyncio.gather(*(deliver(session, [two], number) for number in range(1, 20)))
        assert set((await recorded(sandbox, 20)).values()) == {1}, "the other one has posted all"
        wake(one)
        async with asyncio.timeout(30):
            while sum(rows(sandbox).values()) < 21:
                await asyncio.sleep(0.02)
        async with asyncio.timeout(60):
            while 'bouncestream_alert_active{rule="doubled"} 1' not in await metrics(session, two.url):
                await asyncio.sleep(0.2)
        found = await metrics(session, two.url)
        assert "bouncestream_doubled_total 1" in found
        assert rows(sandbox)["p0@example.com"] == 2 and len(rows(sandbox)) == 20
        assert "bouncestream_doubled_total 0" in await metrics(session, one.url)
        db = await Database.open(Server(pg_url, "who looks"))
        assert await db.read(partial(get_meta, name="doubled")) == "1"
        await db.close()


async def metrics(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(f"{url}/metrics") as answer:
        return await answer.text()


async def test_a_bridge_that_is_frozen_or_killed_as_it_takes_in_loses_and_doubles_nothing(
    pg_url: str, tmp_path: Path, sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """Before its commit, and between commit and answer. Its provider gets no answer, and sends to the other one."""
    two = bridge(tmp_path, pg_url, "two", sandbox.url)
    number = 0
    async with running(two):
        for step, kind in (("storing", STOP), ("stored", STOP), ("storing", KILL), ("stored", KILL)):
            one = bridge(tmp_path, pg_url, f"one-{number}", sandbox.url, step=f"{step}:{kind}")
            async with running(one):
                many = range(number, number + 15)
                number += 15
                sent = asyncio.gather(*(deliver(session, [one, two], event) for event in many))
                await (frozen(one) if kind == STOP else asyncio.wait_for(one.process.wait(), 30))  # type: ignore[union-attr]
                await sent
                wake(one)
                if kind == STOP:
                    await until_intake(session, one, 200)
                    await deliver(session, [one], number)
                    number += 1
            assert set((await recorded(sandbox, number)).values()) == {1}, (step, kind)


@pytest.mark.binary
async def test_a_bridge_that_is_frozen_as_it_reads_a_mailbox_changes_nothing_when_it_wakes_up(
    pg_url: str, tmp_path: Path, sandbox: Sandbox, dovecot: Dovecot, session: aiohttp.ClientSession
) -> None:
    """It has fetched a mail, and the other one reads and stores it before this one does."""
    one = bridge(tmp_path, pg_url, "one", sandbox.url, step=f"mails fetched:{STOP}")
    two = bridge(tmp_path, pg_url, "two", sandbox.url)
    for each in (one, two):
        configure(each, dovecot.imap)
    db = await Database.open(Server(pg_url, "who looks"))
    try:
        async with running(one, two):
            await until_part(session, one, "mailbox:inbox", "listening to INBOX")
            await asyncio.to_thread(dovecot.deliver, bounce(1))
            await frozen(one)
            await recorded(sandbox, 1)
            before = await db.read(partial(progress, mailbox="inbox", folder="INBOX"))
            assert before is not None and before.mails == 1
            wake(one)
            async with asyncio.timeout(30):
                while not any("has stopped that work" in line for line in one.lines):
                    await asyncio.sleep(0.05)
            await until_intake(session, one, 200)
            assert await db.read(partial(progress, mailbox="inbox", folder="INBOX")) == before
            assert await db.read(partial(get_meta, name="duplicates")) is None, "nor has it stored the event again"
    finally:
        await db.close()
