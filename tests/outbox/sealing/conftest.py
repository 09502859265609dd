# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealing is SQLite's alone so far."""

from __future__ import annotations

import sqlite3

import pytest


@pytest.fixture
def conn(file_conn: sqlite3.Connection) -> sqlite3.Connection:
    return file_conn
