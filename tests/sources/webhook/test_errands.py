# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and confirmations, fetched from a real TLS server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import trustme
from aiohttp import web

from bouncestream.errors import Unauthorized
from bouncestream.sources.webhook import errands
from bouncestream.sources.webhook.errands import ErrandFailed, Errands

HOSTS = r"localhost:\d+"


@dataclass
class Watch:
    """A clock that stands still until it is moved."""

    at: float = 1000.0

    def monotonic(self) -> float:
        return self.at

    def now(self) -> None:
        raise AssertionError


@dataclass
class Site:
    """A server that notes what it was asked for."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path == "/slow":
            await self.gate.wait()
        if request.path == "/moved":
            return web.Response(status=302, headers={"Location": "/good"})
        if request.path == "/large":
            return web.Response(body=b"x" * (errands.LARGEST + 1))
        return web.Response(status=500 if request.path == "/broken" else 200, body=b"certificate")


CA = trustme.CA()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert("localhost").configure_cert(context)
    runner = web.ServerRunner(web.Server(made.answer))
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0, ssl_context=context).start()
    made.url = f"https://localhost:{runner.addresses[0][1]}"
    yield made
    made.gate.set()
    await runner.cleanup()


@pytest.fixture
def clock() -> Watch:
    return Watch()


@pytest.fixture
def runner(clock: Watch) -> Errands:
    context = ssl.create_default_context()
    CA.configure_trust(context)
    return Errands(clock, context)  # type: ignore[arg-type]


async def test_what_was_fetched_is_remembered_for_a_day(site: Site, runner: Errands, clock: Watch) -> None:
    for _ in range(3):
        assert await runner.get(f"{site.url}/good", HOSTS) == b"certificate"
    assert site.asked == ["/good"]
    clock.at += errands.KEPT
    assert await runner.get(f"{site.url}/good", HOSTS) == b"certificate"
    assert site.asked == ["/good", "/good"]


@pytest.mark.parametrize("path", ["/broken", "/moved", "/large"])
async def test_a_failure_is_remembered_for_a_moment(site: Site, runner: Errands, clock: Watch, path: str) -> None:
    for _ in range(2):
        with pytest.raises(ErrandFailed):
            await runner.get(site.url + path, HOSTS)
    assert site.asked == [path]  # no redirect is followed either
    clock.at += errands.FAILED
    with pytest.raises(ErrandFailed):
        await runner.get(site.url + path, HOSTS)
    assert site.asked == [path, path]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:1/x",
        "https://evil.example/x",
        "https://localhost.evil.example:1/x",
        "https://localhost:1@evil.example/x",
        "https://user@localhost:1/x",
        "https://localhost:99999999/x",
        "https://[::1/x",
        "file:///etc/passwd",
        "",
        "https://localhost:1/" + "x" * 2000,
    ],
)
async def test_only_https_to_the_providers_hosts(runner: Errands, url: str) -> None:
    with pytest.raises(Unauthorized):
        await runner.get(url, HOSTS)
    with pytest.raises(Unauthorized):
        await runner.get(url, "")


async def test_an_unknown_certificate_is_refused(site: Site, clock: Watch) -> None:
    strict = Errands(clock)  # type: ignore[arg-type]
    with pytest.raises(ErrandFailed):
        await strict.get(f"{site.url}/good", HOSTS)
    assert site.asked == []


async def test_strangers_cannot_make_us_fetch_much(site: Site, runner: Errands, clock: Watch) -> None:
    for number in range(errands.A_MINUTE):
        await runner.get(f"{site.url}/{number}", HOSTS)
    with pytest.raises(ErrandFailed, match="a minute"):
        await runner.get(f"{site.url}/more", HOSTS)
    assert len(site.asked) == errands.A_MINUTE
    clock.at += 60
    await runner.get(f"{site.url}/more", HOSTS)


async def test_a_flood_keeps_no_certificate_away_that_was_there_once(
    site: Site, runner: Errands, clock: Watch
) -> None:
    await runner.get(f"{site.url}/good", HOSTS)
    clock.at += errands.KEPT
    for number in range(errands.A_MINUTE):
        await runner.get(f"{site.url}/{number}", HOSTS)
    assert await runner.get(f"{site.url}/good", HOSTS) == b"certificate"
    with pytest.raises(ErrandFailed, match="a minute"):
        await runner.get(f"{site.url}/more", HOSTS)
    clock.at += 60
    assert await runner.get(f"{site.url}/good", HOSTS) == b"certificate"
    assert site.asked.count("/good") == 2  # asked anew when there is room


async def test_a_server_that_is_down_takes_no_certificate_away(site: Site, clock: Watch) -> None:
    strict = Errands(clock)  # type: ignore[arg-type]
    strict._remember(f"{site.url}/good", errands.KEPT, b"certificate")
    clock.at += errands.KEPT
    for _ in range(2):
        assert await strict.get(f"{site.url}/good", HOSTS) == b"certificate"


async def test_few_wait_their_turn_and_one_fetch_serves_all(site: Site, runner: Errands) -> None:
    waiting = [asyncio.create_task(runner.get(f"{site.url}/slow", HOSTS)) for _ in range(errands.WAITING)]
    while not site.asked:
        await asyncio.sleep(0)
    with pytest.raises(ErrandFailed, match="too many fetches"):
        await runner.get(f"{site.url}/other", HOSTS)
    site.gate.set()
    assert await asyncio.gather(*waiting) == [b"certificate"] * errands.WAITING
    assert site.asked == ["/slow"]


async def test_not_much_is_remembered(runner: Errands) -> None:
    for number in range(errands.MOST + 5):
        runner._remember(str(number), 60, b"")
    assert len(runner._known) == errands.MOST


async def test_failures_push_out_no_certificate_in_use(site: Site, runner: Errands) -> None:
    await runner.get(f"{site.url}/good", HOSTS)
    for number in range(errands.MOST + 5):
        runner._remember(str(number), errands.FAILED, "could not be asked")
    assert await runner.get(f"{site.url}/good", HOSTS) == b"certificate"
    assert site.asked == ["/good"]


def test_a_sender_that_comes_again_after_20_seconds_is_tried_anew() -> None:
    assert errands.FAILED < 20  # Amazon SNS, whose third try is the last
