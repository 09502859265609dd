# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.dashboard.stage import Browser, config, opened
from tests.outbox import make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def conn(path: Path) -> Iterator[sqlite3.Connection]:
    """A writing connection to the outbox that the dashboard shows."""
    conn = make.connect(path)
    yield conn
    conn.close()


@pytest.fixture
async def browser(path: Path, conn: sqlite3.Connection) -> AsyncIterator[Browser]:
    """A browser before a dashboard, not logged in."""
    async with opened(config(path)) as browser:
        yield browser
