# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: counts and actions, and which bounces leave no row by design."""

from __future__ import annotations

import pytest


async def of(listmonk, kind: str, *, count: int | None = None, action: str) -> int:
    """The count of a type, where the Listmonk acts as the test supposes; else skipped."""
    rule = (await listmonk.actions())[kind]
    if rule["action"] != action or count not in (None, rule["count"]):
        pytest.skip(f"{kind} is configured as {rule}, not {count or 'any count'} → {action}")
    return int(rule["count"])


async def test_above_the_count_no_row_is_stored(listmonk):
    count = await of(listmonk, "soft", action="none")
    person = await listmonk.person()
    for number in range(count + 2):
        await listmonk.accepted(email=person["email"], meta={"n": number})
    assert [row["meta"]["n"] for row in await listmonk.recorded()] == list(range(count))
    assert (await listmonk.seen(person))["status"] == "enabled"


async def test_types_are_counted_apart(listmonk):
    await of(listmonk, "soft", action="none")
    await of(listmonk, "hard", count=1, action="blocklist")
    person = await listmonk.person()
    await listmonk.accepted(email=person["email"], type="soft")
    await listmonk.accepted(email=person["email"], type="hard")
    assert [row["type"] for row in await listmonk.recorded()] == ["soft", "hard"]


@pytest.mark.parametrize("kind", ["hard", "complaint"])
async def test_the_blocklist_action_keeps_its_row_and_the_subscriptions(listmonk, kind):
    await of(listmonk, kind, count=1, action="blocklist")
    a_list = await listmonk.list()
    person = await listmonk.person(lists=[a_list["id"]])
    await listmonk.accepted(email=person["email"], type=kind)
    assert [row["type"] for row in await listmonk.recorded()] == [kind]
    seen = await listmonk.seen(person)
    assert seen["status"] == "blocklisted"
    assert [one["subscription_status"] for one in seen["lists"]] == ["confirmed"]


@pytest.mark.parametrize("kind", ["soft", "hard", "complaint"])
async def test_a_blocklisted_subscriber_gets_no_row(listmonk, kind):
    person = await listmonk.person(status="blocklisted")
    await listmonk.accepted(email=person["email"], type=kind)
    assert await listmonk.recorded() == []


async def test_a_disabled_subscriber_gets_one(listmonk):
    await of(listmonk, "hard", count=1, action="blocklist")
    person = await listmonk.person(status="disabled")
    await listmonk.accepted(email=person["email"], type="hard")
    assert len(await listmonk.recorded()) == 1
    assert (await listmonk.seen(person))["status"] == "blocklisted"


async def test_a_bounce_above_the_count_still_acts(listmonk):
    await of(listmonk, "hard", count=1, action="blocklist")
    person = await listmonk.person()
    await listmonk.accepted(email=person["email"], type="hard", meta={"n": 1})
    assert len(await listmonk.recorded()) == 1
    again = {"email": person["email"], "name": person["name"], "status": "enabled", "lists": []}
    status, body = await listmonk.call("PUT", f"/api/subscribers/{person['id']}", again)
    assert (status, body["data"]["status"]) == (200, "enabled")
    await listmonk.accepted(email=person["email"], type="hard", meta={"n": 2})
    assert [row["meta"]["n"] for row in await listmonk.recorded()] == [1]
    assert (await listmonk.seen(person))["status"] == "blocklisted"


async def test_rows_that_are_deleted_no_longer_count(listmonk):
    count = await of(listmonk, "soft", action="none")
    listmonk.needs("bounces:manage")
    person = await listmonk.person()
    for _ in range(count):
        await listmonk.accepted(email=person["email"])
    row, *_ = await listmonk.recorded()
    assert await listmonk.call("DELETE", f"/api/bounces?id={row['id']}") == (200, {"data": True})
    await listmonk.accepted(email=person["email"], meta={"after": True})
    assert {"after": True} in [row["meta"] for row in await listmonk.recorded()]


async def test_a_deleted_subscriber_takes_its_rows_along(listmonk):
    person = await listmonk.person()
    await listmonk.accepted(email=person["email"])
    assert len(await listmonk.recorded()) == 1
    assert await listmonk.call("DELETE", f"/api/subscribers/{person['id']}") == (200, {"data": True})
    assert [row for row in await listmonk.rows() if row["email"] == person["email"]] == []
