# SPDX-License-Identifier: GPL-3.0-or-later
"""Values and databases for the tests of the outbox."""

from __future__ import annotations

import gzip
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bouncestream.crypto.secret import Secret
from bouncestream.event import BounceEvent, Kind
from bouncestream.outbox import arrivals, connection, delivery, migrate
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.postgres.connection import Failed, ServerConnection
from bouncestream.outbox.postgres.switch import settle as settle_server
from bouncestream.outbox.postgres.unlock import Unlocking
from bouncestream.outbox.sealing import switch
from bouncestream.outbox.sealing.unlock import unlock
from bouncestream.ports import Claimed, Move, Receipt, State, Submission

#: What a connection raises for a row that the schema does not allow.
REFUSED = (sqlite3.IntegrityError, Failed)
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CAMPAIGN = "11111111-1111-4111-8111-111111111111"
SUBSCRIBER = "22222222-2222-4222-8222-222222222222"


def later(seconds: float = 0, **parts: float) -> datetime:
    return NOW + timedelta(seconds=seconds, **parts)


def event(recipient: str = "ann@example.com", kind: Kind = Kind.HARD, **fields: object) -> BounceEvent:
    fields.setdefault("source", "ses")
    fields.setdefault("provider", "generic")
    fields.setdefault("message_id", f"<1.{recipient or 'nobody'}>")
    return BounceEvent(kind, recipient, **fields)  # type: ignore[arg-type]


def submission(*events: BounceEvent, raw: bytes = b'{"event": "bounce"}', **fields: object) -> Submission:
    fields.setdefault("source", "ses")
    fields.setdefault("provider", "generic")
    return Submission(events=events, raw=raw, content_type="application/json", **fields)  # type: ignore[arg-type]


#: The key of an operator.
KEY = Secret("b3a91c5e07d24f68c1e5f9370a8d6b42e7f1903c5ad8264b9e0c7f13d5a82b64")


def connect(path: Path, *, key: Secret | None = None) -> connection.Connection:
    """A writing connection as the outbox uses it, without the thread; with a key, to an outbox that is sealed."""
    path.touch(0o600)
    conn: connection.Connection = sqlite3.connect(**connection.options(path))
    connection.prepare_new(conn)
    connection.prepare_writer(conn)
    migrate.migrate(conn)
    if key is not None:
        switch.settle(conn, key, seal=True)
        unlock(conn, key, watch=False)
        assert conn.on_begin is not None
        conn.on_begin()
    return conn


def seal(conn: ServerConnection, key: Secret = KEY) -> None:
    """Seal an outbox on PostgreSQL into which nothing has come yet, and unlock it."""
    settle_server(conn, key, seal=True)
    unlocking = Unlocking(key, writes=True)
    unlocking(conn)
    assert conn.sealing is not None
    conn.sealing.begin(conn.known.number)


FIXTURES = Path(__file__).parents[1] / "fixtures" / "outbox"
#: A schema version that this program upgrades, the oldest one.
OLDER = 4


def older(path: Path) -> sqlite3.Connection:
    """An outbox that the program of an older version made, without its rows."""
    path.touch(0o600)
    path.write_bytes(gzip.decompress((FIXTURES / f"version_{OLDER}.db.gz").read_bytes()))
    conn = sqlite3.connect(**connection.options(path))
    connection.prepare_writer(conn)
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('meta', 'tally')"
    for (name,) in conn.execute(tables).fetchall():
        conn.execute(f"DELETE FROM {name}")
    conn.execute("UPDATE tally SET events = 0")
    return conn


def upgrade(conn: sqlite3.Connection, before: str) -> migrate.Migration:
    """Run the migrations up to the one of that name, which is returned: its turn is the next."""
    for migration in migrate.migrations():
        if migration.name.endswith(f"_{before}.sql"):
            return migration
        if migration.number > OLDER:
            conn.executescript(f"{migration.sql};PRAGMA user_version = {migration.number}")
    raise LookupError(before)


def recount(conn: Conn) -> None:
    """Count all events again, after a test has changed rows by itself."""
    if not isinstance(conn, sqlite3.Connection):
        conn.execute("DELETE FROM tally")
        conn.execute("INSERT INTO tally SELECT 'test', state, count(*) FROM outbox GROUP BY state")
        return
    conn.execute("UPDATE tally SET events = (SELECT count(*) FROM outbox WHERE outbox.state = tally.state)")


def submit(conn: Conn, *events: BounceEvent, now: datetime = NOW, **fields: object) -> Receipt:
    return arrivals.take(conn, submission(*events, **fields), now).receipt  # type: ignore[arg-type]


def claim(conn: Conn, now: datetime = NOW, limit: int = 500) -> list[Claimed]:
    return delivery.claim(conn, now=now, limit=limit)


def settle(conn: Conn, row: int, *path: State, now: datetime = NOW) -> None:
    """Take a row along a path of states."""
    assert delivery.settle(conn, [Move(row, to, f"to {to}") for to in path], now) == []


def rows(conn: Conn, columns: str = "id, state, kind") -> list[tuple[object, ...]]:
    return conn.execute(f"SELECT {columns} FROM outbox ORDER BY id").fetchall()


def one(conn: Conn, sql: str, *values: object) -> object:
    return conn.execute(sql, values).fetchone()[0]


def check_tally(conn: Conn) -> None:
    counted = dict(conn.execute("SELECT state, count(*) FROM outbox GROUP BY state"))
    assert {state: events for state, events in delivery.tally(conn).items() if events} == counted
