# SPDX-License-Identifier: GPL-3.0-or-later
"""Campaigns and templates as Listmonk shows them, and what a fresh installation begins with.

Fields as seen on Listmonk 4.1.0, 5.1.0 and 6.2.0 (2026-11); `tests/contract/test_letters.py` holds them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bouncestream.sandbox.answers import Pages, moment, read_object
from bouncestream.sandbox.calls import Call, Route, require
from bouncestream.sandbox.model import Letter, Template, Version
from bouncestream.sandbox.posted import Refused

_MADE = datetime(2026, 1, 1, tzinfo=UTC)


def _html(inside: str) -> str:
    return f"<!doctype html>\n<html><body>\n{inside}\n</body></html>\n"


#: What a fresh installation has: one of these tracks no opens, by design.
TEMPLATES = (
    Template(
        "Default campaign template",
        _html('{{ template "content" . }}\n<a href="{{ UnsubscribeURL }}">leave</a>\n{{ TrackView }}'),
        default=True,
    ),
    Template("Default archive template", _html('{{ template "content" . }}')),
    Template("Sample transactional template", _html("<p>Hello {{ .Subscriber.Name }}</p>"), type="tx"),
    Template("Sample visual template", _html("<p>Hello</p>{{ TrackView }}"), type="campaign_visual"),
)


def _template(number: int, one: Template, version: Version) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": number,
        "created_at": moment(_MADE),
        "updated_at": moment(_MADE),
        "name": one.name,
        "subject": "Welcome" if one.type == "tx" else "",
        "type": one.type,
        "body": one.body,
        "is_default": one.default,
    }
    if version.major >= 5:
        told["body_source"] = "{}" if one.type == "campaign_visual" else None
    return told


def _templates(call: Call) -> web.Response:
    version = call.listmonk.version
    known = [
        _template(number, one, version)
        for number, one in enumerate(call.listmonk.settings.templates or TEMPLATES, 1)
        if one.type != "campaign_visual" or version.major >= 5
    ]
    if call.query.get("no_body") == "true":
        for told in known:
            told.pop("body")
    return call.answer({"data": known})


def _campaign(call: Call, number: int, mark: str, name: str) -> dict[str, Any]:
    version, database = call.listmonk.version, call.listmonk.database
    known = {key.lower(): one for key, one in call.listmonk.settings.campaigns.items()}
    found = known[mark]
    letter = found if isinstance(found, Letter) else Letter(name)
    started = letter.started_at
    told: dict[str, Any] = {
        "id": number,
        "created_at": moment(started or _MADE),
        "updated_at": moment(started or _MADE),
        "views": letter.views,
        "clicks": letter.clicks,
        "bounces": letter.bounces,
        "lists": [{"id": one, "name": database.lists[one].name} for one in sorted(database.sent_to[mark])],
        "media": [],
        "started_at": moment(started) if started else None,
        "to_send": letter.sent,
        "sent": letter.sent,
        "uuid": mark,
        "type": "regular",
        "name": name,
        "subject": name,
        "from_email": "Sandbox <noreply@sandbox.invalid>",
        "body": letter.body,
        "altbody": None,
        "send_at": None,
        "status": letter.status,
        "content_type": letter.content_type,
        "tags": [],
        "headers": list(letter.headers),
        "template_id": None if letter.content_type == "visual" else letter.template,
        "messenger": "email",
        "archive": False,
        "archive_slug": None,
        "archive_template_id": None,
        "archive_meta": {},
    }
    if version.major >= 5:
        told["body_source"] = "{}" if letter.content_type == "visual" else None
    if version.major >= 6:
        told["attribs"] = {}
    return told


def _campaigns(call: Call) -> web.Response:
    known = call.listmonk.database.campaigns
    found = [_campaign(call, number, mark, name) for mark, (number, name) in known.items()]
    wanted = call.query.getall("status", [])
    found = [one for one in found if not wanted or one["status"] in wanted]
    found.sort(key=lambda one: (one["created_at"], one["id"]), reverse=call.query.get("order", "DESC") == "DESC")
    if call.query.get("no_body") == "true":
        for told in found:
            told["body"] = ""
    pages = Pages(call.query)
    told = {"results": pages.cut(found), "query": "", "total": len(found)}
    if call.listmonk.version.major >= 5:
        told["search"] = ""
    return call.answer({"data": told | {"per_page": pages.per_page, "page": pages.page}})


def _one_campaign(call: Call) -> web.Response:
    for mark, (number, name) in call.listmonk.database.campaigns.items():
        if number == call.id:
            return call.answer({"data": _campaign(call, number, mark, name)})
    raise Refused(400, "Campaign not found")


#: Wanted status → the ones that it may follow, and the words for any other.
_STEPS = {
    "running": (("paused", "draft"), "Only paused campaigns and drafts can be started."),
    "paused": (("running",), "Only active campaigns can be paused."),
    "cancelled": (("running", "paused"), "Only active campaigns can be cancelled."),
}


def _status(call: Call) -> web.Response:
    """Version 6 wants to send and to manage, older ones only to manage (seen on 4.1.0, 5.1.0 and 6.2.0, 2026-11).

    On 5.1.0 `campaigns:manage` reaches only campaigns of the user's own lists, which the sandbox does not have.
    """
    if call.listmonk.version.major >= 6:
        require(call.user, "campaigns:send")
    require(call.user, "campaigns:manage_all" if call.listmonk.version.major >= 5 else "campaigns:manage")
    found = [(mark, name) for mark, (number, name) in call.listmonk.database.campaigns.items() if number == call.id]
    if not found:
        raise Refused(400, "Campaign not found")
    mark, name = found[0]
    wanted, now = str(read_object(call.body, "").get("status")), _campaign(call, call.id, mark, name)
    if wanted not in _STEPS:
        raise Refused(500, "Error updating Campaign: pq: invalid input value for enum")
    before, words = _STEPS[wanted]
    if now["status"] not in before:
        raise Refused(400, words)
    settings = call.listmonk.settings
    key = next(key for key in settings.campaigns if key.lower() == mark)
    letter = settings.campaigns[key]
    letter = letter if isinstance(letter, Letter) else Letter(name)
    settings.campaigns = {**settings.campaigns, key: replace(letter, status=wanted)}
    return call.answer({"data": now | {"status": wanted}})


_READ = ("campaigns:get", "campaigns:get_all")

ROUTES = (
    Route("GET", "/api/templates", ("templates:get",), _templates, "Error fetching Templates"),
    Route("GET", "/api/campaigns", _READ, _campaigns, "Error fetching Campaigns"),
    Route("GET", "/api/campaigns/{id}", _READ, _one_campaign, "Error fetching Campaign"),
    Route("PUT", "/api/campaigns/{id}/status", (), _status, "Error updating Campaign"),
)
