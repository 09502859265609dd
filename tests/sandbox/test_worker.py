# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue behind the 200: its places, its order and its speed."""

from __future__ import annotations

import asyncio
import time

import aiohttp


async def test_a_thousand_places_and_one_in_hand_then_posts_wait(rig):
    rig.sandbox.fault("stall")
    posts = [asyncio.create_task(rig.post(number)) for number in range(1, 1012)]
    worker = rig.sandbox.listmonk.worker
    await worker.until(lambda: worker.blocked == 10 and rig.sandbox.listmonk.posted == 1001)
    assert rig.sandbox.state()["queued"] == 1001
    rig.sandbox.fault("clear")
    assert {status for status, _ in await asyncio.gather(*posts)} == {200}
    await rig.sandbox.idle()
    assert sorted(await rig.rows()) == list(range(1, 1012))


async def test_a_restart_disconnects_who_waits_for_a_place(rig):
    rig.sandbox.fault("stall")
    posts = [asyncio.create_task(rig.post(number)) for number in range(1, 1012)]
    worker = rig.sandbox.listmonk.worker
    await worker.until(lambda: worker.blocked == 10 and rig.sandbox.listmonk.posted == 1001)
    rig.sandbox.fault("restart")
    answers = await asyncio.gather(*posts, return_exceptions=True)
    assert sum(isinstance(one, aiohttp.ServerDisconnectedError) for one in answers) == 10
    rig.sandbox.fault("clear")
    await rig.sandbox.idle()
    assert len(await rig.rows()) == 1
    assert len(rig.lost()) == 1000


async def test_first_in_first_out(rig):
    for number in range(1, 200):
        await rig.post(number)
    await rig.sandbox.idle()
    assert await rig.rows() == list(range(1, 200))


async def test_a_row_takes_its_time(make):
    rig = await make(row_seconds=0.002)
    begun = time.monotonic()
    for number in range(1, 51):
        await rig.post(number)
    await rig.sandbox.idle()
    assert time.monotonic() - begun >= 0.08  # 50 rows of 2 ms, less the 10 ms that it may catch up
    assert len(await rig.rows()) == 50


async def test_idle_and_posted_are_signals(rig):
    await rig.sandbox.idle()
    await rig.sandbox.posted(0)
    wait = asyncio.create_task(rig.sandbox.posted(2))
    await rig.post(1)
    assert not wait.done()
    await rig.post(2)
    await wait
