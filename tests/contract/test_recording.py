# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: what a posted bounce becomes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest


async def test_a_bounce_becomes_a_row(listmonk):
    person = await listmonk.person()
    await listmonk.accepted(
        email=person["email"],
        type="soft",
        meta={"id": "e-1", "why": ["ü", 1, None]},
        created_at="2025-01-02T03:04:05.123456789+02:00",
    )
    (row,) = await listmonk.recorded()
    assert row["id"] > 0
    assert (row["type"], row["source"]) == ("soft", listmonk.label)
    assert row["meta"] == {"id": "e-1", "why": ["ü", 1, None]}
    assert (row["email"], row["subscriber_uuid"]) == (person["email"], person["uuid"])
    assert row["subscriber_id"] == person["id"]
    assert row["campaign"] is None
    seen = datetime.fromisoformat(row["created_at"]).astimezone(UTC)
    assert seen == datetime(2025, 1, 2, 1, 4, 5, 123457, tzinfo=UTC)
    assert row.get("subscriber_status", "absent") == ("absent" if listmonk.version < (5,) else "enabled")


async def test_defaults(listmonk):
    person = await listmonk.person()
    before = datetime.now(UTC)
    status, body = await listmonk.call(
        "POST", "/webhooks/bounce", {"email": person["email"], "type": "soft", "source": listmonk.label}
    )
    assert (status, body) == (200, {"data": True})
    (row,) = await listmonk.recorded()
    assert row["meta"] == {}
    assert abs((datetime.fromisoformat(row["created_at"]) - before).total_seconds()) < 60


@pytest.mark.parametrize("meta", ['{"a": 1}', None, [1], 5, True, {"deep": {"er": [{}]}}])
async def test_meta_is_any_json_and_stays_what_it_was(listmonk, meta):
    person = await listmonk.person()
    await listmonk.accepted(email=person["email"], meta=meta)
    (row,) = await listmonk.recorded()
    assert row["meta"] == meta


async def test_addresses_are_trimmed_and_lower_cased(listmonk):
    person = await listmonk.person()
    await listmonk.accepted(email=f"  {person['email'].upper()}\n")
    (row,) = await listmonk.recorded()
    assert row["email"] == person["email"]


async def test_keys_in_any_case_and_unknown_ones(listmonk):
    person = await listmonk.person()
    body = {"Email": person["email"], "TYPE": "soft", "source": listmonk.label, "nosuch": {"x": 1}}
    assert await listmonk.call("POST", "/webhooks/bounce", body) == (200, {"data": True})
    assert len(await listmonk.recorded()) == 1


async def test_a_uuid_wins_over_the_address(listmonk, unknown_uuid):
    one, other = await listmonk.person(), await listmonk.person()
    await listmonk.accepted(email=one["email"], subscriber_uuid=other["uuid"].upper(), meta={"n": 1})
    await listmonk.accepted(email=one["email"], subscriber_uuid=unknown_uuid, meta={"n": 2})
    await listmonk.accepted(email="", subscriber_uuid=one["uuid"], meta={"n": 3})
    rows = await listmonk.recorded()
    assert [(row["email"], row["meta"]["n"]) for row in rows] == [(other["email"], 1), (one["email"], 3)]


async def test_an_unknown_subscriber_leaves_nothing(listmonk):
    await listmonk.accepted(email=f"{listmonk.mark}-nobody@contract.example")
    assert await listmonk.recorded() == []


async def test_a_campaign_is_found_by_its_uuid(listmonk, unknown_uuid):
    listmonk.needs("campaigns:get")
    _, body = await listmonk.call("GET", "/api/campaigns?per_page=1")
    if not body["data"]["results"]:
        pytest.skip(f"{listmonk.url} has no campaign")
    campaign = body["data"]["results"][0]
    one, other, zero = [await listmonk.person() for _ in range(3)]
    await listmonk.accepted(email=one["email"], campaign_uuid=campaign["uuid"])
    await listmonk.accepted(email=other["email"], campaign_uuid=unknown_uuid)
    await listmonk.accepted(email=zero["email"], campaign_uuid="")
    rows = {row["email"]: row["campaign"] for row in await listmonk.recorded()}
    assert rows.pop(one["email"])["id"] == campaign["id"]
    assert rows == {other["email"]: None, zero["email"]: None}
    found = await listmonk.rows(campaign_id=campaign["id"])
    assert [row["email"] for row in found] == [one["email"]]


@pytest.mark.parametrize(
    "poison",
    [
        {"campaign_uuid": "not-a-uuid"},
        {"meta": {"x": "a\0b"}},
        {"meta": {"a\0b": 1}},
        {"meta": {"x": [{"y": "\ud800"}]}},
        {"source": "a\0b"},
    ],
    ids=["campaign", "NUL", "NUL in a key", "half a surrogate pair", "NUL in the source"],
)
async def test_what_the_database_refuses_is_lost_after_the_200(listmonk, poison):
    person = await listmonk.person()
    body = {"email": person["email"], "type": "soft", "source": listmonk.label} | poison
    status, answer = await listmonk.call("POST", "/webhooks/bounce", raw=json.dumps(body).encode())
    assert (status, answer) == (200, {"data": True})
    assert await listmonk.recorded() == []
    await listmonk.accepted(email=person["email"], meta={"after": True})
    assert [row["meta"] for row in await listmonk.recorded()] == [{"after": True}]


async def test_an_escaped_escape_is_no_poison(listmonk):
    person = await listmonk.person()
    await listmonk.accepted(email=person["email"], meta={"x": "\\u0000 \\ud800", "pair": "😀"})
    (row,) = await listmonk.recorded()
    assert row["meta"] == {"x": "\\u0000 \\ud800", "pair": "😀"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Invalid fields: email / subscriber_uuid"),
        ({"email": "", "subscriber_uuid": "", "type": "hard"}, "Invalid fields: email / subscriber_uuid"),
        ({"email": "x@contract.example"}, "Invalid fields: type"),
        ({"email": "x@contract.example", "type": "HARD"}, "Invalid fields: type"),
        ({"email": "x@contract.example", "type": "unsubscribe"}, "Invalid fields: type"),
        ({"email": "nope", "type": "nope"}, "Invalid email."),
        ({"email": "Name <a@contract.example>", "type": "hard"}, "Invalid email."),
        ({"email": "<a@contract.example>", "type": "hard"}, "Invalid email."),
        ({"email": "a..b@contract.example", "type": "hard"}, "Invalid email."),
        ({"email": '"a b"@contract.example', "type": "hard"}, "Invalid email."),
        ({"email": "a@contract.example.", "type": "hard"}, "Invalid email."),
        ({"email": "a b@contract.example", "type": "hard"}, "Invalid email."),
        ({"email": "a@b@contract.example", "type": "hard"}, "Invalid email."),
        ({"subscriber_uuid": "nope", "type": "hard"}, "Invalid fields: subscriber_uuid"),
        (
            {"email": "x@contract.example", "subscriber_uuid": "nope", "type": "nope"},
            "Invalid fields: subscriber_uuid",
        ),
        ({"email": "x@contract.example", "type": "hard", "created_at": "yesterday"}, "Invalid data:parsing time"),
        ({"email": "x@contract.example", "type": "hard", "created_at": ""}, "Invalid data:parsing time"),
        ({"email": 5, "type": "hard"}, "Invalid data:json: cannot unmarshal number into"),
        (
            {"email": "x@contract.example", "type": "hard", "source": [1]},
            "Invalid data:json: cannot unmarshal array",
        ),
        ([], "Invalid data:json: cannot unmarshal array into"),
        (None, "Invalid fields: email / subscriber_uuid"),
    ],
)
async def test_refused_bounces(listmonk, fields, message):
    status, body = await listmonk.call("POST", "/webhooks/bounce", raw=json.dumps(fields).encode())
    assert status == 400
    assert body["message"].startswith(message)


@pytest.mark.parametrize("raw", [b"", b"{", b"{]", b"\xff", b"email=x"])
async def test_what_is_not_json(listmonk, raw):
    status, body = await listmonk.call("POST", "/webhooks/bounce", raw=raw)
    assert status == 400
    assert body["message"].startswith("Invalid data:")


@pytest.mark.parametrize(
    "email",
    [
        "o'brien@contract.example",
        "a%b!c@contract.example",
        "é@exämple.example",
        "a@localhost",
        "a@[192.0.2.1]",
        "{a}@contract.example",
        "a@-b_c.example",
        "x" * 200 + "@contract.example",
    ],
)
async def test_odd_addresses_are_accepted(listmonk, email):
    await listmonk.accepted(email=email)


async def test_rows_are_stored_in_the_order_of_the_posts(listmonk):
    people = [await listmonk.person() for _ in range(20)]
    for person in people:
        await listmonk.accepted(email=person["email"])
    rows = await listmonk.recorded()
    assert [row["email"] for row in rows] == [person["email"] for person in people]


async def test_the_same_bounce_posted_twice_is_two_rows(listmonk):
    actions = await listmonk.actions()
    if actions["soft"]["count"] < 2:
        pytest.skip("the count of soft bounces is below 2")
    person = await listmonk.person()
    for _ in range(2):
        await listmonk.accepted(email=person["email"], meta={"id": "same"})
    assert [row["meta"] for row in await listmonk.recorded()] == [{"id": "same"}] * 2
