# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of an outbox on PostgreSQL: made in an empty schema of the database, and known again by its rows in
`meta`, as there is no header of a file. Its version is the number of SQLite's (`steps`)."""

from __future__ import annotations

import secrets
from importlib.resources import files

from bouncestream.errors import SchemaTooNew, SchemaTooOld, StoreUnavailable
from bouncestream.outbox.postgres import leases
from bouncestream.outbox.postgres.connection import ServerConnection
from bouncestream.outbox.postgres.steps import FIRST, gate, newest

#: The oldest PostgreSQL, as `server_version` gives it: 14 brought the pipeline's and the copy's present form.
OLDEST = 140000

#: In `meta`: whose tables these are, and their version.
OWNER, VERSION = "application", "schema"
_OURS = "bouncestream outbox"
#: Bridges that start at once wait for the one that makes the tables; an arbitrary number for its lock.
LOCK = 0x626E6365


def check_server(conn: ServerConnection) -> None:
    """Refuse a server that is too old, or that could not store every text."""
    found = conn.conn.info.server_version
    if found < OLDEST:
        raise StoreUnavailable(
            f"The PostgreSQL at [outbox] url is version {found // 10000}; the outbox needs {OLDEST // 10000} or "
            "newer. Next: use a newer one."
        )
    (encoding,) = conn.execute("SELECT current_setting('server_encoding')").fetchone()
    if encoding != "UTF8":
        raise StoreUnavailable(
            f"The database at [outbox] url has the encoding {encoding}; the outbox needs UTF8. Next: create "
            "another one: CREATE DATABASE bouncestream ENCODING 'UTF8' TEMPLATE template0;"
        )


def version(conn: ServerConnection) -> int:
    """The schema version of the outbox; 0 where there is none and nothing else. One of a newer version, too, if
    programs of this one may go on with it. Raises when the schema of the database is somebody else's, or newer."""
    (schema,) = conn.execute("SELECT current_schema()").fetchone()
    if schema is None:
        raise StoreUnavailable(
            "The role of [outbox] url has no schema to work in: its search_path names none that exists. Next: "
            "CREATE SCHEMA bouncestream AUTHORIZATION its_role; ALTER ROLE its_role SET search_path = bouncestream;"
        )
    tables = "SELECT count(*), coalesce(bool_or(relname = 'meta'), false) FROM pg_class "
    tables += "WHERE relkind IN ('r', 'p') AND relnamespace = to_regnamespace(quote_ident(?))"
    count, has_meta = conn.execute(tables, (schema,)).fetchone()
    if not count:
        return 0
    kept = {}
    if has_meta:
        two = "SELECT to_jsonb(meta) ->> 'name', to_jsonb(meta) ->> 'value' FROM meta "
        kept = dict(conn.execute(f"{two} WHERE to_jsonb(meta) ->> 'name' IN (?, ?)", (OWNER, VERSION)).fetchall())
    if kept.get(OWNER) != _OURS:
        raise StoreUnavailable(
            f"The schema {schema} of the database holds tables that are none of bouncestream's. Nothing was "
            "changed. Next: give the outbox a database of its own, or a schema: CREATE SCHEMA bouncestream "
            "AUTHORIZATION its_role; ALTER ROLE its_role SET search_path = bouncestream;"
        )
    number = int(kept.get(VERSION) or 0)
    if number < FIRST:
        raise StoreUnavailable(
            f"The outbox says that it has schema version {number}, which this bouncestream cannot upgrade. Nothing "
            "was changed. Next: restore the newest backup."
        )
    if number > newest() and gate(newest()) not in gates(conn):
        raise SchemaTooNew(
            f"The outbox has schema version {number}; this bouncestream knows versions up to {newest()}. Nothing "
            "was changed. Next: run the newer bouncestream."
        )
    return number


def current(conn: ServerConnection) -> bool:
    """Whether there is an outbox, and this program can work on it as it is. Raises what `version` raises, and
    SchemaTooOld."""
    number = version(conn)
    if 0 < number < newest():
        works = others(conn)
        raise SchemaTooOld(
            f"The outbox has schema version {number}; this bouncestream uses {newest()}. Nothing was changed. "
            + ("Next: " + (f"stop each older bridge that works on it, {works}, and " if works else ""))
            + "start `bouncestream run`, which upgrades it."
        )
    return bool(number)


def gates(conn: ServerConnection) -> list[str]:
    """The gates of the outbox: one for each version whose programs may work on it."""
    tables = "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' "
    return [name for (name,) in conn.execute(tables + "AND relname ~ '^schema_[0-9]+$' ORDER BY relname")]


def others(conn: ServerConnection) -> str:
    """The bridges that work on the outbox, each with the version of its program; empty: none does."""
    return ", ".join(f'"{name}" ({program})' for name, program in leases.alive(conn))


def create(conn: ServerConnection) -> bool:
    """Make the tables where there are none; whether they were made. Raises what `current` raises."""
    check_server(conn)
    if current(conn):
        return False
    conn.execute("BEGIN")
    try:
        conn.execute("SELECT pg_advisory_xact_lock(?)", (LOCK,))
        if current(conn):
            return False
        conn.conn.execute(_schema())
        conn.execute(f"CREATE TABLE {gate(newest())} ()")
        seed = {
            OWNER: _OURS,
            VERSION: str(newest()),
            "identity_secret": secrets.token_hex(32),
            "instance": secrets.token_hex(8),
        }
        conn.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", list(seed.items()))
        conn.execute("COMMIT")
    finally:
        conn.rollback()
    return True


def _schema() -> bytes:
    return files("bouncestream.outbox.postgres").joinpath("schema.sql").read_bytes()
