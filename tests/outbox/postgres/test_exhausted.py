# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL that has run out of disk or of connections, or its pooler of sessions. What cannot be stored is
refused, with the reason and the next step, and all goes on by itself once there is room."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import psycopg
import pytest

from bouncestream.errors import StoreUnavailable
from bouncestream.outbox import arrivals
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta, set_meta, tally
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.db import ServerDatabase
from tests.outbox.make import NOW, event, submission
from tests.postgres.cluster import Cluster, needs_postgres
from tests.postgres.pgbouncer import PgBouncer
from tests.running import running

pytestmark = pytest.mark.process

#: Bytes of the disk: an empty database takes 8 MB.
DISK = 24 << 20


async def until_stored(db: Database) -> None:
    """Until something can be stored again."""
    async with asyncio.timeout(20):
        while True:
            try:
                await db.write(partial(set_meta, name="again", value="1"))
                return
            except StoreUnavailable:
                await asyncio.sleep(0.1)


@pytest.fixture
def disk(cluster: Cluster) -> Iterator[Path]:
    """A small disk as a tablespace."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    place = cluster.folder / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=777", "tmpfs", str(place)]).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        (place / "pg").mkdir()
        os.chown(place / "pg", place.parent.stat().st_uid, place.parent.stat().st_gid)
        cluster.psql(f"CREATE TABLESPACE small LOCATION '{place}/pg'")
        cluster.psql("CREATE DATABASE on_small TABLESPACE small TEMPLATE template0")
        yield place
    finally:
        cluster.drop("on_small")
        cluster.psql("DROP TABLESPACE IF EXISTS small")
        subprocess.run(["umount", "-l", str(place)], check=True)


async def test_a_full_disk(cluster: Cluster, disk: Path) -> None:
    db = await Database.open(Server(cluster.url("on_small"), "one"))
    try:
        with (disk / "ballast").open("wb") as ballast:
            room = os.statvfs(disk)
            ballast.write(bytes(max(0, room.f_bavail * room.f_frsize - (1 << 20))))
        kept = 0

        async def fill() -> None:
            nonlocal kept
            while kept < 5000:
                one = event(f"p{kept}@example.com", diagnostic=os.urandom(1000).hex())
                await db.write_each(arrivals.take_many, (submission(one), NOW))
                kept += 1

        with pytest.raises(StoreUnavailable, match=r"PostgreSQL is full: nothing was stored\. Next: free up"):
            await fill()
        (disk / "ballast").unlink()
        await until_stored(db)
        assert (await db.read(tally))["pending"] == kept, "all that was acknowledged, and nothing else"
    finally:
        await db.close()


@contextmanager
def taken(url: str, count: int) -> Iterator[None]:
    """So many connections, or as many as there are, are somebody else's, each in a transaction."""
    with ExitStack() as stack:
        with suppress(psycopg.OperationalError):
            for _ in range(count):
                stack.enter_context(psycopg.connect(url)).execute("SELECT 1")
        yield


async def leave(db: Database) -> None:
    """Have it connect anew at its next job."""
    assert isinstance(db, ServerDatabase)
    for thread in (db._writes, db._reads):
        await thread.call(thread.session.drop)


async def refused(db: Database) -> None:
    """It is told that no connection is left."""
    words = r"no connection left: nothing was stored\. Next: raise max_connections there"
    with pytest.raises(StoreUnavailable, match=words):
        await db.write(partial(set_meta, name="a", value="1"))


async def test_no_connection_is_left() -> None:
    needs_postgres()
    with contextmanager(running)(Cluster("max_connections = 8", "max_wal_senders = 0")) as server:
        server.psql("CREATE ROLE plain LOGIN")
        server.psql("CREATE DATABASE outbox OWNER plain TEMPLATE template0")
        url = server.url("outbox", user="plain")
        db = await Database.open(Server(url, "one"))
        try:
            await leave(db)
            with taken(url, 8):
                await refused(db)
            await until_stored(db)
            assert await db.read(partial(get_meta, name="a")) is None
        finally:
            await db.close()


@pytest.mark.parametrize(("pool", "clients"), [(1, 200), (4, 3)], ids=["of its sessions", "of its clients"])
async def test_a_pooler_has_none_left(cluster: Cluster, pg_url: str, pool: int, clients: int) -> None:
    needs_postgres("pgbouncer")
    with contextmanager(running)(PgBouncer(cluster, pool=pool, clients=clients, wait=1)) as pooler:
        url = pooler.url(pg_url.rsplit("/", 1)[1])
        db = await Database.open(Server(url, "one"))
        try:
            await leave(db)
            with taken(url, min(pool, clients)):
                await refused(db)
            await until_stored(db)
            assert await db.read(partial(get_meta, name="a")) is None
        finally:
            await db.close()
