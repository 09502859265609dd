# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault as a client meets it. On a real Listmonk they were measured by hand; see facts in the modules."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bouncestream.errors import UsageError
from bouncestream.sandbox import FAULTS

YES = (200, {"data": True})


async def boot_id(rig) -> str:
    _, html = await rig.call("GET", "/")
    return html.partition("?v=")[2][:10]


async def test_restart_loses_the_queue_but_for_the_statement_in_hand(rig):
    rig.sandbox.fault("stall")
    for number in (1, 2, 3):
        assert await rig.post(number) == YES
    before = await boot_id(rig)
    rig.sandbox.fault("restart")
    assert await boot_id(rig) != before
    rig.sandbox.fault("clear")
    assert await rig.post(4) == YES
    await rig.sandbox.idle()
    assert await rig.rows() == [1, 4]
    assert rig.lost() == [(2, "restart"), (3, "restart")]
    assert rig.sandbox.state()["restarts"] == 1


async def test_restart_keeps_connections(rig):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(rig.sandbox.url.rsplit(":", 1)[1]))
    for _ in range(2):
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(14) == b'{"data":true}\n'
        rig.sandbox.fault("restart")
    writer.close()
    await writer.wait_closed()


async def test_db_away_loses_what_it_acknowledges_and_refuses_reads(rig):
    rig.sandbox.fault("db_away")
    assert await rig.post(1) == YES
    await rig.sandbox.idle()
    for path in ("/api/bounces?source=esp", "/api/subscribers/1", "/api/settings", "/api/lists"):
        assert (await rig.call("GET", path))[0] == 500, path
    status, body = await rig.call("GET", "/api/subscribers?query=subscribers.id=1")
    assert status == 400  # as a wrong query is: the status alone does not tell which
    assert body["message"].startswith("Error preparing subscriber query: pq: ")
    for path in ("/health", "/", "/api/profile", "/api/about"):
        assert (await rig.call("GET", path))[0] == 200, path
    rig.sandbox.fault("clear")
    assert await rig.rows() == []
    assert rig.lost() == [(1, "database away")]


async def test_stall_stops_the_worker_and_not_the_reads(rig):
    assert await rig.post(1) == YES
    await rig.sandbox.idle()
    rig.sandbox.fault("stall")
    assert await rig.post(2) == YES
    assert await rig.rows() == [1]
    assert rig.sandbox.state()["queued"] == 1
    rig.sandbox.fault("clear")
    await rig.sandbox.idle()
    assert await rig.rows() == [1, 2]


async def test_while_writes_stall_nothing_is_stored_and_reads_are_fine(rig):
    assert await rig.post(1) == YES
    await rig.sandbox.idle()
    rig.sandbox.fault("writes_stall")
    for number in (2, 3):
        assert await rig.post(number) == YES
    add = asyncio.create_task(rig.call("PUT", "/api/subscribers/blocklist", {"ids": [5]}))
    done, _ = await asyncio.wait({add}, timeout=0.05)
    assert not done
    assert await rig.rows() == [1]
    assert (await rig.call("GET", "/api/subscribers/5"))[1]["data"]["status"] == "enabled"
    rig.sandbox.fault("clear")
    await rig.sandbox.idle()
    assert await rig.rows() == [1, 2, 3]
    assert (await add)[0] == 200
    assert (await rig.call("GET", "/api/subscribers/5"))[1]["data"]["status"] == "blocklisted"


async def test_each_listmonk_of_a_long_stall_leaves_one_statement_behind(rig):
    """The queues are lost with their Listmonks; the statements wait in the database, in their order."""
    rig.sandbox.fault("writes_stall")
    for first in (1, 4):
        for number in range(first, first + 3):
            assert await rig.post(number) == YES
        rig.sandbox.fault("restart")
    assert await rig.post(7) == YES
    assert rig.lost() == [(n, "restart") for n in (2, 3, 5, 6)]
    rig.sandbox.fault("clear")
    await rig.sandbox.idle()
    assert await rig.rows() == [1, 4, 7]


@pytest.mark.parametrize(("email", "lost"), [(None, 1), ("u2@example.com", 2)])
async def test_row_error_drops_one_row(rig, email, lost):
    rig.sandbox.fault("row_error", email=email)
    for number in (1, 2, 3):
        assert await rig.post(number) == YES
    await rig.sandbox.idle()
    assert await rig.rows() == [number for number in (1, 2, 3) if number != lost]
    assert rig.lost() == [(lost, "row error")]
    assert rig.sandbox.state()["faults"] == []


async def test_webhooks_off(rig):
    rig.sandbox.fault("webhooks_off")
    status, html = await rig.post(1)
    assert status == 404
    assert "listmonk.app" in html
    _, body = await rig.call("GET", "/api/settings")
    assert body["data"]["bounce.webhooks_enabled"] is False


async def test_processing_off(make):
    new, old = await make(), await make(version="5.1")
    for rig in (new, old):
        rig.sandbox.fault("processing_off")
    assert await new.post(1) == (503, {"message": "Internal server error"})
    assert (await new.call("POST", "/webhooks/bounce", {}))[0] == 503
    assert (await old.call("POST", "/webhooks/bounce", {}))[0] == 400
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await old.post(1)
    assert old.sandbox.state()["posted"] == 0


async def test_freeze_answers_afterwards_what_came_meanwhile(rig):
    rig.sandbox.fault("freeze")
    post = asyncio.create_task(rig.post(1))
    read = asyncio.create_task(rig.rows())
    done, _ = await asyncio.wait({post, read}, timeout=0.05)
    assert not done
    rig.sandbox.fault("clear")
    assert await post == YES
    await read
    await rig.sandbox.idle()
    assert await rig.rows() == [1]


async def test_freeze_handles_a_request_whose_client_has_gone(rig):
    rig.sandbox.fault("freeze")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await rig.post(1)
    rig.sandbox.fault("clear")
    await rig.sandbox.posted(1)
    await rig.sandbox.idle()
    assert await rig.rows() == [1]


async def test_html_200(rig):
    rig.sandbox.fault("html_200")
    for answer in (await rig.post(1), await rig.call("GET", "/"), await rig.call("GET", "/api/bounces")):
        assert answer[0] == 200
        assert "<html>" in answer[1]
        assert "?v=" not in answer[1]
    assert rig.sandbox.state()["posted"] == 0


@pytest.mark.parametrize("email", [None, "U1@example.com"])
async def test_forbid_one_dislikes_one_event_every_time(rig, email):
    rig.sandbox.fault("forbid_one", email=email)
    for _ in range(2):
        assert (await rig.post(1))[0] == 403
        assert await rig.post(2) == YES
        assert (await rig.call("POST", "/webhooks/bounce", {}))[0] == 400


async def test_a_fault_ends_by_itself_after_its_seconds(rig):
    rig.sandbox.fault("freeze", seconds=0.02)
    assert await rig.post(1) == YES
    assert rig.sandbox.state()["faults"] == []


async def test_faults_add_up_and_clear_ends_all(rig):
    rig.sandbox.fault("stall")
    rig.sandbox.fault("db_away", seconds=1000)
    assert rig.sandbox.state()["faults"] == ["db_away", "stall"]
    rig.sandbox.fault("clear")
    assert rig.sandbox.state()["faults"] == []


async def test_wrong_orders_are_refused(rig):
    with pytest.raises(UsageError, match="known faults: restart, db_away"):
        rig.sandbox.fault("nosuch")
    for seconds in (0, -1, 1e9, float("nan")):
        with pytest.raises(UsageError, match="seconds"):
            rig.sandbox.fault("stall", seconds=seconds)
    assert rig.sandbox.state()["faults"] == []


def test_the_names_are_those_of_the_manual():
    assert set(FAULTS) == {
        *("restart", "db_away", "stall", "writes_stall", "row_error", "webhooks_off", "processing_off", "freeze"),
        *("html_200", "forbid_one", "clear"),
    }
