# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables are written anew, and nothing of what was deleted is left."""

from __future__ import annotations

import asyncio

import pytest

from bouncestream.errors import StoreBusy
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import rewriting
from bouncestream.outbox.postgres.connection import Failed, begin, connect
from tests.outbox import make
from tests.outbox.make import event
from tests.outbox.postgres.sealing import connected, on_disk
from tests.postgres.cluster import Cluster

pytestmark = pytest.mark.process


def test_nothing_is_left_of_what_was_deleted(pg_url: str, cluster: Cluster) -> None:
    conn = connected(pg_url)
    conn.execute("INSERT INTO meta VALUES ('old', 'plainword')")
    conn.execute("DELETE FROM meta WHERE name = 'old'")
    assert b"plainword" in on_disk(cluster, pg_url)
    rewriting.rewrite(conn, ["meta"])
    assert b"plainword" not in on_disk(cluster, pg_url)
    conn.close()


def test_a_session_that_still_sees_it_is_told(pg_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TRIES", 5), ("WAIT", 0.01), ("LOCKED", 0.1)):
        monkeypatch.setattr(rewriting, name, value)
    rewritten = []
    real = rewriting._rewrite
    monkeypatch.setattr(rewriting, "_rewrite", lambda *args: rewritten.append(args) or real(*args))
    conn = connected(pg_url)
    conn.execute("INSERT INTO meta VALUES ('old', 'plainword')")
    other = connect(Server(pg_url, "other"))
    other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    other.execute("SELECT 1").fetchall()
    conn.execute("DELETE FROM meta WHERE name = 'old'")
    with pytest.raises(StoreBusy, match=r"former values of 1 rows of meta are kept.*pg_stat_activity"):
        rewriting.rewrite(conn, ["meta"])
    assert len(rewritten) == 3, "and not a large table again and again"
    other.execute("SELECT count(*) FROM outbox").fetchall()
    with pytest.raises(StoreBusy, match="another session reads outbox all the time"):
        rewriting.rewrite(conn, ["outbox"])
    other.close()
    rewriting.rewrite(conn, ["outbox", "meta"])
    conn.close()


async def test_a_bridge_that_writes_is_waited_for(pg_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what it still sees would be kept, and the table written anew once more."""
    monkeypatch.setattr(rewriting, "REWRITES", 1)
    conn, other = connected(pg_url), connected(pg_url)
    begin(other, watched=True)
    make.submit(conn, event())
    conn.execute("DELETE FROM outbox")
    done = asyncio.create_task(asyncio.to_thread(rewriting.rewrite, conn, ["outbox"]))
    await asyncio.wait([done], timeout=0.3)
    assert not done.done()
    other.execute("COMMIT")
    await done
    other.close()
    conn.close()


def test_statistics_that_others_read_are_waited_for(pg_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "WAIT", 0.01)
    conn = connected(pg_url)
    other = connect(Server(pg_url, "other"))
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM pg_statistic").fetchall()
    with pytest.raises(StoreBusy, match="reads pg_statistic all the time"):
        rewriting.forget_statistics(conn)
    other.close()
    assert rewriting.forget_statistics(conn) == ""
    conn.execute("BEGIN")
    with pytest.raises(Failed, match="transaction block"):  # which is no lack of rights
        rewriting.forget_statistics(conn)
    conn.close()


def test_who_may_not_write_the_statistics_anew_is_told(pg_url: str, cluster: Cluster) -> None:
    name = pg_url.rpartition("/")[2]
    conn = connected(pg_url)
    assert rewriting.forget_statistics(conn) == ""
    conn.close()
    cluster.psql(f'CREATE ROLE "{name}" LOGIN')
    other = connect(Server(cluster.url(name, user=name), "other"))
    assert "as the owner of the database" in rewriting.forget_statistics(other)
    other.close()
    cluster.psql(f'DROP ROLE "{name}"')
