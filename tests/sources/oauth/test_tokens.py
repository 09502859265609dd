# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import logging
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from bouncestream.config.mailbox import Mailbox
from bouncestream.crypto.secret import Secret
from bouncestream.errors import LoginRefused, TokenError
from bouncestream.sources.oauth.tokens import TokenSource
from tests.sources.oauth.server import CLIENT_ID, CLIENT_SECRET, USER, Provider, Served, serve


@dataclass
class Clock:
    """A clock that is moved by hand, each of its two by itself."""

    monotonic_now: float = 1000.0
    wall: datetime = field(default_factory=lambda: datetime(2026, 11, 22, tzinfo=UTC))

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.monotonic_now

    def pass_by(self, seconds: float) -> None:
        self.monotonic_now += seconds
        self.wall += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def box(url: str, **more: object) -> Mailbox:
    settings: dict[str, object] = {
        "name": "bounces",
        "host": "imap.example.test",
        "user": USER,
        "auth": "xoauth2",
        "oauth_flow": "device",
        "oauth_client_id": CLIENT_ID,
        "oauth_token_url": f"{url}/token",
        "oauth_device_url": f"{url}/device",
        "oauth_authorize_url": f"{url}/authorize",
        "timeout": 10.0,
    }
    return Mailbox(**(settings | more))  # type: ignore[arg-type]


Make = Callable[..., TokenSource]


@pytest.fixture
async def make(served: Served, clock: Clock, tmp_path: Path) -> AsyncIterator[Make]:
    made: list[TokenSource] = []

    def make(**more: object) -> TokenSource:
        made.append(TokenSource(box(served.url, **more), tmp_path / "outbox.db", clock))
        return made[-1]

    yield make
    for source in made:
        await source.close()


@pytest.fixture
def source(make: Make, provider: Provider) -> TokenSource:
    """Of a mailbox for which somebody has logged in."""
    source = make()
    source.file.write(provider.grant())
    return source


async def test_a_token_is_kept_until_shortly_before_it_expires(
    source: TokenSource, provider: Provider, clock: Clock
) -> None:
    first = await source.token()
    assert first in provider.good_access
    clock.pass_by(3600 - 121)
    assert await source.token() == first
    clock.pass_by(2)
    assert await source.token() != first
    assert provider.asked["refresh_token"] == 2


@pytest.mark.parametrize("by", ["monotonic", "wall"])
async def test_a_machine_that_slept_and_a_clock_that_jumped_get_a_new_token(
    source: TokenSource, clock: Clock, by: str
) -> None:
    first = await source.token()
    if by == "wall":
        clock.wall += timedelta(hours=2)
    else:
        clock.monotonic_now += 7200
    assert await source.token() != first


async def test_a_short_life_is_used_for_three_quarters(
    source: TokenSource, provider: Provider, clock: Clock
) -> None:
    provider.lifetime = 60
    first = await source.token()
    clock.pass_by(44)
    assert await source.token() == first
    clock.pass_by(2)
    assert await source.token() != first


async def test_many_who_ask_at_once_share_one_refresh(source: TokenSource, provider: Provider) -> None:
    provider.gate = asyncio.Event()
    tasks = [asyncio.create_task(source.token()) for _ in range(20)]
    await asyncio.wait_for(provider.entered.wait(), 10)
    provider.gate.set()
    assert len(set(await asyncio.gather(*tasks))) == 1
    assert provider.asked["refresh_token"] == 1


async def test_a_rotated_refresh_token_is_on_the_disk_before_anything_of_it_is_used(
    source: TokenSource, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real_fsync, real_rename = os.fsync, Path.rename

    def fsync(number: int) -> None:
        synced.append("directory" if os.path.isdir(f"/proc/self/fd/{number}") else "file")
        real_fsync(number)

    def rename(self: Path, target: Path) -> Path:
        synced.append("rename")
        return real_rename(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", rename)
    await source.token()
    assert synced == ["file", "file", "rename", "directory"], "the first one is the rehearsal"
    assert source.file.read().refresh_token in provider.good_refresh


async def test_rotation_goes_on_and_on(source: TokenSource, provider: Provider, clock: Clock) -> None:
    for _ in range(5):
        await source.token()
        clock.pass_by(4000)
    assert provider.asked["refresh_token"] == 5
    assert source.file.read().refresh_token in provider.good_refresh


async def test_a_provider_that_does_not_rotate_leaves_the_file_alone(
    source: TokenSource, provider: Provider, clock: Clock
) -> None:
    provider.rotate = False
    mark = source.file.mark()
    first = await source.token()
    clock.pass_by(4000)
    assert await source.token() != first
    assert source.file.mark() == mark


async def test_a_caller_that_goes_away_loses_no_refresh_token(source: TokenSource, provider: Provider) -> None:
    provider.gate = asyncio.Event()
    task = asyncio.create_task(source.token())
    await asyncio.wait_for(provider.entered.wait(), 10)  # the old one is spent now
    task.cancel()
    await asyncio.wait([task])
    provider.gate.set()
    await source.close()
    assert source.file.read().refresh_token in provider.good_refresh
    assert await source.token() in provider.good_access


async def test_two_processes_do_not_overwrite_each_other(make: Make, provider: Provider, clock: Clock) -> None:
    """`check` beside `run`: each refresh begins with what the other one wrote."""
    run, check = make(), make()
    run.file.write(provider.grant())
    for _ in range(3):
        tokens = await asyncio.gather(run.token(), check.token())
        assert set(tokens) <= provider.good_access
        clock.pass_by(4000)
    assert run.file.read().refresh_token in provider.good_refresh


async def test_a_new_login_is_noticed_without_a_restart(make: Make, provider: Provider) -> None:
    run, login = make(), make()
    with pytest.raises(LoginRefused, match="has no OAuth login yet"):
        await run.token()
    noticed = asyncio.create_task(run.changed())
    await asyncio.sleep(0)
    login.file.write(provider.grant())
    await asyncio.wait_for(noticed, 10)
    await asyncio.wait_for(run.changed(), 10)  # also for who asks after it has happened
    first = await run.token()
    login.file.write(provider.grant())
    assert await run.token() != first, "the token of the earlier login is not used any more"


async def test_a_token_that_the_mailbox_refuses_is_replaced(source: TokenSource) -> None:
    first = await source.token()
    source.forget()
    assert await source.token() != first


async def test_a_revoked_permission_names_the_command_and_no_secret(
    source: TokenSource, provider: Provider
) -> None:
    token = source.file.read().refresh_token
    provider.revoke()
    with pytest.raises(LoginRefused) as caught:
        await source.token()
    told = str(caught.value)
    assert "Next: run `bouncestream mailbox login bounces`." in told
    assert token not in told
    assert USER not in told
    assert told.isprintable()


@pytest.mark.parametrize("fault", ["500", "huge", "html", "redirect", "empty", "line", "temporarily_unavailable"])
async def test_trouble_that_may_pass_loses_nothing(source: TokenSource, provider: Provider, fault: str) -> None:
    before = source.file.read().refresh_token
    provider.fault = fault
    with pytest.raises(TokenError):
        await source.token()
    assert source.file.read().refresh_token == before
    assert not provider.asked["elsewhere"], "secrets go to nobody else"
    provider.fault = ""
    assert await source.token() in provider.good_access


async def test_a_provider_that_hangs_is_left(make: Make, provider: Provider) -> None:
    source = make(timeout=0.3)
    source.file.write(provider.grant())
    provider.fault = "hang"
    begun = time.monotonic()
    with pytest.raises(TokenError, match="did not answer within"):
        await source.token()
    assert time.monotonic() - begun < 5


async def test_a_provider_with_an_own_authority(make: Make, tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    authority.cert_pem.write_to_path(str(ours))
    other.cert_pem.write_to_path(str(theirs))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    secured = await serve(Provider(), context)
    try:
        url = f"{secured.url}/token"
        source = make(oauth_token_url=url, ca_file=str(ours))
        source.file.write(secured.provider.grant())
        assert await source.token() in secured.provider.good_access
        for ca_file, words in (
            (str(theirs), "the server's certificate is invalid"),
            ("/nowhere", "/nowhere cannot"),
        ):
            with pytest.raises(TokenError, match=words):
                await make(oauth_token_url=url, ca_file=ca_file).token()
    finally:
        await secured.stop()


async def test_the_wish_to_wait_is_handed_on(source: TokenSource, provider: Provider) -> None:
    provider.fault = "429"
    with pytest.raises(TokenError) as caught:
        await source.token()
    assert caught.value.after == 17


async def test_a_provider_that_is_not_there(make: Make, provider: Provider) -> None:
    source = make(oauth_token_url="http://127.0.0.1:1/token")
    source.file.write(provider.grant())
    with pytest.raises(TokenError, match="/token failed: connection refused"):
        await source.token()


async def test_nothing_secret_is_told_or_logged(
    make: Make, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source = make(oauth_client_secret=Secret(CLIENT_SECRET))
    refresh = provider.grant()
    source.file.write(refresh)
    provider.fault = "echo"
    with pytest.raises(LoginRefused) as caught:
        await source.token()
    provider.fault = ""
    access = await source.token()
    everything = caplog.text + str(caught.value) + repr(source.__dict__)
    for secret in (refresh, access, CLIENT_SECRET, *provider.good_refresh):
        assert secret not in everything


async def test_a_disk_that_is_full_shows_before_the_provider_is_asked(
    source: TokenSource, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(TokenError, match=r"No space left on device\. Next: free space"):
            await source.token()
    assert not provider.asked
    assert await source.token() in provider.good_access


async def test_a_refresh_token_that_could_not_be_kept_is_kept_later(
    source: TokenSource, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up between rehearsal and play: neither token is used, and the new one is not forgotten."""
    real = os.fsync
    calls = iter(range(10))

    def full_at_the_second(number: int) -> None:
        if next(calls) == 1:
            raise OSError(28, "No space left on device")
        real(number)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_at_the_second)
        with pytest.raises(TokenError, match="cannot be saved"):
            await source.token()
    assert source.file.read().refresh_token in provider.spent
    assert await source.token() in provider.good_access
    assert source.file.read().refresh_token in provider.good_refresh


async def test_an_application_asks_for_itself(make: Make, provider: Provider, clock: Clock) -> None:
    source = make(oauth_flow="client", oauth_client_secret=Secret(CLIENT_SECRET), oauth_scope="a b")
    first = await source.token()
    assert provider.forms[0]["scope"] == "a b"
    assert await source.token() == first
    clock.pass_by(4000)
    assert await source.token() != first
    assert source.file.mark() is None
    wrong = make(oauth_flow="client", oauth_client_secret=Secret("another-secret"))
    with pytest.raises(LoginRefused, match="oauth_client_secret") as caught:
        await wrong.token()
    assert "another-secret" not in str(caught.value)
