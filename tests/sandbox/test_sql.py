# SPDX-License-Identifier: GPL-3.0-or-later
"""The recogniser of subscriber queries takes few forms, and never more than it knows."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.sandbox.sql import Condition, Readers, SqlError, read_query, read_readers

MARK = "0193aaaa-0000-7000-8000-00000000000a"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("subscribers.email IN ('a@b.c','o''b@c.d')", [("email", {"a@b.c", "o'b@c.d"})]),
        ("subscribers.id=50", [("id", {"50"})]),
        ("subscribers.id IN (1, 2)", [("id", {"1", "2"})]),
        (f"subscribers.uuid IN ('{MARK.upper()}')", [("uuid", {MARK})]),
        ("(subscribers.id = 1) OR subscribers.email in ('a@b.c')", [("id", {"1"}), ("email", {"a@b.c"})]),
    ],
)
def test_queries(query, found):
    assert read_query(query) == tuple(Condition(column, frozenset(values)) for column, values in found)


@pytest.mark.parametrize(
    "query",
    [
        "1=1",
        "subscribers.id = 1 AND 1=1",
        "subscribers.id = 1; DROP TABLE subscribers",
        "subscribers.id IN (1) OR",
        "subscribers.id IN (1",
        "subscribers.email = 5",
        "subscribers.email LIKE 'a%'",
        "subscribers.id IN (SELECT 1)",
        "subscribers.attribs = 'x'",
        "subscribers.email IN ('a@b.c' 'd')",
        "subscribers.email = 'unclosed",
        "pg_sleep(2)",
    ],
)
def test_anything_else_is_an_error(query):
    with pytest.raises(SqlError, match="pq: "):
        read_query(query)


def test_the_readers_at_a_domain():
    there = "subscribers.email LIKE '%@mid.example' AND subscribers.status <> 'blocklisted'"
    assert read_readers(there) == Readers("mid.example", "")
    assert read_readers(there + " OR 1=1") is None
    assert read_readers("subscribers.email LIKE '%@mid.example'") is None


@given(st.text())
def test_any_text_is_a_query_or_an_error(text):
    with contextlib.suppress(SqlError):
        assert read_query(text)


@given(st.lists(st.text(), min_size=1))
def test_doubled_quotes_hold_any_text(values):
    words = ",".join("'" + value.replace("'", "''") + "'" for value in values)
    assert read_query(f"subscribers.email IN ({words})") == (Condition("email", frozenset(values)),)
