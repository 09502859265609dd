# SPDX-License-Identifier: GPL-3.0-or-later
"""What of subscribers is not in tests/contract, since it is no way to treat a real Listmonk."""

from __future__ import annotations

import aiohttp
import pytest


async def test_version_4_dies_of_a_query_of_blanks(make):
    rig = await make(version="4.1")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await rig.call("GET", "/api/subscribers?query=%20")
    assert (await rig.call("GET", "/api/subscribers?query="))[0] == 200


async def test_a_query_of_blanks_is_none(rig):
    _, body = await rig.call("GET", "/api/subscribers?query=%20&per_page=1")
    assert body["data"]["total"] == 1200


async def test_changes_that_cannot_be(rig):
    wrong = {"email": "u2@example.com", "status": "enabled"}
    assert (await rig.call("PUT", "/api/subscribers/1", wrong))[0] == 409
    assert (await rig.call("PUT", "/api/subscribers/9999", wrong))[0] == 400
    assert (await rig.call("POST", "/api/subscribers", {"email": "x@example.com", "status": "odd"}))[0] == 400
    assert (await rig.call("POST", "/api/lists", {"name": "x", "type": "odd"}))[0] == 500


async def test_lists_are_changed_by_an_update(rig):
    body = {"email": "u1@example.com", "name": "x", "status": "enabled", "lists": [2]}
    _, answer = await rig.call("PUT", "/api/subscribers/1", body)
    assert [(one["id"], one["subscription_status"]) for one in answer["data"]["lists"]] == [(2, "unconfirmed")]
    add = {"ids": [1], "action": "add", "target_list_ids": [1, 2], "status": "confirmed"}
    assert (await rig.call("PUT", "/api/subscribers/lists", add))[0] == 200
    remove = {"ids": [1], "action": "remove", "target_list_ids": [2]}
    assert (await rig.call("PUT", "/api/subscribers/lists", remove))[0] == 200
    assert rig.sandbox.state()["subscribers"][0]["lists"] == {"1": "confirmed"}
