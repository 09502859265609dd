# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' own OAuth provider, served on port 0."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sources.oauth.server import Provider, Served, serve


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    served = await serve(Provider())
    yield served
    await served.stop()


@pytest.fixture
def provider(served: Served) -> Provider:
    return served.provider
