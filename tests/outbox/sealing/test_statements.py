# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
import sqlite3

import pytest

from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.columns import Table, sealed_tables
from bouncestream.outbox.sealing.statements import convert, convert_names, translate, view

WORDS = Table("history", ("id", "outbox_id", "from_state", "to_state", "why"), ("why",), frozenset(), True)
ALERTS = Table("alerts", ("rule", "subject", "text"), ("subject", "text"), frozenset(), False)
TABLES = {"history": WORDS, "alerts": ALERTS}


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_each_statement_is_known(conn: sqlite3.Connection, name: str) -> None:
    tables = sealed_tables(conn)
    translated = translate(QUERIES[name], tables)
    if re.match(rf"(?:INSERT INTO|UPDATE|DELETE FROM) (?:{'|'.join(tables)})\b", QUERIES[name]):
        bare = re.compile(rf"\b(?:INTO|UPDATE|FROM|JOIN) (?:{'|'.join(tables)})\b")
        assert not bare.search(translated), "a view cannot be written, and what is in the table is sealed"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "INSERT INTO history (outbox_id, from_state, to_state, why) VALUES (?, ?, 'dead', ?)",
            "INSERT INTO main.history (outbox_id, from_state, to_state, why) VALUES "
            "(?1, ?2, 'dead', sealed(?3, 'history.why', ?1, ?2, 'dead'))",
        ),
        ("INSERT INTO history (outbox_id, why) VALUES (?, '')",
        "INSERT INTO main.history (outbox_id, why) VALUES (?1, '')"), (
            "UPDATE history SET why = coalesce(?, why) WHERE id = ?",
            "UPDATE main.history SET why = coalesce(sealed(?1, 'history.why', outbox_id, from_state, to_state), "
            "why) "
            "WHERE id = ?2",
        ),
        (
            "UPDATE history SET why = 'erased' WHERE id = ?",
            "UPDATE main.history SET why = sealed('erased', 'history.why', outbox_id, from_state, to_state) "
            "WHERE id = ?1",
        ),
        (
            "DELETE FROM alerts WHERE rule = ? AND subject = ?",
            "DELETE FROM main.alerts WHERE rule = ?1 AND subject = sealed_alike(?2, 'alerts.subject')",
        ),
        ("DELETE FROM seen WHERE key = ?", "DELETE FROM seen WHERE key = ?"),
        ("SELECT why FROM history WHERE id = ?", "SELECT why FROM history WHERE id = ?"),
        (
            "SELECT 1 FROM main.alerts WHERE subject = :subject",
            "SELECT 1 FROM main.alerts WHERE subject = sealed_alike(:subject, 'alerts.subject')",
        ),
    ],
)  # fmt: skip
def test_what_is_written_is_sealed(sql: str, expected: str) -> None:
    assert translate(sql, TABLES) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO history VALUES (1, 2, 'a', 'b', ?)",
        "INSERT INTO history (outbox_id, why) VALUES (1, ?)",
        "INSERT INTO history (why) SELECT why FROM history",
        "UPDATE history AS h SET why = ? WHERE id = ?",
        "UPDATE history SET outbox_id = ? WHERE id = ?",
        "UPDATE history SET id = 1 WHERE why = ?",
        "DELETE FROM history WHERE why LIKE 'x%'",
        "DELETE FROM history WHERE why IN ('x')",
    ],
)
def test_a_form_that_would_store_or_compare_words_in_the_open_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match=r"history|why"):
        translate(sql, TABLES)


def test_views_and_conversions() -> None:
    assert view(WORDS, "opened").endswith(
        """opened("why", 'history.why', outbox_id, from_state, to_state) AS "why" FROM main."history\""""
    )
    assert "opened" not in view(WORDS, None)
    assert convert_names(WORDS, "converted") == ""
    assert (
        convert_names(ALERTS, "c")
        == """UPDATE main."alerts" SET "subject" = c_alike("subject", 'alerts.subject') """
    )
    assert convert(ALERTS, "c") == """UPDATE main."alerts" SET "text" = c("text", 'alerts.text', rule, subject) """
