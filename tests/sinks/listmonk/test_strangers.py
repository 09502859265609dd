# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose rows are whose."""

from __future__ import annotations

from typing import Any

import pytest

from bouncestream.sinks.listmonk.strangers import strangers


def row(source: Any = "shop 2026-03-01", bridge: Any = "other") -> dict[str, Any]:
    return {"id": 1, "source": source, "meta": {"bridge": bridge, "id": "1", "attempt": 1}}


def test_rows_of_another_outbox_under_our_names_are_counted() -> None:
    rows = [
        row(),
        row("shop 2026-03-01 #2"),
        row("mail box 2026-02-28"),
        row(bridge="ours"),
        row("else 2026-03-01"),
    ]
    assert strangers(rows, {"shop", "mail box"}, "ours") == {"shop": 2, "mail box": 1}


def test_meta_may_be_an_escaped_string() -> None:
    assert strangers([{"source": "shop 2026-03-01", "meta": '{"bridge": "x"}'}], {"shop"}, "ours") == {"shop": 1}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        row(source=None),
        row(source="shop"),
        row(source="shop yesterday"),
        row(source="shop 2026-03-01 again"),
        row(bridge=7),
        row(bridge=""),
        {"source": "shop 2026-03-01", "meta": None},
        {"source": "shop 2026-03-01", "meta": "not json"},
        {"source": "shop 2026-03-01", "meta": ["bridge"]},
    ],
)
def test_what_is_odd_is_no_stranger(odd: dict[str, Any]) -> None:
    assert not strangers([odd], {"shop"}, "ours")
