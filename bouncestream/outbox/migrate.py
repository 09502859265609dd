# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a database to the schema of this program: `schema.sql` into a new one, into an older one what it lacks of
migrations/NNNN_name.sql, in order, each in one transaction with its own `user_version`.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from bouncestream.errors import SchemaTooNew, StoreUnavailable
from bouncestream.outbox.connection import damaged

#: In the header of every outbox, so that a database of some other program is never written to.
APPLICATION_ID = 0x626E6365

_COMMENT = re.compile(r"--[^\n]*")
_NAME = re.compile(r"\A([0-9]{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration: one step from a schema version to the next."""

    number: int
    name: str
    sql: str


@cache
def migrations() -> tuple[Migration, ...]:
    """Every migration, in order, numbered without a gap."""
    return read("migrations")


def read(folder: str) -> tuple[Migration, ...]:
    """The migrations in a folder of this room; none where it does not exist."""
    place = files("bouncestream.outbox").joinpath(*folder.split("/"))
    found = []
    for entry in place.iterdir() if place.is_dir() else ():
        if match := _NAME.fullmatch(entry.name):
            found.append(Migration(int(match[1]), entry.name, entry.read_text("utf-8")))
    found.sort(key=lambda migration: migration.number)
    assert all(after.number == before.number + 1 for before, after in pairwise(found)), "a gap in the migrations"
    return tuple(found)


def newest() -> int:
    """The schema version that this program writes."""
    return migrations()[-1].number


def version(conn: sqlite3.Connection) -> int:
    """The schema version of the database; 0 when it is empty. Raises when the file is not ours to use."""
    number: int = conn.execute("PRAGMA user_version").fetchone()[0]
    if number == 0 and conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        return 0
    if conn.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        ours = "SELECT count(*) FROM sqlite_master WHERE name IN ('meta', 'outbox', 'history', 'seen')"
        if conn.execute(ours).fetchone()[0] == 4:
            raise damaged("its header does not say that it is an outbox")
        raise StoreUnavailable(
            "The file is an SQLite database, but not an outbox of bouncestream. Nothing was changed. "
            "Next: point [outbox] path to another file."
        )
    if number <= 0:
        raise damaged(f"its header says schema version {number}")
    if number < migrations()[0].number - 1:
        raise StoreUnavailable(
            f"The outbox has schema version {number}, which this bouncestream cannot upgrade. Nothing was changed. "
            "Next: upgrade it with the bouncestream that came after the one that wrote it."
        )
    if number > newest():
        raise SchemaTooNew(
            f"The outbox has schema version {number}; this bouncestream knows versions up to {newest()}. "
            "Nothing was changed. Next: run the newer bouncestream, or restore the backup from before the upgrade."
        )
    return number


def migrate(conn: sqlite3.Connection) -> None:
    """Make the tables of a new database, or run what an older one lacks. Raises what `version` raises."""
    start = version(conn)
    steps = [Migration(newest(), "schema.sql", _schema() + _seed())] if start == 0 else migrations()
    for step in steps:
        if step.number <= start:
            continue
        try:
            conn.executescript(f"BEGIN IMMEDIATE;\n{step.sql}\nPRAGMA user_version = {step.number};\nCOMMIT;")
        except BaseException:
            if conn.in_transaction:
                conn.rollback()
            raise


def check_schema(conn: sqlite3.Connection) -> None:
    """Raise StoreUnavailable when a table or an index is not that of schema.sql: SQLite itself notices only
    what it cannot read, not another name of a column or another CHECK. Views are for people, and may be changed."""
    found = {_plain(sql) for (sql,) in conn.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    wrong = [sql for sql in _tables_and_indexes() if sql not in found]
    if wrong:
        raise damaged(f"its schema is not that of version {newest()}: {' '.join(wrong[0].split()[:3])}")


@cache
def _tables_and_indexes() -> tuple[str, ...]:
    checked = ("CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX ")
    return tuple(sql for sql in _plain(_schema()).rstrip(";").split("; ") if sql.startswith(checked))


def _schema() -> str:
    return files("bouncestream.outbox").joinpath("schema.sql").read_text("utf-8")


def _plain(sql: str) -> str:
    """Without comments, quotes and layout."""
    return " ".join(_COMMENT.sub(" ", sql).replace('"', "").split()).replace(" ,", ",").replace(" )", ")")


def _seed() -> str:
    """Seed what each database makes up for itself, once: the key of its identity keys, and its name among
    outboxes."""
    secret, instance = secrets.token_hex(32), secrets.token_hex(8)  # hex digits: nothing to quote
    return f"INSERT INTO meta VALUES ('identity_secret', '{secret}'), ('instance', '{instance}');\n"  # noqa: S608
