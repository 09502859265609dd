# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to PostgreSQL that takes SQLite's statements."""

from __future__ import annotations

import socket
import time

import pytest

from bouncestream.lease import FROZEN
from bouncestream.outbox.engine import Refused
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import connection
from bouncestream.outbox.postgres.connection import (
    FROZEN_READER,
    LOCKED,
    Failed,
    ServerConnection,
    begin,
    connect,
)
from bouncestream.outbox.postgres.schema import create
from bouncestream.outbox.queries import QUERIES
from tests.outbox import make
from tests.postgres.cluster import Cluster

SETTINGS = "SELECT current_setting('synchronous_commit'), current_setting('transaction_isolation')"


@pytest.mark.process
@pytest.mark.parametrize(("before", "after"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")])
def test_what_is_acknowledged_is_on_the_disk(server_conn: ServerConnection, before: str, after: str) -> None:
    server_conn.execute(f"SET synchronous_commit = {before}")
    try:
        begin(server_conn)
        assert server_conn.execute(SETTINGS).fetchone() == (after, "repeatable read")
    finally:
        server_conn.rollback()
        server_conn.execute("RESET synchronous_commit")


@pytest.mark.process
def test_a_frozen_change_ends_before_others_have_waited_for_it(server_conn: ServerConnection) -> None:
    found = []
    for read_only in (False, True):
        begin(server_conn, read_only=read_only)
        asked = server_conn.execute("SELECT current_setting('idle_in_transaction_session_timeout')").fetchone()
        found.append(float(asked[0].replace("1min", "60s").rstrip("s")))
        server_conn.rollback()
    assert found == [FROZEN, FROZEN_READER]
    assert FROZEN < LOCKED


@pytest.mark.process
def test_a_reader_changes_nothing(server_conn: ServerConnection) -> None:
    begin(server_conn, read_only=True)
    with pytest.raises(Failed, match="read-only"):
        server_conn.execute(QUERIES["set_meta"], ("a", "b"))
    server_conn.rollback()


@pytest.mark.process
def test_a_query_ends_in_time(server_conn: ServerConnection) -> None:
    begin(server_conn, read_only=True, within=0.05)
    with pytest.raises(Failed, match="statement timeout"):
        server_conn.execute("SELECT pg_sleep(5)")
    server_conn.rollback()


@pytest.mark.process
def test_a_refused_event_leaves_its_transaction(server_conn: ServerConnection) -> None:
    begin(server_conn)
    make.submit(server_conn, make.event())
    change = ("oops", *[""] * 5, None, "email", "", b"", "pending", "", None, None, "why", 1)
    with pytest.raises(Refused) as refused:
        server_conn.execute(QUERIES["upgrade_event"], change)
    assert "example.com" not in str(refused.value)
    server_conn.execute("COMMIT")
    assert len(make.rows(server_conn)) == 1


@pytest.mark.process
def test_what_is_held_back_is_there_for_who_reads(server_conn: ServerConnection) -> None:
    with server_conn.hurrying():
        begin(server_conn)
        for key in (b"a", b"b"):
            server_conn.execute(QUERIES["insert_key"], (key, 1, 2))
        assert server_conn.execute(QUERIES["probe"], (b"b",)).fetchone() == (1,)
        assert server_conn.execute(QUERIES["delete_key"], (b"a",)).rowcount == 1
        server_conn.execute("COMMIT")
    assert server_conn.execute("SELECT key FROM seen").fetchall() == [(b"b",)]


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/x", "postgresql://h:port/x", "postgresql://%zz@h/x"])
def test_where_nobody_answers(url: str) -> None:
    with pytest.raises(Failed):
        connect(Server(url, "one"), patience=2)


def test_a_host_that_does_not_answer_costs_its_share_of_the_time(cluster: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"postgresql://postgres@127.0.0.1:{mute.getsockname()[1]},127.0.0.1:{cluster.port}/postgres"
        began = time.monotonic()
        connect(Server(url, "one"), patience=4).close()
        assert time.monotonic() - began < 3.5
        with pytest.raises(Failed):
            connect(Server(f"{url}?connect_timeout=1&target_session_attrs=standby", "one"))
        assert time.monotonic() - began < 9, "what the URL says is done"


def test_no_two_connections_give_a_prepared_statement_the_same_name(pg_url: str) -> None:
    """A pooler of before 1.21 gives both the same session: one would run the statement of the other."""
    names = []
    for number in range(2):
        conn = connect(Server(pg_url, "one"))
        for _ in range(10):
            conn.execute(f"SELECT {number}").fetchone()
        names += [name for (name,) in conn.execute("SELECT name FROM pg_prepared_statements").fetchall()]
        conn.close()
    assert len(names) == len(set(names)) == 2


@pytest.mark.process
def test_whoever_writes_waits_for_a_switch_of_the_seal_in_bounds(
    pg_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOCKED", 0.1)
    theirs, ours = (connect(Server(pg_url, name)) for name in ("one", "two"))
    try:
        create(theirs)
        theirs.execute("BEGIN")
        theirs.execute("LOCK TABLE data_keys IN ACCESS EXCLUSIVE MODE")
        ours.execute("SET statement_timeout = '3s'")
        with pytest.raises(Failed) as failed:
            begin(ours, watched=True)
        assert failed.value.cause.sqlstate == "55P03"
    finally:
        for conn in (theirs, ours):
            conn.rollback()
            conn.close()
