# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of opens and clicks: how many are machines, and what the rate is without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import htpy as h
from htpy import Element, Node

from bouncestream.dashboard.parts import SHORT, Column, Look, ago, note, section, table
from bouncestream.dashboard.verdict import Tone
from bouncestream.doctor.logs.campaigns import SOON
from bouncestream.printable import printable

if TYPE_CHECKING:
    from bouncestream.dashboard.reading.opens import Opens, Unread
    from bouncestream.doctor.logs.campaigns import Requests, Seen
    from bouncestream.ports import Campaign

#: Rows of a table.
MOST = 100
#: So long nobody may have asked at first.
QUIET = timedelta(minutes=1)


def opens_page(look: Look, found: Opens | None, known: Mapping[str, Campaign]) -> Iterator[Node]:
    """The page of opens. `found`: None where the logs could not be read in time; `known`: the campaigns that
    Listmonk has told of, by their UUID."""
    t = look.t
    yield h.div(".section")[h.h1[t.opens], h.p[t.opens_intro], _back(look, found), _unread(look, found)]
    if found is None:
        yield note(t.opens_slow, tone=Tone.LOOK)
        return
    if not found.campaigns:
        if not found.unread:
            yield note(t.opens_none)
        return
    shown = found.campaigns[:MOST]
    columns: tuple[Column, ...] = (
        Column(t.campaign_name), Column(t.opens_total, "number", wide=True), Column(t.opens_machines, "number"),
        Column(t.opens_proxies, "number", wide=True), Column(t.opens_people, "number", wide=True),
        Column(t.opens_readers, "number"), Column(t.opens_honest, "number"), Column(t.opens_listmonk, "number"),
    )  # fmt: skip
    rows = [_opens_row(look, found, one, known.get(one.campaign)) for one in shown]
    yield section(
        t.opens_total,
        h.div(".card")[table(t.opens_total, columns, rows)],
        h.p(".quiet.small")[t.opens_rate],
        h.p(".quiet.small")[t.and_more.format(n=f"{len(found.campaigns) - MOST:,}")]
        if len(found.campaigns) > MOST
        else None,
    )
    columns = (
        Column(t.campaign_name), Column(t.clicks, "number", wide=True), Column(t.opens_machines, "number"),
        Column(t.opens_people, "number", wide=True), Column(t.clickers, "number"),
        Column(t.opens_honest, "number"), Column(t.opens_listmonk, "number"),
    )  # fmt: skip
    rows = [_clicks_row(look, found, one, known.get(one.campaign)) for one in shown if one.clicks.total]
    if rows:
        yield section(t.clicks, h.div(".card")[table(t.clicks, columns, rows)])
    yield _who(look, found)
    if not known:
        yield h.p(".quiet.small")[t.no_names]


def _back(look: Look, found: Opens | None) -> Iterator[Node]:
    """How far back the logs were read."""
    t = look.t
    if found is None or found.first is None:
        return
    size = f"{found.size / 1e6:,.1f}"
    told = t.opens_back.format(time=f"{found.first:%Y-%m-%d %H:%M}", ago=ago(look, found.first), size=size)
    yield h.p[told, "" if found.whole else " ", None if found.whole else t.opens_short]


def _unread(look: Look, found: Opens | None) -> Iterator[Node]:
    for one in found.unread if found is not None else ():
        yield note(_why(look, one), tone=Tone.LOOK)


def _why(look: Look, one: Unread) -> str:
    t = look.t
    words = {
        "missing": t.log_missing, "denied": t.log_denied, "packed": t.log_packed, "strange": t.log_strange,
        "broken": t.log_broken,
    }[one.why]  # fmt: skip
    return words.format(path=printable(one.path), told=printable(one.told))


def _opens_row(look: Look, found: Opens, seen: Seen, known: Campaign | None) -> list[Node]:
    opens, named = seen.opens, bool(seen.readers)
    return [
        _campaign(look, found, seen, known),
        f"{opens.total:,}",
        _part(opens.by_machines, opens.total),
        _number(opens.by_proxies),
        _number(opens.by_people),
        f"{seen.readers:,}" if named else look.t.opens_unnamed,
        _rate(seen.readers if named else opens.by_proxies + opens.by_people, known),
        _of_listmonk(known.views if known else None, known),
    ]


def _clicks_row(look: Look, found: Opens, seen: Seen, known: Campaign | None) -> list[Node]:
    clicks, readers = seen.clicks, len(seen.clicks.readers)
    people = clicks.total - clicks.by_machines
    return [
        _campaign(look, found, seen, known),
        f"{clicks.total:,}",
        _part(clicks.by_machines, clicks.total),
        _number(people),
        f"{readers:,}" if readers or not people else look.t.opens_unnamed,
        _rate(readers or people, known),
        _of_listmonk(known.clicks if known else None, known),
    ]


def _campaign(look: Look, found: Opens, seen: Seen, known: Campaign | None) -> Node:
    name = printable(known.name, SHORT) if known is not None and known.name else printable(seen.campaign)
    begun = known.started_at if known is not None else None
    missing = begun is not None and found.first is not None and found.first - begun > QUIET
    return h.span[name, h.small(".quiet")[" ", look.t.opens_later] if missing else None]


def _who(look: Look, found: Opens) -> Element:
    """The machines and proxies of all campaigns together."""
    t = look.t
    opens, clicks = _kinds([one.opens for one in found.campaigns]), _kinds([one.clicks for one in found.campaigns])
    both = opens + clicks
    columns = (Column(t.kind), Column(t.opens_total, "number"), Column(t.clicks, "number"))
    rows: list[list[Node]] = [[who, _number(opens[who]), _number(clicks[who])] for who, _ in both.most_common()]
    people = sum(one.opens.by_people for one in found.campaigns)
    rows.append([t.opens_people, _number(people), _number(sum(one.clicks.by_people for one in found.campaigns))])
    return section(
        t.opens_who,
        h.p(".quiet")[t.opens_who_hint.format(soon=f"{SOON:g}")],
        h.div(".card")[table(t.opens_who, columns, rows)],
    )


def _kinds(all_of: list[Requests]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in all_of:
        found.update(one.machines)
        found.update(one.proxies)
    return found


def _number(value: int) -> str:
    return f"{value:,}" if value else "·"


def _part(value: int, whole: int) -> str:
    """A number, and which share of the whole it is."""
    return f"{value:,} ({value / whole:.0%})" if value else "·"


def _rate(readers: int, known: Campaign | None) -> str:
    """The share of those that it was sent to."""
    return f"{readers / known.sent:.1%}" if known is not None and known.sent else ""


def _of_listmonk(counted: int | None, known: Campaign | None) -> str:
    if counted is None:
        return ""
    rate = _rate(counted, known)
    return f"{counted:,} ({rate})" if rate else f"{counted:,}"
