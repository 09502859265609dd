# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscribers and lists over the API, as on 4.1.0, 5.1.0 and 6.2.0 (2026-11).

Permissions on single lists (list roles) are not played: a user may see and manage all lists, or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from bouncestream.sandbox.answers import NoAnswer, Pages, moment, read_ids, read_object
from bouncestream.sandbox.calls import Call, Route
from bouncestream.sandbox.database import MailingList, Person
from bouncestream.sandbox.model import EMAIL, Subscriber
from bouncestream.sandbox.posted import Refused
from bouncestream.sandbox.sql import (
    Readers,
    SqlError,
    read_query,
    read_readers,
    split_clicked,
    split_sent,
    split_stored,
)

_SEES_LISTS = ("lists:get_all", "lists:manage_all")
_STATUSES = ("enabled", "disabled", "blocklisted")


def _listing(call: Call) -> web.Response:
    listmonk, text = call.listmonk, call.query.get("query", "").strip()
    if not text and call.query.get("query") and not listmonk.version.checks_lists:
        raise NoAnswer  # version 4 dies of a query of blanks
    if text and listmonk.version.checks_lists and not call.may("subscribers:sql_query"):
        raise Refused(403, "Permission denied: subscribers:sql_query")
    if text and not listmonk.database_on:
        raise Refused(400, "Error preparing subscriber query: pq: the database is away")
    if (readers := read_readers(text)) is not None:
        return _page(call, _readers(call, readers), text)
    try:
        conditions, stored = split_stored(text)
        conditions, sent = split_sent(conditions)
        conditions, clicked = split_clicked(conditions)
        people: Iterable[Person] = (
            listmonk.database.find(read_query(conditions)) if text else listmonk.database.people.values()
        )
        if sent and not sent.lists & listmonk.database.sent_to.get(sent.campaign, set()):
            people = ()
        if clicked:
            people = ()  # nobody clicks here
        if stored:
            people = [p for p in people if sum(r.type == stored.type for r in p.rows.values()) >= stored.count]
    except SqlError as error:
        if listmonk.version.checks_lists:
            raise Refused(400, f"Error preparing subscriber query: {error}") from error
        raise Refused(500, f"Error fetching Subscribers: {error}") from error
    return _page(call, people, text)


def _readers(call: Call, asked: Readers) -> list[Person]:
    database = call.listmonk.database
    lists = database.sent_to.get(asked.campaign, set())
    return [
        one
        for one in database.people.values()
        if one.email.endswith(f"@{asked.domain}")
        and one.status != "blocklisted"
        and (
            not asked.campaign
            or any(number in lists and on.status != "unsubscribed" for number, on in one.lists.items())
        )
    ]


def _page(call: Call, people: Iterable[Person], text: str) -> web.Response:
    if not call.may("subscribers:get_all"):
        people = ()  # only those of lists that the user has a role for, which is none here
    found = sorted(people, key=lambda one: one.id, reverse=call.query.get("order") != "asc")
    pages = Pages(call.query)
    told = {"results": [_shown(call, person) for person in pages.cut(found)]}
    return call.answer({"data": told | _paging(call, pages, len(found), text)})


def _paging(call: Call, pages: Pages, total: int, query: str = "") -> dict[str, Any]:
    told: dict[str, Any] = {"search": ""} if call.listmonk.version.major >= 5 else {}
    return told | {"query": query, "total": total, "per_page": pages.per_page, "page": pages.page}


def _one(call: Call) -> web.Response:
    known = call.listmonk.database.people.get(call.id)
    sees = call.may("subscribers:get_all") and (not call.listmonk.version.checks_lists or call.may(*_SEES_LISTS))
    if not sees:
        raise Refused(403, f"Permission denied: subscriber: {call.id}")
    if known is None:
        raise Refused(400, f"Subscriber ({call.id}: ) not found")
    return call.answer({"data": _shown(call, known)})


def _create(call: Call) -> web.Response:
    body, database = read_object(call.body, ""), call.listmonk.database
    new, status = _wanted(body), "confirmed" if body.get("preconfirm_subscriptions") else "unconfirmed"
    if new.status == "blocklisted":  # seen on 4.1.0, 5.1.0 and 6.2.0 (2026-11)
        status = "unsubscribed"
    try:
        person = database.add_person(new, status)
    except KeyError as error:
        raise Refused(409, "E-mail already exists.") from error
    if status == "unconfirmed":
        database.ask_optin(person)
    return call.answer({"data": _shown(call, person)})


def _update(call: Call) -> web.Response:
    body, database = read_object(call.body, ""), call.listmonk.database
    new = _wanted(body)
    if not (person := database.people.get(call.id)):
        raise Refused(400, f"Subscriber ({call.id}: ) not found")
    try:
        database.rename(person, new.email)
    except KeyError as error:
        raise Refused(409, "E-mail already exists.") from error
    person.name, person.attribs = new.name or person.name, dict(new.attribs)
    person.set_status(new.status)
    for gone in person.lists.keys() - set(new.lists):
        del person.lists[gone]
    for list_id in new.lists:
        if list_id in database.lists and list_id not in person.lists:
            person.subscribe(list_id, "confirmed" if body.get("preconfirm_subscriptions") else "unconfirmed")
    if not body.get("preconfirm_subscriptions"):
        database.ask_optin(person)
    return call.answer({"data": _shown(call, person)})


def _patch(call: Call) -> web.Response:
    """Only what is named changes; without `preconfirm_subscriptions` it mails opt-in letters, whatever changes."""
    if not call.listmonk.version.patches:
        raise Refused(405, "Method Not Allowed")
    body, database = read_object(call.body, ""), call.listmonk.database
    if not call.may(*_SEES_LISTS):
        raise Refused(403, f"Permission denied: subscriber: {call.id}")
    if not (person := database.people.get(call.id)):
        raise Refused(400, f"Subscriber ({call.id}: ) not found")
    known = {"email": person.email, "name": person.name, "status": person.status, "attribs": person.attribs}
    new = _wanted(known | {key: value for key, value in body.items() if key != "lists"})
    try:
        database.rename(person, new.email)
    except KeyError as error:
        raise Refused(409, "E-mail already exists.") from error
    person.name, person.attribs = new.name, dict(new.attribs)
    person.set_status(new.status)
    if not body.get("preconfirm_subscriptions"):
        database.ask_optin(person)
    return call.answer({"data": _shown(call, person)})


def _wanted(body: dict[str, Any]) -> Subscriber:
    email = str(body.get("email") or "").strip().lower()
    if not EMAIL.fullmatch(email):
        raise Refused(400, "Invalid email.")
    status = body.get("status") or "enabled"
    lists = body.get("lists") or []
    if status not in _STATUSES or not isinstance(lists, list) or not all(type(one) is int for one in lists):
        raise Refused(400, "Invalid data")
    attribs = body.get("attribs") or {}
    if not isinstance(attribs, dict):
        raise Refused(400, "Invalid data")
    return Subscriber(email, "", status, tuple(lists), str(body.get("name") or ""), attribs)


def _delete(call: Call) -> web.Response:
    for one in [call.id] if call.word else call.ids():
        call.listmonk.database.delete_person(one)
    return call.answer({"data": True})


def _blocklist(call: Call) -> web.Response:
    version, database = call.listmonk.version, call.listmonk.database
    none = "One or more IDs are invalid: ids" if version.checks_lists else "No IDs given."
    ids = read_ids(read_object(call.body), "ids", none)
    if version.major >= 6 and not call.may(*_SEES_LISTS):
        raise Refused(403, f"Permission denied: subscriber: {ids[0]}")
    for one in ids:
        if person := database.people.get(one):
            person.set_status("blocklisted")
            person.unsubscribe()
    return call.answer({"data": True})


def _change_lists(call: Call) -> web.Response:
    version, database, body = call.listmonk.version, call.listmonk.database, read_object(call.body)
    ids = read_ids(body, "ids", "No IDs given.")
    lists = read_ids(body, "target_list_ids", "No lists given.")
    action, status = body.get("action"), str(body.get("status") or "unconfirmed")
    if action not in ("add", "remove", "unsubscribe"):
        raise Refused(400, "Invalid action.")
    if not call.may("lists:manage_all"):
        if version.major >= 6:
            raise Refused(403, f"Permission denied: subscriber: {ids[0]}")
        if version.major == 5:
            raise Refused(403, "Permission denied: lists")
        return call.answer({"data": True})  # version 4 says yes and does nothing
    for person in filter(None, map(database.people.get, ids)):
        if action == "unsubscribe":
            person.unsubscribe(lists)
        for one in lists:
            if action == "remove":
                person.lists.pop(one, None)
            elif action == "add" and one in person.lists:
                person.lists[one].status = status  # its time stays
            elif action == "add" and one in database.lists:
                person.subscribe(one, status)
    return call.answer({"data": True})


def _shown(call: Call, person: Person) -> dict[str, Any]:
    database, hidden = call.listmonk.database, call.listmonk.version.major >= 6 and not call.may(*_SEES_LISTS)
    lists = []
    for list_id, subscription in person.lists.items():
        told = {
            "subscription_status": subscription.status,
            "subscription_created_at": moment(subscription.created_at),
            "subscription_updated_at": moment(subscription.updated_at),
            "subscription_meta": {},
            **_list(call, database.lists[list_id]),
        }
        lists.append(told | {"name": "*Unknown", "restricted": True} if hidden else told)
    return {
        "id": person.id,
        "created_at": moment(person.created_at),
        "updated_at": moment(person.updated_at),
        "uuid": person.uuid,
        "email": person.email,
        "name": person.name,
        "attribs": person.attribs,
        "status": person.status,
        "lists": lists,
    }


def _list(call: Call, one: MailingList) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": one.id,
        "created_at": moment(one.created_at),
        "updated_at": moment(one.created_at),
        "uuid": one.uuid,
        "name": one.name,
        "type": one.type,
        "optin": one.optin,
        "tags": one.tags,
        "description": "",
    }
    return told | {"status": "active"} if call.listmonk.version.major >= 6 else told


def _counted(call: Call, one: MailingList) -> dict[str, Any]:
    known = (person.lists.get(one.id) for person in call.listmonk.database.people.values())
    statuses = Counter(subscription.status for subscription in known if subscription)
    return _list(call, one) | {"subscriber_count": sum(statuses.values()), "subscriber_statuses": statuses}


def _lists(call: Call) -> web.Response:
    found = list(call.listmonk.database.lists.values())[::-1] if call.may(*_SEES_LISTS) else []
    pages = Pages(call.query)
    told = {"results": [_counted(call, one) for one in pages.cut(found)]}
    return call.answer({"data": told | _paging(call, pages, len(found))})


def _list_of_id(call: Call) -> web.Response:
    found = call.listmonk.database.lists.get(call.id) if call.may(*_SEES_LISTS) else None
    if not found:
        raise Refused(400, "List not found")
    return call.answer({"data": _counted(call, found)})


def _create_list(call: Call) -> web.Response:
    body = read_object(call.body, "")
    name, kind, optin = body.get("name"), body.get("type", "private"), body.get("optin", "single")
    if not isinstance(name, str) or not name.strip():
        raise Refused(400, "Invalid name")
    if kind not in ("public", "private") or optin not in ("single", "double"):
        raise Refused(500, "Error creating List: pq: invalid input value for enum")
    made = call.listmonk.database.add_list(name, kind, optin, body.get("tags") or [])
    return call.answer({"data": _counted(call, made)})


def _delete_list(call: Call) -> web.Response:
    call.listmonk.database.delete_list(call.id)
    return call.answer({"data": True})


_READ, _WRITE = ("subscribers:get", "subscribers:get_all"), ("subscribers:manage",)
_MANAGE = ("lists:manage_all",)
ROUTES = (
    # A query asks the database for itself: while that is away it is refused in other words than a plain listing.
    Route("GET", "/api/subscribers", _READ, _listing),
    Route("POST", "/api/subscribers", _WRITE, _create, "Error creating Subscriber"),
    Route("DELETE", "/api/subscribers", _WRITE, _delete, "Error deleting Subscribers"),
    Route("PUT", "/api/subscribers/blocklist", _WRITE, _blocklist, "Error blocklisting subscribers"),
    Route("PUT", "/api/subscribers/lists", _WRITE, _change_lists, "Error updating Subscribers"),
    Route("GET", "/api/subscribers/{id}", _READ, _one, "Error fetching Subscriber"),
    Route("PUT", "/api/subscribers/{id}", _WRITE, _update, "Error updating Subscriber"),
    Route("PATCH", "/api/subscribers/{id}", _WRITE, _patch, "Error updating Subscriber"),
    Route("DELETE", "/api/subscribers/{id}", _WRITE, _delete, "Error deleting Subscribers"),
    Route("GET", "/api/lists", (), _lists, "Error fetching Lists"),
    Route("POST", "/api/lists", _MANAGE, _create_list, "Error creating List"),
    Route("GET", "/api/lists/{id}", (), _list_of_id, "Error fetching Lists"),
    Route("DELETE", "/api/lists/{id}", _MANAGE, _delete_list, "Error deleting List"),
)
