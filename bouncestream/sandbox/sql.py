# SPDX-License-Identifier: GPL-3.0-or-later
"""PURE. The subscriber queries that bouncestream sends, recognised; anything else is an SQL error.

Listmonk puts `?query=` into its SQL as it is. Here `subscribers.email|uuid|id`, `=` or `IN (...)`, joined by OR, is
all, and behind it one count of stored bounces, a click, or whether a campaign went to one of some lists; and the
readers at a domain: a query that a test sends by mistake fails here as a wrong one fails there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bouncestream.sandbox.model import UUID

_VALUE = r"(?:'(?:[^']++|'')*+'|\d+)"
_VALUES = re.compile(_VALUE)
#: One condition, and whether another one follows.
_CONDITION = re.compile(
    rf"(?:(?P<open>\()\s*+)?(?:subscribers\.)?(?P<column>email|uuid|id)\s*+"
    rf"(?:=\s*+(?P<one>{_VALUE})|in\s*+\(\s*+(?P<many>{_VALUE}(?:\s*+,\s*+{_VALUE})*)\s*+\))\s*+"
    r"(?(open)\))\s*+(?:(?P<or>or)\b\s*+|\Z)",
    re.IGNORECASE,
)
_STORED = re.compile(
    r" AND \(SELECT COUNT\(\*\) FROM bounces WHERE bounces\.subscriber_id = subscribers\.id"
    r" AND bounces\.type = '(soft|hard|complaint)'\) >= (\d+)\Z"
)
_SENT = re.compile(
    r" AND EXISTS \(SELECT 1 FROM campaign_lists JOIN campaigns ON campaigns\.id = campaign_id"
    r" WHERE campaigns\.uuid IN \('([^']*)'\) AND list_id IN \((\d+(?:, \d+)*)\)\)\Z"
)
_READERS = re.compile(
    r"subscribers\.email LIKE '%@([a-z0-9.-]+)' AND subscribers\.status <> 'blocklisted'"
    r"(?: AND EXISTS \(SELECT 1 FROM subscriber_lists"
    r" JOIN campaign_lists ON campaign_lists\.list_id = subscriber_lists\.list_id"
    r" JOIN campaigns ON campaigns\.id = campaign_lists\.campaign_id"
    r" WHERE subscriber_lists\.subscriber_id = subscribers\.id AND subscriber_lists\.status <> 'unsubscribed'"
    r" AND campaigns\.uuid IN \('([^']*)'\)\))?\Z"
)
_CLICKED = re.compile(
    r" AND EXISTS \(SELECT 1 FROM link_clicks WHERE link_clicks\.subscriber_id = subscribers\.id"
    r" AND link_clicks\.created_at > '([^']*)'\)\Z"
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


def split_clicked(text: str) -> tuple[str, str]:
    """The query without its condition on clicks, and the time after which there has to be one; empty: none."""
    found = _CLICKED.search(text)
    return (text[: found.start()], found[1]) if found else (text, "")


@dataclass(frozen=True, slots=True)
class Sent:
    """A condition on a campaign: that it went to one of the lists."""

    campaign: str
    lists: frozenset[int]


@dataclass(frozen=True, slots=True)
class Readers:
    """The readers at a domain: those who may get mails, of the lists of a campaign if one is named."""

    domain: str
    campaign: str


def read_readers(text: str) -> Readers | None:
    """The query as one for the readers at a domain; None: it is another one."""
    found = _READERS.fullmatch(text)
    return Readers(found[1], (found[2] or "").lower()) if found else None


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
    found: list[Condition] = []
    text, at = text.strip(), 0
    while match := _CONDITION.match(text, at):
        column, values = match["column"].lower(), _VALUES.findall(match["one"] or match["many"])
        found.append(Condition(column, frozenset(_value(column, value) for value in values)))
        at = match.end()
        if not match["or"]:
            return tuple(found)
    raise SqlError(f'pq: syntax error at or near "{text[at : at + 40]}"')


def _value(column: str, word: str) -> str:
    if column != "id" and not word.startswith("'"):
        raise SqlError(f"pq: operator does not exist: {'uuid' if column == 'uuid' else 'text'} = integer")
    value = word[1:-1].replace("''", "'") if word.startswith("'") else word
    if column == "uuid" and not UUID.fullmatch(value):
        raise SqlError(f'pq: invalid input syntax for type uuid: "{value}"')
    if column == "id" and not value.isdecimal():
        raise SqlError(f'pq: invalid input syntax for type integer: "{value}"')
    return value.lower() if column == "uuid" else value
