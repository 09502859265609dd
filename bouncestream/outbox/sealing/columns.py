# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns of the outbox are sealed: every text and every blob but those that are named here as open, since
statistics, order and delivery need them, and they hold neither an address nor foreign words. A new column is sealed
unless it is added here; a test asks that of each new one. Pure but for the look at the schema.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Table → its columns of text or bytes that stay readable.
OPEN: Mapping[str, frozenset[str]] = {
    # the identity key is wrapped by itself; all others are numbers, times and names of ours
    "meta": frozenset({"name", "value"}),
    "outbox": frozenset({
        "event_id", "state", "kind", "campaign_uuid", "source", "provider", "received_at", "occurred_at", "reason",
        "reply_code", "enhanced_status", "supersedes", "held_for", "label", "address_form", "next_attempt_at",
        "finished_at", "person", "domain",
    }),
    "history": frozenset({"at", "from_state", "to_state"}),
    "seen": frozenset({"key"}),  # a keyed digest, as `person` is
    "raw": frozenset({"received_at", "source", "encoding"}),
    "block": frozenset(),
    # of a whole mail, so it tells a mail only to somebody who has it
    "quarantine": frozenset({"received_at", "source", "provider", "replayed_at", "fingerprint"}),
    "labels": frozenset({"source", "day"}),
    "tally": frozenset({"state"}),
    "folders": frozenset({"mailbox", "folder", "first_read_at", "read_at", "last_at"}),
    "marks": frozenset({"mailbox", "folder", "place", "arrived_at"}),
    "tries": frozenset({"mailbox", "folder", "at"}),
    "passed_over": frozenset({"mailbox", "folder", "arrived_at"}),
    "alerts": frozenset({"rule", "level", "fired_at", "bad_at", "told_at", "resolved_at"}),
    "notices": frozenset({"at", "what", "level", "rule", "since"}),
    "notice_deliveries": frozenset({"channel", "due_at", "ended_at"}),
    "source_hours": frozenset({"source", "kind"}),
    "later_reads": frozenset({"label", "due_at"}),
    "erasures": frozenset({"person", "asked_at", "waiting"}),
    "suppressed": frozenset({"person"}),
    # Listmonk's numbers and words, and a keyed digest
    "let_go": frozenset({"at"}),
    "caused": frozenset({"seen_at", "subscriber", "status", "action", "lists", "undo", "undo_at", "undo_found"}),
    "data_keys": frozenset({"month", "wrapped"}),
}  # fmt: skip

#: Columns of which equal values are sealed alike: those that are looked up by what they hold, and those that hold a
#: few texts again and again, which then cost next to nothing.
ALIKE = frozenset({
    ("quarantine", "event_type"), ("alerts", "subject"),
    ("outbox", "why"), ("history", "why"), ("raw", "content_type"),
})  # fmt: skip

#: Table → the columns that tell its rows apart, which a sealed value is bound to. An INSERT with such a value gives
#: all of them, and no UPDATE changes one.
ROW: Mapping[str, tuple[str, ...]] = {
    "outbox": ("event_id",),
    "history": ("outbox_id", "from_state", "to_state"),
    "raw": ("id",),
    "block": ("id",),
    "quarantine": ("raw_id", "received_at"),
    "tries": ("mailbox", "folder", "uidvalidity", "uid"),
    "alerts": ("rule", "subject"),
    "notices": ("id",),
    "notice_deliveries": ("notice", "channel"),
    "erasures": ("person",),
}
#: The type of bytes in SQLite, and in PostgreSQL.
_BYTES = ("BLOB", "BYTEA")


@dataclass(frozen=True, slots=True)
class Table:
    """A table with sealed columns."""

    name: str
    columns: tuple[str, ...]  #: all of them, in their order
    sealed: tuple[str, ...]
    bytes_: frozenset[str]  #: of the sealed ones those that hold bytes
    rowid: bool  #: whether it can be walked by its rowid

    def alike(self, column: str) -> bool:
        """Whether equal values of the column are sealed alike."""
        return (self.name, column) in ALIKE

    def place(self, column: str, keys: Mapping[str, str] | None = None) -> str:
        """The place of a value as arguments of an SQL function. `keys`: the expressions of the columns that tell
        the row, where they are not these columns themselves."""
        row = () if self.alike(column) else ROW[self.name]
        return ", ".join([f"'{self.name}.{column}'", *(key if keys is None else keys[key] for key in row)])


def sealed_tables(conn: sqlite3.Connection) -> dict[str, Table]:
    """Every table of the outbox that has sealed columns, by its name."""
    found: dict[str, Table] = {}
    listed = conn.execute("SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    for name, without_rowid in listed.fetchall():
        if name.startswith("sqlite_"):
            continue
        columns = conn.execute("SELECT name, type FROM pragma_table_info(?, 'main')", (name,)).fetchall()
        if (table := table_of(name, dict(columns), rowid=not without_rowid)) is not None:
            found[name] = table
    return found


def table_of(
    name: str,
    columns: Mapping[str, str],
    *,
    rowid: bool,
    also_open: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> Table | None:
    """A table by its columns → their types; None: none of them is sealed. `also_open`: as `OPEN`."""
    readable = OPEN.get(name, frozenset()) | also_open.get(name, frozenset())
    shut = {
        column: type_
        for column, type_ in columns.items()
        if type_.upper() in ("TEXT", *_BYTES) and column not in readable
    }
    if not shut:
        return None
    of_bytes = frozenset(column for column, type_ in shut.items() if type_.upper() in _BYTES)
    return Table(name, tuple(columns), tuple(shut), of_bytes, rowid)
