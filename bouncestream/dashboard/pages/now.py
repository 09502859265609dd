# SPDX-License-Identifier: GPL-3.0-or-later
"""The first page: does it work, what waits for a person, what comes in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import htpy as h
from htpy import Element, Node

from bouncestream.alerts.reading import size, span
from bouncestream.dashboard.pages.listing import anchor, events_table
from bouncestream.dashboard.parts import Bars, Look, ago, bars, command, facts, legend, light, moment, note, section
from bouncestream.dashboard.verdict import Tone, Verdict, heard_at, is_fresh, tone_of, verdict
from bouncestream.judging.refusal import LOG
from bouncestream.lease import RELAY
from bouncestream.printable import printable
from bouncestream.survey.replication import in_words

if TYPE_CHECKING:
    from bouncestream.dashboard.reading.now import Now

_SIGNS = {"✘": Tone.BAD, "⚠": Tone.LOOK, "·": Tone.CALM}
_LEVELS = {"error": Tone.BAD, "warning": Tone.LOOK, "info": Tone.CALM}


def now_page(look: Look, seen: Now) -> Iterator[Node]:
    """The content of the page."""
    found = seen.found
    needs = list(_needs(look, seen))
    pressing = sum(tone is not Tone.CALM for tone, _, _ in needs)
    yield _verdict(look, verdict(found, seen.troubles, pressing, seen.listmonk_at, look.now))
    if needs:
        yield section(look.t.needs_you, h.ul(".card.needs")[(_need(look, *one) for one in needs)])
    yield section(look.t.sources, _sources(look, seen), beside=legend(look.t) if seen.bars else None)
    if found["bridges"]:
        yield section(look.t.bridges, h.div(".card")[_bridges(look, found["bridges"])])
    yield section(look.t.outbox, h.div(".card")[_outbox(look, found["outbox"])])
    yield section(look.t.listmonk, h.div(".card")[_listmonk(look, seen)])
    yield section(
        look.t.latest,
        _latest(look, seen),
        beside=h.a(href="/events")[look.t.all_events] if seen.events else None,
    )


def _verdict(look: Look, one: Verdict) -> Element:
    t = look.t
    words = {
        Tone.PROVEN: t.all_works,
        Tone.CALM: t.not_proven,
        Tone.LOOK: t.works_but,
        Tone.BAD: t.broken if one.running else t.no_bridge,
    }
    last = t.last_bounce.format(ago=ago(look, one.last_bounce)) if one.last_bounce else t.no_bounce
    return h.div(".verdict")[
        light(one.tone),
        h.h1[words[one.tone]],
        h.p[f"{last}, {t.waiting.format(n=f'{one.waiting:,}')}."],
        h.p[look.words("; ".join(one.troubles))] if one.running and one.troubles else None,
    ]


def _needs(look: Look, seen: Now) -> Iterator[tuple[Tone, str, str]]:
    """What waits for a person: how urgent, the words, the next step; what is urgent first."""
    found: list[tuple[Tone, str, str]] = [
        (_LEVELS[alert["level"]], alert["text"] or alert["rule"], alert["fix"])
        for alert in seen.found["alerts"]["active"]
    ]
    found += [(_SIGNS[sign], text, fix) for sign, text, fix in seen.waiting]
    if not seen.found["running"]:
        found.append((Tone.BAD, look.t.no_answer, look.t.start))
    order = list(reversed(Tone))
    yield from sorted(found, key=lambda one: order.index(one[0]))


def _need(look: Look, tone: Tone, text: str, fix: str) -> Element:
    return h.li(class_=str(tone))[h.span[look.words(text)], command(look.words(fix)) if fix else None]


def _sources(look: Look, seen: Now) -> Node:
    if all(source["type"] == LOG for source in seen.found["sources"]):
        return note(look.t.no_source, tone=Tone.LOOK)
    return h.div(".cards")[(_source(look, source, seen.bars) for source in seen.found["sources"])]


def _source(look: Look, source: Mapping[str, Any], days: Mapping[str, Bars]) -> Element:
    t, name, at = look.t, source["name"], heard_at(source)
    tone = tone_of(source["state"], at, look.now)
    return h.article(".card.source")[
        h.div(".head")[
            h.h3[h.a(href=f"/sources#{anchor(name)}")[printable(name)]],
            h.span(".quiet.small")[printable(source["provider"] or source["type"])],
        ],
        h.p(class_=f"status {tone}")[light(tone), h.span[of_source(look, source, at, tone)]],
        h.p(".small")[look.words(source["why"])] if source["why"] else None,
        bars(t, days.get(name, Bars())),
        h.p(".quiet.small")[f"{t.day}: {source['day']:,} · {t.week}: {source['week']:,}"],
    ]


def of_source(look: Look, source: Mapping[str, Any], at: datetime | None, tone: Tone) -> Node:
    """How a source stands; of Listmonk's log silence is the rule."""
    if source["type"] == LOG and at is None and tone is Tone.CALM:
        return look.t.log_silent
    return standing(look, source["state"], at, tone)


def standing(look: Look, state: str | None, at: datetime | None, tone: Tone) -> Node:
    """How a part stands, in words: what was proven when."""
    t = look.t
    if tone in (Tone.LOOK, Tone.BAD):
        return getattr(t, str(state), t.unknown)
    if at is None:
        return t.unproven
    words = t.proven if is_fresh(at, look.now) else t.long_proven
    return words.format(ago=ago(look, at))


def _outbox(look: Look, outbox: Mapping[str, Any]) -> Element:
    t, states = look.t, outbox["states"]
    oldest = outbox["oldest_pending_seconds"]
    free = outbox["disk_free_bytes"]
    held = ", ".join(f"{n:,} {reason}" for reason, n in outbox["held"].items())
    standbys: list[tuple[str, Node, Node]] = []
    if outbox["replication"] is not None:
        sign, text, fix = in_words(outbox["replication"])
        tone = _SIGNS.get(sign, Tone.PROVEN)
        state = h.span(class_=f"status {tone}")[light(tone), h.span[look.words(text)]]
        standbys = [(t.replication, state, look.words(fix) if fix else None)]
    return facts(
        [
            (
                t.waiting_for,
                f"{states.get('pending', 0):,}",
                t.oldest.format(span=span(oldest)) if oldest else None,
            ),
            (t.on_its_way, f"{states.get('claimed', 0) + states.get('posted', 0):,}", None),
            (t.held, _to("/events?state=held", states.get("held", 0)), held),
            (t.dead, _to("/events?state=dead", states.get("dead", 0)), None),
            (t.quarantine, f"{outbox['quarantine']:,}", None),
            (t.unidentified, f"{outbox['unidentified']:,}", None),
            (t.delivered, f"{states.get('verified', 0):,}", None),
            (
                t.disk,
                size(outbox["bytes"] + outbox["wal_bytes"]),
                t.disk_free.format(free=size(free)) if free else None,
            ),
            *standbys,
        ]
    )


def _bridges(look: Look, bridges: list[dict[str, Any]]) -> Element:
    """Where several share the outbox: who delivers, and who is gone."""
    t = look.t
    rows: list[tuple[str, Node, Node]] = []
    for one in bridges:
        states = {part["state"] for part in one["parts"].values()}
        tone = Tone.BAD if not one["alive"] or "red" in states else Tone.LOOK if states else Tone.PROVEN
        words = t.delivers.format(left=span(one["leases"][RELAY])) if one["leads"] else t.takes_in
        if not one["alive"]:
            words = t.not_seen.format(ago=span(one["seen_seconds"]))
        told = [name for name in one["leases"] if name != RELAY]
        told += [f"{name}: {part['why']}" for name, part in one["parts"].items()]
        jobs = "; ".join(told)
        state = h.span(class_=f"status {tone}")[light(tone), h.span[words]]
        rows.append((printable(one["name"]), state, look.words(jobs) if jobs else None))
    return facts(rows)


def _to(place: str, number: int) -> Node:
    return h.a(href=place)[f"{number:,}"] if number else "0"


def _listmonk(look: Look, seen: Now) -> Element:
    t, sink, at = look.t, seen.found["sink"], seen.listmonk_at
    tone = tone_of(sink["state"], at, look.now)
    state = h.span(class_=f"status {tone}")[light(tone), h.span[standing(look, sink["state"], at, tone)]]
    told = [sink["why"] or sink["url"]]
    told += [t.seen_by.format(bridge=sink["by"])] if sink["by"] and sink["state"] else []
    pairs: list[tuple[str, Node, Node]] = [
        (t.state, state, look.words("; ".join(told))),
        (t.recorded, f"{seen.found['outbox']['states'].get('verified', 0):,}", moment(look, at) if at else None),
        (t.restarts, _or_unknown(t.unknown, sink["restarts"]), t.since_start),
        (t.lost, _or_unknown(t.unknown, sink["lost"]), t.since_start),
        (t.doubled, f"{seen.found['outbox']['doubled']:,}", None),
    ]
    others = [
        (name, h.span(class_=f"status {tone}")[light(tone), h.span[getattr(t, part["state"], "")]], part["why"])
        for name, part in seen.found["parts"].items()
        if part["state"] != "green" and name != "listmonk" and ":" not in name
        for tone in (tone_of(part["state"], None, look.now),)
    ]
    return facts([*pairs, *((name, value, look.words(why)) for name, value, why in others)])


def _or_unknown(unknown: str, number: int | None) -> str:
    return unknown if number is None else f"{number:,}"


def _latest(look: Look, seen: Now) -> Node:
    if seen.events is None:
        return note(look.t.too_slow, tone=Tone.LOOK)
    if not seen.events:
        return note(look.t.none_yet)
    return h.div(".card")[events_table(look, look.t.latest, seen.events)]
