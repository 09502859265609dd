# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.outbox.postgres.statements import Statements
from bouncestream.outbox.queries import QUERIES


def test_what_differs_is_looked_up_by_sqlites_text() -> None:
    statements = Statements("o'ne")
    assert "'o''ne'" in statements.own(QUERIES["count"])
    assert statements.own("SELECT 1") == "SELECT 1"
    assert statements.single("SELECT ?").sql == "SELECT %s"


def test_plain_insertions_are_known() -> None:
    statements = Statements("one")
    found = statements.insert(QUERIES["insert_key"])
    assert found is not None
    assert found.table == "seen"
    assert statements.insert(QUERIES["row"]) is None
