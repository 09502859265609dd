# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages that sum up: by campaign, by reason, by domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import htpy as h
from htpy import Element, Node

from bouncestream.dashboard.parts import KINDS, PERIODS, SHORT, Column, Look, ago, moment, note, section, table
from bouncestream.dashboard.texts import Texts
from bouncestream.dashboard.verdict import Tone
from bouncestream.mail.reason import REASONS
from bouncestream.printable import printable

if TYPE_CHECKING:
    from bouncestream.dashboard.reading.numbers import Numbers, Sum
    from bouncestream.ports import Campaign


def campaigns_page(look: Look, found: Numbers, known: Mapping[str, Campaign]) -> Iterator[Node]:
    """The page of campaigns. `known`: those that Listmonk has told of, by their UUID."""
    t = look.t
    yield from _top(look, t.campaigns, "/campaigns", found)
    columns = (Column(t.campaign_name), *_kinds(t), Column(t.rate, "number"), Column(t.newest_event, wide=True))
    rows: list[list[Node]] = [
        [
            _campaign(look, uuid, known.get(uuid)),
            *_counts(one),
            _rate(one, known.get(uuid)),
            _newest(look, found, one),
        ]
        for uuid, one in found.lines
    ]
    yield from _table(look, t.campaigns, columns, rows, found.more)
    if found.lines and not known:
        yield h.p(".quiet.small")[t.no_names]


def reasons_page(look: Look, found: Numbers) -> Iterator[Node]:
    """The page of reasons."""
    t = look.t
    yield from _top(look, t.why, "/why", found)
    columns = (Column(t.reason), *_kinds(t), Column(t.means, wide=True), Column(t.newest_event, wide=True))
    rows: list[list[Node]] = []
    for reason, one in found.lines:
        known = REASONS.get(reason)
        told_by = {"reason": reason} | ({"campaign": found.campaign} if found.campaign else {})
        place = urlencode(told_by, errors="replace")
        told = known.sentence if known else t.unsubscribed if reason == "unsubscribe" else ""
        rows.append(
            [h.a(href=f"/events?{place}")[printable(reason)], *_counts(one), told, _newest(look, found, one)]
        )
    yield from _table(look, t.why, columns, rows, found.more)


def domains_page(look: Look, found: Numbers) -> Iterator[Node]:
    """The page of domains: who refuses us, since when, and in which words; then all of them."""
    t = look.t
    yield from _top(look, t.domains, "/domains", found)
    columns = (
        Column(t.domain), Column(t.refusals, "number"), Column(t.reason, wide=True), Column(t.refusing_since),
        Column(t.newest_event, wide=True), Column(t.their_words, wide=True),
    )  # fmt: skip
    rows: list[list[Node]] = []
    for domain, one in found.refused:
        first, newest = found.told.get(one.first), found.told.get(one.newest)
        words = look.words(newest.words, SHORT) if newest else ""
        rows.append(
            [
                [_domain(domain), h.small(".narrow-only.quiet")[words]],
                f"{one.total:,}",
                printable(", ".join(reason for reason, _ in one.reasons.most_common(2))),
                moment(look, first.at if first else None),
                moment(look, newest.at if newest else None),
                h.span(".small")[words],
            ]
        )
    yield section(
        t.who_refuses,
        h.p(".quiet")[t.who_refuses_hint],
        *_body(look, t.who_refuses, columns, rows, found.refused_more),
    )
    all_of = (Column(t.domain), *_kinds(t), Column(t.newest_event, wide=True))
    rows = [[_domain(domain), *_counts(one), _newest(look, found, one)] for domain, one in found.lines]
    yield section(t.all_domains, *_body(look, t.all_domains, all_of, rows, found.more))


def _top(look: Look, title: str, place: str, found: Numbers) -> Iterator[Node]:
    t = look.t
    more = {"campaign": found.campaign} if found.campaign else {}
    yield h.div(".section")[
        h.h1[title],
        h.p[t.of_campaign.format(campaign=printable(found.campaign))] if found.campaign else None,
        h.nav(aria_label=t.period)[
            h.ul(".periods")[
                (
                    h.li[
                        h.a(
                            href=f"{place}?{urlencode({'days': days} | more, errors='replace')}",
                            aria_current="true" if days == found.days else None,
                        )[t.days.format(days=days) if days > 1 else t.one_day]
                    ]
                    for days in PERIODS
                )
            ]
        ],
    ]
    if found.back_to is not None:
        yield note(
            t.counted_since.format(time=f"{found.back_to:%Y-%m-%d %H:%M}", ago=ago(look, found.back_to)),
            " ",
            t.counted_hint,
            tone=Tone.LOOK,
        )


def _kinds(t: Texts) -> tuple[Column, ...]:
    return (
        Column(t.hard, "number"), Column(t.soft, "number"), Column(t.complaint, "number", wide=True),
        Column(t.unsubscribe, "number", wide=True), Column(t.total, "number"),
    )  # fmt: skip


def _counts(one: Sum) -> list[Node]:
    return [*(f"{one.kinds[kind]:,}" if one.kinds[kind] else "·" for kind in KINDS), f"{one.total:,}"]


def _newest(look: Look, found: Numbers, one: Sum) -> Node:
    newest = found.told.get(one.newest)
    return moment(look, newest.at if newest else None)


def _campaign(look: Look, uuid: str, known: Campaign | None) -> Node:
    if not uuid:
        return look.t.no_campaign
    name = printable(known.name, SHORT) if known is not None and known.name else printable(uuid)
    return h.a(href=f"/why?campaign={quote(uuid, safe='', errors='replace')}")[name]


def _rate(one: Sum, known: Campaign | None) -> str:
    """The share of what was sent that bounced hard or soft."""
    if known is None or not known.sent:
        return ""
    return f"{(one.kinds['hard'] + one.kinds['soft']) / known.sent:.2%}"


def _domain(domain: str) -> Element:
    return h.a(href=f"/events?domain={quote(domain, safe='', errors='replace')}")[printable(domain)]


def _table(
    look: Look, caption: str, columns: tuple[Column, ...], rows: list[list[Node]], more: int
) -> Iterator[Node]:
    yield h.div(".section")[list(_body(look, caption, columns, rows, more))]


def _body(
    look: Look, caption: str, columns: tuple[Column, ...], rows: list[list[Node]], more: int
) -> Iterator[Node]:
    if not rows:
        yield note(look.t.none_in_period)
        return
    yield h.div(".card")[table(caption, columns, rows)]
    if more:
        yield h.p(".quiet.small")[look.t.and_more.format(n=f"{more:,}")]
