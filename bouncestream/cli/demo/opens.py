# SPDX-License-Identifier: GPL-3.0-or-later
"""The access log of the demo: what readers and machines asked the proxy before Listmonk for after a letter was
sent, as Nginx writes it. Made up, in the manner of real ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bouncestream.cli.demo.mails import CAMPAIGN, people, subscriber_uuid

#: Links of the letter.
LINKS = 3

#: User agents: of Apple's Mail Privacy Protection, Gmail's image proxy, its prefetch, a scanner that passes for a
#: browser, a mail program, and a telephone.
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT}"
APPLE = "Mozilla/5.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
PREFETCH = f"{_WINDOWS} Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
SCANNER = f"{_WINDOWS} Chrome/120.0.0.0 Safari/537.36"
READER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0"
PHONE = f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: so many seconds after the sending began; `link`: the number of a link, 0 is the pixel."""

    after: float
    person: int
    agent: str
    client: str
    link: int = 0


def asked() -> list[Asked]:
    """All requests, in their order."""
    return sorted(_asked(), key=lambda one: one.after)


def _asked() -> Iterator[Asked]:
    """Who asks, of the people of the demo: first some whose mail a gateway fetches the pictures of, then those of a
    firm with a scanner, those with Apple's Mail and with Gmail, and those whose own program asks."""
    for number in range(3):
        yield Asked(3 + number, number, SCANNER, f"203.0.113.{10 + number}")
    for number in range(3, 9):
        begun = 40 + 9 * number
        yield Asked(begun, number, SCANNER, f"198.51.100.{number}")
        for link in range(1, LINKS + 1):
            yield Asked(begun + link / 2, number, SCANNER, f"198.51.100.{number + 20 * link}", link)
    for number in range(9, 19):
        yield Asked(300 + 407 * (number - 9), number, APPLE, f"192.0.2.{number}")
    yield Asked(2100, 11, PHONE, "203.0.113.77", 2)
    for number in range(19, 26):
        if number % 2:
            yield Asked(25 + number, number, PREFETCH, "192.0.2.200")
        yield Asked(700 + 611 * (number - 19), number, GMAIL, "192.0.2.201")
    yield Asked(1340, 20, PHONE, "203.0.113.80", 1)
    for number in range(26, 33):
        yield Asked(900 + 733 * (number - 26), number, READER, f"203.0.113.{100 + number}")
    yield Asked(1015, 26, READER, "203.0.113.126", 1)
    yield Asked(1090, 26, READER, "203.0.113.126", 3)
    yield Asked(7200, 3, READER, "203.0.113.103")


def opens() -> int:
    """The requests for the pixel, each of which Listmonk counts."""
    return sum(not one.link for one in asked())


def clicks() -> int:
    """The requests for links."""
    return sum(one.link > 0 for one in asked())


def access_log(begun: datetime) -> str:
    """The log; `begun`: when the sending began."""
    lines = []
    for one in asked():
        at, person = begun + timedelta(seconds=one.after), subscriber_uuid(people()[one.person])
        lines.append(line(at, CAMPAIGN, person, one))
    return "".join(lines)


def line(at: datetime, campaign: str, person: str, one: Asked) -> str:
    """A line of the log; campaign and person are UUIDs."""
    path, status, size = f"/campaign/{campaign}/{person}/px.png", 200, 74
    if one.link:
        path, status, size = f"/link/c0ffee00-0000-4000-8000-{one.link:012x}/{campaign}/{person}", 307, 0
    request = f'"GET {path} HTTP/1.1" {status} {size} "-" "{one.agent}"'
    return f"{one.client} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] {request}\n"
