# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.folders import Filing
from tests.outbox import make


def test_the_outbox_keeps_each_filing_and_no_other(tmp_path: Path) -> None:
    add = "INSERT INTO marks (mailbox, folder, uidvalidity, uid, place) VALUES ('m', 'INBOX', 1, ?, ?)"
    with closing(make.connect(tmp_path / "outbox.db")) as conn:
        for uid, filing in enumerate(Filing):
            conn.execute(add, (uid, filing.value))
        with pytest.raises(sqlite3.IntegrityError):
            conn.execute(add, (99, "elsewhere"))
