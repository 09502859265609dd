# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.config.listmonk_db import SCHEMA, ListmonkDb, faults
from bouncestream.settings.shapes import Wrong


def test_it_is_off_unless_it_is_switched_on() -> None:
    assert not ListmonkDb().enabled
    assert list(faults(ListmonkDb(), "")) == []


def test_it_needs_an_outbox_on_postgresql() -> None:
    assert list(faults(ListmonkDb(enabled=True), "postgresql://db/listmonk")) == []
    [told] = faults(ListmonkDb(enabled=True), "")
    assert told.startswith("listmonk_db.enabled: is true, and the outbox is not on PostgreSQL; write")


@pytest.mark.parametrize("name", ["", 'public"; DROP TABLE x', "a b", "1a", "é", "a" * 64])
def test_no_name_of_a_schema_but_a_plain_one(name: str) -> None:
    with pytest.raises(Wrong):
        SCHEMA.parse(name)


def test_a_plain_name() -> None:
    assert SCHEMA.parse("news_2") == "news_2"
