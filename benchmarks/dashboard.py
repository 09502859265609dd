# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the dashboard at many stored events of one month, and the search by each filter, each made from the
read to the last byte of HTML."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.figures import Effort, Figure
from benchmarks.filled import DAYS, OFTEN, RARE_DOMAIN, RARE_REASON, campaign, fill
from benchmarks.machine import SERVER_CORE, Broken, on_core, scratch
from bouncestream.config.model import Config, Outbox
from bouncestream.dashboard.frame import Chrome, page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.session import Session
from bouncestream.dashboard.site import Asked, maker, tabs
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.outbox.view import view
from bouncestream.survey.running import Running

#: Milliseconds that a page may take: a person waits for it, and each query may take 200.
TARGET = 1000.0
#: Bytes on the disk of a stored event here, and of what is free that must be left.
_BYTES, _LEFT = 900, 2 << 30

#: What is asked for, and how it is called in the table.
ASKED = (
    ("now", "/", {}),
    ("campaigns, 30 days", "/campaigns", {"days": "30"}),
    ("why, 30 days", "/why", {"days": "30"}),
    ("why, of an old campaign", "/why", {"days": "30", "campaign": campaign(3)}),
    ("domains, 30 days", "/domains", {"days": "30"}),
    ("events", "/events", {}),
    ("events far back", "/events", {"before": "20000"}),
    ("events of an address", "/events", {"address": OFTEN}),
    ("events of an address unheard of", "/events", {"address": "nobody@example.org"}),
    ("events of a domain", "/events", {"domain": "d77.example"}),
    ("events of a domain of long ago", "/events", {"domain": RARE_DOMAIN}),
    ("events of a kind", "/events", {"kind": "hard"}),
    ("events of a kind that never came", "/events", {"kind": "complaint"}),
    ("events of a reason", "/events", {"reason": "user_unknown"}),
    ("events of a reason of long ago", "/events", {"reason": RARE_REASON}),
    ("events that are held", "/events", {"state": "held"}),
    ("events that are dead", "/events", {"state": "dead"}),
    ("events that are verified", "/events", {"state": "verified"}),
    ("events that wait", "/events", {"state": "pending"}),
    ("events of a source", "/events", {"source": "source1"}),
    ("events of the newest campaign", "/events", {"campaign": campaign(39)}),
    ("events of an old campaign", "/events", {"campaign": campaign(3)}),
    ("events of a day", "/events", {"since": "{day}", "until": "{day}"}),
    ("events of a day and domain", "/events", {"since": "{day}", "until": "{day}", "domain": "d77.example"}),
    ("an event", "/events/1000", {}),
    ("sources", "/sources", {}),
    ("doctor", "/doctor", {}),
)  # fmt: skip


def dashboard(effort: Effort) -> list[Figure]:
    """The dashboard's pages and searches at 1,000,000 stored events: milliseconds each."""
    return _pages(effort, effort.stored)


def ten_million(effort: Effort) -> list[Figure]:
    """The same at 10,000,000 stored events, which take 8 GB of the disk meanwhile."""
    return _pages(effort, 10 * effort.stored)


def _pages(effort: Effort, number: int) -> list[Figure]:
    with scratch() as directory:
        if shutil.disk_usage(directory).free < number * _BYTES + _LEFT:
            raise Broken(f"{number:,} events do not fit on the disk")
        path, now = directory / "outbox.db", datetime.now(UTC)
        began = time.monotonic()
        fill(path, number, now)
        filled = time.monotonic() - began
        config = Config(outbox=Outbox(path=str(path)))
        name = f"{number:,} stored events: dashboard"
        with on_core(SERVER_CORE):
            figures = [
                _figure(f"{name}, {what}", config, place, query, now, effort) for what, place, query in ASKED
            ]
        figures[0].notes.append(f"filled in {filled:.0f} s, {path.stat().st_size / 1e6:,.0f} MB")
        return figures


def _figure(what: str, config: Config, place: str, query: dict[str, str], now: datetime, effort: Effort) -> Figure:
    day = f"{now - timedelta(days=DAYS * 2 / 3):%Y-%m-%d}"
    asked = {name: value.format(day=day) for name, value in query.items()}
    made = [_page(config, place, asked, now) for _ in range(effort.reps)]
    figure = Figure(what, [took for took, _ in made], TARGET, at_least=False, unit="ms", counts_reps=False)
    text = made[0][1]
    if place == "/events":
        found = text.count("<tr>") - 1 if "<tr>" in text else 0
        figure.notes.append(
            f"{found} events" + (", and further ones behind a link" if ENGLISH.older in text else "")
        )
    return figure


def _page(config: Config, place: str, query: dict[str, str], now: datetime) -> tuple[float, str]:
    """Milliseconds of a page, with the connection that it is read by; and the page."""
    look = Look(now, ENGLISH)
    chrome = Chrome(Session(who="", name="x", until=0.0), "token", place, tabs(ENGLISH))
    make = maker(place)
    assert make is not None
    began = time.perf_counter()
    with view(Path(config.outbox.path)) as outbox:
        made = make(Asked(place, query, config, Running(), look, chrome), Pages(outbox))
        text = page(look, made.title, made.content, chrome)
    return (time.perf_counter() - began) * 1000, text
