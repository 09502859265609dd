# SPDX-License-Identifier: GPL-3.0-or-later
"""An outbox to look at, for the rooms that only show it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.outbox import make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where it is."""
    return tmp_path / "outbox.db"


@pytest.fixture
def conn(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that writes to it."""
    with closing(make.connect(path)) as conn:
        yield conn
