# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: looking subscribers up, unsubscribing and blocklisting them."""

from __future__ import annotations

import pytest


@pytest.fixture
async def person(listmonk):
    """A subscriber on one list."""
    a_list = await listmonk.list()
    return await listmonk.person(lists=[a_list["id"]])


async def test_what_a_query_shows(listmonk, person):
    seen = await listmonk.seen(person)
    shown = {key: seen[key] for key in ("id", "uuid", "email", "name", "status", "attribs")}
    assert shown == {key: person[key] for key in shown}
    (on,) = seen["lists"]
    assert on["subscription_status"] == "confirmed"
    assert on["name"] == listmonk.mark
    assert on["id"] > 0
    assert len(on["uuid"]) == 36


async def test_the_queries_that_bouncestream_sends(listmonk, person):
    listmonk.needs("subscribers:get_all", "subscribers:sql_query")
    other = await listmonk.person()
    one, two = sorted((person["id"], other["id"]))
    for query, found in {
        f"subscribers.email IN ('{person['email']}','{other['email']}')": [two, one],
        f"subscribers.email IN ('{person['email']}', 'nobody@contract.example')": [person["id"]],
        f"subscribers.email IN ('{person['email'].upper()}')": [],
        f"subscribers.uuid IN ('{other['uuid']}')": [other["id"]],
        f"subscribers.id = {other['id']}": [other["id"]],
        f"subscribers.id IN ({one},{two})": [two, one],
        f"subscribers.id IN ({one}) OR subscribers.uuid IN ('{person['uuid']}','{other['uuid']}')": [two, one],
        f"(subscribers.id = {one}) or (subscribers.email in ('{other['email']}'))": sorted(
            {one, other["id"]}, reverse=True
        ),
        "subscribers.email IN ('o''brien@contract.example')": [],
    }.items():
        status, body = await listmonk.find(query)
        assert status == 200, (query, body)
        data = body["data"]
        assert [result["id"] for result in data["results"]] == found, query
        assert (data["total"], data["per_page"], data["page"]) == (len(found), 20, 1)
    status, body = await listmonk.find(f"subscribers.id IN ({one},{two})", page=2, per_page=1)
    assert [result["id"] for result in body["data"]["results"]] == [one]
    assert (body["data"]["total"], body["data"]["per_page"], body["data"]["page"]) == (2, 1, 2)


async def test_the_query_for_stored_bounces(listmonk, person):
    listmonk.needs("subscribers:get_all", "subscribers:sql_query")
    other = await listmonk.person()
    await listmonk.accepted(email=person["email"], type="soft")
    await listmonk.recorded()
    stored = (
        f"subscribers.id IN ({person['id']}, {other['id']}) AND (SELECT COUNT(*) FROM bounces"
        " WHERE bounces.subscriber_id = subscribers.id AND bounces.type = '%s') >= %d"
    )
    for kind, count, found in (("soft", 1, [person["id"]]), ("soft", 2, []), ("hard", 1, [])):
        status, body = await listmonk.find(stored % (kind, count))
        assert status == 200, body
        assert [result["id"] for result in body["data"]["results"]] == found


async def test_the_query_for_the_lists_of_a_campaign(listmonk):
    """It needs no permission on campaigns or lists, and finds a campaign that is only a draft as well."""
    mine, other, deleted = [await listmonk.list() for _ in range(3)]
    person = await listmonk.person(lists=[mine["id"], other["id"]])
    campaign = await listmonk.campaign(mine["id"], deleted["id"])
    status, body = await listmonk.call("GET", "/api/campaigns?per_page=100")
    (shown,) = [one for one in body["data"]["results"] if one["uuid"] == campaign]
    assert [one["id"] for one in shown["lists"]] == [mine["id"], deleted["id"]]
    assert (await listmonk.call("DELETE", f"/api/lists/{deleted['id']}"))[0] == 200
    lesser = await listmonk.lesser("subscribers:get_all", "subscribers:sql_query")
    sent = (
        f"subscribers.id IN ({person['id']}) AND EXISTS (SELECT 1 FROM campaign_lists JOIN campaigns"
        " ON campaigns.id = campaign_id WHERE campaigns.uuid IN ('%s') AND list_id IN (%s))"
    )
    for uuid, lists, found in (
        (campaign, [mine["id"]], True),
        (campaign.upper(), [other["id"], mine["id"]], True),
        (campaign, [other["id"]], False),
        (campaign, [deleted["id"]], False),
        ("5a0db0c5-0000-4000-8000-00000000ffff", [mine["id"], other["id"]], False),
    ):
        status, body = await lesser.find(sent % (uuid, ", ".join(map(str, lists))))
        assert status == 200, body
        assert [one["id"] for one in body["data"]["results"]] == [person["id"]] * found, (uuid, lists)


async def test_the_query_for_the_readers_at_a_domain(listmonk):
    listmonk.needs("subscribers:get_all", "subscribers:sql_query", "subscribers:manage", "lists:manage_all")
    mine, other = [await listmonk.list() for _ in range(2)]
    people = [await listmonk.person(lists=[on["id"]]) for on in (mine, mine, mine, mine, other)]
    campaign = await listmonk.campaign(mine["id"])
    gone = {"ids": [people[1]["id"]], "action": "unsubscribe", "target_list_ids": [mine["id"]]}
    assert (await listmonk.call("PUT", "/api/subscribers/lists", gone))[0] == 200
    assert (await listmonk.call("PUT", "/api/subscribers/blocklist", {"ids": [people[2]["id"]]}))[0] == 200
    readers = (
        "subscribers.email LIKE '%%@%s' AND subscribers.status <> 'blocklisted' AND EXISTS (SELECT 1"
        " FROM subscriber_lists JOIN campaign_lists ON campaign_lists.list_id = subscriber_lists.list_id"
        " JOIN campaigns ON campaigns.id = campaign_lists.campaign_id"
        " WHERE subscriber_lists.subscriber_id = subscribers.id AND subscriber_lists.status <> 'unsubscribed'"
        " AND campaigns.uuid IN ('%s'))"
    )
    domain = people[0]["email"].partition("@")[2]
    for uuid, at, found in (
        (campaign, domain, 2),
        (campaign, f"other.{domain}", 0),
        (people[0]["uuid"], domain, 0),
    ):
        status, body = await listmonk.find(readers % (at, uuid), page=1, per_page=1)
        assert status == 200, body
        assert (body["data"]["total"], len(body["data"]["results"])) == (found, min(found, 1))


@pytest.mark.parametrize(
    "query",
    [
        "subscribers.email IN ('o'brien@contract.example')",
        "subscribers.email IN ()",
        "subscribers.id =",
        "subscribers.uuid IN ('not-a-uuid')",
        "subscribers.id = 'x'",
        "nosuch = 1",
    ],
)
async def test_a_query_that_is_no_sql_is_refused_whole(listmonk, query):
    listmonk.needs("subscribers:get_all", "subscribers:sql_query")
    status, body = await listmonk.find(query)
    if listmonk.version < (5,):
        assert status == 500
        assert body["message"].startswith("Error fetching Subscribers: pq: ")
    else:
        assert status == 400
        assert body["message"].startswith("Error preparing subscriber query: pq: ")


async def test_one_subscriber_by_id(listmonk, person):
    status, body = await listmonk.call("GET", f"/api/subscribers/{person['id']}")
    assert (status, body["data"]["uuid"]) == (200, person["uuid"])
    status, body = await listmonk.call("GET", "/api/subscribers/2000000000")
    assert (status, body["message"]) == (400, "Subscriber (2000000000: ) not found")
    assert (await listmonk.call("GET", "/api/subscribers/x"))[0] == 400


async def test_an_address_is_taken_once(listmonk, person):
    again = {"email": person["email"].upper(), "name": "again", "status": "enabled"}
    assert await listmonk.call("POST", "/api/subscribers", again) == (409, {"message": "E-mail already exists."})


async def test_unsubscribing_can_be_verified(listmonk, person):
    listmonk.needs("subscribers:manage", "lists:manage_all")
    list_id = person["lists"][0]["id"]
    body = {"ids": [person["id"]], "action": "unsubscribe", "target_list_ids": [list_id]}
    assert await listmonk.call("PUT", "/api/subscribers/lists", body) == (200, {"data": True})
    seen = await listmonk.seen(person)
    assert [(one["id"], one["subscription_status"]) for one in seen["lists"]] == [(list_id, "unsubscribed")]
    assert seen["status"] == "enabled"
    assert await listmonk.call("PUT", "/api/subscribers/lists", body) == (200, {"data": True})


async def test_unsubscribing_from_a_list_that_one_is_not_on_does_nothing(listmonk, person):
    for change in ({"target_list_ids": [2_000_000_000]}, {"ids": [2_000_000_000]}):
        body = {"ids": [person["id"]], "action": "unsubscribe", "target_list_ids": [person["lists"][0]["id"]]}
        assert await listmonk.call("PUT", "/api/subscribers/lists", body | change) == (200, {"data": True})
    assert [one["subscription_status"] for one in (await listmonk.seen(person))["lists"]] == ["confirmed"]


async def test_refused_changes_of_lists(listmonk, person):
    good = {"ids": [person["id"]], "action": "unsubscribe", "target_list_ids": [person["lists"][0]["id"]]}
    for change, message in (
        ({"ids": []}, "No IDs given."),
        ({"target_list_ids": []}, "No lists given."),
        ({"action": "nosuch"}, "Invalid action."),
    ):
        refused = await listmonk.call("PUT", "/api/subscribers/lists", good | change)
        assert refused == (400, {"message": message})
    status, body = await listmonk.call("PUT", "/api/subscribers/lists", good | {"ids": ["x"]})
    assert status == 400
    assert body["message"].startswith("One or more IDs are invalid: ")


async def test_blocklisting_unsubscribes_too(listmonk, person):
    body = {"ids": [person["id"], 2_000_000_000]}
    assert await listmonk.call("PUT", "/api/subscribers/blocklist", body) == (200, {"data": True})
    seen = await listmonk.seen(person)
    assert seen["status"] == "blocklisted"
    assert [one["subscription_status"] for one in seen["lists"]] == ["unsubscribed"]
    status, body = await listmonk.call("PUT", "/api/subscribers/blocklist", {"ids": []})
    assert status == 400


async def test_without_permission_on_lists(listmonk, person):
    """The query works and gives the ids of the lists; the rest differs between versions, in 4 it is a silent no."""
    lesser = await listmonk.lesser("subscribers:get_all", "subscribers:manage", "subscribers:sql_query")
    list_id = person["lists"][0]["id"]
    seen = await lesser.seen(person)
    assert [one["id"] for one in seen["lists"]] == [list_id]
    assert (seen["lists"][0]["name"] == "*Unknown") == (listmonk.version >= (6,))
    one = {"message": f"Permission denied: subscriber: {person['id']}"}
    status, body = await lesser.call("GET", f"/api/subscribers/{person['id']}")
    assert (status, body) == (403, one) if listmonk.version >= (5,) else status == 200
    change = {"ids": [person["id"]], "action": "unsubscribe", "target_list_ids": [list_id]}
    answer = await lesser.call("PUT", "/api/subscribers/lists", change)
    if listmonk.version >= (6,):
        assert answer == (403, one)
    elif listmonk.version >= (5,):
        assert answer == (403, {"message": "Permission denied: lists"})
    else:
        assert answer == (200, {"data": True})
    seen = await listmonk.seen(person)
    assert [one["subscription_status"] for one in seen["lists"]] == ["confirmed"]
    answer = await lesser.call("PUT", "/api/subscribers/blocklist", {"ids": [person["id"]]})
    assert answer == ((403, one) if listmonk.version >= (6,) else (200, {"data": True}))


async def test_lists(listmonk, person):
    status, body = await listmonk.call("GET", "/api/lists?per_page=all")
    assert status == 200
    (found,) = [one for one in body["data"]["results"] if one["name"] == listmonk.mark]
    assert (found["id"], found["type"], found["optin"]) == (person["lists"][0]["id"], "private", "single")
    assert body["data"]["total"] >= 1
    assert await listmonk.call("GET", "/api/lists/2000000000") == (400, {"message": "List not found"})
