# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements on Listmonk's tables. Each is run within a transaction of the outbox, on its connection, with `?`
for its values.

Subscribers are locked before they are counted: whoever else changes or deletes one waits, or has us begin anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from bouncestream.sinks.listmonk_db.deciding import Decided, Person
from bouncestream.sinks.listmonk_db.known import (
    COLUMNS,
    KEYS,
    WORDS,
    Settings,
    differences,
    hidden,
    lacking,
    read,
    rights,
    unfit,
)


class Cursor(Protocol):
    """What a statement returned."""

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Conn(Protocol):
    """What is needed of a connection."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor: ...


class Bounce(NamedTuple):
    """A row of the table `bounces`."""

    subscriber: int
    campaign: int | None
    kind: str
    source: str
    meta: str  #: JSON
    created_at: str | None  #: ISO 8601; None: now


_COLUMNS = """
SELECT c.relname, a.attname, t.typname, a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
WHERE n.nspname = ? AND c.relname = ANY(?) AND c.relkind IN ('r', 'p')"""
_WORDS = """
SELECT t.typname, e.enumlabel FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
JOIN pg_enum AS e ON e.enumtypid = t.oid WHERE n.nspname = ? AND t.typname = ANY(?)"""
_ON_SCHEMA = "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = ?"
_ON_SEQUENCE = """
SELECT s.relname FROM pg_class AS s JOIN pg_depend AS d ON d.objid = s.oid AND d.deptype IN ('a', 'i')
JOIN pg_class AS c ON c.oid = d.refobjid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ? AND c.relname = 'bounces'
  AND CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE') ELSE false END"""
_MISSING = """
SELECT w.of, w.power, w.part FROM unnest(?::text[], ?::text[], ?::text[]) AS w (of, power, part)
JOIN pg_namespace AS n ON n.nspname = ? JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.of
WHERE NOT CASE w.part WHEN '' THEN has_table_privilege(c.oid, w.power)
          ELSE has_column_privilege(c.oid, w.part, w.power) END"""
_FILTERED = """
SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ? AND c.relname = ANY(?) AND row_security_active(c.oid) ORDER BY c.relname"""

_SETTINGS = "SELECT key, value::text FROM LISTMONK.settings WHERE key = ANY(?)"
_PEOPLE = """
SELECT id, uuid::text, email, status::text FROM LISTMONK.subscribers WHERE email = ANY(?) OR uuid = ANY(?::uuid[])
ORDER BY id FOR NO KEY UPDATE"""
_COUNTS = """
SELECT subscriber_id, type::text, count(*) FROM LISTMONK.bounces WHERE subscriber_id = ANY(?::int[])
GROUP BY subscriber_id, type"""
_CAMPAIGNS = "SELECT uuid::text, id FROM LISTMONK.campaigns WHERE uuid = ANY(?::uuid[])"
_STORED = """
SELECT meta ->> 'id' FROM LISTMONK.bounces
WHERE subscriber_id = ANY(?::int[]) AND meta ->> 'bridge' = ? AND meta ->> 'id' = ANY(?)"""
_LISTS = """
SELECT subscriber_id, list_id, status::text FROM LISTMONK.subscriber_lists WHERE subscriber_id = ANY(?::int[])"""
_INSERT = """
INSERT INTO LISTMONK.bounces (subscriber_id, campaign_id, type, source, meta, created_at)
SELECT told.person, told.letter, told.kind::LISTMONK.bounce_type, told.label, told.meta::jsonb,
       coalesce(told.at::timestamptz, now())
FROM unnest(?::int[], ?::int[], ?::text[], ?::text[], ?::text[], ?::text[]) WITH ORDINALITY
     AS told (person, letter, kind, label, meta, at, place)
ORDER BY told.place RETURNING id, meta ->> 'id'"""
_BLOCKLIST = """
UPDATE LISTMONK.subscribers SET status = 'blocklisted' WHERE id = ANY(?::int[])"""
_UNSUBSCRIBE = """
UPDATE LISTMONK.subscriber_lists SET status = 'unsubscribed'
WHERE subscriber_id = ANY(?::int[]) AND status <> 'unsubscribed'"""
_DELETE = "DELETE FROM LISTMONK.subscribers WHERE id = ANY(?::int[])"


class Tables:
    """Listmonk's tables in a schema. `schema`: its name, letters, digits and _ only."""

    def __init__(self, schema: str = "public") -> None:
        self.schema = schema

    def _sql(self, text: str) -> str:
        return text.replace("LISTMONK.", f'"{self.schema}".')

    # -- whether they are those that are known ----------------------------------------------------------------

    def fault(self, conn: Conn) -> str:
        """Why the tables, or the rights of this role, do not do, in words with the next step; empty: they do.
        Raises SinkError when the settings are not Listmonk's."""
        if (found := conn.execute(_ON_SCHEMA, (self.schema,)).fetchone()) is None:
            return (
                f"there is no schema {self.schema} in this database. Next: set [outbox] url to the database of "
                "Listmonk, and [listmonk_db] schema to the schema of its tables"
            )
        columns, required = self._columns(conn)
        if not columns:
            return (
                f"Listmonk's tables are not in the schema {self.schema} of this database. Next: set [outbox] url "
                "to the database of Listmonk, and [listmonk_db] schema to the schema of its tables"
            )
        words: dict[str, list[str]] = {}
        for enum, word in conn.execute(_WORDS, (self.schema, list(WORDS))).fetchall():
            words.setdefault(enum, []).append(word)
        if other := differences(columns, required, words):
            return (
                f"Listmonk's tables are not as they are known: {'; '.join(other[:5])}. Next: set enabled = false "
                "in [listmonk_db], or upgrade bouncestream"
            )
        if not found[0]:
            return lacking([(f"schema {self.schema}", "USAGE", "")])
        if missing := self._missing(conn, rights(Settings(()))):
            return lacking(missing)
        others = [table for table in COLUMNS if table != "settings"]  # of which five rows are enough
        if filtered := conn.execute(_FILTERED, (self.schema, others)).fetchall():
            return hidden(table for (table,) in filtered)
        settings = self.settings(conn)
        return unfit(settings.version) or lacking(self._missing(conn, rights(settings)))

    def _columns(self, conn: Conn) -> tuple[dict[str, dict[str, str]], list[str]]:
        columns: dict[str, dict[str, str]] = {}
        required = []
        for table, name, kind, wanted in conn.execute(_COLUMNS, (self.schema, list(COLUMNS))).fetchall():
            columns.setdefault(table, {})[name] = kind
            if table == "bounces" and wanted:
                required.append(name)
        return columns, required

    def _missing(self, conn: Conn, wanted: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
        names = [list(part) for part in zip(*wanted, strict=True)]
        lacks = {tuple(row) for row in conn.execute(_MISSING, (*names, self.schema)).fetchall()}
        found = [one for one in wanted if one in lacks]
        sequences = conn.execute(_ON_SEQUENCE, (self.schema,)).fetchall()
        return [*found, *((f"sequence {name}", "USAGE", "") for (name,) in sequences)]

    # -- what is there ----------------------------------------------------------------------------------------

    def settings(self, conn: Conn) -> Settings:
        """What decides about a bounce. Raises SinkError when it is not Listmonk's."""
        return read(dict(conn.execute(self._sql(_SETTINGS), (list(KEYS),)).fetchall()))

    def people(
        self, conn: Conn, emails: Collection[str], uuids: Collection[str]
    ) -> tuple[dict[str, Person], dict[str, Person]]:
        """The subscribers by address in lower case and by UUID, with their stored bounces. Each is locked."""
        rows = conn.execute(self._sql(_PEOPLE), (sorted(emails), sorted(uuids))).fetchall()
        found = {row[0]: Person(*row) for row in rows}
        if found:
            for number, kind, count in conn.execute(self._sql(_COUNTS), (sorted(found),)).fetchall():
                found[number].counts[kind] = count
        return {one.email: one for one in found.values()}, {one.uuid: one for one in found.values()}

    def campaigns(self, conn: Conn, uuids: Collection[str]) -> Mapping[str, int]:
        """UUID → id, of those that there are."""
        return dict(conn.execute(self._sql(_CAMPAIGNS), (sorted(uuids),)).fetchall()) if uuids else {}

    def stored(self, conn: Conn, people: Collection[int], instance: str, events: Collection[str]) -> set[str]:
        """The ids of those events that have a row already, among the bounces of these subscribers."""
        if not people:
            return set()
        values = (sorted(people), instance, sorted(events))
        return {event for (event,) in conn.execute(self._sql(_STORED), values).fetchall()}

    def lists(self, conn: Conn, people: Collection[int]) -> dict[int, dict[int, str]]:
        """Subscriber → list → status of the subscription."""
        found: dict[int, dict[int, str]] = {number: {} for number in people}
        if people:
            for person, number, status in conn.execute(self._sql(_LISTS), (sorted(people),)).fetchall():
                found[person][number] = status
        return found

    # -- what is changed --------------------------------------------------------------------------------------

    def write(self, conn: Conn, rows: Sequence[Bounce], decided: Decided) -> dict[str, int]:
        """Store the rows, and act on the subscribers. Event id → Listmonk's id of its row."""
        numbers: dict[str, int] = {}
        if rows:
            values = [list(column) for column in zip(*rows, strict=True)]
            numbers = {event: number for number, event in conn.execute(self._sql(_INSERT), values).fetchall()}
        for sql, people in (
            (_BLOCKLIST, decided.blocklist),
            (_UNSUBSCRIBE, decided.unsubscribe),
            (_DELETE, decided.delete),
        ):
            if people:
                conn.execute(self._sql(sql), (sorted(set(people)),))
        return numbers
