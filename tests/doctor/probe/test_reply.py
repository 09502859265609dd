# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gave an answer, and what it says about caches, logins and challenges."""

from __future__ import annotations

import pytest

from bouncestream.doctor.probe.reply import (
    PNG,
    Origin,
    Reply,
    cache_hit,
    cacheable,
    challenged,
    clean,
    describe,
    origin,
    proxy_of,
    wants_login,
)
from bouncestream.errors import FailureKind


def reply(status: int, kind: str = "text/html", body: bytes = b"", **headers: str) -> Reply:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply("https://news.example.com/x", status, found | ({"content-type": kind} if kind else {}), body)


@pytest.mark.parametrize(
    ("answer", "who"),
    [
        (Reply("u"), Origin.NOBODY),
        (reply(200, "image/png", PNG, x_robots_tag="noindex"), Origin.TRACKING),
        (reply(400, "text/html; charset=UTF-8", b"Invalid link", x_robots_tag="noindex"), Origin.TRACKING),
        (reply(404, "text/html; charset=UTF-8", b'<a href="https://listmonk.app">'), Origin.LISTMONK),
        (reply(404, "application/json", b'{"message":"404 unknown endpoint"}'), Origin.LISTMONK),
        (reply(404, body=b"<hr><center>nginx/1.22.1</center>", server="nginx"), Origin.NGINX),
        (reply(502, "", b"", server="Caddy"), Origin.CADDY),
        (reply(404, body=b"<address>Apache/2.4 Server</address>"), Origin.APACHE),
        (reply(404, "text/plain; charset=utf-8", b"404 page not found\n"), Origin.TRAEFIK),
        (reply(403, body=b"<script src='/cdn-cgi/challenge'>"), Origin.CLOUDFLARE),
        (reply(200, body=b"<title>Our shop</title>"), Origin.OTHER),
        # A proxy puts its name on Listmonk's answers too.
        (reply(404, "text/html; charset=UTF-8", b"listmonk.app", server="nginx/1.22.1"), Origin.LISTMONK),
    ],
)
def test_origin(answer: Reply, who: Origin) -> None:
    assert origin(answer) is who


@pytest.mark.parametrize(
    ("headers", "hit"),
    [
        ({"cf-cache-status": "HIT"}, True),
        ({"cf-cache-status": "DYNAMIC"}, False),
        ({"x-cache": "Hit from cloudfront"}, True),
        ({"x-cache": "MISS"}, False),
        ({"x-cache-status": "HIT"}, True),
        ({"x-cache-hits": "0, 3"}, True),
        ({"x-cache-hits": "0, 0"}, False),
        ({"age": "12"}, True),
        ({"age": "0"}, False),
        ({"age": "²"}, False),
        ({}, False),
    ],
)
def test_cache_hit(headers: dict[str, str], hit: bool) -> None:
    assert bool(cache_hit(Reply("u", 200, headers))) is hit


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({"cache-control": "no-cache"}, False),
        ({"cache-control": "max-age=2592000"}, True),
        ({"cache-control": "public, max-age=0"}, False),
        ({"cache-control": "private, max-age=60"}, False),
        ({"expires": "Thu, 31 Dec 2037 23:55:55 GMT"}, True),
        ({}, False),
    ],
)
def test_cacheable(headers: dict[str, str], may: bool) -> None:
    assert bool(cacheable(Reply("u", 200, headers))) is may


def test_logins_and_challenges() -> None:
    assert wants_login(reply(401, www_authenticate="Basic"))
    assert wants_login(reply(302, location="https://auth.example.com/?rd=x"))
    assert wants_login(reply(200, body=b"<form><input name='p' type='password'></form>"))
    assert not wants_login(reply(302, location="https://www.example.com/campaign"))
    assert not wants_login(reply(200, body=b"<p>the password</p>"))
    assert challenged(reply(403, cf_mitigated="challenge"))
    assert challenged(reply(503, body=b"<title>Just a moment...</title>"))
    assert not challenged(reply(404, body=b"captcha"))


def test_proxies_are_known_by_their_header() -> None:
    assert [
        proxy_of(reply(200, server=name)) for name in ("nginx/1.2", "openresty", "Caddy", "cloudflare", "x")
    ] == [
        "nginx",
        "nginx",
        "caddy",
        "cloudflare",
        "",
    ]


def test_foreign_text_is_harmless() -> None:
    evil = reply(200, body=b"<title>\x1b[31m\xe2\x80\xaeann@example.com\n</title>")
    assert describe(evil).isprintable()
    assert "ann@" not in describe(evil)
    assert clean("a\x00b" * 200, 20).isprintable()
    assert describe(Reply("u", trouble=FailureKind.TIMEOUT, why="no answer within 3 s")) == "no answer within 3 s"
