# SPDX-License-Identifier: GPL-3.0-or-later
"""Who rewrote the links of a received mail, and put in pixels of their own → findings. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.received_letter import Letter
from bouncestream.doctor.received_urls import host_and_port, ours, ours_inside
from bouncestream.doctor.rewriters import ESPS, RECEIVERS, pixel_of, rewriter
from bouncestream.printable import printable

#: id → what it means
FINDINGS: Mapping[str, str] = MappingProxyType(
    {
        "mail-links-esp": "the ESP rewrote the links",
        "mail-links-receiver": "the receiver rewrote the links",
        "mail-esp-pixel": "the ESP put a pixel of its own into the mail",
    }
)

#: What no person writes into an address: so many characters without a break, digits among them.
_TOKEN = re.compile(r"[/=](?=[\w.~%-]*\d)[\w.~%-]{32,}")
_DETOUR = (
    "Each click takes a detour over its servers, and needs its tracking domain to work. Links to unsubscribe are "
    "rewritten too, and mail that is redirected twice looks like spam."
)


def judge(letter: Letter) -> Iterable[Finding]:
    """The findings."""
    senders: Counter[str] = Counter()
    receivers: Counter[str] = Counter()
    off = {one.name: one.off for one in ESPS}
    for url in letter.links:
        if (one := rewriter(url, ESPS)) is not None:
            senders[one.name] += 1
        elif (one := rewriter(url, RECEIVERS)) is not None:
            receivers[one.name] += 1
    for name, times in senders.items():
        seen = f"{name} rewrote {times} of {len(letter.links)} links."
        yield _finding(
            "mail-links-esp",
            Level.WARNING,
            "links",
            seen,
            _DETOUR,
            f"at {name}: {off[name]}",
            esp=name,
            links=times,
        )
    host = tracker_of_all(letter)
    if host:
        seen = f"All links lead to {host} by long codes: somebody rewrote them."
        fix = "switch off click tracking at your ESP; Listmonk tracks clicks itself"
        yield _finding("mail-links-esp", Level.WARNING, "links", seen, _DETOUR, fix, esp="", host=host)
    for name in dict.fromkeys(one.name for url in letter.images if (one := pixel_of(url)) is not None):
        why = "It counts opens beside Listmonk's; the two will differ."
        yield _finding(
            "mail-esp-pixel",
            Level.INFO,
            "pixel",
            f"{name} put in a pixel of its own.",
            why,
            f"at {name}: {off[name]}",
        )
    for name, times in receivers.items():
        seen = f"The receiver ({name}) rewrote {times} links."
        why = "It checks them, and may follow them before the reader does: some clicks are machines'."
        yield _finding("mail-links-receiver", Level.INFO, "links", seen, why, "", receiver=name)


def is_hidden(url: str) -> bool:
    """Whether a known ESP wrote this URL, so that its target cannot be told."""
    return rewriter(url, ESPS) is not None


def tracker_of_all(letter: Letter) -> str:
    """The host that all links lead to by long codes, though none is Listmonk's or of a known rewriter; else ''."""
    urls = [url for url in letter.links if url.lower().startswith(("http://", "https://"))]
    hosts = {host_and_port(url)[0] for url in urls}
    if len(urls) < 2 or len(hosts) != 1 or not all(map(_TOKEN.search, urls)):
        return ""
    if any(ours(url) or ours_inside(url) or rewriter(url, (*ESPS, *RECEIVERS)) for url in urls):
        return ""
    return printable(hosts.pop(), 100)


def _finding(id: str, level: Level, topic: str, seen: str, why: str, fix: str, **evidence: object) -> Finding:
    return Finding(id, level, topic, printable(seen), why, fix, evidence)
