# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients in server logs: image proxies, security scanners, readers without a name → findings. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.logs.findings import finding, number, when
from bouncestream.doctor.logs.paths import IMAGE_PROXIES, Subject
from bouncestream.doctor.logs.tally import Tally

_SCANNED = 3  #: so many recipients must have had all their links clicked at once


class Counted(NamedTuple):
    """Requests that ended alike."""

    subject: Subject
    word: str
    family: str


def image_proxies(counted: Counter[Counted], last_open: datetime | None) -> Iterable[Finding]:
    """Findings about image proxies; those refused while others are not are taken out of `counted`."""
    ended: dict[str, Counter[str]] = {}
    for key, times in counted.items():
        if key.subject is Subject.PIXEL:
            ended.setdefault(key.family, Counter())[key.word] += times
    good = sum(words["ok"] for words in ended.values())
    refused = {
        who: words["refused"]
        for who, words in ended.items()
        if who in IMAGE_PROXIES and words["refused"] * 2 >= words.total()
    }
    if refused and good:
        told = ", ".join(f"{who} {times:,} times" for who, times in refused.items())
        yield finding("logs-proxy-refused", Level.ERROR, f"Refused, unlike others: {told}.", refused=refused)
        for who in refused:
            del counted[Counted(Subject.PIXEL, "refused", who)]
    if good:
        by_family = {who: words["ok"] for who, words in ended.items() if words["ok"]}
        told = ", ".join(f"{who} {n:,}" for who, n in sorted(by_family.items(), key=lambda one: -one[1]))
        last = f", the last one {when(last_open)}" if last_open else ""
        many = number(good, "request for the pixel was", "requests for the pixel were")
        yield finding("logs-pixel-ok", Level.OK, f"{many} answered 200{last}.", requests=good)
        yield finding("logs-image-proxies", Level.INFO, f"Fetched by {told}.", requests=by_family)


def scanners(tally: Tally, clicks: int, counted: Counter[Counted]) -> Iterable[Finding]:
    """Machines that click every link of a letter. `clicks`: all, whoever made them."""
    found = tally.clicks.scanned()
    if found.people < _SCANNED:
        return
    opens = sum(times for key, times in counted.items() if key.subject is Subject.PIXEL and key.word == "ok")
    seen = (
        f"{found.clicks:,} of {clicks:,} clicks look like security scanners': of {found.people:,} recipients every "
        f"link of a letter (up to {found.links}) was clicked within seconds, from "
        f"{number(found.addresses, 'address', 'addresses')}; {number(opens, 'open', 'opens')} in the same log."
    )
    yield finding(
        "logs-scanners",
        Level.INFO,
        seen,
        clicks=found.clicks,
        of=clicks,
        recipients=found.people,
        addresses=found.addresses,
        opens=opens,
    )


def anonymous(tally: Tally, individual: bool | None) -> Finding:
    """Requests without a subscriber: normal while individual tracking is off; once it is on, opens are lost."""
    seen = f"{number(tally.anonymous, 'request names', 'requests name')} no subscriber"
    if individual and tally.anonymous_opens:
        seen += (
            f", though individual tracking is on now: {number(tally.anonymous_opens, 'open', 'opens')} among them"
        )
        seen += " of mails sent while it was off."
        found = finding("logs-anonymous", Level.WARNING, seen, requests=tally.anonymous)
        why = "Listmonk no longer counts opens of these mails, whatever it answers; their clicks still count."
        fix = "these opens cannot be recovered; mails sent from now on are counted"
        return replace(found, why=why, fix=fix)
    return finding("logs-anonymous", Level.INFO, f"{seen}.", requests=tally.anonymous)
