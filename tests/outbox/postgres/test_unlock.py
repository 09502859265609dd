# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions with a sealed outbox on PostgreSQL, while others seal and open it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files

import pytest

from bouncestream.cli.exits import CONFIGURATION, code_of
from bouncestream.crypto.secret import Secret
from bouncestream.errors import SealRefused, StoreUnavailable
from bouncestream.outbox import arrivals, operator
from bouncestream.outbox.db import Database
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import connection, switch, unlock
from bouncestream.outbox.postgres.connection import ServerConnection
from bouncestream.outbox.sealing.columns import sealed_tables
from bouncestream.outbox.view import view
from bouncestream.ports import Unreadable
from tests.outbox import make
from tests.outbox.make import KEY, NOW, event, submission
from tests.outbox.postgres.sealing import NEW, connected, contents, convert, on_disk, seal, writing
from tests.postgres.cluster import Cluster

pytestmark = pytest.mark.process
ANN = "ann@example.com"
TAKE = (submission(event(ANN, diagnostic=f"550 no {ANN}")), NOW)


@pytest.fixture
def sealed(pg_url: str) -> str:
    conn = connected(pg_url)
    switch.settle(conn, KEY, seal=True)
    conn.close()
    with writing(pg_url, KEY) as conn:
        bad = (Unreadable(f"cannot read {ANN}", event_type=f"to {ANN}"),)
        make.submit(conn, event(ANN, diagnostic=f"550 no {ANN}"), raw=b"To: " + ANN.encode(), unreadable=bad)
    return pg_url


def sql(cluster: Cluster, url: str, statement: str) -> str:
    return cluster.psql(statement, url.rpartition("/")[2])


def test_the_same_columns_are_sealed_as_in_a_file(server_conn: ServerConnection) -> None:
    with closing(sqlite3.connect(":memory:")) as kept:
        kept.executescript(files("bouncestream.outbox").joinpath("schema.sql").read_text("utf-8"))
        there = sealed_tables(kept)
    here = unlock.schema_of(server_conn).tables
    assert {name: (set(one.sealed), one.bytes_, one.rowid) for name, one in here.items()} == {
        name: (set(one.sealed), one.bytes_, one.rowid) for name, one in there.items()
    }


def test_the_tables_hold_no_address_and_the_views_say_sealed(sealed: str, cluster: Cluster) -> None:
    tables = sql(
        cluster,
        sealed,
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    for name in tables.split():
        assert ANN not in sql(cluster, sealed, f"SELECT * FROM {name}"), name
    views = sql(cluster, sealed, "SELECT viewname FROM pg_views WHERE schemaname = 'public'").split()
    shown = {name: sql(cluster, sealed, f"SELECT * FROM {name}") for name in views}
    assert not [name for name, rows in shown.items() if "sealed:" in rows]
    assert "|sealed|" in shown["inbox"]
    assert "example.com" in shown["by_domain"]


def test_whoever_has_the_key_sees_and_the_others_see_sealed(sealed: str) -> None:
    place = Server(sealed, "test")
    with view(place, key=KEY, reveal=True) as outbox:
        assert not outbox.hidden
        (row,) = outbox.read(operator.list_rows)
        assert (row.event.recipient, row.event.diagnostic) == (ANN, f"550 no {ANN}")
        assert outbox.read(lambda conn: operator.raw_body(conn, row.raw_id or 0)) == b"To: " + ANN.encode()
    with view(place) as outbox:
        assert outbox.hidden
        (row,) = outbox.read(operator.list_rows)
        assert (row.event.recipient, row.event.diagnostic, row.event.evidence) == ("sealed", "sealed", "")
        with pytest.raises(SealRefused, match="nobody can be looked up by address"):
            outbox.read(lambda conn: operator.list_rows(conn, recipient=ANN))
    with view(place, key=KEY) as outbox:
        (row,) = outbox.read(lambda conn: operator.list_rows(conn, recipient=ANN))
        assert row.event.recipient == "sealed", "found by the key, and not shown"
        assert outbox.read(lambda conn: operator.list_rows(conn, recipient="bob@example.com")) == []


async def test_a_missing_key_and_a_wrong_one_are_refused(sealed: str) -> None:
    before = contents(sealed, KEY)
    for key, words in ((None, "there is no key"), (Secret("ab" * 32), "sealed with another key")):
        for lock in (True, False):
            with pytest.raises(SealRefused, match=words) as told:
                await Database.open(Server(sealed, "two"), lock=lock, key=key, seal=lock or None)
            assert code_of(told.value) == CONFIGURATION
        with pytest.raises(SealRefused, match=words), view(Server(sealed, "two"), key=key, reveal=True):
            pass
    assert contents(sealed, KEY) == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE outbox SET recipient = substr(recipient, 1, 16)",
        "UPDATE outbox SET recipient = diagnostic",
        "UPDATE outbox SET recipient = 'sealed:9' || substr(recipient, 9)",
        "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE number = 1) WHERE number > 1",
        "UPDATE meta SET value = substr(value, 1, 30) WHERE name = 'identity_secret'",
    ],
)
def test_what_was_changed_or_moved_is_told_as_damage(sealed: str, cluster: Cluster, change: str) -> None:
    sql(cluster, sealed, change)
    with (
        pytest.raises(StoreUnavailable, match="damaged"),
        view(Server(sealed, "x"), key=KEY, reveal=True) as outbox,
    ):
        outbox.read(operator.list_rows)


@pytest.fixture
async def bridge(pg_url: str) -> AsyncIterator[Database]:
    """A bridge that was started before the outbox was sealed, and has the key all the same."""
    db = await Database.open(Server(pg_url, "one"), lock=True, key=KEY, seal=False)
    yield db
    await db.close()


async def test_a_bridge_without_the_key_stores_nothing_more_once_another_has_sealed(
    pg_url: str, cluster: Cluster
) -> None:
    plain = await Database.open(Server(pg_url, "one"), lock=True, seal=False)
    await plain.write_each(arrivals.take_many, TAKE)
    other = await Database.open(Server(pg_url, "two"), lock=True, key=KEY, seal=True)
    await other.settle()
    with pytest.raises(StoreUnavailable, match=r"was sealed since this was started.*there is no key"):
        await plain.write_each(arrivals.take_many, (submission(event("bob@example.com")), NOW))
    with pytest.raises(StoreUnavailable, match="was sealed since"):
        await plain.read(operator.list_rows)
    await other.write_each(arrivals.take_many, (submission(event("bob@example.com")), NOW))
    for db in (plain, other):
        await db.close()
    assert sql(cluster, pg_url, "SELECT count(*) FROM outbox WHERE recipient LIKE 'sealed:%'") == "1"


async def test_a_bridge_with_the_key_seals_from_then_on_and_opens_again(
    bridge: Database, pg_url: str, cluster: Cluster
) -> None:
    place = Server(pg_url, "test")
    await bridge.write_each(arrivals.take_many, TAKE)
    switch.switch(place, KEY, seal=True)
    await bridge.write_each(arrivals.take_many, (submission(event("bob@example.com")), NOW))
    assert sql(cluster, pg_url, "SELECT left(recipient, 7) FROM outbox ORDER BY id").split() == [
        "ann@exa",
        "sealed:",
    ]
    assert b"bob@example.com" not in on_disk(cluster, pg_url), "not even in a row that was undone"
    assert [row.event.recipient for row in await bridge.read(operator.list_rows)] == ["bob@example.com", ANN]
    convert(pg_url, KEY)
    await bridge.write_each(arrivals.take_many, (submission(event("cid@example.com")), NOW))
    switch.switch(place, KEY, seal=False)
    convert(pg_url, KEY)
    await bridge.write_each(arrivals.take_many, (submission(event("dan@example.com")), NOW))
    assert [row.event.recipient for row in await bridge.read(operator.list_rows)][-1] == ANN
    assert sql(cluster, pg_url, "SELECT recipient FROM outbox ORDER BY id").split()[-1] == "dan@example.com"


async def test_a_bridge_that_is_to_seal_never_writes_in_the_open(sealed: str) -> None:
    db = await Database.open(Server(sealed, "one"), lock=True, key=KEY, seal=True)
    await db.settle()
    conn = connected(sealed, KEY)
    switch._turn(conn, KEY, seal=False)
    conn.close()
    for write in (db.write, db.beside("other").write):  # type: ignore[attr-defined]
        with pytest.raises(StoreUnavailable, match="seal is on here, and the outbox is in the open"):
            await write(lambda conn: arrivals.take_many(conn, [TAKE]))
    await db.close()


def note(conn: Conn, title: str) -> None:
    columns = "id, at, what, level, title, text, fix, rule, subject, since"
    values = (5, NOW.isoformat(), "fired", "error", title, "x", "f", "dead", "", None)
    conn.execute(f"INSERT INTO notices ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    assert conn.execute("SELECT count(*) FROM notices").fetchone() == (1,)


async def test_a_bridge_goes_on_when_its_key_was_changed_and_is_refused_at_its_next_start(
    sealed: str, cluster: Cluster
) -> None:
    db = await Database.open(Server(sealed, "one"), lock=True, key=KEY, seal=True)
    with switch.working(Server(sealed, "test")) as work:
        switch.admit(work, KEY, NEW)
        switch.keep_only(work, NEW)
    name = sealed.rpartition("/")[2]
    cluster.psql(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'")
    with pytest.raises(StoreUnavailable):
        await db.write(lambda conn: None)
    assert [row.event.recipient for row in await db.read(operator.list_rows)] == [ANN]
    await db.write(partial(note, title="of bob@example.com"))
    await db.write_each(arrivals.take_many, (submission(event("bob@example.com")), NOW))
    await db.close()
    with pytest.raises(SealRefused, match="another key"):
        await Database.open(Server(sealed, "one"), lock=True, key=KEY, seal=True)
    held = contents(sealed, NEW)
    assert "bob@example.com" in held["outbox"] and "of bob@example.com" in held["notices"]
    assert b"bob@example.com" not in on_disk(cluster, sealed), "not even in a row that was undone"


async def test_a_month_has_a_key_of_its_own_also_while_a_bridge_runs(
    sealed: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = await Database.open(Server(sealed, "one"), lock=True, key=KEY, seal=True)
    later = datetime(2031, 2, 28, tzinfo=UTC).strftime("%Y-%m")
    for module in (unlock, connection):
        monkeypatch.setattr(module, "month", lambda: later)
    await db.write_each(arrivals.take_many, (submission(event("bob@example.com")), NOW))
    await db.close()
    assert sql(cluster, sealed, "SELECT month FROM data_keys ORDER BY number").split()[::2] == ["always", later]
    assert sql(cluster, sealed, "SELECT left(recipient, 9) FROM outbox ORDER BY id DESC LIMIT 1") == "sealed:3:"
    assert "bob@example.com" in contents(sealed, KEY)["outbox"]


async def test_a_data_key_that_a_failover_has_lost_is_not_used(sealed: str, cluster: Cluster) -> None:
    """Else what it seals could never be opened."""
    db = await Database.open(Server(sealed, "one"), lock=True, key=KEY, seal=True)
    sql(cluster, sealed, "DELETE FROM data_keys WHERE number = 2")
    sql(cluster, sealed, "DELETE FROM outbox; DELETE FROM seen")  # what it had sealed is lost too
    await db.write_each(arrivals.take_many, (submission(event("bob@example.com")), NOW))
    await db.close()
    with view(Server(sealed, "x"), key=KEY, reveal=True) as outbox:
        assert [row.event.recipient for row in outbox.read(operator.list_rows)] == ["bob@example.com"]


async def test_an_outbox_that_was_sealed_anew_meanwhile_is_noticed(bridge: Database, pg_url: str) -> None:
    seal(pg_url)
    await bridge.write_each(arrivals.take_many, TAKE)
    switch.switch(Server(pg_url, "x"), KEY, seal=False)
    convert(pg_url, KEY)
    seal(pg_url)
    await bridge.write_each(arrivals.take_many, (submission(event("bob@example.com")), NOW))
    assert [row.event.recipient for row in await bridge.read(operator.list_rows)] == ["bob@example.com", ANN]
    assert "bob@example.com" in contents(pg_url, KEY)["outbox"]
