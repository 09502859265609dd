# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bouncestream.errors import SinkError, SinkRefused
from bouncestream.sandbox import Sandbox
from bouncestream.sinks.listmonk.directory import Directory

UUID = "{:08d}-0000-4000-8000-000000000000"


@pytest.fixture
async def directory(sandbox: Sandbox) -> AsyncIterator[Directory]:
    client = Directory(sandbox.url, "bridge", "sandbox-token-of-bridge", instance="bridge1")
    yield client
    await client.close()


async def test_subscribers_are_found_by_address_and_uuid_and_it_is_told_what_could_be_asked(
    directory: Directory, sandbox: Sandbox
) -> None:
    there = await directory.newest_subscriber()
    assert there is not None
    emails = {there.email, "nobody@example.com", '";drop table@example.com'}
    asked, found = await directory.find(emails, {there.uuid, UUID.format(7777), "no uuid"})
    assert asked == {there.email, "nobody@example.com", there.uuid, UUID.format(7777)}
    assert {one.email for one in found} == {there.email}
    sandbox.fault("db_away")
    with pytest.raises(SinkError):
        await directory.find(emails, ())


async def test_clicks_are_asked_for_by_every_name(directory: Directory, sandbox: Sandbox) -> None:
    there, since = await directory.newest_subscriber(), datetime(2026, 3, 1, tzinfo=UTC)
    assert there is not None
    assert await directory.clicked([there.email], there.uuid, since) is False, "nobody clicks in the sandbox"
    with pytest.raises(SinkRefused):
        await directory.clicked(['";drop table@example.com'], "", since)
    sandbox.fault("db_away")
    with pytest.raises(SinkError):
        await directory.clicked([there.email], "", since)
