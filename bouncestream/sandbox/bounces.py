# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading bounces back: `GET /api/bounces` and its relatives, as on 4.1.0, 5.1.0 and 6.2.0 (2026-11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from bouncestream.sandbox.answers import Pages, moment
from bouncestream.sandbox.calls import Call, Route
from bouncestream.sandbox.database import Row
from bouncestream.sandbox.posted import Refused

_ORDERS: dict[str, Callable[[Row], Any]] = {
    "email": lambda row: (row.person.email, row.id),
    "source": lambda row: (row.source, row.id),
    "campaign_name": lambda row: (row.campaign[1] if row.campaign else "", row.id),
    "created_at": lambda row: (row.created_at, row.id),
}
_OF_ONE_SUBSCRIBER = 1_000


def _listing(call: Call) -> web.Response:
    """A page past the last one, and before 6 `per_page=all`, look just like a label without rows: total 0."""
    database, query = call.listmonk.database, call.query
    source, campaign = query.get("source", ""), query.get("campaign_id", "")
    found = list((database.by_source.get(source, {}) if source else database.rows).values())
    if campaign.isdecimal() and int(campaign):
        found = [row for row in found if row.campaign and row.campaign[0] == int(campaign)]
    order = _ORDERS.get(query.get("order_by", ""), _ORDERS["created_at"])
    found.sort(key=order, reverse=query.get("order") != "asc")
    pages = Pages(query)
    shown = pages.cut(found)
    if pages.all and not call.listmonk.version.lists_all:
        shown = []
    told: dict[str, Any] = {"results": [_shown(call, row) for row in shown]}
    if call.listmonk.version.major >= 5:
        told["search"] = ""
    told["query"] = ""
    if shown:
        told |= {"total": len(found), "per_page": pages.per_page, "page": pages.page}
    else:
        told |= {"total": 0, "per_page": 0, "page": 0}
    return call.answer({"data": told})


def _one(call: Call) -> web.Response:
    if not call.listmonk.version.checks_lists and not call.number:
        return _listing(call)  # version 4 takes what is no id for none at all
    if not (row := call.listmonk.database.rows.get(call.id)):
        raise Refused(400, "Bounce not found")
    return call.answer({"data": _shown(call, row)})


def _of_subscriber(call: Call) -> web.Response:
    person = call.listmonk.database.people.get(call.id)
    rows = sorted(person.rows.values(), key=_ORDERS["created_at"], reverse=True) if person else []
    return call.answer({"data": [_shown(call, row) for row in rows[:_OF_ONE_SUBSCRIBER]]})


def _delete(call: Call) -> web.Response:
    for one in call.ids():
        call.listmonk.database.delete_row(one)
    return call.answer({"data": True})


def _delete_one(call: Call) -> web.Response:
    call.listmonk.database.delete_row(call.id)
    return call.answer({"data": True})


def _shown(call: Call, row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": row.id,
        "type": row.type,
        "source": row.source,
        "meta": row.meta,
        "created_at": moment(row.created_at),
        "email": row.person.email,
        "subscriber_uuid": row.person.uuid,
        "subscriber_id": row.person.id,
    }
    if call.listmonk.version.major >= 5:
        told["subscriber_status"] = row.person.status
    told["campaign"] = {"id": row.campaign[0], "name": row.campaign[1]} if row.campaign else None
    return told


ROUTES = (
    Route("GET", "/api/bounces", ("bounces:get",), _listing, "Error fetching Bounce"),
    Route("GET", "/api/bounces/{id}", ("bounces:get",), _one, "Error fetching Bounce"),
    Route("GET", "/api/subscribers/{id}/bounces", ("bounces:get",), _of_subscriber, "Error fetching Bounce"),
    Route("DELETE", "/api/bounces", ("bounces:manage",), _delete, "Error deleting Bounce"),
    Route("DELETE", "/api/bounces/{id}", ("bounces:manage",), _delete_one, "Error deleting Bounce"),
)
