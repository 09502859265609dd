# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import psycopg
import pytest

from bouncestream.errors import NoOutbox, OutboxCopied, StoreBusy, StoreUnavailable
from bouncestream.outbox.copied import UNFINISHED, WENT_TO, Mark, require_here, set_mark
from bouncestream.outbox.copying.server import ServerEnd
from bouncestream.outbox.db import Database
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import batch, leases, switch
from bouncestream.outbox.postgres.connection import Failed, ServerConnection, connect
from bouncestream.outbox.postgres.schema import create
from tests.outbox.copying.conftest import ROWS, one
from tests.outbox.make import KEY
from tests.postgres.cluster import Cluster
from tests.postgres.pgbouncer import PgBouncer

pytestmark = pytest.mark.process

MARK = Mark("c0", "an-instance", "/var/lib/outbox.db", "2026-03-01T12:00:00.000Z")


@pytest.fixture
def conn(server: Server) -> Iterator[ServerConnection]:
    """A connection to the database, which has an outbox."""
    with closing(connect(server)) as conn:
        create(conn)
        yield conn


def test_nobody_writes_to_the_source_meanwhile(server: Server, conn: ServerConnection) -> None:
    with closing(ServerEnd.source(server, "[outbox] url")) as end:
        conn.execute("SET lock_timeout = '1ms'")
        assert conn.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
        for sql in ("DELETE FROM outbox", "DELETE FROM bridge", "DELETE FROM meta", "DELETE FROM counters"):
            with pytest.raises(Exception, match="lock timeout"):
                conn.execute(sql)
        end.change(partial(set_mark, name=WENT_TO, mark=MARK))
    with closing(connect(server)) as again:
        again.execute("DELETE FROM outbox")


@pytest.mark.parametrize("way", [ServerEnd.source, ServerEnd.target])
def test_a_bridge_that_lives_is_told(server: Server, conn: ServerConnection, way: type) -> None:
    leases.meet(conn, "bounces-1", "r", "1")
    said = r"bounces-1 \(0 s ago\)\. While it is copied none may"
    with pytest.raises(StoreBusy, match=said), closing(way(server, "--to")) as end:
        end.begin(MARK)
    leases.leave(conn, "bounces-1", "r")
    with closing(way(server, "--to")):
        pass


def test_a_bridge_that_began_on_the_copy_before_its_mark_is_noticed(server: Server, conn: ServerConnection) -> None:
    with closing(ServerEnd.target(server, "--to")) as end:
        end.begin(MARK)
        leases.meet(conn, "bounces-1", "r", "1")
        for step in (end.settle, partial(end.finish, MARK)):
            with pytest.raises(StoreBusy, match="bounces-1"):
                step()


def test_it_is_not_sealed_meanwhile(server: Server) -> None:
    with closing(ServerEnd.target(server, "--to")) as end, switch.working(server) as work:
        end.begin(MARK)
        for seal in (True, False):
            with pytest.raises(OutboxCopied, match="unfinished copy"):
                switch.settle(work.conn, KEY, seal=seal)
        assert work.conn.execute("SELECT count(*) FROM data_keys").fetchone() == (0,)


async def test_a_bridge_that_was_frozen_stores_nothing_more(server: Server, conn: ServerConnection) -> None:
    db = await Database.open(server, lock=True)
    try:
        with closing(ServerEnd.source(server, "[outbox] url")) as end:
            end.change(partial(set_mark, name=WENT_TO, mark=MARK))
        for _ in range(2):  # the session is lost, and then made anew
            with pytest.raises(StoreUnavailable):
                await db.write(lambda conn: conn.execute("INSERT INTO let_go VALUES (1, 'x')"))
        with pytest.raises(OutboxCopied, match="copied to /var/lib/outbox"):
            await Database.open(server, lock=True)
    finally:
        await db.close()
    with closing(connect(server)) as other:
        assert other.execute("SELECT count(*) FROM let_go").fetchone() == (0,)


async def test_who_waits_for_the_copy_stores_nothing_after_it(server: Server, conn: ServerConnection) -> None:
    with closing(ServerEnd.source(server, "[outbox] url")) as end, closing(connect(server)) as late:
        insert = partial(late.execute, "INSERT INTO let_go VALUES (1, 'x')")
        waiting = asyncio.create_task(asyncio.to_thread(insert))
        while not conn.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
                               "AND wait_event_type = 'Lock'").fetchone():  # fmt: skip
            await asyncio.sleep(0.01)
        end.change(partial(set_mark, name=WENT_TO, mark=MARK))
        with pytest.raises(Failed, match="terminating connection"):
            await waiting
    with closing(connect(server)) as other:
        assert other.execute("SELECT count(*) FROM let_go").fetchone() == (0,)


def test_a_commit_that_no_standby_confirms_is_told(primary: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    standby = primary.standby(synchronous=True)
    place = Server(primary.url(primary.database()), "test")
    monkeypatch.setattr(batch, "UNCONFIRMED", 0.3)
    said = "No synchronous standby"
    try:
        with closing(ServerEnd.target(place, "--to")) as end, switch.working(place) as work:
            standby.pause()
            with pytest.raises(Failed, match="canceling wait"):
                switch.settle(work.conn, KEY, seal=False)
            with pytest.raises(StoreUnavailable, match=said):
                end.begin(MARK)
        with closing(ServerEnd.source(place, "[outbox] url")) as end, pytest.raises(StoreUnavailable, match=said):
            end.change(partial(set_mark, name=WENT_TO, mark=MARK))
    finally:
        standby.resume()
        standby.close()


async def test_no_bridge_starts_on_what_is_unfinished(server: Server) -> None:
    with closing(ServerEnd.target(server, "--to")) as end:
        end.begin(MARK)
    for lock in (True, False):
        with pytest.raises(OutboxCopied, match="unfinished copy of /var/lib/outbox"):
            await Database.open(server, lock=lock)


def test_numbers_go_on_after_the_copied_rows(server: Server, conn: ServerConnection) -> None:
    history = [(7, 1, "x", "", "pending", ""), (12, 1, "x", "", "pending", "")]
    with closing(ServerEnd.target(server, "--to")) as end:
        end.add(one("history"), history)
        end.settle()
        end.settle()
    assert conn.reserve("history", 2) == [13, 14]
    assert conn.reserve("outbox", 1) == [1]


def test_other_tables_are_told(server: Server, conn: ServerConnection) -> None:
    conn.execute("ALTER TABLE folders ADD COLUMN mine text")
    for way in (ServerEnd.source, ServerEnd.target):
        with pytest.raises(StoreUnavailable, match=r"not those of this version \(folders\.mine\)"):
            way(server, "--to")
    conn.execute("ALTER TABLE folders DROP COLUMN mine")
    conn.execute("CREATE TABLE other (id bigint)")
    with pytest.raises(StoreUnavailable, match=r"\(other\.id\)"):
        ServerEnd.target(server, "--to")


def test_a_database_without_an_outbox_is_no_source(server: Server) -> None:
    with pytest.raises(NoOutbox, match=r"no outbox in the database at \[outbox\] url"):
        ServerEnd.source(server, "[outbox] url")


def test_a_server_that_is_away_is_told_by_its_own_name() -> None:
    with pytest.raises(StoreUnavailable, match=r"does not answer.*that --to names its host"):
        ServerEnd.target(Server("postgresql://127.0.0.1:1/x", "test"), "--to")


def test_a_server_that_goes_is_told(server: Server, conn: ServerConnection) -> None:
    with closing(ServerEnd.target(server, "--to")) as end:
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                     "AND pid <> pg_backend_pid()")  # fmt: skip
        with pytest.raises(StoreUnavailable):
            end.add(one("let_go"), ROWS["let_go"])


def test_behind_a_pooler(pgbouncer: PgBouncer, pg_url: str) -> None:
    server = Server(pgbouncer.url(pg_url.rpartition("/")[2]), "test")
    with closing(ServerEnd.target(server, "--to")) as end:
        end.begin(MARK)
        end.add(one("let_go"), ROWS["let_go"])
        end.settle()
        end.finish(MARK)
    with closing(ServerEnd.source(server, "[outbox] url")) as end:
        assert list(end.rows(one("let_go"))) == ROWS["let_go"]
        end.read(require_here)


def test_what_was_begun_elsewhere_is_undone(server: Server, conn: ServerConnection) -> None:
    with closing(ServerEnd.source(server, "[outbox] url")):
        pass
    with psycopg.connect(server.url) as other:
        assert other.execute("SELECT count(*) FROM meta WHERE name = %s", (UNFINISHED,)).fetchone() == (0,)
