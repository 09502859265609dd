# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3

import pytest

from bouncestream.errors import SealRefused
from bouncestream.outbox.delivery import get_meta, set_meta
from bouncestream.outbox.sealing import keys
from bouncestream.outbox.sealing.state import STATE, State
from bouncestream.outbox.sealing.unlock import WRAPPED_BY, identity_of, root_of
from tests.outbox.make import KEY
from tests.outbox.sealing.test_switch import NEW


def made(conn: sqlite3.Connection, identity: str) -> bytes:
    root = keys.make(conn, KEY, identity)
    set_meta(conn, STATE, State.SEALING)
    return root


def test_a_root_key_is_opened_by_the_keys_that_were_admitted_and_by_no_other(conn: sqlite3.Connection) -> None:
    root = made(conn, "ab" * 32)
    assert root_of(conn, KEY) == root
    with pytest.raises(SealRefused, match="sealed with another key"):
        root_of(conn, NEW)
    with pytest.raises(SealRefused, match="sealed with another key"):
        keys.admit(conn, NEW, NEW)
    keys.admit(conn, KEY, NEW)
    assert root_of(conn, KEY) == root_of(conn, NEW) == root
    assert len(keys.keep_only(conn, NEW)) == 1
    assert keys.keep_only(conn, NEW) == []
    with pytest.raises(SealRefused, match="sealed with another key"):
        keys.keep_only(conn, KEY)


def test_nothing_of_them_is_left_once_they_are_forgotten(conn: sqlite3.Connection) -> None:
    root = made(conn, "ab" * 32)
    assert "abab" not in (get_meta(conn, "identity_secret") or "")
    identity = identity_of(conn, root, get_meta(conn, "instance") or "")
    keys.forget(conn, identity)
    assert get_meta(conn, "identity_secret") == "ab" * 32
    left = conn.execute("SELECT count(*) FROM meta WHERE name = ? OR name GLOB ?", (STATE, f"{WRAPPED_BY}*"))
    assert left.fetchone() == (0,)
    assert conn.execute("SELECT count(*) FROM data_keys").fetchone() == (0,)
    with pytest.raises(SealRefused, match="is not sealed"):
        keys.admit(conn, KEY, NEW)
