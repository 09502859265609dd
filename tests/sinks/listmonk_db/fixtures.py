# SPDX-License-Identifier: GPL-3.0-or-later
"""A database with Listmonk's tables, and the bridge's role in it. tests/conftest.py has it for all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sinks.listmonk_db.shape import Listmonk

__all__ = ["listmonk_tables"]


@pytest.fixture
def listmonk_tables(pg_url: str) -> Iterator[Listmonk]:
    """Tables of Listmonk's shape, with the documented rights."""
    from tests.sinks.listmonk_db.shape import Listmonk  # psycopg is imported where it is used

    made = Listmonk(pg_url)
    try:
        made.make()
        yield made
    finally:
        made.close()
