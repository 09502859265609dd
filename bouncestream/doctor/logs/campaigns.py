# SPDX-License-Identifier: GPL-3.0-or-later
"""The opens and clicks of each campaign in access logs, and who made them: machines, image proxies, people. Pure.

An image proxy of Gmail, Yahoo, Mail.ru or Yandex stands for a reader: it asks when the letter is shown. Apple's
Mail Privacy Protection asks whether anybody reads or not, and so do Gmail's prefetch, programs and scanners. A
scanner is known by its clicks (`clicks`); what its recipient opened at that moment was opened by it.

Whoever asks within seconds after a letter was sent is a machine too. Listmonk keeps when the sending of a campaign
began, and not when each letter left (6.2, its tables campaigns and campaign_views, November 2026): so that is known
of the first seconds of a campaign, which are all of it for a small one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bouncestream.doctor.logs.access_log import Request, moment
from bouncestream.doctor.logs.clicks import MOST_CAMPAIGNS, Click, Clicks
from bouncestream.doctor.logs.paths import APPLE, BOTS, GMAIL_PREFETCH, IMAGE_PROXIES, OWN, Subject, asked_for

#: The name of what clicks every link of a letter, among the kinds of machines.
SCANNERS = "security scanners"
#: The name of whoever asks sooner after the sending began than a person can; and how many seconds that is.
PREFETCH, SOON = "fetched as soon as it was sent", 15.0
#: Those that ask whether or not anybody reads.
MACHINES = frozenset({APPLE, BOTS, GMAIL_PREFETCH, PREFETCH})
#: Those that ask when somebody reads, and hide who.
PROXIES = IMAGE_PROXIES - MACHINES
#: Seconds between a scanner's clicks and the opens that are its own.
AROUND = 60.0
#: Recipients of all campaigns together that are remembered; further ones are counted as requests alone.
MOST_READERS = 300_000


@dataclass(frozen=True, slots=True)
class Requests:
    """The opens or the clicks of a campaign."""

    total: int = 0
    machines: Mapping[str, int] = field(default_factory=dict)  #: kind → requests
    proxies: Mapping[str, int] = field(default_factory=dict)  #: the same, of those that stand for a reader
    readers: frozenset[bytes] = frozenset()  #: recipients who asked themselves, or by a proxy

    @property
    def by_machines(self) -> int:
        return sum(self.machines.values())

    @property
    def by_proxies(self) -> int:
        return sum(self.proxies.values())

    @property
    def by_people(self) -> int:
        """Those that a reader's own program made."""
        return self.total - self.by_machines - self.by_proxies


@dataclass(frozen=True, slots=True)
class Seen:
    """What a log has of one campaign."""

    campaign: str  #: its UUID
    opens: Requests
    clicks: Requests

    @property
    def readers(self) -> int:
        """Recipients who opened or clicked, as far as the requests name them. Who clicked has read, though only a
        machine may have fetched the pixel."""
        return len(self.opens.readers | self.clicks.readers)


@dataclass(slots=True)
class _Campaign:
    begun: float | None = None  #: when its sending began, seconds since the epoch; None: not known
    opens: Counter[str] = field(default_factory=Counter)  #: by family
    clicks: Counter[str] = field(default_factory=Counter)
    by_proxy: set[bytes] = field(default_factory=set)
    opened: list[tuple[bytes, float | None]] = field(default_factory=list)  #: recipient, when
    clicked: Counter[bytes] = field(default_factory=Counter)
    scanners: Clicks = field(default_factory=lambda: Clicks(named=True))


@dataclass(slots=True)
class Campaigns:
    """Fed with requests in about the order of the log; memory is bounded. `begun`: campaign, by its UUID → when its
    sending began, as far as that is known."""

    begun: Mapping[str, datetime] = field(default_factory=dict)
    _found: dict[bytes, _Campaign] = field(default_factory=dict)
    _named: int = 0

    def add(self, request: Request, who: str) -> None:
        """Count a request, if it is an open or a click. As Listmonk does, by GET alone. `who`: its family."""
        if request.method != b"GET" or request.status >= 400 or who == OWN:
            return
        asked = asked_for(request.target)
        if asked is None:
            return
        one = self._found.get(asked.campaign)
        if one is None:
            if len(self._found) >= MOST_CAMPAIGNS:
                return
            begun = self.begun.get(asked.campaign.decode())
            one = self._found[asked.campaign] = _Campaign(begun.timestamp() if begun is not None else None)
        if who not in MACHINES and _is_soon(one, request):
            who = PREFETCH
        named = bool(asked.reader) and self._named < MOST_READERS
        if asked.subject is Subject.PIXEL:
            one.opens[who] += 1
            if named and who in PROXIES:
                self._named += asked.reader not in one.by_proxy
                one.by_proxy.add(asked.reader)
            elif named and who not in MACHINES:
                self._named += 1
                at = moment(request.when)
                one.opened.append((asked.reader, at.timestamp() if at is not None else None))
        else:
            one.clicks[who] += 1
            if named and who not in MACHINES:
                self._named += asked.reader not in one.clicked
                one.clicked[asked.reader] += 1
                one.scanners.add(Click(asked.link, asked.campaign, asked.reader, request.client, request.when))

    def seen(self) -> tuple[Seen, ...]:
        """What was found once all is fed, the campaign with the most opens first."""
        found = [_seen(uuid, one) for uuid, one in self._found.items()]
        return tuple(sorted(found, key=lambda one: (-one.opens.total, -one.clicks.total, one.campaign)))


def _is_soon(one: _Campaign, request: Request) -> bool:
    """Whether a request came within the first seconds of the sending."""
    if one.begun is None:
        return False
    at = moment(request.when)
    # a log tells whole seconds, rounded down
    return at is not None and -1 < at.timestamp() - one.begun <= SOON


def _seen(uuid: bytes, one: _Campaign) -> Seen:
    scanned = one.scanners.visits()
    theirs: Counter[str] = Counter()
    readers = set(one.by_proxy)
    for reader, at in one.opened:
        visits = scanned.get(reader, ())
        if at is not None and any(abs(at - visit.began) <= AROUND for visit in visits):
            theirs[SCANNERS] += 1
        else:
            readers.add(reader)
    opens = _requests(one.opens, theirs, frozenset(readers))
    clicks = {reader: sum(visit.clicks for visit in visits) for reader, visits in scanned.items()}
    clickers = frozenset(reader for reader, times in one.clicked.items() if times > clicks.get(reader, 0))
    by_scanners = Counter({SCANNERS: sum(clicks.values())})
    return Seen(str(UUID(uuid.decode())), opens, _requests(one.clicks, by_scanners, clickers))


def _requests(families: Counter[str], scanners: Counter[str], readers: frozenset[bytes]) -> Requests:
    machines = Counter({who: times for who, times in families.items() if who in MACHINES}) + scanners
    proxies = {who: times for who, times in families.items() if who in PROXIES}
    return Requests(families.total(), dict(machines), proxies, readers)
