# SPDX-License-Identifier: GPL-3.0-or-later
"""Outboxes on PostgreSQL for the tests of sealing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bouncestream.crypto.secret import Secret
from bouncestream.outbox import alerts
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.people import secret_of
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import converting, switch
from bouncestream.outbox.postgres.connection import ServerConnection, begin, connect
from bouncestream.outbox.postgres.schema import create
from bouncestream.outbox.postgres.unlock import Unlocking
from bouncestream.outbox.view import view
from bouncestream.ports import State, Unreadable
from tests.outbox import make
from tests.outbox.make import KEY, event
from tests.postgres.cluster import Cluster

NEW = Secret("fe" * 32)
#: In what is stored of each event.
SECRET = "reader"


def connected(url: str, key: Secret | None = None) -> ServerConnection:
    """A writing connection, as the outbox uses it, without the thread."""
    conn = connect(Server(url, "test"))
    create(conn)
    Unlocking(key, writes=True)(conn)
    return conn


@contextmanager
def writing(url: str, key: Secret | None = None) -> Iterator[ServerConnection]:
    """A transaction that writes."""
    conn = connected(url, key)
    try:
        begin(conn, watched=True)
        yield conn
        conn.execute("COMMIT")
    finally:
        conn.close()


def fill(url: str, many: int = 60) -> dict[str, str]:
    """An outbox in the open, with addresses in every table; returns what it holds, in words."""
    with writing(url) as conn:
        for start in range(0, many, 20):
            told = [
                event(f"{SECRET}{n}@example.com", diagnostic=f"550 no {SECRET}{n}", subscriber_uuid="")
                for n in range(start, start + 20)
            ]
            odd = (Unreadable(f"of {SECRET}", event_type=f"type {SECRET}"),)
            make.submit(conn, *told, raw=f"{SECRET}{start} ".encode() * 40, unreadable=odd)
        make.submit(conn, event("sealed@example.com", diagnostic="sealed:2:AAAA", message_id="<s>"))
        make.settle(conn, 1, State.CLAIMED)
        at = "2026-03-01T11:00:00.000Z"
        alert = "INSERT INTO alerts VALUES ('dead', ?, 'info', 0, NULL, ?, NULL, NULL, 0, 0, 0, ?, '')"
        conn.execute(alert, (f"{SECRET}@example.com", at, SECRET))
        conn.execute("INSERT INTO erasures VALUES (?, '2026', ?, NULL)", (b"\1", f'["{SECRET}1@example.com"]'))
    with writing(url) as conn:
        conn.execute("DELETE FROM outbox WHERE id BETWEEN 10 AND 20")  # leaves addresses in unused parts
        conn.execute("UPDATE outbox SET diagnostic = 'short' WHERE id BETWEEN 30 AND 40")
        conn.execute("ANALYZE")  # leaves addresses in the statistics
    return contents(url)


def contents(url: str, key: Secret | None = None) -> dict[str, str]:
    """All that is stored, opened."""
    with view(Server(url, "test"), key=key, reveal=key is not None) as outbox:
        return outbox.read(_contents)


def _contents(conn: Conn) -> dict[str, str]:
    tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    names = [name for (name,) in conn.execute(tables).fetchall()]
    held = {name: str(sorted(map(repr, conn.execute(f"SELECT * FROM {name}")))) for name in names}
    assert (
        ("dead", f"{SECRET}@example.com") in alerts.states(conn) or "alerts" not in held or held["alerts"] == "[]"
    )
    return {name: rows for name, rows in held.items() if name not in ("meta", "data_keys", "bridge", "lease")} | {
        "identity": secret_of(conn).hex()
    }


def convert(url: str, key: Secret, *, steps: int | None = None) -> str:
    with switch.working(Server(url, "test")) as work:
        switch.ready(work, key)
        for number, progress in enumerate(converting.steps(work), 1):
            assert 0 < progress.done <= progress.of
            if number == steps:
                return ""
        return converting.finish(work)


def seal(url: str, key: Secret = KEY) -> None:
    switch.switch(Server(url, "test"), key, seal=True)
    convert(url, key)


def on_disk(cluster: Cluster, url: str) -> bytes:
    """Every byte of the files of a database, without the server's log."""
    name = url.rpartition("/")[2]
    cluster.psql("CHECKPOINT")
    oid = cluster.psql(f"SELECT oid FROM pg_database WHERE datname = '{name}'")
    return b"".join(file.read_bytes() for file in sorted((cluster.data / "base" / oid).iterdir()))
