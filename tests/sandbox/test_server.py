# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox on the wire: where it listens, and the calls that order faults."""

from __future__ import annotations

import asyncio
import io
import json

import aiohttp
import pytest

from bouncestream.errors import ListenError, UsageError
from bouncestream.sandbox import Sandbox, Subscriber, check_loopback

AUTH = {"Authorization": "token bridge:sandbox-token-of-bridge"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", "", "127.0.0.1.example.com"])
async def test_it_listens_on_loopback_only(host):
    with pytest.raises(UsageError, match="loopback"):
        await Sandbox().start(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_loopback(host):
    check_loopback(host)


async def test_a_port_that_is_taken(rig):
    with pytest.raises(ListenError, match="cannot listen"):
        await Sandbox().start(port=int(rig.sandbox.url.rsplit(":", 1)[1]))


async def test_state_over_http(rig):
    await rig.post(1)
    await rig.post(1, email="nobody@example.com")
    await rig.post(2, campaign_uuid="nope")
    await rig.sandbox.idle()
    async with rig.session.get(rig.sandbox.url + "/sandbox/state") as response:
        state = await response.json()
    assert state == rig.sandbox.state()
    assert state["counts"] == {"rows": 1, "lost": 1, "unstored": 1}
    assert state["posted"] == 3
    assert [(row["id"], row["email"], row["type"], row["source"], row["meta"]) for row in state["rows"]] == [
        (1, "u1@example.com", "soft", "esp", {"n": 1})
    ]
    assert [(one["email"], one["why"]) for one in state["unstored"]] == [
        ("nobody@example.com", "unknown subscriber")
    ]
    assert [(one["email"], one["why"]) for one in state["lost"]] == [("u2@example.com", "row error")]
    assert state["subscribers"][0]["email"] == "u1@example.com"
    assert state["subscribers"][0]["lists"] == {"1": "confirmed"}


async def test_faults_over_http_even_when_frozen(rig):
    async def order(body: object) -> tuple[int, dict]:
        async with rig.session.post(rig.sandbox.url + "/sandbox/fault", json=body) as response:
            return response.status, await response.json()

    assert await order({"fault": "freeze", "seconds": 60}) == (200, {"data": True})
    assert rig.sandbox.state()["faults"] == ["freeze"]
    assert await order({"fault": "row_error", "email": "u1@example.com"}) == (200, {"data": True})
    assert await order({"fault": "clear"}) == (200, {"data": True})
    for wrong in ({}, [], {"fault": 1}, {"fault": "nosuch"}, {"fault": "stall", "seconds": "x"}, {"fault": None}):
        status, body = await order(wrong)
        assert status == 400
        assert body["message"]
    assert rig.sandbox.state()["faults"] == []
    assert (await rig.call("GET", "/sandbox/nosuch"))[0] == 404


async def test_close_cuts_off_what_is_stuck(make):
    rig = await make()
    rig.sandbox.fault("stall")
    posts = [asyncio.create_task(rig.post(number)) for number in range(1, 1011)]
    await rig.sandbox.listmonk.worker.until(lambda: rig.sandbox.state()["blocked"] == 9)
    async with asyncio.timeout(5):
        await rig.sandbox.close()
        answers = await asyncio.gather(*posts, return_exceptions=True)
    assert sum(isinstance(one, aiohttp.ClientError) for one in answers) == 9


async def test_it_serves_large_bodies(rig):
    meta = {"n": 1, "x": "y" * 3_000_000}
    text = json.dumps({"email": "u1@example.com", "type": "soft", "source": "esp", "meta": meta})
    url = rig.sandbox.url + "/webhooks/bounce"
    async with rig.session.post(url, data=io.BytesIO(text.encode()), headers=AUTH) as response:
        assert response.status == 200
    await rig.sandbox.idle()
    assert await rig.rows() == [1]


async def test_subscribers_may_be_added_while_it_runs(rig):
    number = rig.sandbox.listmonk.database.add_person(Subscriber("New@Example.com", status="disabled")).id
    _, body = await rig.call("GET", "/api/subscribers?query=subscribers.email IN ('new@example.com')")
    (found,) = body["data"]["results"]
    assert (found["id"], found["status"]) == (number, "disabled")


async def test_as_a_context():
    async with Sandbox() as sandbox, aiohttp.ClientSession() as session:
        async with session.get(sandbox.url + "/health") as response:
            assert await response.json() == {"data": True}
        assert len(sandbox.boot_id) == 10
