# SPDX-License-Identifier: GPL-3.0-or-later
"""What came in on some days, summed up by campaign, reason and domain: from the newest event back, as far as a
moment reaches; a page says how far that was."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from bouncestream.dashboard.parts import PERIODS
from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.reading.events import received_from, row_at
from bouncestream.outbox import codec
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.queries import QUERIES

#: Rows that one query sums up.
STEP = 20_000
#: Rows of a table.
MOST = 100

#: Reasons by which a server refuses the sender or the message, and not the recipient.
REFUSALS = frozenset({
    "blocklisted", "auth_failure", "no_ptr", "sender_rejected", "no_mail_sender", "policy", "relaying", "too_many",
    "greylisted", "spam", "content", "virus", "not_rfc", "rejected",
})  # fmt: skip


class Group(NamedTuple):
    """Events that are alike."""

    campaign: str
    domain: str
    kind: str
    reason: str


@dataclass(slots=True)
class Sum:
    """The events of one line of a table."""

    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    first: int = 0  #: row
    newest: int = 0  #: row

    @property
    def total(self) -> int:
        return self.kinds.total()

    def add(self, kind: str, reason: str, events: int, first: int, newest: int) -> None:
        """Count events in."""
        self.kinds[kind] += events
        self.reasons[reason] += events
        self.first = min(self.first or first, first)
        self.newest = max(self.newest, newest)


@dataclass(frozen=True, slots=True)
class Told:
    """A row that stands for others: when it came in, and in which words."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The sums of a period."""

    days: int
    campaign: str  #: of this campaign alone; empty: of all
    lines: Sequence[tuple[str, Sum]]
    more: int  #: lines that are not shown
    told: Mapping[int, Told]  #: row → the first and the newest of each line
    back_to: datetime | None  #: only what came in since then was counted; None: all of the period
    refused: Sequence[tuple[str, Sum]] = ()  #: domains that refuse the sender
    refused_more: int = 0


def period(query: Mapping[str, str]) -> int:
    """The days that a URL's query asks for."""
    text = query.get("days", "")
    return int(text) if text in {str(days) for days in PERIODS} else 30


def read_campaigns(pages: Pages, days: int, now: datetime) -> Numbers:
    """By campaign; the one last heard of first. Raises StoreError."""
    sums, back_to = _sums(pages, days, now, lambda group: (("", group.campaign),), "campaigns")
    lines = sorted(sums[""].items(), key=lambda one: (one[0] == "", -one[1].newest))
    return _numbers(pages, days, "", lines, back_to)


def read_reasons(pages: Pages, days: int, campaign: str, now: datetime) -> Numbers:
    """By reason; the commonest first. Raises StoreError."""
    sums, back_to = _sums(
        pages, days, now, lambda group: (("", group.reason or group.kind),), "reasons", campaign=campaign
    )
    return _numbers(pages, days, campaign, _by_size(sums[""]), back_to)


def read_domains(pages: Pages, days: int, now: datetime) -> Numbers:
    """By domain of the recipient; and the domains that refuse the sender, with the words of each. Raises
    StoreError."""

    def lines(group: Group) -> tuple[tuple[str, str], ...]:
        tables = ("", "refused") if group.reason in REFUSALS else ("",)
        return tuple((table, group.domain) for table in tables if group.domain)

    sums, back_to = _sums(pages, days, now, lines, "domains", "reasons")
    return _numbers(pages, days, "", _by_size(sums[""]), back_to, _by_size(sums["refused"]))


def _by_size(sums: Mapping[str, Sum]) -> list[tuple[str, Sum]]:
    return sorted(sums.items(), key=lambda one: (-one[1].total, one[0]))


def _sums(
    pages: Pages,
    days: int,
    now: datetime,
    lines: Callable[[Group], Sequence[tuple[str, str]]],
    *by: str,
    campaign: str = "",
) -> tuple[Mapping[str, dict[str, Sum]], datetime | None]:
    """Table → line → its sum, and since when it was counted, where that is not the whole period. `lines` gives the
    tables and lines in which a group of events is counted; `by`: what groups are made of beside the kind, among
    campaigns, domains and reasons."""
    low = pages.read(lambda conn: row_at(conn, now - timedelta(days=days)))
    high: int = pages.read(lambda conn: conn.execute(QUERIES["newest_row"]).fetchone()[0])
    sums: defaultdict[str, dict[str, Sum]] = defaultdict(dict)
    apart = {what: what in by for what in ("campaigns", "domains", "reasons")}

    def count(conn: Conn, first: int, last: int) -> bool:
        bounds = {"first": first, "last": last, "campaign": campaign, **apart}
        for *group, events, oldest, newest in conn.execute(QUERIES["sums"], bounds).fetchall():
            of = Group(*group)
            for table, line in lines(of):
                sums[table].setdefault(line, Sum()).add(of.kind, of.reason, events, oldest, newest)
        return True

    lowest = pages.walk(count, high, low, STEP)
    if lowest <= low:
        return sums, None
    return sums, pages.read(lambda conn: received_from(conn, lowest))


def _numbers(
    pages: Pages,
    days: int,
    campaign: str,
    lines: Sequence[tuple[str, Sum]],
    back_to: datetime | None,
    refused: Sequence[tuple[str, Sum]] = (),
) -> Numbers:
    shown = [*lines[:MOST], *refused[:MOST]]
    rows = sorted({row for _, one in shown for row in (one.first, one.newest)})
    return Numbers(
        days=days,
        campaign=campaign,
        lines=lines[:MOST],
        more=max(0, len(lines) - MOST),
        told=pages.read(lambda conn: _told(conn, rows)),
        back_to=back_to,
        refused=refused[:MOST],
        refused_more=max(0, len(refused) - MOST),
    )


def _told(conn: Conn, rows: Sequence[int]) -> dict[int, Told]:
    found = conn.execute(QUERIES["told_of"], (json.dumps(rows),))
    return {row: Told(codec.moment(at), words) for row, at, words in found}
