# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: what `GET /api/bounces` shows, on which delivery is verified."""

from __future__ import annotations

import pytest

EMPTY = {"results": [], "total": 0, "per_page": 0, "page": 0}


def bare(data: dict) -> dict:
    """A page without the fields that echo the request."""
    return {key: data[key] for key in EMPTY}


@pytest.fixture
async def five(listmonk):
    """Five rows, newest first, dated a minute apart against the order in which they were stored."""
    for number in range(5):
        person = await listmonk.person()
        await listmonk.accepted(email=person["email"], created_at=f"2025-01-01T00:0{9 - number}:00Z")
    data = await listmonk.eventually(listmonk.read, lambda data: data["total"] == 5)
    return [row["id"] for row in data["results"]]


async def test_a_label_without_rows(listmonk):
    assert bare(await listmonk.read(source=listmonk.label + " of nobody")) == EMPTY


async def test_only_the_exact_source(listmonk, five):
    assert (await listmonk.read())["total"] == 5
    for other in (listmonk.label[:-1], listmonk.label.upper(), listmonk.label + " ", "%"):
        assert bare(await listmonk.read(source=other)) == EMPTY


async def test_newest_first_by_the_date_in_the_row(listmonk, five):
    assert five == sorted(five)  # stored first, dated last
    ascending = await listmonk.read(order="asc")
    assert [row["id"] for row in ascending["results"]] == five[::-1]
    for odd in ({"order": "nosuch"}, {"order_by": "nosuch"}, {"order_by": "id"}):
        assert [row["id"] for row in (await listmonk.read(**odd))["results"]] == five


async def test_pages(listmonk, five):
    first, second = await listmonk.read(per_page=2), await listmonk.read(per_page=2, page=2)
    last = await listmonk.read(per_page=2, page=3)
    assert [row["id"] for page in (first, second, last) for row in page["results"]] == five
    for number, page in enumerate((first, second, last), 1):
        assert (page["total"], page["per_page"], page["page"]) == (5, 2, number)
    whole = await listmonk.read(per_page=2000)
    assert (len(whole["results"]), whole["total"], whole["per_page"]) == (5, 5, 2000)
    for odd in ({"per_page": 0}, {"per_page": "x"}):
        assert (await listmonk.read(**odd))["per_page"] == 20
    assert (await listmonk.read(page=0))["page"] == 1


async def test_past_the_last_page_it_says_total_0(listmonk, five):
    assert bare(await listmonk.read(per_page=5, page=2)) == EMPTY


async def test_per_page_all_is_empty_before_6(listmonk, five):
    data = await listmonk.read(per_page="all")
    if listmonk.version >= (6,):
        assert (len(data["results"]), data["total"]) == (5, 5)
    else:
        assert bare(data) == EMPTY


async def test_one_row_by_its_id(listmonk, five):
    status, body = await listmonk.call("GET", f"/api/bounces/{five[0]}")
    assert (status, body["data"]["id"], body["data"]["source"]) == (200, five[0], listmonk.label)
    assert await listmonk.call("GET", "/api/bounces/2000000000") == (400, {"message": "Bounce not found"})
    status, body = await listmonk.call("GET", "/api/bounces/x")
    assert status == (200 if listmonk.version < (5,) else 400)


async def test_the_rows_of_a_subscriber(listmonk):
    person = await listmonk.person()
    await listmonk.accepted(email=person["email"], meta={"n": 1}, created_at="2025-01-01T00:00:00Z")
    await listmonk.accepted(email=person["email"], meta={"n": 2}, created_at="2024-01-01T00:00:00Z")
    stored = await listmonk.recorded()
    status, body = await listmonk.call("GET", f"/api/subscribers/{person['id']}/bounces")
    assert status == 200
    assert [row["meta"]["n"] for row in body["data"]] == [row["meta"]["n"] for row in stored]
    assert await listmonk.call("GET", "/api/subscribers/2000000000/bounces") == (200, {"data": []})


async def test_deleting_rows(listmonk, five):
    listmonk.needs("bounces:manage")
    gone = f"/api/bounces?id={five[0]}&id={five[1]}&id=2000000000"
    assert await listmonk.call("DELETE", gone) == (200, {"data": True})
    assert await listmonk.call("DELETE", gone) == (200, {"data": True})
    assert await listmonk.call("DELETE", f"/api/bounces/{five[2]}") == (200, {"data": True})
    assert [row["id"] for row in await listmonk.rows()] == five[3:]
    for nothing in ("/api/bounces", "/api/bounces?id=x"):
        assert await listmonk.call("DELETE", nothing) == (400, {"message": "Invalid ID(s)"})
