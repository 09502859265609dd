# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path

import bouncestream
from bouncestream.outbox.copying.tables import COUNTED, tables
from bouncestream.outbox.migrate import migrate

ROOM = Path(bouncestream.__file__).parent
_ADDS = re.compile(r"\badd_meta(?:, name=|\([\w.]*conn, )([\w.\"]+), ")


def test_every_table_is_copied_and_has_a_key() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        migrate(conn)
        names = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        refers = [name for name in names if conn.execute(f"PRAGMA foreign_key_list({name})").fetchall()]
    assert {table.name for table in tables()} == names
    assert all(table.key for table in tables())
    assert not refers, "tables are copied in any order"


def test_the_key_is_in_the_order_of_the_primary_key() -> None:
    (marks,) = (table for table in tables() if table.name == "marks")
    assert marks.key == ("mailbox", "folder", "uidvalidity", "uid")
    assert marks.key_of(("b", "INBOX", 1, 7, "done", None)) == ("b", "INBOX", 1, 7)


def test_all_that_is_counted_in_meta_is_known() -> None:
    """What is not stands still after a copy, as PostgreSQL reads the copied number and counts elsewhere."""
    found = set()
    for path in ROOM.rglob("*.py"):
        for name in _ADDS.findall(path.read_text("utf-8")):
            module = import_module(".".join(("bouncestream", *path.relative_to(ROOM).with_suffix("").parts)))
            found.add(eval(name, vars(module)))
    assert len(found) > 5
    assert found == COUNTED
