# SPDX-License-Identifier: GPL-3.0-or-later
"""How statements are run on a sealed outbox on PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from importlib.resources import files

import pytest

from bouncestream.outbox.postgres.sealed import (
    Plan,
    Text,
    Value,
    hidden_columns,
    opened_columns,
    place_of,
    plan,
)
from bouncestream.outbox.postgres.statements import POSTGRES
from bouncestream.outbox.queries import QUERIES
from bouncestream.outbox.sealing.columns import Table, sealed_tables
from tests.outbox.sealing.test_statements import ALERTS, RAW, TABLES, TRIES, WORDS


def planned(sql: str) -> Plan:
    return plan(sql, TABLES, lambda table: f"({table.name}!)")


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    with closing(sqlite3.connect(":memory:")) as kept:
        kept.executescript(files("bouncestream.outbox").joinpath("schema.sql").read_text("utf-8"))
        return sealed_tables(kept)


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_each_statement_is_known_and_computes_with_no_sealed_column(tables: dict[str, Table], name: str) -> None:
    sql = QUERIES[name] if QUERIES[name].startswith("INSERT") else POSTGRES.get(name, QUERIES[name])
    read: list[Table] = []

    def note(table: Table) -> str:
        read.append(table)
        return f"({table.name}!)"

    found = plan(sql, tables, note)
    names = {column for table in read for column in table.sealed if not table.alike(column)}
    names |= {column for table in read for column in table.sealed} - {"why", "content_type"}
    for column in names - {"subject"}:
        compared = rf"(?<!:)\b{column}\b\s*(?:=|<(?!> '')|>|LIKE|NOT LIKE|IN\b|\|\|)"
        computed = rf"\b(?:length|substr|lower|max|min)\({column}\b"
        assert not re.search(f"{compared}|{computed}", found.sql), column


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "INSERT INTO raw (id, content_type, body) VALUES (?, ?, ?)",
            Plan(
                "INSERT INTO raw (id, content_type, body) VALUES (?, ?, ?)",
                (Value(1, "raw.content_type", True), Value(2, "raw.body", False, (0,))),
            ),
        ),
        (
            "INSERT INTO tries (mailbox, folder, uidvalidity, uid, why) VALUES (?, ?, ?, 7, 'x')",
            Plan(
                "INSERT INTO tries (mailbox, folder, uidvalidity, uid, why) VALUES (?1, ?2, ?3, 7, ?4)",
                (Value(3, "tries.why", False, (0, 1, 2, Text("7"))),),
                ("x",),
            ),
        ),
        (
            "UPDATE raw SET headers = coalesce(?, headers) WHERE id = ?",
            Plan(
                "UPDATE raw SET headers = coalesce(?1, headers) WHERE ( id = ?2) AND id = ?3",
                (Value(0, "raw.headers", False, None),),
                (),
                "SELECT id FROM main.raw WHERE id = ? FOR UPDATE",
                (1,),
            ),
        ),
        (
            "UPDATE history SET why = 'erased' WHERE id = ?",
            Plan("UPDATE history SET why = ?2 WHERE id = ?1", (Value(1, "history.why", True),), ("erased",)),
        ),
        (
            "DELETE FROM alerts WHERE rule = ? AND subject = ?",
            Plan("DELETE FROM alerts WHERE rule = ? AND subject = ?", (Value(1, "alerts.subject", True),)),
        ),
        ("DELETE FROM seen WHERE key = ?", Plan("DELETE FROM seen WHERE key = ?")),
        (
            "SELECT h.why FROM history AS h JOIN raw ON raw.id = h.id WHERE h.id = ?",
            Plan("SELECT h.why FROM (history!) AS h JOIN (raw!) AS raw ON raw.id = h.id WHERE h.id = ?"),
        ),
        (
            "SELECT 1 FROM main.alerts WHERE subject = :subject",
            Plan("SELECT 1 FROM main.alerts WHERE subject = :subject", (Value("subject", "alerts.subject", True),)),
        ),
    ],
)
def test_plans(sql: str, expected: Plan) -> None:
    assert planned(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO history VALUES (1, 2, 'a', 'b', ?)",
        "INSERT INTO raw (content_type, body) VALUES ('', ?)",
        "INSERT INTO raw (id, body) VALUES (:id, :body)",
        "INSERT INTO raw (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = ?2",
        "UPDATE history SET outbox_id = ? WHERE id = ?",
        "UPDATE raw SET headers = :headers WHERE id = :id",
        "UPDATE raw SET bytes = 1 WHERE headers = ?",
    ],
)
def test_a_form_that_would_store_or_compare_words_in_the_open_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match=r"history|raw|headers|sealed"):
        planned(sql)


def test_what_is_read_carries_its_place() -> None:
    kinds = dict.fromkeys(("mailbox", "folder", "why", "content_type", "headers", "id"), "text") | {"body": "bytea"}
    kinds |= {"uidvalidity": "bigint", "uid": "bigint"}
    shown = opened_columns(TRIES, "m:", kinds)
    assert "'m:tries.why' || '/' || char_length(mailbox::text) || ':' || mailbox::text" in shown
    assert "starts_with(why, 'sealed:')" in shown
    assert "convert_to('m:raw.body'" in opened_columns(RAW, "m:", kinds)
    assert "'m:history.why' || ' ' || why" in opened_columns(WORDS, "m:", kinds)
    assert "CASE WHEN subject <> '' THEN 'sealed'" in hidden_columns(ALERTS)


def test_places() -> None:
    told = "tries.why/3:a/b/x4:0aff/1:7 sealed:2:x y"
    place, at = place_of(told)
    assert place == ["tries.why", "a/b", str(b"\n\xff"), "7"]
    assert told[at:] == "sealed:2:x y"
    with pytest.raises(ValueError, match="nonsense"):
        place_of("nonsense")
