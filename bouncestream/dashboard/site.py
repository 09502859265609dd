# SPDX-License-Identifier: GPL-3.0-or-later
"""The site: which page is where, and how it is made of the outbox and of the running bridge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from htpy import Node

from bouncestream.config.model import Config
from bouncestream.dashboard.frame import Chrome
from bouncestream.dashboard.pages.doctor import doctor_page
from bouncestream.dashboard.pages.event import event_page, raw_page
from bouncestream.dashboard.pages.events import events_page
from bouncestream.dashboard.pages.now import now_page
from bouncestream.dashboard.pages.numbers import campaigns_page, domains_page, reasons_page
from bouncestream.dashboard.pages.opens import opens_page
from bouncestream.dashboard.pages.sources import sources_page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.reading.doctor import Checked, read_doctor
from bouncestream.dashboard.reading.event import read_event, read_raw
from bouncestream.dashboard.reading.events import filters_of, read_events
from bouncestream.dashboard.reading.now import read_now
from bouncestream.dashboard.reading.numbers import period, read_campaigns, read_domains, read_reasons
from bouncestream.dashboard.reading.opens import Opens
from bouncestream.dashboard.reading.sources import read_sources
from bouncestream.dashboard.texts import Texts
from bouncestream.judging.refusal import LISTMONK_LOG
from bouncestream.ports import Campaign
from bouncestream.survey.running import Running


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is made for. `query`: the first value of each field."""

    path: str
    query: Mapping[str, str]
    config: Config
    running: Running
    look: Look
    chrome: Chrome
    checked: Checked | None = None  #: the outcome of the quick checks that somebody has run
    can_check: bool = False  #: they can be run here
    campaigns: Mapping[str, Campaign] = field(default_factory=dict)  #: those of Listmonk, by their UUID
    opens: Opens | None = None  #: from the access logs; None: they could not be read in time

    @property
    def name(self) -> str:
        """What stands behind the last slash of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Made:
    """A page without its frame."""

    title: str
    content: Node
    status: int = 200


Maker = Callable[[Asked, Pages], Made]


def _now(asked: Asked, pages: Pages) -> Made:
    """Whether all works. Green means proven: within the last seven days an event came in from each source, and one
    was read back from Listmonk; when is told. What waits for you comes with its command."""
    look = asked.look
    return Made(look.t.now, now_page(look, read_now(pages, asked.config, asked.running, look.now)))


def _events(asked: Asked, pages: Pages) -> Made:
    """The search by address, domain, kind, reason, state, source, campaign and day, from the newest on."""
    found = read_events(pages, filters_of(asked.query))
    log = (LISTMONK_LOG,) if asked.config.listmonk_log.enabled else ()
    sources = (*asked.config.webhooks, *asked.config.mailed, *log)
    return Made(asked.look.t.events, events_page(asked.look, found, sources))


def _event(asked: Asked, pages: Pages) -> Made:
    """One event: the way to its verdict with the words that decided, what Listmonk was sent, and its history; what
    `bouncestream explain` tells, without asking Listmonk."""
    one = read_event(pages, asked.config, asked.name, asked.look.now)
    return Made(asked.look.t.event.format(number=one.row.row), event_page(asked.look, one))


def _raw(asked: Asked, pages: Pages) -> Made:
    """The request or mail of an event as it came in."""
    return Made(asked.look.t.raw, raw_page(asked.look, read_raw(pages, asked.config, asked.name, asked.look.now)))


def _campaigns(asked: Asked, pages: Pages) -> Made:
    """What came in by campaign, with names and the share that bounced where the API user may see campaigns."""
    found = read_campaigns(pages, period(asked.query), asked.look.now)
    return Made(asked.look.t.campaigns, campaigns_page(asked.look, found, asked.campaigns))


def _why(asked: Asked, pages: Pages) -> Made:
    """The reasons, of all or of one campaign."""
    found = read_reasons(pages, period(asked.query), asked.query.get("campaign", "")[:64], asked.look.now)
    return Made(asked.look.t.why, reasons_page(asked.look, found))


def _domains(asked: Asked, pages: Pages) -> Made:
    """Who refuses you, since when, and in which words; and all domains."""
    found = read_domains(pages, period(asked.query), asked.look.now)
    return Made(asked.look.t.domains, domains_page(asked.look, found))


def _opens(asked: Asked, pages: Pages) -> Made:
    """How many opens and clicks are machines; only where `access_log` is given."""
    return Made(asked.look.t.opens, opens_page(asked.look, asked.opens, asked.campaigns))


def _sources(asked: Asked, pages: Pages) -> Made:
    """How each source stands, its last requests, what to do at the provider, and how to test it."""
    found = read_sources(pages, asked.config, asked.running, asked.look.now)
    return Made(asked.look.t.sources, sources_page(asked.look, found))


def _doctor(asked: Asked, pages: Pages) -> Made:
    """The last findings of the quick checks with their fixes, and a button that runs them."""
    found = read_doctor(pages, asked.checked, can_check=asked.can_check)
    return Made(asked.look.t.doctor, doctor_page(asked.look, found, asked.chrome))


#: The page that is there where access logs are given.
OPENS = "/opens"
#: Path → its page, whose docstring is what the documentation says of it. One that ends with / has a name below it.
PAGES: Mapping[str, Maker] = {
    "/": _now,
    "/campaigns": _campaigns,
    "/why": _why,
    "/domains": _domains,
    OPENS: _opens,
    "/events": _events,
    "/events/": _event,
    "/raw/": _raw,
    "/sources": _sources,
    "/doctor": _doctor,
}


def maker(path: str) -> Maker | None:
    """The maker of the page at a path; None: there is no such page."""
    folder, _, name = path.rpartition("/")
    return PAGES.get(f"{folder}/" if folder and name else path if not folder else "")


def tabs(t: Texts, *, opens: bool = False) -> tuple[tuple[str, str], ...]:
    """Path and name of each page of the navigation. `opens`: access logs are given."""
    return (
        ("/", t.now),
        ("/campaigns", t.campaigns),
        ("/why", t.why),
        ("/domains", t.domains),
        *(((OPENS, t.opens),) if opens else ()),
        ("/events", t.events),
        ("/sources", t.sources),
        ("/doctor", t.doctor),
    )
