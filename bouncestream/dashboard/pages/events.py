# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the search among the events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import htpy as h
from htpy import Element, Node

from bouncestream.dashboard.pages.listing import events_table
from bouncestream.dashboard.parts import KINDS, Look, note, section
from bouncestream.dashboard.verdict import Tone
from bouncestream.mail.reason import REASONS
from bouncestream.ports import State

if TYPE_CHECKING:
    from bouncestream.dashboard.reading.events import Events, Filters


def events_page(look: Look, found: Events, sources: Iterable[str]) -> Iterator[Node]:
    """The content of the page. `sources`: those of the configuration."""
    t, filters = look.t, found.filters
    yield h.h1[t.events]
    yield h.div(".card")[_form(look, filters, sources)]
    if found.sealed:
        yield note(t.sealed_search, tone=Tone.LOOK)
        return
    yield section(t.latest if not filters.any and not filters.before else t.found, *_found(look, found))


def _found(look: Look, found: Events) -> Iterator[Node]:
    t, filters = look.t, found.filters
    back_to = f"{found.back_to:%Y-%m-%d %H:%M}" if found.back_to else ""
    if found.rows:
        yield h.div(".card")[events_table(look, t.events, found.rows)]
    elif found.go_on:
        yield note(t.found_none_yet.format(time=back_to), " ", t.narrow, tone=Tone.LOOK)
    else:
        yield note(t.found_none if filters.any else t.none_yet)
    yield h.div(".more")[
        h.a(".button", href=f"/events{filters.query(before=0)}")[t.newest] if filters.before else None,
        h.a(".button", href=f"/events{filters.query(before=found.go_on)}")[t.older] if found.go_on else None,
        h.span(".quiet.small")[t.looked_back.format(time=back_to)] if found.rows and back_to else None,
    ]


def _form(look: Look, filters: Filters, sources: Iterable[str]) -> Element:
    t = look.t
    return h.form(method="get", action="/events", role="search")[
        h.div(".filters")[
            _text(t.address, "address", filters.address),
            _text(t.domain, "domain", filters.domain),
            _choice(look, t.kind, "kind", KINDS, filters.kind),
            _choice(look, t.reason, "reason", REASONS, filters.reason),
            _choice(look, t.state, "state", [state.value for state in State], filters.state),
            _choice(look, t.source, "source", sources, filters.source),
            _text(t.campaign, "campaign", filters.campaign),
            _text(t.since, "since", filters.since, type="date"),
            _text(t.until, "until", filters.until, type="date"),
            h.div(".more")[
                h.button(".main")[t.search], h.a(".button", href="/events")[t.clear] if filters.any else None
            ],
        ]
    ]


def _text(title: str, name: str, value: str, type: str = "text") -> Element:
    return h.label[
        title, h.input(type=type, name=name, value=value, autocomplete="off", spellcheck="false", maxlength="320")
    ]


def _choice(look: Look, title: str, name: str, words: Iterable[str], value: str) -> Element:
    known = list(words)
    if value and value not in known:  # what is not configured any more
        known.append(value)
    return h.label[
        title,
        h.select(name=name)[
            h.option(value="")[look.t.all_of_them],
            (h.option(value=word, selected=word == value)[word] for word in known),
        ],
    ]
