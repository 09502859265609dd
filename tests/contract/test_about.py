# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: what Listmonk tells about itself, and how its pages and errors look."""

from __future__ import annotations

import re


async def test_the_boot_id_stays_the_same_while_it_runs(listmonk):
    mark = await listmonk.boot_id()
    assert re.fullmatch("[0-9a-f]{10}", mark)
    assert await listmonk.boot_id() == mark
    status, html = await listmonk.call("GET", "/admin/login", auth=None)
    assert status == 200
    assert set(re.findall(r"\?v=([0-9a-f]{10})", html)) == {mark}


async def test_profile_names_the_permissions(listmonk):
    status, body = await listmonk.call("GET", "/api/profile")
    data = body["data"]
    assert (status, data["username"], data["type"], data["status"]) == (200, listmonk.user, "api", "enabled")
    assert "webhooks:post_bounce" in data["user_role"]["permissions"]
    assert data["list_role"] is None or isinstance(data["list_role"], dict)


async def test_about_is_not_wrapped(listmonk):
    status, body = await listmonk.call("GET", "/api/about")
    assert status == 200
    assert re.fullmatch(r"v\d+\.\d+\.\d+", body["version"])
    assert body["database"]["version"].startswith("PostgreSQL")
    assert "hostname" in body["host"]


async def test_config(listmonk):
    status, body = await listmonk.call("GET", "/api/config")
    data = body["data"]
    assert status == 200
    assert data["root_url"].startswith("http")
    assert data["needs_restart"] is False
    assert data["version"].startswith("v")
    assert ("privacy" in data) == (listmonk.version >= (6,))


async def test_settings(listmonk):
    listmonk.needs("settings:get")
    status, body = await listmonk.call("GET", "/api/settings")
    data = body["data"]
    assert status == 200
    assert data["bounce.enabled"] is True
    assert data["bounce.webhooks_enabled"] is True
    assert set(data["bounce.actions"]) == {"soft", "hard", "complaint"}
    for rule in data["bounce.actions"].values():
        assert rule["count"] >= 0
        assert rule["action"] in ("none", "unsubscribe", "blocklist", "delete")
    assert isinstance(data["bounce.mailboxes"], list)
    assert isinstance(data["privacy.domain_blocklist"], list)
    assert ("privacy.disable_tracking" in data) == (listmonk.version >= (6, 1))
    assert {"app.root_url", "privacy.individual_tracking", "smtp"} <= data.keys()


async def test_the_log_tells_of_unknown_subscribers(listmonk):
    listmonk.needs("settings:get")
    nobody = f"{listmonk.mark}-nobody@contract.example"
    await listmonk.accepted(email=nobody)

    async def lines() -> str:
        return "\n".join((await listmonk.call("GET", "/api/logs"))[1]["data"])

    assert f"/ {nobody}) not found" in await listmonk.eventually(lines, lambda text: nobody in text)


async def test_health(listmonk):
    assert await listmonk.call("GET", "/health", auth=None) == (200, {"data": True})


async def test_unknown_paths(listmonk):
    assert await listmonk.call("GET", "/api/nosuch") == (404, {"message": "404 unknown endpoint"})
    for method, path in (("GET", "/nosuch"), ("GET", "/webhooks/bounce"), ("PUT", "/webhooks/bounce")):
        status, html = await listmonk.call(method, path)
        assert status == 404
        assert "listmonk.app" in html


async def test_head_is_always_404(listmonk):
    for path in ("/", "/health", "/api/about"):
        assert (await listmonk.call("HEAD", path))[0] == 404


async def test_the_bounce_settings_that_the_doctor_reads(listmonk):
    listmonk.needs("settings:get")
    _, body = await listmonk.call("GET", "/api/settings")
    data = body["data"]
    assert isinstance(data["bounce.ses_enabled"], bool)
    assert isinstance(data["bounce.sendgrid_enabled"], bool)
    assert isinstance(data["bounce.postmark"]["enabled"], bool)
    assert isinstance(data["bounce.forwardemail"]["enabled"], bool)
    for mailbox in data["bounce.mailboxes"]:
        assert isinstance(mailbox["enabled"], bool)
        assert {"host", "username", "port", "type"} <= mailbox.keys()
