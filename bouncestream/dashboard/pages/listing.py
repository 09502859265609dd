# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of events, as several pages have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import htpy as h
from htpy import Element, Node

from bouncestream.dashboard.parts import SHORT, Column, Look, badge, clock, table
from bouncestream.printable import printable

if TYPE_CHECKING:
    from bouncestream.outbox.operator import Listed


def events_table(look: Look, caption: str, rows: Sequence[Listed]) -> Element:
    """The events, each with a way to its own page."""
    t = look.t
    columns = (
        Column(t.time, "time"),
        Column(t.person),
        Column(t.judged),
        Column(t.source, wide=True),
        Column(t.state, wide=True),
    )
    return table(caption, columns, [_cells(look, row) for row in rows], stack=True)


def _cells(look: Look, row: Listed) -> list[Node]:
    event = row.event
    who = look.address(event.recipient) or printable(event.subscriber_uuid)
    return [
        h.a(href=f"/events/{row.row}")[clock(row.received_at, look.now)],
        who,
        badge(event.kind.value, printable(event.reason)),
        printable(event.source),
        h.span(title=look.words(row.why, SHORT) or None)[row.state.value],
    ]


def anchor(name: str) -> str:
    """The place of a source on the page of all sources."""
    return f"source-{quote(name, safe='', errors='replace')}"
