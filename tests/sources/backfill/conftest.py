# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in of an API, to which the calls of this process lead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bouncestream.net.http import Client
from bouncestream.sources.backfill import calls
from tests.sources.backfill.stand_in import Api, standing_in


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    async with standing_in(lambda url: []) as made:

        def client(**options: Any) -> Client:
            return Client(connector=aiohttp.TCPConnector(resolver=made), **options)

        monkeypatch.setattr(calls, "Client", client)
        yield made
