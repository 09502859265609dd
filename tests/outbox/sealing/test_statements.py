# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from contextlib import closing

import pytest

from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.columns import Table, sealed_tables
from bouncestream.outbox.sealing.statements import Parameter, convert, convert_names, prepare, translate, view
from tests.outbox import make

TRIES = Table("tries", ("mailbox", "folder", "uidvalidity", "uid", "why"), ("why",), frozenset(), False)
WORDS = Table("history", ("id", "outbox_id", "from_state", "to_state", "why"), ("why",), frozenset(), True)
ALERTS = Table("alerts", ("rule", "subject", "text"), ("subject", "text"), frozenset(), False)
RAW = Table("raw", ("id", "content_type", "headers", "body"), ("content_type", "headers", "body"),
            frozenset({"body"}), True)  # fmt: skip
TABLES = {"tries": TRIES, "history": WORDS, "alerts": ALERTS, "raw": RAW}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    """The tables of an outbox that have sealed columns."""
    with closing(make.connect(tmp_path_factory.mktemp("outbox") / "outbox.db")) as conn:
        return sealed_tables(conn)


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_each_statement_is_known(tables: dict[str, Table], name: str) -> None:
    translated = translate(QUERIES[name], tables)
    if re.match(rf"(?:INSERT INTO|UPDATE|DELETE FROM) (?:{'|'.join(tables)})\b", QUERIES[name]):
        bare = re.compile(rf"\b(?:INTO|UPDATE|FROM|JOIN) (?:{'|'.join(tables)})\b")
        assert not bare.search(translated), "a view cannot be written, and what is in the table is sealed"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "INSERT INTO raw (id, body) VALUES (?, ?)",
            "INSERT INTO main.raw (id, body) VALUES "
            "(?1, CASE WHEN ?2 <> '' THEN sealed(?2, 'raw.body', ?1) ELSE ?2 END)",
        ),
        (
            "INSERT INTO tries (mailbox, folder, uidvalidity, uid, why) VALUES (?, ?, ?, 7, 'x')",
            "INSERT INTO main.tries (mailbox, folder, uidvalidity, uid, why) VALUES "
            "(?1, ?2, ?3, 7, sealed('x', 'tries.why', ?1, ?2, ?3, 7))",
        ),
        ("INSERT INTO history (outbox_id, why) VALUES (?, '')",
        "INSERT INTO main.history (outbox_id, why) VALUES (?1, '')"), (
            "UPDATE raw SET headers = coalesce(?, headers) WHERE id = ?",
            "UPDATE main.raw SET headers = coalesce("
            "CASE WHEN ?1 <> '' THEN sealed(?1, 'raw.headers', id) ELSE ?1 END, headers) WHERE id = ?2",
        ),
        (
            "UPDATE history SET why = 'erased' WHERE id = ?",
            "UPDATE main.history SET why = sealed_alike('erased', 'history.why') WHERE id = ?1",
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


def test_parameters_of_an_insert_are_sealed_before_they_are_bound() -> None:
    prepared = prepare("INSERT INTO raw (id, content_type, body) VALUES (?, ?, ?)", TABLES)
    assert prepared.sql == "INSERT INTO main.raw (id, content_type, body) VALUES (?1, ?2, ?3)"
    assert {*prepared.sealed} == {
        Parameter(1, "raw.content_type", (), True),
        Parameter(2, "raw.body", (0,), False),
    }


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO raw (id, content_type, body) VALUES (:id, :type, :body)",
        "INSERT INTO raw (id, body) VALUES (?, coalesce(?, ?))",
        "INSERT INTO raw (id, body) VALUES (7, ?)",
        "INSERT INTO raw (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = ?2",
        "INSERT INTO alerts (rule, subject, text) VALUES (?, ?, ?)",
        "UPDATE raw SET body = ? WHERE id = ?",
    ],
)
def test_another_form_is_sealed_by_sqlite(sql: str) -> None:
    prepared = prepare(sql, TABLES)
    assert prepared.sealed == ()
    assert prepared.sql == translate(sql, TABLES)


def test_every_statement_that_stores_what_comes_in_is_sealed_before(tables: dict[str, Table]) -> None:
    for name in ("insert_event", "insert_raw", "insert_block", "insert_history"):
        prepared = prepare(QUERIES[name], tables)
        assert prepared.sealed
        assert "sealed" not in prepared.sql


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO history VALUES (1, 2, 'a', 'b', ?)",
        "INSERT INTO raw (content_type, body) VALUES ('', ?)",
        "INSERT INTO history (why) SELECT why FROM history",
        "UPDATE history AS h SET why = ? WHERE id = ?",
        "UPDATE history SET outbox_id = ? WHERE id = ?",
        "UPDATE raw SET bytes = 1 WHERE headers = ?",
        "DELETE FROM history WHERE why LIKE 'x%'",
        "DELETE FROM history WHERE why IN ('x')",
    ],
)
def test_a_form_that_would_store_or_compare_words_in_the_open_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match=r"history|why|raw|headers"):
        translate(sql, TABLES)


def test_views_and_conversions() -> None:
    assert view(RAW, "opened").endswith(
        """opened_alike("content_type", 'raw.content_type') AS "content_type", """
        """opened("headers", 'raw.headers', id) AS "headers", opened("body", 'raw.body', id) AS "body" """
        """FROM main."raw\""""
    )
    assert "opened" not in view(WORDS, None)
    assert convert_names(WORDS, "converted") == ""
    assert (
        convert_names(ALERTS, "c")
        == """UPDATE main."alerts" SET "subject" = c_alike("subject", 'alerts.subject') """
    )
    assert convert(ALERTS, "c") == """UPDATE main."alerts" SET "text" = c("text", 'alerts.text', rule, subject) """
