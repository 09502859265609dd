# SPDX-License-Identifier: GPL-3.0-or-later
"""The open outbox on PostgreSQL: its queue, its end, and a server that goes and comes back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import LeaseLost, StoreUnavailable
from bouncestream.outbox import arrivals
from bouncestream.outbox.db import Database
from bouncestream.outbox.delivery import get_meta, set_meta, tally
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases, session
from tests.outbox.make import NOW, event, submission
from tests.postgres.cluster import Cluster

pytestmark = pytest.mark.process


@pytest.fixture
async def store(pg_url: str) -> AsyncIterator[Database]:
    db = await Database.open(Server(pg_url, "one"), lock=True)
    yield db
    await db.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("outbox")], "close left a thread behind"


async def test_what_is_written_is_read(store: Database) -> None:
    taken = await store.write_each(arrivals.take_many, (submission(event()), NOW))
    assert taken.receipt.accepted == 1
    assert (await store.read(tally))["pending"] == 1
    assert await store.read(partial(get_meta, name="instance"))


async def test_many_at_once_and_a_guilty_one(store: Database) -> None:
    def guilty(conn: Conn) -> None:
        raise LookupError("guilty")

    jobs = [store.write(partial(set_meta, name=f"n{n}", value="1")) for n in range(50)]
    done = await asyncio.gather(*jobs, store.write(guilty), return_exceptions=True)
    assert [type(one) for one in done[-2:]] == [type(None), LookupError]
    assert await store.read(partial(get_meta, name="n49")) == "1"


async def test_a_reader_cannot_write(store: Database) -> None:
    with pytest.raises(StoreUnavailable, match="read-only"):
        await store.read(partial(set_meta, name="a", value="1"))
    assert await store.read(partial(get_meta, name="a")) is None


async def test_another_bridge_is_noticed(store: Database, pg_url: str) -> None:
    before = await store.data_version()
    other = await Database.open(Server(pg_url, "two"))
    await other.write_each(arrivals.take_many, (submission(event()), NOW))
    await other.close()
    assert await store.data_version() != before


async def test_a_closed_one_says_so(pg_url: str) -> None:
    db = await Database.open(Server(pg_url, "one"))
    await db.close()
    with pytest.raises(StoreUnavailable, match="shutting down"):
        await db.write(tally)
    with pytest.raises(StoreUnavailable, match="closed"):
        await db.read(tally)


async def test_two_that_make_it_at_once_make_one(pg_url: str) -> None:
    both = await asyncio.gather(*(Database.open(Server(pg_url, name)) for name in ("one", "two")))
    names = {await db.read(partial(get_meta, name="instance")) for db in both}
    await asyncio.gather(*(db.close() for db in both))
    assert len(names) == 1


async def test_none_is_made_for_who_only_looks(pg_url: str) -> None:
    with pytest.raises(StoreUnavailable, match="no outbox in the database"):
        await Database.open(Server(pg_url, "one"), create=False)


async def test_a_server_that_dies_and_comes_back(primary: Cluster) -> None:
    url = primary.url(primary.database())
    db = await Database.open(Server(url, "one", Secret("not asked for")))
    await db.write(partial(set_meta, name="a", value="1"))
    await asyncio.to_thread(primary.kill)
    with pytest.raises(StoreUnavailable):
        await db.write(partial(set_meta, name="a", value="2"))
    with pytest.raises(StoreUnavailable, match="does not answer"):
        await db.write(partial(set_meta, name="a", value="3"))
    await asyncio.to_thread(primary.start)
    async with asyncio.timeout(10):
        while True:
            try:
                await db.write(partial(set_meta, name="b", value="1"))
                break
            except StoreUnavailable:
                await asyncio.sleep(0.05)
    assert await db.read(partial(get_meta, name="a")) == "1"
    await db.close()


async def test_another_outbox_in_its_place_is_refused(store: Database, pg_url: str, cluster: Cluster) -> None:
    name = pg_url.rpartition("/")[2]
    await asyncio.to_thread(cluster.psql, "UPDATE meta SET value = 'other' WHERE name = 'instance'", name)
    kill = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
    await asyncio.to_thread(cluster.psql, kill)
    with pytest.raises(StoreUnavailable):
        await store.read(tally)
    with pytest.raises(StoreUnavailable, match="not the one that this bridge started with"):
        await store.read(tally)


async def test_a_server_that_says_nothing_is_given_up(primary: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    db = await Database.open(Server(primary.url(primary.database()), "one"))
    monkeypatch.setattr(session, "SILENT", 0.3)
    await asyncio.to_thread(primary.pause)
    try:
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await db.write(partial(set_meta, name="a", value="1"))
    finally:
        await asyncio.to_thread(primary.resume)
    monkeypatch.undo()
    await asyncio.sleep(0)
    async with asyncio.timeout(10):  # what it had in hand it may have committed since: so it is not known
        assert await db.read(partial(get_meta, name="a")) in (None, "1")
    await db.close()


async def test_a_server_that_became_a_standby_is_left(store: Database, pg_url: str, cluster: Cluster) -> None:
    name = pg_url.rpartition("/")[2]
    await asyncio.to_thread(cluster.psql, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    writes = store._writes  # type: ignore[attr-defined]
    before = writes.session.connected()
    before.execute("SET default_transaction_read_only = on")
    with pytest.raises(StoreUnavailable, match="read-only"):
        await store.write(partial(set_meta, name="a", value="1"))
    assert before.conn.closed
    await asyncio.to_thread(cluster.psql, f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    await store.write(partial(set_meta, name="a", value="1"))


async def test_what_is_done_under_a_lease_that_another_has_changes_nothing(store: Database) -> None:
    """Whoever writes it, and in whichever task: the term goes with the task that the work began in."""
    epoch = (await store.write(partial(leases.take, names=["relay"], holder="one:1")))["relay"]

    async def work(name: str) -> None:
        await store.write(partial(set_meta, name=name, value="1"))
        await store.write_each(arrivals.take_many, (submission(event(recipient=f"{name}@example.com")), NOW))

    for name, held in (("mine", epoch), ("former", epoch + 1)):
        token = leases.TERM.set(leases.Term("relay", "one:1", held))
        task = asyncio.create_task(work(name))
        leases.TERM.reset(token)
        if name == "mine":
            await task
        else:
            with pytest.raises(LeaseLost):
                await task
    token = leases.TERM.set(leases.Term("relay", "one:1", epoch + 1))
    try:
        with pytest.raises(LeaseLost):
            await store.write_each(arrivals.take_many, (submission(event(recipient="b@example.com")), NOW))
    finally:
        leases.TERM.reset(token)
    await store.write(partial(set_meta, name="anybody", value="1"))
    found = [await store.read(partial(get_meta, name=name)) for name in ("mine", "former", "anybody")]
    assert found == ["1", None, "1"]
    assert (await store.read(tally))["pending"] == 1


async def test_a_server_that_says_nothing_is_told(primary: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bouncestream.outbox.postgres.db.STALLED", 0.3)
    monkeypatch.setattr("bouncestream.outbox.postgres.db.LOOK", 0.05)
    db = await Database.open(Server(primary.url(), "one"))
    await db.look()
    primary.pause()
    writing = asyncio.ensure_future(db.write(partial(set_meta, name="a", value="1")))
    await asyncio.sleep(0.1)
    await db.look()  # it may only be slow
    await asyncio.sleep(0.3)
    with pytest.raises(StoreUnavailable, match="has not answered for"):
        await db.look()
    primary.resume()
    await writing
    await db.look()
    await db.close()
