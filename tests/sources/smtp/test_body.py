# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a mail ends, what of it is kept, and which ends are disputed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.sources.smtp.body import KEPT, Body


def fed(data: bytes, limit: int = 1 << 20, piece: int = 8192) -> Body:
    """As a stream reader hands it over: by lines, and by pieces of those that are too long."""
    body = Body(limit)
    while data and not body.complete and not body.disputed:
        end = data.find(b"\r\n") + 2
        size = end if 2 <= end <= piece else min(piece, max(1, len(data) - 1)) if end < 2 else piece
        body.feed(data[:size])
        data = data[size:]
    return body


def test_a_mail_ends_at_its_lone_dot_and_keeps_its_dots() -> None:
    body = fed(b"Subject: x\r\n\r\n..dot\r\n.\r\nMAIL FROM:<>\r\n")
    assert body.complete
    assert bytes(body.kept) == b"Subject: x\r\n\r\n.dot\r\n"


@pytest.mark.parametrize(
    "smuggled",
    [
        b"x\n.\r\n",
        b"x\n.\n",
        b"x\r\n.\n",
        b"x\r.\r\n",
        b"x\r\n.\rMAIL",
        b"x\r.\r",
        b"x\n\n.\n",
        b".\nMAIL",
        b"x\r\r\n.\n",
    ],
)
def test_a_lone_dot_at_a_bare_line_end_is_disputed(smuggled: bytes) -> None:
    body = fed(b"Subject: x\r\n\r\n" + smuggled + b" FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nfake\r\n.\r\n")
    assert body.disputed
    assert not body.complete


@pytest.mark.parametrize(
    "harmless", [b"a\nb\r\n", b"a\rb\r\n", b"a\n..\nb\r\n", b"a\n.b\r\n", b"\x00\xff\r\n", b"\r\r\n"]
)
def test_a_bare_line_end_elsewhere_harms_nobody(harmless: bytes) -> None:
    body = fed(harmless + b".\r\n")
    assert body.complete
    assert bytes(body.kept) == harmless


def test_a_disputed_end_is_seen_where_pieces_meet() -> None:
    assert fed(b"x" * 8191 + b"\n" + b".\r\nMAIL FROM:<>\r\n.\r\n").disputed
    assert fed(b"x" * 8190 + b"\n." + b"\nMAIL FROM:<>\r\n.\r\n").disputed
    assert not fed(b"x" * 8192 + b".\r\n.\r\n").disputed


def test_of_a_large_mail_the_beginning_is_kept() -> None:
    line = b"y" * 998 + b"\r\n"
    body = fed(line * 400 + b".\r\n")
    assert body.complete
    assert len(body.kept) == KEPT
    assert body.size == 400_000
    assert not body.too_large


def test_above_the_limit_nothing_is_kept() -> None:
    body = fed(b"z" * 5000 + b"\r\n.\r\n", limit=2000)
    assert body.complete
    assert body.too_large
    assert not body.kept
    assert fed(b"z" * (5000 + KEPT), limit=2000).hopeless


def test_a_mail_that_was_dropped_is_read_to_its_end() -> None:
    body = Body(1000)
    body.feed(b"a\r\n")
    body.drop()
    body.feed(b"b\r\n")
    body.feed(b".\r\n")
    assert body.complete
    assert not body.kept


@given(st.binary(max_size=300).map(lambda b: b.replace(b"a", b"\n").replace(b"b", b"\r").replace(b"c", b".")))
def test_whatever_comes_no_mail_ends_where_another_server_goes_on(data: bytes) -> None:
    body = fed(data + b"\r\n.\r\n", piece=64)
    kept = bytes(body.kept)
    if body.complete:
        lines = (b"\r\n" + kept).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        # a dot that was doubled may stand alone now; as it was sent it did not
        assert b"." not in lines or b".." in data
