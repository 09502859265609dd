# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: what changes with the settings, each save of which restarts Listmonk."""

from __future__ import annotations

import aiohttp
import pytest

pytestmark = pytest.mark.long


async def test_saving_any_setting_restarts(listmonk):
    before = await listmonk.boot_id()
    async with listmonk.saved({"app.lang": "en"}):
        between = await listmonk.boot_id()
    assert len({before, between, await listmonk.boot_id()}) == 3


async def test_actions(listmonk):
    actions = {
        "soft": {"count": 2, "action": "unsubscribe"},
        "hard": {"count": 2, "action": "delete"},
        "complaint": {"count": 0, "action": "none"},
    }
    async with listmonk.saved({"bounce.actions": actions}):
        a_list = await listmonk.list()
        left, gone, kept = [await listmonk.person(lists=[a_list["id"]]) for _ in range(3)]
        for _ in range(2):
            await listmonk.accepted(email=left["email"], type="soft")
        await listmonk.accepted(email=gone["email"], type="soft")
        await listmonk.accepted(email=gone["email"], type="hard")
        await listmonk.accepted(email=kept["email"], type="complaint")
        rows = [(row["email"], row["type"]) for row in await listmonk.recorded()]
        assert rows == [(left["email"], "soft")] * 2 + [(gone["email"], "soft"), (gone["email"], "hard")]
        seen = await listmonk.seen(left)
        assert seen["status"] == "enabled"
        assert [one["subscription_status"] for one in seen["lists"]] == ["unsubscribed"]
        assert (await listmonk.seen(kept))["status"] == "enabled"

        await listmonk.accepted(email=gone["email"], type="hard")
        assert {row["email"] for row in await listmonk.recorded()} == {left["email"]}
        status, body = await listmonk.find(f"subscribers.id = {gone['id']}")
        assert (status, body["data"]["results"]) == (200, [])


async def test_processing_off(listmonk):
    """503 in Listmonk 6; before, a good bounce kills its handler, and the harmless check says that all is well."""
    person = await listmonk.person()
    async with listmonk.saved({"bounce.enabled": False}):
        probe = await listmonk.call("POST", "/webhooks/bounce", {})
        if listmonk.version >= (6,):
            assert probe == (503, {"message": "Internal server error"})
            assert await listmonk.post(email=person["email"]) == probe
        else:
            assert probe == (400, {"message": "Invalid fields: email / subscriber_uuid"})
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await listmonk.post(email=person["email"])
        status, body = await listmonk.call("POST", "/webhooks/bounce", {}, auth=None)
        assert (status, body) == (403, {"message": "invalid session"})
    assert await listmonk.recorded() == []


async def test_webhooks_off(listmonk):
    async with listmonk.saved({"bounce.webhooks_enabled": False}):
        for auth in ("basic", "token x:wrong", None):
            status, html = await listmonk.call("POST", "/webhooks/bounce", {}, auth=auth)
            assert status == 404
            assert "listmonk.app" in html


async def test_blocked_domains(listmonk):
    async with listmonk.saved({"privacy.domain_blocklist": ["blocked.example"]}):
        refused = await listmonk.post(email="a@blocked.example")
        assert refused == (400, {"message": "The e-mail domain is blocklisted."})
        await listmonk.accepted(email="a@sub.blocked.example")


async def test_a_save_without_mail_servers_is_refused(listmonk):
    listmonk.needs("settings:manage")
    answer = await listmonk.call("PUT", "/api/settings", {})
    assert answer == (400, {"message": "At least one SMTP block should be enabled"})
