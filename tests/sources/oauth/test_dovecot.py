# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of the tests' own provider, at a real Dovecot that asks that provider whether they are good."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bouncestream.clock import SystemClock
from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import AuthFailed
from bouncestream.sources.imap.session import Session
from bouncestream.sources.oauth.tokens import TokenSource
from tests.mailserver.dovecot import Dovecot
from tests.mailserver.oauth import dovecot_with_oauth
from tests.sources.oauth.server import CLIENT_ID, USER, Provider, serve


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    served = await serve(Provider())
    yield served.provider
    await served.stop()


@pytest.fixture
def dovecot(provider: Provider) -> object:
    with dovecot_with_oauth(provider.url) as server:
        yield server


def box(provider: Provider, dovecot: Dovecot, auth: str) -> Mailbox:
    return Mailbox(
        name="bounces",
        host="localhost",
        port=dovecot.imaps,
        ca_file=str(dovecot.ca_file),
        user=USER,
        auth=auth,
        oauth_flow="device",
        oauth_client_id=CLIENT_ID,
        oauth_token_url=f"{provider.url}/token",
        oauth_device_url=f"{provider.url}/device",
    )


@pytest.mark.parametrize("auth", ["xoauth2", "oauthbearer"])
async def test_a_token_opens_the_mailbox(provider: Provider, dovecot: Dovecot, tmp_path: Path, auth: str) -> None:
    settings = box(provider, dovecot, auth)
    source = TokenSource(settings, tmp_path / "outbox.db", SystemClock())
    source.file.write(provider.grant())
    session = await Session.connect(settings, token=await source.token())
    assert (await session.select("INBOX")).exists == 0
    await session.close()


@pytest.mark.parametrize("auth", ["xoauth2", "oauthbearer"])
async def test_a_token_that_was_taken_back_is_refused_at_once_and_replaced(
    provider: Provider, dovecot: Dovecot, tmp_path: Path, auth: str
) -> None:
    settings = box(provider, dovecot, auth)
    source = TokenSource(settings, tmp_path / "outbox.db", SystemClock())
    source.file.write(provider.grant())
    token = await source.token()
    provider.good_access.clear()
    with pytest.raises(AuthFailed, match="bouncestream mailbox login bounces") as caught:
        await Session.connect(settings, token=token)
    assert token not in str(caught.value)
    source.forget()
    session = await Session.connect(settings, token=await source.token())
    await session.close()


async def test_a_token_of_somebody_else_opens_nothing(provider: Provider, dovecot: Dovecot, tmp_path: Path) -> None:
    settings = box(provider, dovecot, "xoauth2")
    source = TokenSource(settings, tmp_path / "outbox.db", SystemClock())
    source.file.write(provider.grant())
    provider.user = "other@example.test"
    with pytest.raises(AuthFailed):
        await Session.connect(settings, token=await source.token())
