# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at an outbox from outside, for the doctor: it writes nothing, migrates nothing, and ends in time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bouncestream.errors import StoreError
from bouncestream.outbox import codec, connection, files
from bouncestream.outbox import operator as browse
from bouncestream.outbox.delivery import oldest_pending, quarantine_count, tally
from bouncestream.outbox.mailboxes import progress
from bouncestream.outbox.migrate import newest, version
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import Progress


@dataclass(frozen=True, slots=True)
class Glance:
    """What an outbox holds. Sizes in bytes, ages in seconds."""

    states: Mapping[str, int]
    quarantined: int
    oldest_pending: float
    newest: Mapping[str, datetime]  #: source → when its newest event came in, among the newest 20,000
    size: int
    wal_size: int
    old_schema: bool = False  #: nothing but the sizes is known then


def glance(path: Path, now: datetime, patience: float = 3.0) -> Glance:
    """Look, within `patience` seconds. Raises StoreError in the operator's words."""
    size, wal = _size(path), _size(files.beside(path, "-wal"))
    with connection.in_words(), closing(sqlite3.connect(**connection.options(path, readonly=True))) as conn:
        until = time.monotonic() + patience
        conn.set_progress_handler(lambda: time.monotonic() > until, 10_000)
        connection.prepare_reader(conn)
        if version(conn) != newest():
            return Glance({}, 0, 0.0, {}, size, wal, old_schema=True)
        found = conn.execute(QUERIES["newest_by_source"]).fetchall()
        return Glance(
            tally(conn),
            quarantine_count(conn),
            oldest_pending(conn, now),
            {source: codec.moment(at) for source, at in found},
            size,
            wal,
        )


def newest_about(path: Path, recipient: str) -> tuple[str, str]:
    """State of the newest event about a recipient, and why; empty when there is none. Raises StoreError."""
    with connection.in_words(), closing(sqlite3.connect(**connection.options(path, readonly=True))) as conn:
        connection.prepare_reader(conn)
        found = browse.list_rows(conn, recipient=recipient, limit=1)
        return (found[0].state.value, found[0].why) if found else ("", "")


def read_so_far(path: Path, mailbox: str, folder: str) -> Progress | None:
    """How far `run` has read a folder of a mailbox; None too where there is no outbox that can be read."""
    try:
        with connection.in_words(), closing(sqlite3.connect(**connection.options(path, readonly=True))) as conn:
            connection.prepare_reader(conn)
            return progress(conn, mailbox, folder)
    except StoreError:
        return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
