# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements of `QUERIES` as PostgreSQL takes them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from bouncestream.outbox.postgres.translate import Insert, Statement, insert, translate
from bouncestream.outbox.queries import QUERIES, parse

_TEXT = files("bouncestream.outbox.postgres").joinpath("queries.sql").read_text("utf-8")
#: Those that differ by more than a rule, by their names.
POSTGRES: Mapping[str, str] = parse(_TEXT)


class Statements:
    """The statements of a bridge, by SQLite's text: each as psycopg takes it, translated once."""

    def __init__(self, bridge: str) -> None:
        literal = "'" + bridge.replace("'", "''") + "'"
        self._own = {QUERIES[name]: text.replace("{bridge}", literal) for name, text in POSTGRES.items()}
        self._singles: dict[str, Statement] = {}
        self._inserts: dict[str, Insert | None] = {}

    def own(self, sql: str) -> str:
        """The statement as it is on PostgreSQL, in SQLite's words but for what differs."""
        return self._own.get(sql, sql)

    def single(self, sql: str) -> Statement:
        """The statement, as it is run by itself."""
        if (found := self._singles.get(sql)) is None:
            found = self._singles[sql] = translate(self.own(sql))
        return found

    def insert(self, sql: str) -> Insert | None:
        """Its parts, if it inserts plain values and no more."""
        if sql not in self._inserts:
            self._inserts[sql] = insert(self.own(sql))
        return self._inserts[sql]
