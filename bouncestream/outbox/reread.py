# SPDX-License-Identifier: GPL-3.0-or-later
"""Storing what was kept raw and is read again: by an operator's command, or by the program after an upgrade."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bouncestream.outbox.arrivals import take
from bouncestream.outbox.operator import mark_replayed
from bouncestream.outbox.tables import Stored
from bouncestream.ports import Submission


def store_again(conn: sqlite3.Connection, item: int, submission: Submission | None, now: datetime) -> Stored | None:
    """Mark an item of the quarantine as replayed and store what it says now (None: nothing), within the transaction
    of the caller. Returns None when it was marked before: then nothing is stored, so that two who read it again at
    the same time make one event."""
    if not mark_replayed(conn, item, now):
        return None
    return take(conn, submission, now) if submission is not None else Stored()
