# SPDX-License-Identifier: GPL-3.0-or-later
"""Clicks in access logs that no person made: security scanners follow every link of a letter within seconds. Pure.

Mail services fetch what a letter links to before its reader sees it (Microsoft Defender, Proofpoint, Barracuda,
Mimecast, Cisco and others), under the names of browsers and from many addresses. What tells them from readers is
that one recipient's links are all clicked at once. (Reports of Listmonk's and Mautic's users, 2026-11.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from bouncestream.doctor.logs.access_log import moment

#: Links and seconds: clicks on every link of a letter are a machine's if there are so many, within so long; and so
#: are clicks on some of its links.
EVERY = ((2, 10.0), (4, 30.0))
SOME = (3, 2.0)
_LONGEST = 30.0
#: So many recipients are followed at a time; so many campaigns, and links and addresses of each, are remembered.
MOST_AT_ONCE, MOST_CAMPAIGNS, MOST_LINKS, MOST_ADDRESSES = 4000, 500, 200, 1000


class Click(NamedTuple):
    """A tracked link that was asked for by GET, and answered without an error."""

    link: bytes
    campaign: bytes
    reader: bytes
    client: bytes = b""
    when: bytes | float = b""  #: as written


class _Visit:
    """One recipient's clicks at one time. Nearly all have one click, so only a second one makes sets."""

    __slots__ = ("began", "clicks", "clients", "first", "lasts", "links", "when")

    def __init__(self, click: Click) -> None:
        self.first, self.when = click, click.when
        self.began: float | None = None  #: seconds since the epoch; None: not looked at yet
        self.lasts = 0.0
        self.clicks = 1
        self.links: set[bytes] = _NONE
        self.clients: set[bytes] = _NONE

    def joins(self, click: Click) -> bool:
        """Add a further click, if it belongs to the visit. What comes back to a link later is a reader's."""
        after = 0.0 if click.when == self.when else self._after(click.when)
        if after is None or after > _LONGEST:
            return False
        if self.clicks == 1:
            self.links, self.clients = {self.first.link}, {self.first.client[:64]}
        if click.link not in self.links and len(self.links) < MOST_LINKS:
            self.links.add(click.link)
            self.lasts = max(self.lasts, after)
        elif after > self.lasts + SOME[1]:
            return True
        self.clicks += 1
        if len(self.clients) < MOST_LINKS:
            self.clients.add(click.client[:64])
        return True

    def _after(self, when: bytes | float) -> float | None:
        """Seconds from its beginning; logs are not always in order."""
        if self.began is None:
            self.began = _seconds(self.when)
        now = _seconds(when)
        return None if now is None or self.began is None else abs(now - self.began)


_NONE: set[bytes] = set()


class _Kind(NamedTuple):
    campaign: bytes
    links: int
    within: float  #: seconds, rounded up to those that matter


class Visit(NamedTuple):
    """One recipient's clicks at one time."""

    began: float  #: seconds since the epoch
    clicks: int


@dataclass(slots=True)
class _Group:
    """Visits of one kind."""

    people: int = 0
    clicks: int = 0
    clients: set[bytes] = field(default_factory=set)
    visits: list[tuple[bytes, Visit]] = field(default_factory=list)  #: each with its recipient, if that is wished


@dataclass(frozen=True, slots=True)
class Scanned:
    """The clicks of scanners."""

    people: int = 0  #: recipients whose links were clicked so
    clicks: int = 0
    links: int = 0  #: how many links each had clicked at most
    addresses: int = 0


@dataclass(slots=True)
class Clicks:
    """Fed with clicks in the order of the log; memory is bounded, so what is too much is not looked at.
    `named`: the recipient of each visit is kept too, however many there are."""

    named: bool = False
    _open: dict[tuple[bytes, bytes], _Visit] = field(default_factory=dict)
    _links: dict[bytes, set[bytes]] = field(default_factory=dict)
    _groups: dict[_Kind, _Group] = field(default_factory=dict)

    def add(self, click: Click) -> None:
        """Count one. Those without a time are left out."""
        if click.when == b"":
            return
        links = self._links.get(click.campaign)
        if links is None:
            if len(self._links) >= MOST_CAMPAIGNS:
                return
            links = self._links[click.campaign] = set()
        if len(links) < MOST_LINKS:
            links.add(click.link)
        person = click.campaign, click.reader
        visit = self._open.get(person)
        if visit is not None:
            if visit.joins(click):
                return
            self._end(person, self._open.pop(person))
        elif len(self._open) >= MOST_AT_ONCE:
            oldest = next(iter(self._open))
            self._end(oldest, self._open.pop(oldest))
        self._open[person] = _Visit(click)

    def _end(self, person: tuple[bytes, bytes], visit: _Visit) -> None:
        began = _seconds(visit.when)
        if len(visit.links) < 2 or began is None:
            return
        within = next((limit for limit in _LIMITS if visit.lasts <= limit), _LONGEST)
        kind = _Kind(person[0], len(visit.links), within)
        group = self._groups.setdefault(kind, _Group())
        group.people += 1
        group.clicks += visit.clicks
        if len(group.clients) < MOST_ADDRESSES:
            group.clients |= visit.clients - {b""}
        if self.named:
            group.visits.append((person[1], Visit(began, visit.clicks)))

    def visits(self) -> dict[bytes, list[Visit]]:
        """The visits of machines by recipient, once all is fed; none unless `named`."""
        found: dict[bytes, list[Visit]] = {}
        for group in self._of_machines().values():
            for reader, visit in group.visits:
                found.setdefault(reader, []).append(visit)
        return found

    def scanned(self) -> Scanned:
        """The clicks that machines made, once all is fed."""
        found = self._of_machines()
        return Scanned(
            sum(group.people for group in found.values()),
            sum(group.clicks for group in found.values()),
            max((kind.links for kind in found), default=0),
            len(_NONE.union(*(group.clients for group in found.values()))),
        )

    def _of_machines(self) -> dict[_Kind, _Group]:
        for person, visit in self._open.items():
            self._end(person, visit)
        self._open.clear()
        return {kind: group for kind, group in self._groups.items() if self._is_a_machine(kind)}

    def _is_a_machine(self, kind: _Kind) -> bool:
        if kind.links >= SOME[0] and kind.within <= SOME[1]:
            return True
        every = kind.links == len(self._links[kind.campaign])
        return every and any(kind.links >= links and kind.within <= seconds for links, seconds in EVERY)


_LIMITS = sorted({SOME[1], *(seconds for _, seconds in EVERY)})


def _seconds(when: bytes | float) -> float | None:
    at = moment(when)
    return at.timestamp() if at is not None else None
