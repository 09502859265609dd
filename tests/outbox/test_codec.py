# SPDX-License-Identifier: GPL-3.0-or-later
"""Times and bodies as they are stored."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.errors import StoreUnavailable
from bouncestream.event import new_id
from bouncestream.outbox import codec
from bouncestream.outbox.queries import QUERIES
from bouncestream.ports import Submission
from tests.outbox import make

times = st.datetimes(datetime(1970, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(times)
def test_a_time_comes_back_in_milliseconds(at: datetime) -> None:
    assert timedelta(0) <= at - codec.moment(codec.stamp(at)) < timedelta(milliseconds=1)


@given(times, times)
def test_times_sort_as_text(one: datetime, other: datetime) -> None:
    if one < other:
        assert codec.stamp(one) <= codec.stamp(other)


def test_other_zones_become_utc() -> None:
    at = datetime(2026, 3, 1, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert codec.stamp(at) == "2026-02-28T21:00:00.000Z"


@given(times, times)
def test_an_id_is_on_the_right_side_of_every_time(made: datetime, bound: datetime) -> None:
    event_id = new_id(int(made.timestamp() * 1000))
    if codec.stamp(made) != codec.stamp(bound):
        assert (event_id < codec.id_bound(bound)) == (made < bound)


@given(st.binary(max_size=10_000))
def test_a_body_comes_back(body: bytes) -> None:
    encoding, packed = codec.pack(body)
    assert codec.unpack(encoding, packed) == body
    assert len(packed) <= len(body)


@pytest.mark.parametrize(("size", "encoding"), [(512, "none"), (513, "zlib"), (4096, "zlib"), (4097, "zlib")])
def test_small_bodies_are_left_as_they_are(size: int, encoding: str) -> None:
    assert codec.pack(b"x" * size)[0] == encoding


def test_a_row_has_every_column_of_the_table_once(file_conn: sqlite3.Connection) -> None:
    table = [column for _, column, *_ in file_conn.execute("PRAGMA table_info(outbox)")]
    assert sorted(codec.ROW) == sorted(table)


def test_each_value_of_a_row_is_that_of_its_column(conn: sqlite3.Connection) -> None:
    """Distinct in every column, so that none is taken for another."""
    make.submit(conn, make.event())
    values = [f"value of {column}" for column in codec.ROW]
    row = codec.row(values)
    named = row._asdict() | row.event._asdict()
    assert [named[column] for column in codec.ROW] == values
    assert codec.row(conn.execute(QUERIES["row"], (1,)).fetchone()).event.recipient == "ann@example.com"


def test_the_headers_of_a_request_come_back_as_they_came() -> None:
    kept = {"svix-id": "msg_1", "x-odd": "\udcff \u202e\n"}
    row = codec.raw_values(Submission("s", "p", raw=b"x", headers=kept), "now")
    assert codec.headers(row[3]) == kept
    assert codec.raw_values(Submission("s", "p", raw=b"x"), "now")[3] == ""
    assert codec.headers("") == {}
    with pytest.raises(StoreUnavailable):
        codec.headers("{damaged")
