# SPDX-License-Identifier: GPL-3.0-or-later
"""Rewritten links in a received mail, and pixels of others → findings. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Set

from bouncestream.doctor.campaign_mail.message import Letter
from bouncestream.doctor.campaign_mail.rewriters import ESPS, RECEIVERS, pixel_of, rewriter
from bouncestream.doctor.campaign_mail.urls import host_and_port, ours, ours_inside
from bouncestream.doctor.finding import Finding, Level, finding
from bouncestream.printable import printable

#: id → what it means
FINDINGS: Mapping[str, str] = {
    "mail-links-esp": "the ESP rewrote the links",
    "mail-links-receiver": "the receiver rewrote the links",
    "mail-esp-pixel": "the ESP added its own pixel to the mail",
}

#: What no person writes into an address: so many characters without a break, digits among them.
_TOKEN = re.compile(r"[/=](?=[\w.~%-]*\d)[\w.~%-]{32,}")
_DETOUR = (
    "Each click goes through its servers and needs its tracking domain to work. Unsubscribe links are "
    "rewritten too, and links that redirect twice look like spam."
)


def judge(letter: Letter, root_url: str = "", ids: Set[str] = frozenset()) -> Iterable[Finding]:
    """The findings. `root_url`: Listmonk's public address, if known; `ids`: of campaign and subscriber, as the
    headers tell them: with them it is a letter of Listmonk's."""
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
        yield finding(
            "mail-links-esp",
            Level.WARNING,
            "links",
            seen,
            _DETOUR,
            f"at {name}: {off[name]}",
            esp=name,
            links=times,
        )
    host = tracker_of_all(letter, root_url, ids)
    if host:
        links = _web_links(letter)
        unsubscribe = not any(ours(url) for url in links)
        among = ", also those to unsubscribe or to view the letter," if unsubscribe else ""
        rest = "" if unsubscribe else " that are not Listmonk's own pages"
        seen = (
            f"All links{rest}{among} lead to {host}, which is neither Listmonk nor a target: they were rewritten."
        )
        fix = f"{host} is probably your ESP's tracking domain: disable its click tracking (and open "
        fix += "tracking) there; Listmonk tracks clicks itself"
        yield finding("mail-links-esp", Level.WARNING, "links", seen, _DETOUR, fix, esp="", host=host)
    yield from _wrapped(letter, root_url)
    for name in dict.fromkeys(one.name for url in letter.images if (one := pixel_of(url)) is not None):
        why = "It counts opens in addition to Listmonk; the numbers will differ."
        yield finding(
            "mail-esp-pixel",
            Level.INFO,
            "pixel",
            f"{name} added its own pixel.",
            why,
            f"at {name}: {off[name]}",
        )
    for name, times in receivers.items():
        seen = f"The receiver ({name}) rewrote {times} links."
        why = "It checks them and may follow them before the reader does: some clicks are automatic."
        yield finding("mail-links-receiver", Level.INFO, "links", seen, why, "", receiver=name)


def is_hidden(url: str) -> bool:
    """Whether a known ESP wrote this URL, so that its target cannot be told."""
    return rewriter(url, ESPS) is not None


def _wrapped(letter: Letter, root_url: str) -> Iterable[Finding]:
    """Listmonk's links within those of somebody who is not known."""
    hosts: Counter[str] = Counter()
    for url in _web_links(letter):
        if not ours(url) and not rewriter(url, (*ESPS, *RECEIVERS)) and ours_inside(url):
            hosts[printable(host_and_port(url)[0], 100)] += 1
    domains = {_domain(host) for host in _listmonks(letter, root_url)}
    for host, times in hosts.items():
        seen = f"{times} of {len(letter.links)} links lead to {host} first, and to Listmonk from there."
        if _domain(host) in domains or _TRACKER.match(host):
            fix = f"{host} is probably your ESP's tracking domain: disable its click tracking there"
            yield finding("mail-links-esp", Level.WARNING, "links", seen, _DETOUR, fix, esp="", host=host)
        else:
            why = "Your ESP does that, or the receiver, which checks links and may follow them before the reader."
            yield finding("mail-links-receiver", Level.INFO, "links", seen, why, "", receiver="", host=host)


#: The first word of names that nobody but a tracker has.
_TRACKER = re.compile(
    r"\A(?:links?|lnks?|clicks?|clk|clks|clicktracking|clicktrack|track|tracks|tracking|tracker|trk|trck|trackers|"
    r"ablink|url\d{1,6}|redirect|redir|mailtrack|mailclick|emailclick|ct|email-?links?|tr)\d{0,4}[.-]",
    re.IGNORECASE,
)
#: What trackers call their paths; no target's name.
_PATHS = frozenset(
    {"click", "clicks", "link", "links", "lnk", "track", "tracking", "trk", "redirect", "redir", "open", "url"}
    | {"out", "goto", "api", "ctr", "clk", "uni", "unsub", "unsubscribe"}
)
_WORD = re.compile(r"\A[a-z]{3,40}(?:[-_.+][a-z0-9]{1,40}){0,20}\Z", re.IGNORECASE)


def tracker_of_all(letter: Letter, root_url: str = "", ids: Set[str] = frozenset()) -> str:
    """The host of a tracker that is not known by name: all links lead to it, though it is not Listmonk's; else ''.

    Beside links of it only Listmonk's pages may be there, as some leave the one to unsubscribe alone. What shows
    it: codes instead of words in each link, or, in a letter of Listmonk's, a name that only trackers have.
    """
    urls = _web_links(letter)
    known = [url for url in urls if (found := ours(url)) is not None and found.what == "page"]
    others = [url for url in urls if url not in known]
    if any(ours(url) or ours_inside(url) or rewriter(url, (*ESPS, *RECEIVERS)) for url in others):
        return ""
    hosts = {host_and_port(url)[0] for url in others}
    if len(hosts) != 1:
        return ""
    (host,) = hosts
    if not host or host in _listmonks(letter, root_url):
        return ""
    named = bool(_TRACKER.match(host))
    if len(others) > 1 and all(map(_TOKEN.search, others)):
        return printable(host, 100)
    if not ids and not any(ours(url) for url in letter.images):
        return ""
    coded = len(others) > 1 and len(set(others)) > 1 and not any(map(_says_words, others))
    return printable(host, 100) if (coded and (named or not known)) or (named and not known) else ""


def _web_links(letter: Letter) -> list[str]:
    return [url for url in letter.links if url.lower().startswith(("http://", "https://"))]


def _listmonks(letter: Letter, root_url: str) -> set[str]:
    """The hosts that are Listmonk's, by all that tells: pixel, links, List-Unsubscribe, its public address."""
    told = [*letter.images, *letter.links, letter.get("list-unsubscribe").partition(">")[0].strip("< ")]
    hosts = {host_and_port(found.root)[0] for url in told if (found := ours(url)) is not None}
    return (hosts | {host_and_port(root_url)[0]}) - {""}


def _says_words(url: str) -> bool:
    """Whether a path is made for people: /autumn-offers, /products/chair.html; not /x/d?c=1&l=2 or /e/c/aGx4Mjc."""
    path = url.partition("://")[2].partition("?")[0].partition("#")[0].partition("/")[2][:2000]
    words = [word for word in path.split("/") if word]
    if not words and "?" not in url:
        return True  # a front page
    return any(_is_word(word) for word in words)


def _is_word(word: str) -> bool:
    if word.lower() in _PATHS or not _WORD.match(word):
        return False
    return word in (word.lower(), word.capitalize(), word.upper()) and any(v in word.lower() for v in "aeiouy")


def _domain(host: str) -> str:
    return ".".join(host.split(".")[-2:])
