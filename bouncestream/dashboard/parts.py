# SPDX-License-Identifier: GPL-3.0-or-later
"""What several pages are made of: times, lights, bars, tables. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import htpy as h
from htpy import Element, Node

from bouncestream.alerts.reading import span
from bouncestream.dashboard.texts import Texts
from bouncestream.dashboard.verdict import Tone
from bouncestream.printable import mask, mask_all, printable

#: The kinds of events, in the order in which they are drawn.
KINDS = ("hard", "soft", "complaint", "unsubscribe")
#: Days that the pages of sums can look back on.
PERIODS = (1, 7, 30, 90, 365)
#: Characters of a foreign text that are shown in a list.
SHORT = 200


@dataclass(frozen=True, slots=True)
class Look:
    """What every page is made with: the moment, the language, and whether addresses are shown."""

    now: datetime
    t: Texts
    shown: bool = False

    def address(self, address: str) -> str:
        """An address, masked unless addresses are shown."""
        return printable(address if self.shown else mask(address))

    def words(self, text: str, limit: int = 0) -> str:
        """Foreign words, with the addresses in them masked unless they are shown."""
        return printable(text if self.shown else mask_all(text), limit)


def moment(look: Look, at: datetime | None) -> Node:
    """A time as how long it is ago, with the whole of it for those who point at it; never, if there is none."""
    if at is None:
        return look.t.never
    return h.time(datetime=at.isoformat(timespec="seconds"), title=f"{at:%Y-%m-%d %H:%M:%S} UTC")[ago(look, at)]


def ago(look: Look, at: datetime) -> str:
    """How long ago a time is."""
    return look.t.ago.format(span=span(max(0.0, (look.now - at).total_seconds())))


def clock(at: datetime | None, now: datetime) -> Node:
    """A time in a list: the hour of today, else the day too."""
    if at is None:
        return ""
    if at.date() == now.date():
        text = f"{at:%H:%M:%S}"
    else:
        text = f"{at:%d %b %H:%M}" if at.year == now.year else f"{at:%Y-%m-%d %H:%M}"
    return h.time(datetime=at.isoformat(timespec="seconds"))[text]


def light(tone: Tone) -> Element:
    """The coloured dot; what it says stands beside it in words."""
    return h.span(class_=f"light {tone}", aria_hidden="true")


def command(text: str) -> Element:
    """A command, to be copied as a whole."""
    return h.code(".command")[text]


def note(*said: Node, tone: Tone | None = None) -> Element:
    """A remark that stands out."""
    return h.p(class_=f"note {tone}" if tone else "note")[said]


def section(title: Node, *content: Node, beside: Node = None, name: str = "") -> Element:
    """A part of a page below its heading."""
    return h.section(".section", id=name or None)[h.div(".head")[h.h2[title], beside], content]


def facts(pairs: Sequence[tuple[str, Node, Node]], style: str = "facts") -> Element:
    """Names and values, each with a remark below it."""
    return h.dl(class_=style)[
        (h.div[h.dt[name], h.dd[value, h.small[remark] if remark else None]] for name, value, remark in pairs)
    ]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `wide`: left out on a narrow screen."""

    title: str
    style: Literal["", "number", "time"] = ""
    wide: bool = False

    @property
    def classes(self) -> str | None:
        return " ".join(filter(None, (self.style, "wide-only" if self.wide else ""))) or None


def table(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Node]], *, stack: bool = False
) -> Element:
    """A table. What is too wide is scrolled within it; with `stack`, its first three cells stand above each other
    on a narrow screen."""
    return h.div(".scroll", tabindex="0", role="region", aria_label=caption)[
        h.table(class_="stack" if stack else None)[
            h.caption(".hidden")[caption],
            h.thead[h.tr[(h.th(scope="col", class_=c.classes)[c.title] for c in columns)]],
            h.tbody[
                (h.tr[(h.td(class_=c.classes)[cell] for c, cell in zip(columns, row, strict=True))] for row in rows)
            ],
        ]
    ]


def badge(kind: str, reason: str) -> Element:
    """What an event was judged as."""
    return h.span[h.span(class_=f"badge {kind}")[kind], f" {reason}" if reason not in ("", kind) else ""]


@dataclass(frozen=True, slots=True)
class Bars:
    """The events of some days by kind, the oldest day first."""

    days: Sequence[Mapping[str, int]] = field(default_factory=tuple)

    def of(self, kind: str) -> int:
        """The events of a kind on all days."""
        return sum(day.get(kind, 0) for day in self.days)


def bars(t: Texts, shown: Bars) -> Element:
    """Bars of days, each as high as its events, by kind from below. For those who do not see it, the sums."""
    most = max((sum(day.values()) for day in shown.days), default=0)
    told = ", ".join(f"{shown.of(kind)} {getattr(t, kind)}" for kind in KINDS if shown.of(kind))
    words = t.bars.format(told=told) if told else t.bars_none
    drawn: list[Node] = [h.rect(".base", x="0", y="39.5", width=str(10 * len(shown.days)), height="0.5")]
    for number, day in enumerate(shown.days):
        bottom = 39.0
        for kind in KINDS:
            if events := day.get(kind, 0):
                height = max(1.0, events / most * 38)
                bottom = max(0.0, bottom - height)
                drawn.append(
                    h.rect(
                        class_=kind, x=str(10 * number + 1), y=f"{bottom:.2f}", width="8", height=f"{height:.2f}"
                    )
                )
    return h.svg(
        ".bars",
        viewBox=f"0 0 {10 * len(shown.days) or 10} 40",
        preserveAspectRatio="none",
        role="img",
        aria_label=words,
    )[drawn]


def legend(t: Texts) -> Element:
    """Which colour is which kind."""
    return h.ul(".legend")[
        (
            h.li[
                h.svg(".bars", viewBox="0 0 10 10", aria_hidden="true")[
                    h.rect(class_=kind, width="10", height="10", rx="2")
                ],
                getattr(t, kind),
            ]
            for kind in KINDS
        )
    ]
