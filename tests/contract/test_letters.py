# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: templates and campaigns, as far as the doctor reads them."""

from __future__ import annotations


async def test_templates(listmonk):
    listmonk.needs("templates:get")
    status, body = await listmonk.call("GET", "/api/templates")
    assert status == 200
    kinds = {"campaign", "tx", "campaign_visual"} if listmonk.version >= (5,) else {"campaign", "tx"}
    assert {one["type"] for one in body["data"]} <= kinds
    for one in body["data"]:
        assert {"id", "name", "body", "is_default", "created_at"} <= one.keys()
        assert ("body_source" in one) == (listmonk.version >= (5,))
    (default,) = [one for one in body["data"] if one["is_default"]]
    assert default["type"] == "campaign"
    assert "{{ TrackView }}" in default["body"]


async def test_a_fresh_installation_has_a_template_that_tracks_nothing(listmonk):
    listmonk.needs("templates:get")
    _, body = await listmonk.call("GET", "/api/templates")
    assert any(one["type"] == "campaign" and "TrackView" not in one["body"] for one in body["data"])


async def test_templates_without_their_bodies(listmonk):
    listmonk.needs("templates:get")
    _, body = await listmonk.call("GET", "/api/templates?no_body=true")
    assert all("body" not in one for one in body["data"])


async def test_campaigns(listmonk):
    listmonk.needs("campaigns:get")
    status, body = await listmonk.call("GET", "/api/campaigns?page=1&per_page=20&order_by=created_at&order=DESC")
    assert status == 200
    data = body["data"]
    assert data["total"] >= 1
    assert ("search" in data) == (listmonk.version >= (5,))
    for one in data["results"]:
        assert {"uuid", "name", "body", "status", "content_type", "template_id", "type", "messenger"} <= one.keys()
        assert all(isinstance(one[key], int) for key in ("id", "views", "clicks", "bounces", "sent", "to_send"))
        assert one["started_at"] is None or one["started_at"].endswith("Z")
        assert ("body_source" in one) == (listmonk.version >= (5,))
        assert ("attribs" in one) == (listmonk.version >= (6,))
    made = [one["created_at"] for one in data["results"]]
    assert made == sorted(made, reverse=True)


async def test_campaigns_without_their_bodies_and_by_status(listmonk):
    listmonk.needs("campaigns:get")
    _, body = await listmonk.call("GET", "/api/campaigns?no_body=true")
    assert {one["body"] for one in body["data"]["results"]} == {""}
    _, body = await listmonk.call("GET", "/api/campaigns?status=scheduled")
    assert all(one["status"] == "scheduled" for one in body["data"]["results"])


async def test_one_campaign(listmonk):
    listmonk.needs("campaigns:get")
    _, body = await listmonk.call("GET", "/api/campaigns?per_page=1")
    (first,) = body["data"]["results"]
    status, body = await listmonk.call("GET", f"/api/campaigns/{first['id']}")
    assert (status, body["data"]["uuid"], body["data"]["name"]) == (200, first["uuid"], first["name"])
    assert (await listmonk.call("GET", "/api/campaigns/999999999"))[0] == 400


async def test_permissions(listmonk):
    nobody = await listmonk.lesser("webhooks:post_bounce")
    for path, permission in (("/api/templates", "templates:get"), ("/api/campaigns", "campaigns:get")):
        assert await nobody.call("GET", path) == (403, {"message": f"permission denied: {permission}"})
