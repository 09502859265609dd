# SPDX-License-Identifier: GPL-3.0-or-later
"""The server of the tests does what the tests rely on: it loses nothing when killed, and a standby takes over."""

from __future__ import annotations

import pytest

from tests.postgres.cluster import Cluster
from tests.postgres.pgbouncer import PgBouncer

MAKE = "CREATE TABLE t (n int); INSERT INTO t VALUES (1)"


def test_a_test_has_a_database_of_its_own(cluster: Cluster, pg_url: str) -> None:
    name = pg_url.rsplit("/", 1)[1]
    assert cluster.psql("SELECT count(*) FROM pg_class WHERE relname = 't'", name) == "0"
    cluster.psql(MAKE, name)
    assert cluster.psql("SHOW server_encoding", name) == "UTF8"


def test_a_killed_server_has_what_was_committed(primary: Cluster) -> None:
    primary.psql(MAKE)
    primary.kill()
    primary.start()
    assert primary.psql("SELECT n FROM t") == "1"
    primary.stop("immediate")
    primary.start()
    assert primary.psql("SELECT n FROM t") == "1"


@pytest.mark.parametrize("synchronous", [True, False])
def test_a_standby_takes_over(primary: Cluster, synchronous: bool) -> None:
    standby = primary.standby(synchronous=synchronous)
    try:
        primary.psql(MAKE)
        if not synchronous:
            standby.until("SELECT count(*) FROM t", "1")
            primary.hold_back()
            primary.psql("INSERT INTO t VALUES (2)")
        primary.kill()
        standby.promote()
        standby.psql("INSERT INTO t VALUES (3)")
        assert standby.psql("SELECT n FROM t ORDER BY n") == "1\n3"  # 2 never left the one that is gone
    finally:
        standby.close()


def test_a_pooler_gives_each_transaction_a_session(cluster: Cluster, pgbouncer: PgBouncer, pg_url: str) -> None:
    name = pg_url.rsplit("/", 1)[1]
    sql = "SELECT current_database(), inet_server_port()"
    assert cluster.psql(sql, name, port=pgbouncer.port) == f"{name}|{cluster.port}"
