# SPDX-License-Identifier: GPL-3.0-or-later
"""Here `conn` is to a file: what is PostgreSQL's of sealing is tested in `outbox/postgres`."""

from __future__ import annotations

import sqlite3

import pytest


@pytest.fixture
def conn(file_conn: sqlite3.Connection) -> sqlite3.Connection:
    return file_conn
