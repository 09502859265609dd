# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes of answers: times, pages, and bodies of changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from multidict import MultiDict

from bouncestream.sandbox.answers import Pages, moment, page, read_ids, read_object
from bouncestream.sandbox.posted import Refused


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 120_000, tzinfo=UTC), "2026-01-02T03:04:05.12Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:04:05Z"),
    ],
)
def test_moments(at, text):
    assert moment(at) == text


def test_pages():
    cut = {words: Pages(MultiDict(words)).cut(range(50)) for words in ((), (("page", "3"), ("per_page", "20")))}
    assert [len(found) for found in cut.values()] == [20, 10]
    assert len(Pages(MultiDict(per_page="all")).cut(range(50))) == 50


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_bodies_that_are_no_objects(body):
    with pytest.raises(Refused):
        read_object(body)


@pytest.mark.parametrize("ids", [None, [], [True], ["1"], "1", [1.5]])
def test_ids_that_are_none(ids):
    with pytest.raises(Refused):
        read_ids({"ids": ids}, "ids", "No IDs given.")


def test_the_boot_id_is_behind_the_style_sheets():
    assert page("x", "0123456789").text.count("?v=0123456789") == 2
