# SPDX-License-Identifier: GPL-3.0-or-later
"""PURE. The subscriber queries that bouncestream sends, recognised; anything else is an SQL error.

Listmonk puts `?query=` into its SQL as it is. Here `subscribers.email|uuid|id`, `=` or `IN (...)`, joined by OR, is
all, and behind it one count of stored bounces, or whether a campaign went to one of some lists: a query that a test
sends by mistake fails here as a wrong one fails there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bouncestream.sandbox.model import UUID

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<word>[A-Za-z_][A-Za-z_.]*)|(?P<mark>[(),=])|(?P<bad>\S))"
)


_STORED = re.compile(
    r" AND \(SELECT COUNT\(\*\) FROM bounces WHERE bounces\.subscriber_id = subscribers\.id"
    r" AND bounces\.type = '(soft|hard|complaint)'\) >= (\d+)\Z"
)


_SENT = re.compile(
    r" AND EXISTS \(SELECT 1 FROM campaign_lists JOIN campaigns ON campaigns\.id = campaign_id"
    r" WHERE campaigns\.uuid IN \('([^']*)'\) AND list_id IN \((\d+(?:, \d+)*)\)\)\Z"
)


class SqlError(Exception):
    """PostgreSQL's words about a query that it does not take."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition `column IN (values)`; values are text as PostgreSQL would compare it."""

    column: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stored:
    """A condition on stored bounces: at least `count` of a type."""

    type: str
    count: int


def split_stored(text: str) -> tuple[str, Stored | None]:
    """The query without its count of stored bounces, and that count, if it has one."""
    found = _STORED.search(text)
    return (text[: found.start()], Stored(found[1], int(found[2]))) if found else (text, None)


@dataclass(frozen=True, slots=True)
class Sent:
    """A condition on a campaign: that it went to one of the lists."""

    campaign: str
    lists: frozenset[int]


def split_sent(text: str) -> tuple[str, Sent | None]:
    """The query without its condition on a campaign, and that condition, if it has one."""
    found = _SENT.search(text)
    if not found:
        return text, None
    if not UUID.fullmatch(found[1]):
        raise SqlError(f'pq: invalid input syntax for type uuid: "{found[1]}"')
    return text[: found.start()], Sent(found[1].lower(), frozenset(map(int, found[2].split(", "))))


def read_query(text: str) -> tuple[Condition, ...]:
    """The conditions of which one must hold, or SqlError."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = [
            (found.lastgroup or "", found.group(found.lastgroup or 0)) for found in _TOKEN.finditer(text)
        ]
        self._at = 0

    def read(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._peek()[1].lower() == "or":
            self._next()
            found.append(self._condition())
        if self._peek()[0]:
            raise self._error()
        return tuple(found)

    def _condition(self) -> Condition:
        if self._peek() == ("mark", "("):
            self._next()
            inner = self._condition()
            self._expect(")")
            return inner
        kind, column = self._peek()
        name = column.lower().removeprefix("subscribers.")
        if kind != "word":
            raise self._error()
        if name not in ("email", "uuid", "id"):
            raise SqlError(f'pq: column "{column}" does not exist')
        self._next()
        operator = self._next()[1].lower()
        if operator == "=":
            return Condition(name, frozenset({self._value(name)}))
        if operator != "in":
            self._at -= 1
            raise self._error()
        self._expect("(")
        values = {self._value(name)}
        while self._peek() == ("mark", ","):
            self._next()
            values.add(self._value(name))
        self._expect(")")
        return Condition(name, frozenset(values))

    def _value(self, column: str) -> str:
        kind, text = self._peek()
        if kind not in ("text", "number"):
            raise self._error()
        if column != "id" and kind == "number":
            raise SqlError(f"pq: operator does not exist: {'uuid' if column == 'uuid' else 'text'} = integer")
        self._next()
        value = text[1:-1].replace("''", "'") if kind == "text" else text
        if column == "uuid" and not UUID.fullmatch(value):
            raise SqlError(f'pq: invalid input syntax for type uuid: "{value}"')
        if column == "id" and not value.isdecimal():
            raise SqlError(f'pq: invalid input syntax for type integer: "{value}"')
        return value.lower() if column == "uuid" else value

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, mark: str) -> None:
        if self._peek() != ("mark", mark):
            raise self._error()
        self._next()

    def _error(self) -> SqlError:
        return SqlError(f'pq: syntax error at or near "{self._peek()[1].strip(chr(39)) or ";"}"')
