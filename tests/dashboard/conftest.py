# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dashboard.stage import Browser, config, opened
from tests.outbox.fixtures import conn, path

__all__ = ["conn", "path"]


@pytest.fixture
async def browser(path: Path, conn: sqlite3.Connection) -> AsyncIterator[Browser]:
    """A browser before a dashboard, not logged in."""
    async with opened(config(path)) as browser:
        yield browser
