# SPDX-License-Identifier: GPL-3.0-or-later
"""The standbys of a real PostgreSQL, as a role sees them that may see them, and as one that may not."""

from __future__ import annotations

import sqlite3
import subprocess

import pytest

from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import schema
from bouncestream.outbox.postgres.connection import connect
from bouncestream.outbox.postgres.session import in_snapshot
from bouncestream.outbox.postgres.worth import worth
from bouncestream.outbox.replication import Replication, replication
from bouncestream.survey.replication import as_json, in_words
from tests.postgres.cluster import Cluster, end_with_us, needs_postgres, programs


def seen(url: str) -> Replication:
    conn = connect(Server(url, "one"))
    try:
        schema.create(conn)
        found = in_snapshot(conn, replication)
        assert found is not None
        return found
    finally:
        conn.close()


def test_a_file_has_none(file_conn: sqlite3.Connection) -> None:
    assert replication(file_conn) is None


def test_alone(pg_url: str) -> None:
    assert seen(pg_url) == Replication((), False)


@pytest.mark.process
def test_a_standby_is_seen_as_far_as_the_role_may(primary: Cluster) -> None:
    """The owner of an outbox is no superuser: it sees that the standby is there, and more once that is granted."""
    primary.psql("CREATE ROLE plain LOGIN")
    primary.psql("CREATE DATABASE outbox OWNER plain TEMPLATE template0")
    url = primary.url("outbox", user="plain")
    assert seen(url) == Replication((), False)
    standby = primary.standby(synchronous=True)
    try:
        hidden = seen(url)
        assert (len(hidden.standbys), hidden.named, hidden.visible) == (1, True, False)
        found = worth(Server(url, "one"))
        assert (found.standbys, found.synchronous, found.named, found.asynchronous) == (1, 0, True, False)
        primary.psql("GRANT pg_monitor TO plain")
        told = seen(url)
        assert told.visible and told.standbys[0].awaited
        assert told.standbys[0].behind is not None
        primary.psql("ALTER SYSTEM RESET synchronous_standby_names")
        primary.psql("SELECT pg_reload_conf()")
        primary.until("SELECT sync_state FROM pg_stat_replication", "async")
        primary.hold_back()
        primary.psql("CREATE TABLE t AS SELECT i FROM generate_series(1, 20000) AS i", "outbox")
        late = seen(url)
        assert not late.named and (late.standbys[0].behind or 0) > 100_000
        sign, text, fix = in_words(as_json(late) or {})
        assert (sign, fix) == ("⚠", "bouncestream doctor") and text.endswith("MiB behind"), text
    finally:
        standby.close()


@pytest.mark.process
def test_who_reads_the_changes_of_tables_is_no_standby() -> None:
    needs_postgres()
    server = Cluster("wal_level = logical")
    bin_ = programs()
    assert bin_ is not None
    reader: subprocess.Popen[bytes] | None = None
    try:
        server.start()
        server.psql("SELECT pg_create_logical_replication_slot('changes', 'test_decoding')")
        command = [bin_ / "pg_recvlogical", "-d", server.url(), "--slot", "changes", "--start", "-f", "/dev/null"]
        reader = subprocess.Popen(command, preexec_fn=end_with_us)
        server.until("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "1")
        assert seen(server.url()) == Replication((), False)
    finally:
        if reader is not None:
            reader.kill()
            reader.wait()
        server.close()
