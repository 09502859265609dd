# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite's statements in PostgreSQL's words."""

from __future__ import annotations

import pytest

from bouncestream.outbox.postgres.connection import ServerConnection
from bouncestream.outbox.postgres.translate import Insert, array, insert, many, translate


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM t WHERE b = ? AND c = ?", "SELECT a FROM t WHERE b = %s AND c = %s"),
        ("SELECT a FROM t WHERE b = :one_two", "SELECT a FROM t WHERE b = %(one_two)s"),
        ("DELETE FROM t WHERE a = ?1 OR b <= ?12 OR c = ?1", "DELETE FROM t WHERE a = %(p1)s OR b <= %(p12)s OR c "
        "= %(p1)s"),
        ("SELECT '?', ':a', '%' || ?", "SELECT '?', ':a', '%%' || %s"),
        ("SELECT a::text, :b::bigint, a % 2", "SELECT a::text, %(b)s::bigint, a %% 2"),
        ("SELECT x'', x'00FF', 'x'", r"SELECT '\x'::bytea, '\x00FF'::bytea, 'x'"),
        ("SELECT 1 FROM main.t INDEXED BY t_a WHERE b = 1", "SELECT 1 FROM t WHERE b = 1"),
        ("SELECT a FROM t WHERE name IN (SELECT value FROM json_each(:names))", "SELECT a FROM t WHERE name = ANY "
        "(ARRAY(SELECT json_array_elements_text(CAST(%(names)s AS json))))"),
        ("SELECT a FROM t WHERE outbox_id IN (SELECT value FROM json_each(?))", "SELECT a FROM t WHERE outbox_id = "
        "ANY (ARRAY(SELECT CAST(json_array_elements_text(CAST(%s AS json)) AS bigint)))"),
        ("SELECT sum(kind = 'hard'), sum(events) FROM t", "SELECT count(*) FILTER (WHERE kind = 'hard'), "
        "sum(events) FROM t"),
        ("BEGIN IMMEDIATE", "BEGIN ISOLATION LEVEL REPEATABLE READ"),
    ],
)  # fmt: skip
def test_a_statement(sql: str, expected: str) -> None:
    assert translate(sql).sql == expected


def test_how_its_values_come() -> None:
    assert translate("SELECT :a").named
    assert translate("SELECT ?2").numbered
    assert not translate("SELECT ?").named
    assert not translate("SELECT ?").numbered


def test_a_plain_insertion_becomes_one_of_many_rows() -> None:
    one = insert("INSERT INTO t (a, b)\nVALUES (?, ?)")
    assert one == Insert("t", ("a", "b"), "")
    assert many(one, {"a": "bigint", "b": "bytea"}) == (
        "INSERT INTO t (a, b) SELECT * FROM unnest(%s::bigint[], %s::bytea[])"
    )
    kept = insert("INSERT INTO t (a) VALUES (?) ON CONFLICT DO NOTHING")
    assert kept is not None
    assert many(kept, {"a": "text"}).endswith("unnest(%s::text[]) ON CONFLICT DO NOTHING")


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (a, b) VALUES (?, 1)",
        "INSERT INTO t (a, b) VALUES (?, '')",
        "INSERT INTO t (a, b) VALUES (?1, ?1)",
        "INSERT INTO t (a) VALUES (?) RETURNING id",
        "INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET a = 1",
        "UPDATE t SET a = ?",
    ],
)
def test_what_does_more_is_left_alone(sql: str) -> None:
    assert insert(sql) is None


def test_the_values_of_a_column() -> None:
    assert array([1, None, True]) == "{1,NULL,1}"
    assert array(["", 'a"b', "c\\d", "NULL", "{,}"]) == '{"","a\\"b","c\\\\d","NULL","{,}"}'
    assert array([b"", b"\x00\xff"]) == '{"\\\\x","\\\\x00ff"}'


@pytest.mark.process
@pytest.mark.parametrize("kind", ["text", "bytea", "bigint"])
def test_they_are_read_as_they_were(server_conn: ServerConnection, kind: str) -> None:
    values = {
        "text": ["", "a\"b'c", "\\", "\\\\x", "NULL", "null", " {,}\n", None, "日本", "%s"],
        "bytea": [b"", b"\\", b"\x00\xff", None],
        "bigint": [0, -1, (1 << 63) - 1, None],
    }[kind]
    found = server_conn.execute(f"SELECT ?::{kind}[]", (array(values),)).fetchone()
    assert found == (values,)
