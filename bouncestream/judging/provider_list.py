# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a list of bounces that a provider exports as CSV (RFC 4180). Pure.

Columns are found by their names, as the documentation of several providers had them in November 2026 (the tests
have a head of each; docs/operate/reconcile.md says whose). Others have other names, or change them: then the column
of the address is named by hand.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bouncestream.errors import UsageError
from bouncestream.judging.reconcile import Entry
from bouncestream.mail.address import normalise

#: What the columns are called, the most telling first; compared without case, blanks, - and _.
ADDRESSES = (
    "email", "emailaddress", "address", "originalrecipient", "recipient", "recipientemail", "rcptto", "rcpt", "to",
    "destination", "emailto",
)  # fmt: skip
TIMES = (
    "createdat", "created", "bouncedat", "lastupdatetime", "occurredat", "timestamp", "eventtime", "date",
    "datetime", "time", "ts", "tsepoch", "processed", "updatedat",
)  # fmt: skip
WORDS = ("event", "eventtype", "type", "sttext", "bouncetype", "status", "suppressionreason", "kind")

#: Words of providers for what is neither a bounce nor a complaint.
_OTHER = re.compile(
    r"(?i)(?:sent|delivered|delivery|open(?:ed)?|click(?:ed)?|requests?|processed|queued|accepted|deferred|"
    r"first[ _-]?opening|unique[ _-]?opened|loaded[ _-]?by[ _-]?proxy|proxy[ _-]?open|subscription)"
)
_DELIMITERS = ",;\t"


def entries(lines: Iterable[str], address_column: str = "") -> Iterator[Entry]:
    """The entries of a list. Raises UsageError: it is no CSV, or no column has addresses."""
    numbered = iter(lines)
    head = next((line for line in numbered if line.strip()), "").lstrip("\ufeff")
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        columns = next(csv.reader([head], delimiter=delimiter), [])
        place = _column(columns, address_column)
        when, word = _first(columns, TIMES), _first(columns, WORDS)
        for number, cells in enumerate(csv.reader(numbered, delimiter=delimiter), 2):
            if address := normalise(_cell(cells, place)):
                told = _cell(cells, word).strip()
                yield Entry(address, number, _time(_cell(cells, when)), not _OTHER.fullmatch(told))
    except csv.Error as error:
        raise UsageError(f"The provider's list is not valid CSV: {error}. Next: export it again as CSV.") from None


def _column(columns: Sequence[str], named: str) -> int:
    if named:
        wanted = [number for number, name in enumerate(columns) if name.strip().lower() == named.strip().lower()]
        if wanted:
            return wanted[0]
        raise UsageError(f"The list has no column {named!r}; it has {', '.join(map(repr, columns))}.")
    if (found := _first(columns, ADDRESSES)) >= 0:
        return found
    raise UsageError(
        f"No column of the list is known to hold addresses; it has {', '.join(map(repr, columns[:20])) or 'none'}. "
        "Next: name it with --address-column NAME."
    )


def _first(columns: Sequence[str], names: Sequence[str]) -> int:
    """The column that is called by the first of these names that occurs; -1: none is."""
    folded = [re.sub(r"[\s_-]", "", name).lower() for name in columns]
    return next((folded.index(name) for name in names if name in folded), -1)


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if 0 <= place < len(cells) else ""


def _time(text: str) -> datetime | None:
    """A time as providers write it: ISO 8601, RFC 5322, or seconds or milliseconds since 1970; without a zone it is
    UTC. None: it is none."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d{9,13}(?:\.\d{1,6})?", text):
            seconds = float(text)
            return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
    try:
        return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
