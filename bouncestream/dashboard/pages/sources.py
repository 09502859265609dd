# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import htpy as h
from htpy import Element, Node

from bouncestream.dashboard.pages.listing import anchor
from bouncestream.dashboard.pages.now import of_source
from bouncestream.dashboard.parts import SHORT, Column, Look, clock, command, facts, light, moment, note, table
from bouncestream.dashboard.verdict import Tone, heard_at, tone_of
from bouncestream.printable import printable

if TYPE_CHECKING:
    from bouncestream.dashboard.reading.sources import Source


def sources_page(look: Look, found: Sequence[Source]) -> Iterator[Node]:
    """The content of the page."""
    t = look.t
    yield h.h1[t.sources]
    if not found:
        yield note(t.no_source, tone=Tone.LOOK)
    for one in found:
        yield h.section(".section", id=anchor(one.state["name"]))[_source(look, one)]


def _source(look: Look, one: Source) -> Iterator[Node]:
    t, state, at = look.t, one.state, heard_at(one.state)
    tone = tone_of(state["state"], at, look.now)
    yield h.div(".head")[
        h.h2[printable(state["name"])],
        h.span(".quiet")[printable(one.title or state["provider"] or state["type"])],
    ]
    yield h.div(".card.section")[
        h.p(class_=f"status {tone}")[light(tone), h.span[of_source(look, state, at, tone)]],
        h.p[look.words(state["why"])] if state["why"] else None,
        facts(list(_facts(look, one)), "facts words"),
        _guide(look, one),
        h.h3[t.last_requests if one.guide else t.last_inputs],
        _requests(look, one),
        list(_test(look, one)),
    ]


def _facts(look: Look, one: Source) -> Iterator[tuple[str, Node, Node]]:
    t, state = look.t, one.state
    yield t.last_heard, moment(look, heard_at(state)), None
    yield t.day, f"{state['day']:,}", None
    yield t.week, f"{state['week']:,}", None
    if one.guide is not None:
        yield t.uuids, one.guide.uuids, None
        if one.guide.retries:
            yield t.retries, one.guide.retries, None
    if one.folders:
        yield t.folders, printable(", ".join(one.folders)), None


def _guide(look: Look, one: Source) -> Node:
    t = look.t
    if one.guide is None:
        return None
    return [
        h.h3[t.its_url],
        command(printable(one.url)),
        h.p(".quiet.small")[t.no_public_url] if "<your address>" in one.url else None,
        h.p(".quiet.small")[t.whole_url] if "<path_secret>" in one.url else None,
        h.details[
            h.summary[t.guide.format(provider=one.title)],
            h.ol(".way")[(h.li[printable(step)] for step in one.steps)],
            h.p(".quiet.small")[t.guide_read.format(day=one.guide.read)],
        ],
    ]


def _requests(look: Look, one: Source) -> Element:
    t = look.t
    if one.requests is None:
        return note(t.too_slow, tone=Tone.LOOK)
    if not one.requests:
        return h.p(".quiet")[t.no_requests]
    columns = (Column(t.time, "time"), Column(t.media), Column(t.size, "number"))
    rows: list[list[Node]] = [
        [clock(r.at, look.now), printable(r.type, SHORT) or t.no_type, f"{r.size:,}"] for r in one.requests
    ]
    told = t.last_requests if one.guide else t.last_inputs
    return table(f"{told}: {printable(one.state['name'])}", columns, rows)


def _test(look: Look, one: Source) -> Iterator[Node]:
    t, name = look.t, printable(one.state["name"])
    if one.guide is None and not one.folders:
        return
    yield h.h3[t.test]
    if one.guide is None:
        yield h.p(".small")[t.test_mailbox]
        yield command(f"bouncestream mailbox test {name}")
        return
    yield h.p(".small")[t.test_curl]
    yield command(f"curl -i -H 'Content-Type: application/json' -d '{{}}' '{printable(one.url)}'")
    yield h.p(".small")[t.test_event]
    yield command("bouncestream doctor --write")
