# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes in to the dashboard, what a request may do, and what each answer carries."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bouncestream.config.dashboard import PROXY_HEADER
from bouncestream.config.model import Config
from bouncestream.crypto.secret import Secret
from bouncestream.dashboard import session
from bouncestream.dashboard.frame import POLICY
from bouncestream.dashboard.login import TRIES, WITHIN
from bouncestream.doctor.finding import Finding, Level
from tests.dashboard.stage import TOKEN, Browser, Clock, config, opened
from tests.outbox import make
from tests.outbox.make import NOW

PROXY = "a-secret-of-the-proxy"


async def test_without_a_token_there_is_nothing_but_the_login(browser: Browser) -> None:
    for path in ("/", "/events", "/events/1", "/nothing"):
        answer = await browser.get(path)
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/login")
    answer = await browser.get("/login")
    assert answer.status == 200
    assert "Token" in answer.page.text
    assert browser.cookies == {}


async def test_the_token_lets_in_and_the_browser_comes_back_to_its_page(browser: Browser) -> None:
    assert (await browser.get("/events?state=held")).headers["Location"] == "/login?to=%2Fevents%3Fstate%3Dheld"
    form = (await browser.get("/login?to=%2Fevents%3Fstate%3Dheld")).page.forms[0]
    answer = await browser.post("/login", {"token": TOKEN, "to": form["to"]})
    assert (answer.status, answer.headers["Location"]) == (303, "/events?state=held")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=43200" in cookie
    assert TOKEN not in cookie
    assert (await browser.get("/")).status == 200


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "x", "/a\r\nX: 1", "/" * 2000]
)
async def test_the_login_leads_to_no_other_site(browser: Browser, to: str) -> None:
    assert (await browser.post("/login", {"token": TOKEN, "to": to})).headers["Location"] == "/"


async def test_tries_are_limited_by_network_and_a_wrong_token_says_so(
    path: Path, conn: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    async with opened(config(path), clock) as browser:
        for _ in range(TRIES):
            answer = await browser.log_in("wrong-token-of-nobody")
            assert answer.status == 403
            assert "not the token" in answer.page.text
        answer = await browser.log_in()
        assert answer.status == 429, "also the right one: else it could be found by trying"
        assert int(answer.headers["Retry-After"]) == WITHIN + 1
        clock.seconds += WITHIN
        assert (await browser.log_in()).status == 303
    assert len([record for record in caplog.records if "wrong token" in record.message]) == TRIES
    assert "wrong-token-of-nobody" not in caplog.text


async def test_a_session_ends_with_its_time_with_its_key_and_at_the_log_out(
    path: Path, conn: sqlite3.Connection
) -> None:
    clock = Clock()
    async with opened(config(path), clock) as browser:
        await browser.log_in()
        kept = dict(browser.cookies)
        clock.at += timedelta(hours=12)
        assert (await browser.get()).status == 303
        clock.at = NOW
        page = (await browser.get()).page
        assert (await browser.press(page, "/logout")).headers["Location"] == "/login"
        assert browser.cookies == {}
    async with opened(config(path), clock) as again:
        again.cookies = dict(kept)
        assert (await again.get()).status == 200, "a restart logs nobody out"
    async with opened(config(path, token=Secret("another-token-of-nobody")), clock) as other:
        other.cookies = dict(kept)
        assert (await other.get()).status == 303
        forged = session.Session(who="", name="x", until=clock.at.timestamp() + 100)
        other.cookies = {"bouncestream": session.written(forged, session.key_of(TOKEN.encode()))}
        assert (await other.get()).status == 303


async def test_of_two_tokens_both_let_in(path: Path, conn: sqlite3.Connection) -> None:
    async with opened(config(path, token=Secret("a-new-token-of-nobody", TOKEN))) as browser:
        assert (await browser.log_in()).status == 303
        assert (await browser.log_in("a-new-token-of-nobody")).status == 303


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8026", "127.0.0.1.nip.io", "", "a@localhost", "[::1", "x:y"]
)
async def test_it_answers_to_no_other_name(browser: Browser, host: str) -> None:
    await browser.log_in()
    answer = await browser.get("/", Host=host)
    assert answer.status in (400, 421)
    assert "r•••" not in answer.text


async def test_it_answers_as_this_machine_and_at_its_public_url(path: Path, conn: sqlite3.Connection) -> None:
    async with opened(config(path, public_url="https://bridge.example.org")) as browser:
        for host in (
            "localhost:8026",
            "127.0.0.1:1",
            "[::1]:8026",
            "192.0.2.7",
            "bridge.example.org",
            "BRIDGE.example.org:443",
        ):
            assert (await browser.get("/login", Host=host)).status == 200
        answer = await browser.post("/login", {"token": TOKEN}, Host="bridge.example.org")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-bouncestream=")
        assert "Secure" in cookie
        assert (await browser.get("/", Host="bridge.example.org")).status == 200


async def test_every_answer_is_closed_to_others(browser: Browser) -> None:
    answers = [await browser.get("/login"), await browser.get("/"), await browser.get("/", Host="evil.example")]
    answers += [
        await browser.log_in(),
        await browser.get("/"),
        await browser.get("/nothing"),
        await browser.get("/favicon.ico"),
    ]
    answers += [await browser.get("/", method="DELETE"), await browser.post("/show", {})]
    assert {answer.status for answer in answers} == {200, 303, 421, 404, 405, 403}
    for answer in answers:
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
    for part in (
        "default-src 'none'",
        "style-src 'sha256-",
        "img-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ):
        assert part in POLICY
    assert "unsafe" not in POLICY


async def test_addresses_are_masked_until_show_which_is_logged(
    path: Path, conn: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    make.submit(conn, make.event("reader@example.com"))
    clock = Clock()
    async with opened(config(path), clock) as browser:
        await browser.log_in()
        page = (await browser.get()).page
        assert "r•••@example.com" in page.text
        assert "reader@" not in page.text
        answer = await browser.press(page, "/show")
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        assert "shows addresses to the token, from 127.0.0.1" in caplog.text
        page = (await browser.get()).page
        assert "reader@example.com" in page.text
        assert (await browser.press(page, "/hide")).status == 303
        page = (await browser.get()).page
        assert "reader@" not in page.text
        await browser.press(page, "/show")
        clock.at += timedelta(seconds=session.SHOWN)
        assert "reader@" not in (await browser.get()).text, "it ends by itself"


async def test_a_form_counts_only_with_the_token_of_its_session(path: Path, conn: sqlite3.Connection) -> None:
    async with opened(config(path)) as browser:
        for path_ in ("/show", "/hide", "/logout"):
            await browser.log_in()
            page = (await browser.get()).page
            other = next(one for one in page.forms if one["action"] == "/show")["form"]
            browser.cookies.clear()
            await browser.log_in()
            for form in (
                {},
                {"form": ""},
                {"form": other},
                {"form": "é\ud7ff"},
            ):
                answer = await browser.post(path_, form)
                assert answer.status == 403
                assert "out of date" in answer.page.text
        page = (await browser.get()).page
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "http://["},
            {"Sec_Fetch_Site": "cross-site"},
            {"Origin": "null", "Sec_Fetch_Site": "cross-site"},
        ):
            assert (await browser.press(page, "/show", **headers)).status == 403
        assert (await browser.press(page, "/show", Origin=browser.url)).status == 303
        assert (await browser.post("/login", {"token": TOKEN}, Origin="https://evil.example")).status in (303, 403)


async def test_a_get_does_nothing_but_read(path: Path, conn: sqlite3.Connection, browser: Browser) -> None:
    make.submit(conn, make.event())
    await browser.log_in()
    cookies = dict(browser.cookies)
    changes = conn.execute("PRAGMA data_version").fetchone()
    for place in ("/", "/?refresh=1", "/show", "/hide", "/logout", "/login"):
        await browser.get(place)
        await browser.get(place, method="HEAD")
    assert browser.cookies == cookies
    assert (await browser.get("/")).status == 200
    assert "ann@" not in (await browser.get("/")).text
    assert conn.execute("PRAGMA data_version").fetchone() == changes, "nobody wrote to the outbox"
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        assert (await browser.get("/", method=method)).status == 405


async def test_a_form_is_small(browser: Browser) -> None:
    assert (await browser.post("/login", {"token": "x" * 10_000})).status == 413
    assert (await browser.post("/login", {f"f{n}": "1" for n in range(200)})).status == 403


async def test_a_user_of_the_proxy_needs_its_address_and_its_secret(path: Path, conn: sqlite3.Connection) -> None:
    proxied = config(
        path,
        token=None,
        trusted_header="X-Remote-User",
        trusted_proxies=(ipaddress.ip_network("127.0.0.1"),),
        proxy_secret=Secret(PROXY),
    )
    async with opened(proxied) as browser:
        with_secret = {PROXY_HEADER.replace("-", "_"): PROXY}
        answer = await browser.get("/", X_Remote_User="ann", **with_secret)
        assert answer.status == 200
        assert "Logged in as ann" in answer.page.text
        assert "/logout" not in answer.page.links
        assert (await browser.press(answer.page, "/show", X_Remote_User="ann", **with_secret)).status == 303
        assert "/hide" in (await browser.get("/", X_Remote_User="ann", **with_secret)).text, "they are shown"
        browser_cookies = dict(browser.cookies)
        assert (await browser.press(answer.page, "/show", X_Remote_User="eve", **with_secret)).status == 403
        browser.cookies = browser_cookies
        assert (await browser.get("/")).status == 403, "the cookie alone is no login where the proxy says who it is"
        for headers in ({}, {PROXY_HEADER.replace("-", "_"): "another-secret-of-it"}):
            answer = await browser.get("/", X_Remote_User="ann", **headers)
            assert answer.status == 403
            assert "proxy named no user" in answer.page.text
        assert (await browser.get("/login")).status == 403
    stranger = config(
        path,
        token=None,
        trusted_header="X-Remote-User",
        trusted_proxies=(ipaddress.ip_network("192.0.2.1"),),
        proxy_secret=Secret(PROXY),
    )
    async with opened(stranger) as browser:
        assert (await browser.get("/", X_Remote_User="ann", **with_secret)).status == 403


async def test_on_a_socket_its_mode_says_who_the_proxy_is(
    path: Path, conn: sqlite3.Connection, tmp_path: Path
) -> None:
    place = tmp_path / "dashboard.sock"
    async with opened(config(path, token=None, listen=f"unix:{place}", trusted_header="X-Remote-User")) as browser:
        assert stat.S_IMODE(os.stat(place).st_mode) == 0o660
        assert (await browser.get("/", X_Remote_User="ann")).status == 200
        assert (await browser.get("/", X_Remote_User="ann, eve")).status == 403
        assert (await browser.get("/")).status == 403
        async with browser.session.get(
            "http://localhost/", headers=[("X-Remote-User", "ann"), ("X-Remote-User", "eve")]
        ) as response:
            assert response.status == 403, "more than one value is no login"
    assert not place.exists()


async def test_a_proxy_that_names_nobody_is_no_hindrance_where_there_is_a_token(
    path: Path, conn: sqlite3.Connection
) -> None:
    async with opened(config(path, trusted_header="X-Remote-User", proxy_secret=Secret(PROXY))) as browser:
        assert (await browser.get("/", X_Remote_User="ann")).status == 303
        await browser.log_in()
        assert (await browser.get("/")).status == 200


async def test_an_outbox_that_is_not_there_is_told_on_the_page(tmp_path: Path) -> None:
    async with opened(config(tmp_path / "none.db")) as browser:
        await browser.log_in()
        answer = await browser.get()
        assert answer.status == 503
        assert "There is no outbox" in answer.page.text


async def test_a_sealed_outbox_stays_sealed_without_its_key(path: Path) -> None:
    conn = make.connect(path, key=make.KEY)
    make.submit(conn, make.event("reader@example.com"))
    async with opened(config(path)) as browser:
        await browser.log_in()
        await browser.press((await browser.get()).page, "/show")
        page = (await browser.get()).page
        assert "reader" not in page.text
        assert "@example.com" not in page.text
        assert "has no key" in page.text
    conn.close()


async def test_many_pages_at_once_are_bounded(browser: Browser) -> None:
    await browser.log_in()
    answers = await asyncio.gather(*(browser.get() for _ in range(40)))
    assert {answer.status for answer in answers} <= {200, 503}
    assert any(answer.status == 200 for answer in answers)
    assert (await browser.get()).status == 200


async def test_the_quick_checks_are_run_by_a_form_alone_and_once_at_a_time(
    path: Path, conn: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    runs: list[Config] = []

    async def check(made: Config) -> list[Finding]:
        runs.append(made)
        await asyncio.sleep(0)
        return [Finding("tls-expires", Level.WARNING, "tls", "it expires in 3 days")]

    async with opened(config(path), check=check) as browser:
        await browser.log_in()
        page = (await browser.get("/doctor")).page
        assert "Not checked since the start" in page.text
        assert runs == []
        assert (await browser.post("/doctor", {})).status == 403
        first, second = await asyncio.gather(browser.press(page, "/doctor"), browser.press(page, "/doctor"))
        assert (first.status, first.headers["Location"], second.status) == (303, "/doctor", 303)
        assert len(runs) == 1
        assert "it expires in 3 days" in (await browser.get("/doctor")).page.text
        assert "quick checks are run for the token" in caplog.text
    async with opened(config(path)) as browser:
        await browser.log_in()
        page = (await browser.get("/doctor")).page
        show = next(one for one in page.forms if one["action"] == "/show")
        assert (await browser.post("/doctor", {"form": show["form"]})).status == 404


async def test_an_event_that_is_not_there_is_told(browser: Browser) -> None:
    await browser.log_in()
    for path in ("/events/7", "/raw/7", "/events/%3Cscript%3E"):
        answer = await browser.get(path)
        assert answer.status == 404
        assert "is in the outbox" in answer.page.text


async def test_metrics_are_told_to_this_machine_and_to_whoever_has_the_token(
    path: Path, conn: sqlite3.Connection
) -> None:
    def measured() -> web.Response:
        return web.Response(text="numbers")

    async with opened(config(path), answers={"/metrics": measured}) as browser:
        assert (await browser.get("/metrics")).text == "numbers"
        for host in ("evil.example", "[", ""):
            answer = await browser.get("/metrics", Host=host)
            assert answer.status in (400, 421), "a web page can have its name resolve to this machine"
        answer = await browser.get("/metrics", Host="bridge:8026", Authorization=f"Bearer {TOKEN}")
        assert answer.text == "numbers", "a scrape has any name"
        for name in ("X_Forwarded_For", "Via", "Forwarded", "X_Real_IP"):
            passed_on = {name: "192.0.2.1"}
            assert (await browser.get("/metrics", **passed_on)).status == 303
            answer = await browser.get("/metrics", Authorization="Bearer another-token", **passed_on)
            assert answer.status == 303
            answer = await browser.get("/metrics", Authorization=f"Bearer {TOKEN}", **passed_on)
            assert answer.text == "numbers"
        await browser.log_in()
        assert (await browser.get("/metrics", X_Forwarded_For="192.0.2.1")).text == "numbers"
        assert (await browser.get("/readyz")).status == 404
    async with opened(config(path)) as browser:
        assert (await browser.get("/metrics")).status == 303, "they are not here"


async def test_a_program_may_not_try_tokens_either_and_shuts_out_nobody(
    path: Path, conn: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    passed_on = {"X_Forwarded_For": "192.0.2.1"}
    clock = Clock()
    async with opened(config(path), clock, answers={"/metrics": lambda: web.Response(text="numbers")}) as browser:
        for _ in range(TRIES):
            assert (await browser.get("/metrics", Authorization="Bearer wrong", **passed_on)).status == 303
        answer = await browser.get("/metrics", Authorization=f"Bearer {TOKEN}", **passed_on)
        assert (answer.status, answer.headers["Retry-After"]) == (429, str(int(WITHIN) + 1))
        assert (await browser.get("/metrics")).text == "numbers"
        assert (await browser.log_in()).status == 303
        assert (await browser.get("/metrics", **passed_on)).text == "numbers"
        clock.seconds += WITHIN
        answer = await browser.get("/metrics", Authorization=f"Bearer {TOKEN}", **passed_on)
        assert answer.text == "numbers"
    assert len([record for record in caplog.records if "wrong token" in record.message]) == TRIES


async def test_whoever_may_open_the_socket_is_told_under_any_name(tmp_path: Path, path: Path) -> None:
    made = config(path, listen=f"unix:{tmp_path}/s")
    async with opened(made, answers={"/metrics": lambda: web.Response(text="numbers")}) as browser:
        assert (await browser.get("/metrics", Host="any")).text == "numbers"
