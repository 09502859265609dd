# SPDX-License-Identifier: GPL-3.0-or-later
"""A checked copy of the outbox, made while it is in use. The outbox itself stays as it is, also one of an older
version.

The copy knows that it is one and from when (`delivery.take_restored`): of what Listmonk was told since, it has no
idea.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import cast

from bouncestream.errors import NoFolder, StoreUnavailable
from bouncestream.files import sync
from bouncestream.outbox import connection, files
from bouncestream.outbox.delivery import mark_restored
from bouncestream.outbox.view import view


def backup(source: Path, target: Path, now: datetime) -> None:
    """Copy the outbox `source` to a new file of mode 0600, and check the copy. Raises StoreError."""
    with view(source, older=True) as outbox:
        if not _create(target):
            raise StoreUnavailable(
                f"{target} already exists, and a backup overwrites nothing. Next: choose another name."
            )
        try:
            outbox.read(lambda conn: _copy(cast(sqlite3.Connection, conn), target, now))
        except BaseException:
            for suffix in files.SUFFIXES:
                files.beside(target, suffix).unlink(missing_ok=True)
            raise


def _create(target: Path) -> bool:
    """As `files.create`; a folder that is missing here is none of the configuration's."""
    try:
        return files.create(target)
    except NoFolder as error:
        raise StoreUnavailable(str(error)) from None


def _copy(conn: sqlite3.Connection, target: Path, now: datetime) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        conn.backup(copy)  # in one step: step by step, each commit of the bridge would make it begin anew
        copy.execute("PRAGMA journal_mode = DELETE")  # the backup is one file
        mark_restored(copy, now)
        connection.check_integrity(copy)
    sync(target)
    sync(target.parent)
