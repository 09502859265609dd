# SPDX-License-Identifier: GPL-3.0-or-later
"""The network between one of two real bridges and the database is cut without a word, in one direction or in both:
that bridge says so and gives its lease up in time, the other one goes on, and nothing is lost or told twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bouncestream.sandbox import Sandbox
from tests.e2e.bridges import SILENT, bridge, deliver, recorded, running, until_intake
from tests.e2e.program import event, post
from tests.mailserver.proxy import Proxy
from tests.postgres.cluster import Cluster

pytestmark = [pytest.mark.process, pytest.mark.wrapped]

#: Seconds. At load 20 a renewal takes 2 s and more by way of the proxy: then shorter leases end before they are
#: renewed, and the work under them, which is cut off each time, never comes to deliver ("0 of 20 were recorded").
TTL = 9.0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("cut", ["frozen", "deaf"])
async def test_the_network_is_cut_without_a_word(
    cut: str, cluster: Cluster, pg_url: str, tmp_path: Path, sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """`frozen`: all that is sent arrives once the network is whole again, as after a stall; `deaf`: what the
    database says is lost. A storm of `make chaos` also has it lose what the bridge says."""
    async with Proxy(cluster.port) as network:
        near = pg_url.replace(f":{cluster.port}/", f":{network.port}/")
        one, two = (
            bridge(tmp_path, url, name, sandbox.url, silent=SILENT, ttl=TTL)
            for url, name in ((near, "one"), (pg_url, "two"))
        )
        async with running(one, two):
            await asyncio.gather(*(deliver(session, [one, two], number) for number in range(40)))
            await recorded(sandbox, 20)  # in the midst of it
            setattr(network, cut, True)
            with pytest.raises((aiohttp.ClientResponseError, TimeoutError)) as told:
                await post(session, one, event(40), within=10)
            assert getattr(told.value, "status", 503) == 503
            await until_intake(session, one, 503)
            await asyncio.gather(*(deliver(session, [one, two], number) for number in range(40, 60)))
            await recorded(sandbox, 60, seconds=TTL + 60)
            setattr(network, cut, False)
            await until_intake(session, one, 200)
            await asyncio.gather(*(deliver(session, [one], number) for number in range(60, 70)))
            assert set((await recorded(sandbox, 70)).values()) == {1}
