# SPDX-License-Identifier: GPL-3.0-or-later
"""How far an outbox is sealed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from bouncestream.errors import StoreUnavailable
from bouncestream.outbox.delivery import set_meta
from bouncestream.outbox.migrate import migrate
from bouncestream.outbox.sealing.state import STATE, State, state_of


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        migrate(conn)
        yield conn


def test_an_outbox_is_in_the_open_unless_it_says_otherwise(conn: sqlite3.Connection) -> None:
    assert state_of(conn) is None


@pytest.mark.parametrize("state", State)
def test_what_it_says_is_known_again(conn: sqlite3.Connection, state: State) -> None:
    set_meta(conn, STATE, state)
    assert state_of(conn) is state
    assert state.seals == (state is not State.OPENING)


def test_a_state_that_nobody_wrote_is_damage(conn: sqlite3.Connection) -> None:
    set_meta(conn, STATE, "half")
    with pytest.raises(StoreUnavailable, match="its state of sealing is 'half'"):
        state_of(conn)
