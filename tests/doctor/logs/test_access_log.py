# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of access logs as strangers make them: any length, and any bytes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.doctor.logs import access_log
from bouncestream.doctor.logs.paths import classify, family, shape

SIZE = 120_000
BEGIN = b'192.0.2.1 - - [29/Nov/2026:10:00:00 +0000] "GET /x HTTP/1.1" 200 1 "-" "'
REQUEST = b'192.0.2.1 - - [29/Nov/2026:10:00:00 +0000] "GET '
HEADS = (b"", b"192.0.2.1 - ", BEGIN, REQUEST, b"GET /campaign/ ", b"{")
UNITS = (
    b'\\"',
    b'"',
    b":1 ",
    b"a:1 ",
    b"a:",
    b'",\\',
    b"1.1.1.",
    b"GET ",
    b"[",
    b"/campaign/a",
    b"/link/a/a/a",
    b"yandex",
    b"a",
)


def read(line: bytes) -> None:
    """Everything that the doctor does with a line."""
    column = access_log.learn([line])
    for found in (access_log.read(line), access_log.read(line, column), access_log.read(line, column, brief=True)):
        if found is not None:
            access_log.moment(found.when)
            classify(found.target)
            shape(found.target)
            family(found.agent)
    access_log.is_known(line)
    access_log.is_access_line(line)


@pytest.mark.parametrize("head", HEADS)
def test_a_line_of_any_length_is_read_in_no_time(head: bytes) -> None:
    """Milliseconds; a square would take minutes."""
    for unit in UNITS:
        for tail in (b"", b"[", b" GET /campaign/ 200", b'/px.png HTTP/1.1" 200 1 "-" "x"', b"}"):
            started = time.process_time()
            read(head + unit * (SIZE // len(unit)) + tail)
            assert time.process_time() - started < 3, (head, unit, tail)


@given(st.binary(max_size=200), st.sampled_from(HEADS))
def test_any_bytes_are_read(junk: bytes, head: bytes) -> None:
    read(head + junk)


@pytest.mark.parametrize(
    ("line", "agent"),
    [
        (BEGIN + b'GoogleImageProxy"', b"GoogleImageProxy"),
        (BEGIN + b'a \\"quoted\\" one"', b'a \\"quoted\\" one'),
        (BEGIN + b"without an end", b""),
        (b'GET /x 200 "curl/8"', b"curl/8"),
        (b'GET /x 200 "curl/8', b""),
    ],
)
def test_the_user_agent(line: bytes, agent: bytes) -> None:
    found = access_log.read(line)
    assert found is not None
    assert (found.status, found.agent) == (200, agent)
