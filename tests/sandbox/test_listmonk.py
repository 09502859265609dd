# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings, their restart, and the books that the sandbox keeps."""

from __future__ import annotations

import pytest

from bouncestream.sandbox import ALL_PERMISSIONS, Action, ApiUser
from bouncestream.sandbox.posted import Refused

USERS = {"bridge": ApiUser("bridge", "sandbox-token-of-bridge", ALL_PERMISSIONS)}


async def test_a_settings_save_restarts_half_a_second_later_and_once(make):
    rig = await make(users=USERS)
    _, body = await rig.call("GET", "/api/settings")
    before = rig.sandbox.boot_id
    for _ in range(2):
        assert await rig.call("PUT", "/api/settings", body["data"] | {"app.site_name": "x"}) == (
            200,
            {"data": True},
        )
    assert rig.sandbox.boot_id == before
    listmonk = rig.sandbox.listmonk
    await listmonk.worker.until(lambda: listmonk.boot_id != before)
    assert listmonk.restarts == 1
    _, body = await rig.call("GET", "/api/settings")
    assert body["data"]["app.site_name"] == "x"


async def test_settings_that_could_not_be_loaded_are_refused(make):
    listmonk = (await make(users=USERS)).sandbox.listmonk
    stored = listmonk.stored_settings()
    for wrong in (None, {}, {"soft": 1}, {"soft": {"count": "x", "action": "none"}}):
        with pytest.raises(Refused):
            listmonk.save_settings(stored | {"bounce.actions": wrong})


async def test_started_with_everything_off(make):
    rig = await make(webhooks_enabled=False)
    assert (await rig.post())[0] == 404
    rig = await make(bounces_enabled=False)
    assert (await rig.post())[0] == 503


async def test_started_with_actions(make):
    actions = {"soft": Action(1, "unsubscribe"), "hard": Action(1, "delete"), "complaint": Action(0, "none")}
    rig = await make(actions=actions)
    await rig.post(1)
    await rig.post(2, type="hard")
    await rig.post(3, type="complaint")
    await rig.sandbox.idle()
    state = rig.sandbox.state()
    assert [(one["email"], one["why"]) for one in state["unstored"]] == [
        ("u2@example.com", "subscriber deleted"),
        ("u3@example.com", "above the count"),
    ]
    assert state["subscribers"][0]["lists"] == {"1": "unsubscribed"}
    assert "u2@example.com" not in [one["email"] for one in state["subscribers"]]


async def test_a_restart_during_a_fault_does_not_make_it_last(make):
    rig = await make(users=USERS)
    for fault in ("webhooks_off", "processing_off"):
        rig.sandbox.fault(fault)
    rig.sandbox.fault("restart")
    rig.sandbox.fault("clear")
    assert rig.sandbox.listmonk.webhooks_on
    assert rig.sandbox.listmonk.processing_on
