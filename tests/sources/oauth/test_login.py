# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.oauth import plan
from bouncestream.errors import LoginRefused, TokenError
from bouncestream.sources.oauth.flows import DeviceCode, Tokens
from bouncestream.sources.oauth.login import Login
from tests.sources.oauth.server import CLIENT_ID, Provider


class Clock:
    """Its time passes only while someone sleeps."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def login(provider: Provider, clock: Clock, flow: str, timeout: float = 10.0) -> Login:
    box = Mailbox(
        name="bounces",
        oauth_flow=flow,
        oauth_client_id=CLIENT_ID,
        oauth_token_url=f"{provider.url}/token",
        oauth_device_url=f"{provider.url}/device",
        oauth_authorize_url=f"{provider.url}/authorize",
    )
    return Login(plan(box), clock, command="`the command`", timeout=timeout, sleep=clock.sleep)


async def test_a_code_that_is_entered_elsewhere(provider: Provider, clock: Clock) -> None:
    provider.interval = 5
    provider.device = ["authorization_pending", "slow_down", "authorization_pending"]
    told: list[DeviceCode] = []
    tokens = await login(provider, clock, "device").by_device(told.append)
    assert tokens.refresh in provider.good_refresh
    assert [code.user_code for code in told] == ["WDJB-MJHT"]
    assert clock.slept == [5, 5, 10, 10], "slow_down adds five seconds for good"


async def test_a_poll_that_fails_is_repeated_less_often(provider: Provider, clock: Clock) -> None:
    provider.interval = 5
    provider.device = ["temporarily_unavailable", "server_error"]
    await login(provider, clock, "device").by_device(lambda code: None)
    assert clock.slept == [5, 10, 20]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("expired_token", "expired"),
        ("access_denied", "allow it"),
        ("authorization_declined", "allow it"),
        ("invalid_client", "oauth_client_id"),
    ],
)
async def test_the_end_of_polling(provider: Provider, clock: Clock, said: str, words: str) -> None:
    provider.device = ["authorization_pending", said]
    with pytest.raises(LoginRefused, match=words) as caught:
        await login(provider, clock, "device").by_device(lambda code: None)
    assert "device-code-of-the-test" not in str(caught.value)


async def test_nobody_enters_the_code(provider: Provider, clock: Clock) -> None:
    provider.code_lifetime = 30
    provider.interval = 7
    provider.device = ["authorization_pending"] * 100
    with pytest.raises(LoginRefused, match="expired before it was entered"):
        await login(provider, clock, "device").by_device(lambda code: None)
    assert clock.slept == [7, 7, 7, 7]


@pytest.mark.parametrize("fault", ["500", "huge", "html", "empty"])
async def test_a_provider_that_gives_no_code(provider: Provider, clock: Clock, fault: str) -> None:
    provider.fault = fault
    with pytest.raises(TokenError):
        await login(provider, clock, "device").by_device(lambda code: None)


class Browser:
    """Opens what it is told, and keeps what it saw."""

    def __init__(self) -> None:
        self._url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.port = 0

    def tell(self, url: str, port: int) -> None:
        self.port = port
        self._url.set_result(url)

    async def url(self) -> str:
        """What it was told to open."""
        return await asyncio.wait_for(asyncio.shield(self._url), 10)

    async def get(self, url: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status, await response.text()

    async def where_it_is_sent(self) -> str:
        """The address that the provider sends the browser to, which is not opened."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(await self.url(), allow_redirects=False) as response,
        ):
            return response.headers["Location"]


async def test_a_browser_that_comes_back(provider: Provider, clock: Clock) -> None:
    browser = Browser()
    task = asyncio.create_task(login(provider, clock, "loopback").by_loopback(browser.tell))
    status, page = await browser.get(await browser.url())
    assert (status, "Thank you" in page) == (200, True)
    tokens = await asyncio.wait_for(task, 10)
    assert tokens.refresh in provider.good_refresh
    query = parse_qs(urlsplit(await browser.url()).query)
    assert query["redirect_uri"] == [f"http://127.0.0.1:{browser.port}/"]
    assert len(query["state"][0]) >= 32
    assert 43 <= len(provider.forms[0]["code_verifier"]) <= 128, "RFC 7636 section 4.1"
    with pytest.raises(aiohttp.ClientConnectorError):
        await browser.get(f"http://127.0.0.1:{browser.port}/")


async def test_a_redirect_of_somebody_else_is_not_believed(provider: Provider, clock: Clock) -> None:
    browser = Browser()
    task = asyncio.create_task(login(provider, clock, "loopback").by_loopback(browser.tell))
    await browser.url()
    for path in ("?code=stolen&state=guessed", "?code=stolen", "", "favicon.ico", "?error=access_denied"):
        status, page = await browser.get(f"http://127.0.0.1:{browser.port}/{path}")
        assert status in (400, 404)
        assert "stolen" not in page
    assert not task.done()
    await browser.get(await browser.url())
    assert (await asyncio.wait_for(task, 10)).access in provider.good_access
    assert len(provider.forms) == 1


async def test_a_person_who_says_no(provider: Provider, clock: Clock) -> None:
    browser = Browser()
    task = asyncio.create_task(login(provider, clock, "loopback").by_loopback(browser.tell))
    state = parse_qs(urlsplit(await browser.url()).query)["state"][0]
    await browser.get(f"http://127.0.0.1:{browser.port}/?error=access_denied&state={state}")
    with pytest.raises(LoginRefused, match="allow it"):
        await asyncio.wait_for(task, 10)


async def test_an_address_that_is_pasted(provider: Provider, clock: Clock) -> None:
    """Where the browser runs on another machine: it cannot open 127.0.0.1 of this one, but it shows the address."""
    browser = Browser()
    lines: asyncio.Queue[str] = asyncio.Queue()

    async def pasted() -> AsyncIterator[str]:
        while True:
            yield await lines.get()

    task = asyncio.create_task(login(provider, clock, "loopback").by_loopback(browser.tell, pasted=pasted()))
    await browser.url()
    for line in ("what?", "http://127.0.0.1/?code=x&state=y\n", "http://[::1"):
        await lines.put(line)
    await lines.put(await browser.where_it_is_sent() + "\n")
    assert (await asyncio.wait_for(task, 10)).refresh in provider.good_refresh


async def test_nobody_comes_back(provider: Provider, clock: Clock) -> None:
    with pytest.raises(LoginRefused, match="The browser sent no answer"):
        await login(provider, clock, "loopback").by_loopback(lambda url, port: None, patience=0.05)


async def test_a_port_that_is_taken(provider: Provider, clock: Clock) -> None:
    port = urlsplit(provider.url).port
    assert port
    with pytest.raises(TokenError, match="choose another --port"):
        await login(provider, clock, "loopback").by_loopback(lambda url, port: None, port=port)


async def test_a_hanging_provider_is_left(provider: Provider, clock: Clock) -> None:
    provider.fault = "hang"
    begun = time.monotonic()
    with pytest.raises(TokenError):
        await login(provider, clock, "client", timeout=0.3).by_client()
    assert time.monotonic() - begun < 5


async def test_tokens_are_not_shown(provider: Provider, clock: Clock) -> None:
    tokens = await login(provider, clock, "device").by_device(lambda code: None)
    assert isinstance(tokens, Tokens)
    assert tokens.access not in repr(tokens)
    assert tokens.refresh not in repr(tokens)
