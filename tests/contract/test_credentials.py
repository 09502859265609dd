# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: who may post and read, and in which words the others are refused."""

from __future__ import annotations

import base64

import pytest

HARMLESS = {"message": "Invalid fields: email / subscriber_uuid"}


async def test_an_empty_bounce_is_a_harmless_check(listmonk):
    assert await listmonk.call("POST", "/webhooks/bounce", {}) == (400, HARMLESS)


async def test_token_and_basic_are_the_same_credentials(listmonk):
    token = f"token {listmonk.user}:{listmonk.token}"
    assert await listmonk.call("POST", "/webhooks/bounce", {}, auth=token) == (400, HARMLESS)
    status, body = await listmonk.call("GET", "/api/profile", auth=token)
    assert status == 200
    assert body["data"]["username"] == listmonk.user


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, "invalid session"),
        ("token {user}:wrong", "invalid API credentials"),
        ("token nobody-of-this-name:wrong", "invalid API credentials"),
        ("Basic " + base64.b64encode(b"nobody-of-this-name:wrong").decode(), "invalid API credentials"),
        ("token {user}", "api_key:token missing"),
        ("Bearer x", "unknown Authorization scheme"),
        ("Basic !!!", "invalid Base64 value in Basic Authorization header"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/webhooks/bounce"), ("GET", "/api/bounces")])
async def test_refused_credentials(listmonk, method, path, header, words):
    header = header and header.format(user=listmonk.user)
    status, body = await listmonk.call(method, path, {} if method == "POST" else None, auth=header)
    assert status == 403
    assert words in body["message"]


async def test_permissions_are_named_in_the_refusal(listmonk):
    nobody = await listmonk.lesser("campaigns:get")
    refused = {
        ("POST", "/webhooks/bounce"): "webhooks:post_bounce",
        ("GET", "/api/bounces"): "bounces:get",
        ("GET", "/api/bounces/1"): "bounces:get",
        ("GET", "/api/subscribers/1/bounces"): "bounces:get",
        ("DELETE", "/api/bounces?id=1"): "bounces:manage",
        ("GET", "/api/settings"): "settings:get",
        ("GET", "/api/logs"): "settings:get",
        ("PUT", "/api/settings"): "settings:manage",
        ("GET", "/api/subscribers"): "subscribers:get",
        ("GET", "/api/subscribers/1"): "subscribers:get",
        ("POST", "/api/subscribers"): "subscribers:manage",
        ("PUT", "/api/subscribers/lists"): "subscribers:manage",
        ("PUT", "/api/subscribers/blocklist"): "subscribers:manage",
        ("DELETE", "/api/subscribers/999999999"): "subscribers:manage",
        ("POST", "/api/lists"): "lists:manage_all",
    }
    for (method, path), permission in refused.items():
        body = None if method == "GET" else {}
        answer = await nobody.call(method, path, body)
        assert answer == (403, {"message": f"permission denied: {permission}"}), (method, path)


async def test_some_answers_need_credentials_only(listmonk):
    poster = await listmonk.lesser("webhooks:post_bounce")
    assert await poster.call("POST", "/webhooks/bounce", {}) == (400, HARMLESS)
    for path in ("/api/profile", "/api/about", "/api/config", "/api/health"):
        assert (await poster.call("GET", path))[0] == 200, path
        assert await poster.call("GET", path, auth=None) == (403, {"message": "invalid session"}), path
    status, body = await poster.call("GET", "/api/profile")
    assert body["data"]["user_role"]["permissions"] == ["webhooks:post_bounce"]
    status, body = await poster.call("GET", "/api/lists")
    assert (status, body["data"]["results"]) == (200, [])


async def test_a_query_needs_a_permission_of_its_own(listmonk):
    person = await listmonk.person()
    query = f"subscribers.id = {person['id']}"
    reader = await listmonk.lesser("subscribers:get_all", "lists:get_all")
    status, body = await reader.find(query)
    if listmonk.version < (5,):
        assert status == 200
    else:
        assert (status, body) == (403, {"message": "Permission denied: subscribers:sql_query"})


async def test_without_get_all_a_query_finds_nobody_and_does_not_say_so(listmonk):
    person = await listmonk.person()
    query = f"subscribers.id = {person['id']}"
    blind = await listmonk.lesser("subscribers:get", "subscribers:sql_query")
    status, body = await blind.find(query)
    assert (status, body["data"]["results"], body["data"]["total"]) == (200, [], 0)
