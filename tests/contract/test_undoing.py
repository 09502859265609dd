# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: what an undo relies on, and how a running campaign is paused."""

from __future__ import annotations

import pytest


def needs_patch(listmonk):
    if listmonk.version < (6, 1):
        pytest.skip("before 6.1 a subscriber cannot be changed in part")


async def blocklisted(listmonk, **fields):
    """A subscriber on two lists, blocklisted by a bounce; as made, as seen after it, and the row."""
    lists = [(await listmonk.list())["id"], (await listmonk.list())["id"]]
    made = await listmonk.person(lists=lists, attribs={"city": "Ghent", "n": [1, {"a": None}]}, **fields)
    made = await listmonk.seen(made)
    await listmonk.accepted(email=made["email"], type="hard")
    (row,) = await listmonk.recorded()
    return made, await listmonk.seen(made), row


async def test_a_bounce_blocklists_and_leaves_all_times_alone(listmonk):
    made, seen, row = await blocklisted(listmonk)
    assert seen == made | {"status": "blocklisted"}
    assert (row["subscriber_id"], row["subscriber_uuid"]) == (made["id"], made["uuid"])
    assert row.get("subscriber_status") == ("blocklisted" if listmonk.version >= (5,) else None)


async def test_a_patch_brings_the_status_back_and_nothing_else(listmonk):
    needs_patch(listmonk)
    made, _, _ = await blocklisted(listmonk)
    told = {"status": "enabled", "preconfirm_subscriptions": True}
    status, _ = await listmonk.call("PATCH", f"/api/subscribers/{made['id']}", told)
    assert status == 200
    seen = await listmonk.seen(made)
    assert seen["updated_at"] > made["updated_at"]
    assert seen == made | {"updated_at": seen["updated_at"]}


async def test_a_patch_of_nobody(listmonk):
    needs_patch(listmonk)
    told = {"status": "enabled", "preconfirm_subscriptions": True}
    status, body = await listmonk.call("PATCH", "/api/subscribers/999999999", told)
    assert (status, body["message"]) == (400, "Subscriber (999999999: ) not found")


async def test_a_patch_needs_to_see_a_list(listmonk):
    needs_patch(listmonk)
    made, _, _ = await blocklisted(listmonk)
    told = {"status": "enabled", "preconfirm_subscriptions": True}
    lesser = await listmonk.lesser("subscribers:manage", "subscribers:get_all")
    status, body = await lesser.call("PATCH", f"/api/subscribers/{made['id']}", told)
    assert (status, body["message"]) == (403, f"Permission denied: subscriber: {made['id']}")
    enough = await listmonk.lesser("subscribers:manage", "lists:get_all")
    assert (await enough.call("PATCH", f"/api/subscribers/{made['id']}", told))[0] == 200


async def test_a_row_is_deleted_by_its_id_and_one_that_is_gone_does_no_harm(listmonk):
    listmonk.needs("bounces:manage")
    made, seen, row = await blocklisted(listmonk)
    for _ in range(2):
        assert await listmonk.call("DELETE", f"/api/bounces?id={row['id']}") == (200, {"data": True})
    assert await listmonk.seen(made) == seen
    assert [r for r in await listmonk.rows() if r["id"] == row["id"]] == []
    lesser = await listmonk.lesser("bounces:get")
    refused = await lesser.call("DELETE", f"/api/bounces?id={row['id']}")
    assert refused == (403, {"message": "permission denied: bounces:manage"})


async def test_a_put_takes_lists_and_attributes(listmonk):
    made, _, _ = await blocklisted(listmonk)
    told = {"email": made["email"], "name": made["name"], "status": "enabled", "lists": [], "attribs": {}}
    assert (await listmonk.call("PUT", f"/api/subscribers/{made['id']}", told))[0] == 200
    seen = await listmonk.seen(made)
    assert (seen["lists"], seen["attribs"]) == ([], {})


async def test_who_was_taken_off_lists_is_put_back_with_the_status_of_before(listmonk):
    listmonk.needs("lists:manage_all")
    one, two = (await listmonk.list())["id"], (await listmonk.list())["id"]
    made = await listmonk.person(lists=[one, two])
    off = {"ids": [made["id"]], "action": "unsubscribe", "target_list_ids": [one, two]}
    assert (await listmonk.call("PUT", "/api/subscribers/lists", off))[0] == 200
    before = {on["id"]: on for on in (await listmonk.seen(made))["lists"]}
    for status, on in (("confirmed", one), ("unconfirmed", two)):
        add = {"ids": [made["id"]], "action": "add", "target_list_ids": [on], "status": status}
        assert await listmonk.call("PUT", "/api/subscribers/lists", add) == (200, {"data": True})
    after = {on["id"]: on for on in (await listmonk.seen(made))["lists"]}
    assert {key: on["subscription_status"] for key, on in after.items()} == {one: "confirmed", two: "unconfirmed"}
    times = [{key: on["subscription_updated_at"] for key, on in some.items()} for some in (before, after)]
    assert times[0] == times[1]


async def test_the_bounces_of_a_subscriber(listmonk):
    made, _, row = await blocklisted(listmonk)
    status, body = await listmonk.call("GET", f"/api/subscribers/{made['id']}/bounces")
    assert (status, [one["id"] for one in body["data"]]) == (200, [row["id"]])


async def test_only_a_running_campaign_is_paused(listmonk):
    listmonk.needs("campaigns:manage", "campaigns:get")
    mark = await listmonk.campaign((await listmonk.list())["id"])
    _, body = await listmonk.call("GET", "/api/campaigns?per_page=100&no_body=true")
    (number,) = [one["id"] for one in body["data"]["results"] if one["uuid"] == mark]
    path = f"/api/campaigns/{number}/status"
    if listmonk.version >= (6,):
        lesser = await listmonk.lesser("campaigns:manage_all")
        assert (await lesser.call("PUT", path, {"status": "paused"}))[0] == 403
    managing = "campaigns:manage_all" if listmonk.version >= (5,) else "campaigns:manage"
    able = await listmonk.lesser(*["campaigns:send"] * (listmonk.version >= (6,)), managing)
    status, body = await able.call("PUT", path, {"status": "paused"})
    assert (status, body["message"]) == (400, "Only active campaigns can be paused.")
    status, body = await able.call("PUT", "/api/campaigns/999999999/status", {"status": "paused"})
    assert status == 400
