# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of one event: the way to its verdict, with the words that decided; its history; and, on a page of its
own, what came in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import htpy as h
from htpy import Element, Node

from bouncestream.dashboard.parts import SHORT, Column, Look, badge, command, facts, note, section, table
from bouncestream.mail.reason import REASONS
from bouncestream.printable import printable

if TYPE_CHECKING:
    from bouncestream.dashboard.reading.event import OneEvent, Raw, Way

#: Lines of a raw body that are shown.
_LINES = 2000


def event_page(look: Look, one: OneEvent) -> Iterator[Node]:
    """The content of the page."""
    t, row = look.t, one.row
    yield h.div(".section")[
        h.h1[t.event.format(number=row.row)],
        h.p[badge(row.event.kind.value, printable(row.event.reason)), " · ", row.state.value],
        _means(row.event.reason),
    ]
    yield section(t.way, h.div(".card")[facts(list(_judged(look, one)), "facts words rows")])
    if one.way is not None:
        yield from _mail(look, one.way)
    yield section(t.to_listmonk, h.div(".card.section")[_sent(look, one)])
    yield section(t.history, h.div(".card")[_history(look, one)])
    yield section(t.raw, _raw_link(look, one))


def _means(reason: str) -> Node:
    known = REASONS.get(reason)
    return h.p(".quiet")[known.sentence] if known else None


def _judged(look: Look, one: OneEvent) -> Iterator[tuple[str, Node, Node]]:
    """Name, value and nothing beside it; what is empty is left out."""
    t, row, event = look.t, one.row, one.row.event
    told: list[tuple[str, Node]] = [
        (
            t.received,
            t.received_by.format(time=_when(row.received_at), source=event.source, provider=event.provider),
        ),
        (t.occurred, f"{_when(event.occurred_at)} UTC" if event.occurred_at else ""),
        (t.person, look.address(event.recipient) or event.subscriber_uuid),
        (
            t.campaign,
            h.a(href=f"/events?campaign={event.campaign_uuid}")[event.campaign_uuid] if _plain(event) else "",
        ),
        (t.said, look.words(one.said)),
        (t.decided_by, look.words(one.by or (one.way.decided if one.way is not None else ""))),
        (t.server_words, marked(look.words(event.diagnostic), one.marks)),
        (t.status, " ".join(filter(None, (event.reply_code, event.enhanced_status)))),
        (t.evidence, look.words(event.evidence)),
        (t.unsure, look.words(one.unsure)),
        (t.soft_bounces, look.words(one.soft)),
        (t.now_judged, look.words(one.judged_now)),
        (t.held_for, row.held_for),
    ]
    for name, value in told:
        if value:
            yield name, value if isinstance(value, Element) else printable(str(value)), None


def _plain(event: object) -> bool:
    return bool(re.fullmatch(r"[0-9a-fA-F-]{36}", getattr(event, "campaign_uuid", "")))


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def marked(text: str, marks: Sequence[str]) -> Node:
    """A text with the words in it marked that decided; they may stand in it with other blanks and cases."""
    if not text:
        return ""
    wanted = [words.split() for words in marks if words.split()]
    if not wanted:
        return h.span[text]
    either = "|".join(r"\s+".join(re.escape(word) for word in words) for words in wanted)
    pattern = f"({either})"
    parts = re.split(pattern, text, flags=re.IGNORECASE)
    return h.span[(h.mark[part] if place % 2 else part for place, part in enumerate(parts))]


def _mail(look: Look, way: Way) -> Iterator[Node]:
    t, recipient, trace = look.t, way.recipient, way.trace
    if recipient is not None and trace is not None:
        others = "; ".join(f"{look.address(c.address)} ({c.where})" for c in trace.candidates if not c.chosen)
        known = [
            (t.address_from, printable(recipient.source), None),
            (t.could_be, printable(others), None),
            (t.against, look.words(recipient.against), None),
        ]
        columns = (
            Column(t.found_in),
            Column(t.rule, wide=True),
            Column(t.speaks_for),
            Column(t.words),
            Column(t.weight),
        )
        yield section(
            t.signals,
            h.div(".card.section")[
                facts([one for one in known if one[1]], "facts words rows"),
                table(
                    t.signals,
                    columns,
                    [
                        [
                            printable(s.part),
                            s.rule,
                            s.reason,
                            h.mark[look.words(s.text, SHORT)] if s.decided else look.words(s.text, SHORT),
                            h.strong[t.decided] if s.decided else "",
                        ]
                        for s in trace.signals
                    ],
                )
                if trace.signals
                else None,
            ],
        )
    if way.verdict.trace is not None:
        steps = way.verdict.trace.steps
        parts = [[p.number, printable(p.type, SHORT), p.role] for p in way.verdict.trace.parts[:100]]
        yield section(
            t.mail_steps,
            h.div(".card.section")[
                h.ol(".way")[(h.li[h.strong[printable(s.question)], " ", look.words(s.answer)] for s in steps)],
                table(t.mail_parts, (Column(t.part), Column(t.media), Column(t.role)), parts),
            ],
        )


def _sent(look: Look, one: OneEvent) -> Iterator[Node]:
    yield h.p[look.words(one.sent_words)]
    if one.sent is not None:
        yield h.pre(tabindex="0")[look.words(json.dumps(one.sent, ensure_ascii=False))]
    yield h.p(".quiet.small")[look.t.ask_listmonk]
    yield command(f"bouncestream explain {one.row.row}")


def _history(look: Look, one: OneEvent) -> Element:
    t = look.t
    columns = (Column(t.time, "time"), Column(t.step), Column(t.because))
    rows: list[list[Node]] = [
        [
            _when(step.at),
            f"{step.before} → {step.after.value}" if step.before else step.after.value,
            look.words(step.why),
        ]
        for step in one.steps
    ]
    return table(t.history, columns, rows)


def _raw_link(look: Look, one: OneEvent) -> Element:
    if not one.kept:
        return note(look.t.raw_gone)
    return h.p[h.a(".button", href=f"/raw/{one.row.row}")[look.t.show_raw]]


def raw_page(look: Look, one: Raw) -> Iterator[Node]:
    """The page of what came in, line by line."""
    t, number = look.t, one.row.row
    yield h.div(".section")[
        h.h1[t.event.format(number=number)], h.p[h.a(".button", href=f"/events/{number}")[t.back]]
    ]
    if one.body is None:
        yield note(t.sealed if one.sealed else t.raw_gone)
        return
    lines = one.body.decode("utf-8", "replace").splitlines()
    size = t.raw_size.format(size=f"{one.size:,}", type=printable(one.content_type, SHORT) or t.no_type)
    cut = len(one.body) < one.size or len(lines) > _LINES
    yield section(
        t.raw,
        h.p(".quiet.small")[size],
        note(t.raw_cut.format(number=number)) if cut else None,
        h.pre(tabindex="0")["\n".join(look.words(line) for line in lines[:_LINES])],
    )
