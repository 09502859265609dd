# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bouncestream.cli.exits import CONFIGURATION, code_of
from bouncestream.crypto.sealed import new_key
from bouncestream.crypto.secret import Secret
from bouncestream.errors import OutboxCopied, SealRefused, StoreUnavailable
from bouncestream.outbox import operator
from bouncestream.outbox.backup import backup
from bouncestream.outbox.connection import Connection
from bouncestream.outbox.copied import WENT_TO, Mark, set_mark
from bouncestream.outbox.db import Database
from bouncestream.outbox.quarantine import quarantine_items
from bouncestream.outbox.sealing import switch, unlock
from bouncestream.outbox.view import view
from bouncestream.ports import Unreadable
from tests.outbox import make
from tests.outbox.make import KEY, event

ANN = "ann@example.com"


def stored(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(sql).fetchall()


@pytest.fixture
def sealed(path: Path) -> Path:
    with closing(make.connect(path, key=KEY)) as conn:
        bad = (Unreadable(f"cannot read {ANN}", event_type=f"to {ANN}"),)
        make.submit(conn, event(ANN, diagnostic=f"550 no {ANN}"), raw=b"To: " + ANN.encode(), unreadable=bad)
    return path


def test_the_tables_hold_no_address_and_the_views_say_sealed(sealed: Path) -> None:
    with closing(sqlite3.connect(sealed)) as conn:
        assert ANN not in "\n".join(conn.iterdump())
        views = [name for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
        shown = {name: str(conn.execute(f"SELECT * FROM {name}").fetchall()) for name in views}
    assert not [name for name, rows in shown.items() if "sealed:" in rows]
    assert "'sealed'" in shown["inbox"]
    assert "'example.com'" in shown["by_domain"]


def test_whoever_has_the_key_sees_and_the_others_see_sealed(sealed: Path) -> None:
    with view(sealed, key=KEY, reveal=True) as outbox:
        assert not outbox.hidden
        (row,) = outbox.read(operator.list_rows)
        assert (row.event.recipient, row.event.diagnostic) == (ANN, f"550 no {ANN}")
        assert outbox.read(lambda conn: operator.raw_body(conn, row.raw_id or 0)) == b"To: " + ANN.encode()
        (item,) = outbox.read(quarantine_items)
        assert item.event_type == f"to {ANN}"
    with view(sealed) as outbox:
        assert outbox.hidden
        (row,) = outbox.read(operator.list_rows)
        assert (row.event.recipient, row.event.diagnostic, row.event.evidence) == ("sealed", "sealed", "")
        with pytest.raises(SealRefused, match="nobody can be looked up by address"):
            outbox.read(lambda conn: operator.list_rows(conn, recipient=ANN))
    with view(sealed, key=KEY) as outbox:
        (row,) = outbox.read(lambda conn: operator.list_rows(conn, recipient=ANN))
        assert row.event.recipient == "sealed", "found by the key, and not shown"
        assert outbox.read(lambda conn: operator.list_rows(conn, recipient="bob@example.com")) == []


async def test_a_missing_key_and_a_wrong_one_are_refused_and_nothing_is_changed(sealed: Path) -> None:
    before = sealed.read_bytes()
    for key, words in ((None, "there is no key"), (Secret("ab" * 32), "sealed with another key")):
        for lock in (True, False):
            with pytest.raises(SealRefused, match=words) as told:
                await Database.open(sealed, lock=lock, key=key, seal=lock or None)
            assert code_of(told.value) == CONFIGURATION
        with pytest.raises(SealRefused, match=words), view(sealed, key=key, reveal=True):
            pass
    assert sealed.read_bytes() == before


async def test_the_key_of_another_outbox_does_not_open_this_one(sealed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    make.connect(other, key=KEY).close()
    (wrapped,) = stored(other, "SELECT value FROM meta WHERE name GLOB 'sealed_by:*'")
    with closing(sqlite3.connect(sealed)) as conn, conn:
        conn.execute("UPDATE meta SET value = ? WHERE name GLOB 'sealed_by:*'", wrapped)
    with pytest.raises(StoreUnavailable, match="root key does not open"):
        await Database.open(sealed, key=KEY)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE outbox SET recipient = substr(recipient, 1, 16)",
        "UPDATE outbox SET recipient = diagnostic",
        "UPDATE outbox SET recipient = 'sealed:2:' || substr(recipient, 13)",
        "UPDATE outbox SET recipient = 'sealed:9' || substr(recipient, 9)",
        "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE number = 1)",
        "UPDATE meta SET value = substr(value, 1, 30) WHERE name = 'identity_secret'",
    ],
)
async def test_what_was_changed_or_moved_is_told_as_damage(sealed: Path, change: str) -> None:
    with closing(sqlite3.connect(sealed)) as conn, conn:
        conn.execute(change)
    with pytest.raises(StoreUnavailable, match="damaged"), view(sealed, key=KEY, reveal=True) as outbox:
        outbox.read(operator.list_rows)


def test_a_value_of_another_row_does_not_open(path: Path) -> None:
    with closing(make.connect(path, key=KEY)) as conn:
        make.submit(conn, event(ANN), event("bob@example.com"))
        conn.execute("UPDATE main.outbox SET recipient = (SELECT o.recipient FROM main.outbox AS o WHERE o.id = 2)")
    with (
        pytest.raises(StoreUnavailable, match="belongs to another place"),
        view(path, key=KEY, reveal=True) as outbox,
    ):
        outbox.read(operator.list_rows)


def test_a_backup_is_sealed_as_it_is_and_needs_no_key(sealed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    backup(sealed, copy, datetime.now(UTC))
    assert ANN.encode() not in copy.read_bytes()
    with view(copy, key=KEY, reveal=True) as outbox:
        assert outbox.read(operator.list_rows)[0].event.recipient == ANN


def test_a_month_has_a_key_of_its_own(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later:
        def now(self) -> datetime:
            return datetime(2031, 2, 28, tzinfo=UTC)

    monkeypatch.setattr(unlock, "SystemClock", Later)
    with closing(make.connect(sealed, key=KEY)) as conn:
        make.submit(conn, event("bob@example.com"))
    assert [month for (month,) in stored(sealed, "SELECT month FROM data_keys ORDER BY number")][::2] == [
        "always",
        "2031-02",
    ]
    (recipient,) = stored(sealed, "SELECT recipient FROM outbox WHERE id = 2")[0]
    assert str(recipient).startswith("sealed:3:")
    with view(sealed, key=KEY, reveal=True) as outbox:
        assert [row.event.recipient for row in outbox.read(operator.list_rows)] == ["bob@example.com", ANN]


def test_a_key_that_was_made_in_a_transaction_that_failed_is_not_used(path: Path) -> None:
    """Else what it seals could never be opened."""
    with closing(make.connect(path, key=KEY)) as conn, closing(make.connect(path, key=KEY)) as other:
        for one in (conn, other):
            one.execute("DELETE FROM data_keys WHERE number = 2")
        conn.execute("BEGIN IMMEDIATE")
        assert conn.on_begin is not None
        conn.on_begin()
        conn.execute("ROLLBACK")
        assert other.on_begin is not None
        other.on_begin()  # the same number, another key
        conn.on_begin()
        make.submit(conn, event(ANN))
    with view(path, key=KEY, reveal=True) as outbox:
        assert outbox.read(operator.list_rows)[0].event.recipient == ANN


async def test_a_command_that_began_before_the_outbox_was_sealed_writes_nothing_in_the_open(
    path: Path, opened: Callable[..., object]
) -> None:
    make.connect(path).close()
    db = await opened(path)  # type: ignore[misc]
    switch.switch(path, KEY, seal=True)
    with pytest.raises(StoreUnavailable, match="being sealed or opened"):
        await db.write(lambda conn: make.submit(conn, event(ANN)))
    db = await opened(path, key=KEY)  # type: ignore[misc]
    await db.write(lambda conn: make.submit(conn, event(ANN)))
    assert stored(path, "SELECT count(*) FROM outbox WHERE recipient GLOB 'sealed:*'") == [(1,)]


@pytest.mark.parametrize("key", [None, KEY], ids=["open", "sealed"])
async def test_a_command_that_began_before_the_outbox_was_copied_elsewhere_writes_nothing_more(
    path: Path, opened: Callable[..., object], key: Secret | None
) -> None:
    with closing(make.connect(path, key=key)) as conn:
        db = await opened(path, key=key)  # type: ignore[misc]
        await db.write(lambda conn: make.submit(conn, event(ANN)))
        set_mark(conn, WENT_TO, Mark("c0", "an-instance", "postgresql://db/x", "2026-03-01T12:00:00.000Z"))
    with pytest.raises(OutboxCopied, match="was copied to"):
        await db.write(lambda conn: make.submit(conn, event("bob@example.com")))
    assert stored(path, "SELECT count(*) FROM outbox") == [(1,)]


def test_an_open_outbox_has_a_plain_connection(path: Path) -> None:
    with closing(make.connect(path)) as conn:
        assert unlock.unlock(conn, None, watch=False) is None
        assert type(conn) is Connection
        assert conn.on_begin is None
        assert conn.execute("SELECT count(*) FROM sqlite_temp_schema").fetchone() == (0,)


def test_each_outbox_has_its_own_root_key(tmp_path: Path) -> None:
    """One key of the operator's may open several; a copy of one does not open another."""
    for name in ("a.db", "b.db"):
        make.connect(tmp_path / name, key=KEY).close()
    (a,), (b,) = (
        stored(tmp_path / name, "SELECT value FROM meta WHERE name GLOB 'sealed_by:*'") for name in ("a.db", "b.db")
    )
    assert a != b
    assert new_key() != new_key()
    shutil.rmtree(tmp_path)
