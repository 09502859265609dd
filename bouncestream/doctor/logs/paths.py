# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of a requested path to Listmonk, and the sort of client, by its user agent. Pure.

Listmonk's routes as of 6.2 (cmd/handlers.go, read in November 2026); user agents as documented or seen at the big
mailbox providers in 2026.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

_UUID = rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_ZERO = b"00000000-0000-0000-0000-000000000000"

#: Where a log is looked at more closely: whatever else a line asks for is none of our business.
INTERESTING = re.compile(rb"/(?:campaign/|link/|track/|subscription/|webhooks/)")

_WHOLE = re.compile(
    rb"\A(?:https?://[^/?#]*+)?([^?#]{0,200}?)/(?:campaign/(" + _UUID + rb")/(" + _UUID + rb")(/px\.png)?"
    rb"|link/(" + _UUID + rb")/(" + _UUID + rb")/(" + _UUID + rb")"
    rb"|subscription/(" + _UUID + rb")/(" + _UUID + rb"))/?(?:[?#]|$)"
)
_PIXEL = re.compile(rb"\A(.{0,200}?)/campaign/(?:[^/]{0,200}/){0,8}px\.png/?$")
_LINK = re.compile(rb"\A(.{0,200}?)/link/[^/]{1,200}/[^/]{1,200}/[^/]{1,200}/?$")
_GUIDE = re.compile(rb"\A(.{0,200}?)/track/(?:open|opens|link|click|pixel)\b")
_PAGE = re.compile(rb"\A(.{0,200}?)/subscription/(?:form|optin|export|wipe|" + _UUID + rb")\b")
_ID = re.compile(_UUID)
_WEBHOOK = re.compile(rb"\A(.{0,200}?)/webhooks/([\w.-]{1,64})(?:/([\w.-]{1,64}))?")


class Subject(StrEnum):
    """The subject of a request: what was asked for."""

    PIXEL = "pixel"
    LINK = "link"
    PAGE = "page"  #: view in browser, subscription pages
    WEBHOOK = "webhook"
    GUIDE = "guide"  #: `/track/open` and the like, which never existed
    PROBE = "probe"  #: all-zero UUIDs: somebody tests; nothing is counted

    __hash__ = str.__hash__  # the one of enums is written in Python, and this is hashed once a line


class Path(NamedTuple):
    """A path that matters."""

    subject: Subject
    prefix: bytes = b""  #: what stands before Listmonk's own path
    whole: bool = True  #: its UUIDs are well-formed
    anonymous: bool = False  #: the subscriber is the all-zero UUID


_PLAIN_PIXEL = Path(Subject.PIXEL)
_PLAIN_LINK = Path(Subject.LINK)
_PLAIN_PAGE = Path(Subject.PAGE)
_A_PROBE = Path(Subject.PROBE)

#: What is right about nearly every path: counted without a closer look.
PLAIN = {path.subject: path for path in (_PLAIN_PIXEL, _PLAIN_LINK, _PLAIN_PAGE)}


def classify(target: bytes) -> Path | None:
    """The subject of a request, by its target; None: nothing of Listmonk's."""
    found = _WHOLE.match(target)
    if found is None:
        return _odd(target)
    prefix, campaign, reader, pixel, link, _, link_reader, page_campaign, page_reader = found.groups()
    if link is not None:
        if link == _ZERO:
            return _A_PROBE
        plain, reader = _PLAIN_LINK, link_reader
    elif campaign is not None:
        if campaign == _ZERO:
            return _A_PROBE
        plain = _PLAIN_PIXEL if pixel is not None else _PLAIN_PAGE
    else:
        if page_campaign == _ZERO and page_reader == _ZERO:
            return _A_PROBE
        plain, reader = _PLAIN_PAGE, page_reader
    if not prefix and reader != _ZERO:
        return plain
    return Path(plain.subject, prefix, True, reader == _ZERO)


def _odd(target: bytes) -> Path | None:
    path = re.split(rb"[?#]", target[:4096], maxsplit=1)[0]
    path = re.sub(rb"^https?://[^/]*", b"", path)
    for pattern, subject in (
        (_GUIDE, Subject.GUIDE),
        (_WEBHOOK, Subject.WEBHOOK),
        (_PIXEL, Subject.PIXEL),
        (_PAGE, Subject.PAGE),
        (_LINK, Subject.LINK),
    ):
        found = pattern.match(path)
        if found is not None and (subject is not Subject.LINK or _ID.search(path)):
            whole = subject not in (Subject.PIXEL, Subject.LINK)
            return Path(subject, found[1], whole)
    return None


def click(target: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Link, campaign and subscriber of a tracked link whose UUIDs are well-formed and not zero."""
    found = _WHOLE.match(target)
    if found is None or found[5] is None or _ZERO in (found[5], found[6], found[7]):
        return None
    return found[5].lower(), found[6].lower(), found[7].lower()


class Asked(NamedTuple):
    """An open or a click, by its UUIDs."""

    subject: Subject
    campaign: bytes
    reader: bytes  #: b"": nobody is named
    link: bytes = b""


def asked_for(target: bytes) -> Asked | None:
    """The open or click that a target asks for; None: it is none, or its UUIDs are a probe's."""
    found = _WHOLE.match(target)
    if found is None:
        return None
    _, campaign, reader, pixel, link, link_campaign, link_reader, *_ = found.groups()
    if link is not None:
        asked = Asked(Subject.LINK, link_campaign.lower(), link_reader.lower(), link.lower())
    elif pixel is not None:
        asked = Asked(Subject.PIXEL, campaign.lower(), reader.lower())
    else:
        return None
    if _ZERO in (asked.campaign, asked.link):
        return None
    return asked._replace(reader=b"") if asked.reader == _ZERO else asked


def shape(target: bytes) -> str:
    """A path with its ids taken out, for counting and showing: `/campaign/…/…/px.png`. Path secrets and queries are
    left out, so nothing in it is secret or about a person."""
    path = re.sub(rb"^https?://[^/]*", b"", re.split(rb"[?#]", target[:1024], maxsplit=1)[0])
    hook = _WEBHOOK.match(path)
    if hook is not None:
        service = b"/" + hook[3] if hook[2] == b"service" and hook[3] else b""
        return _shown(hook[1] + b"/webhooks/" + hook[2] + service)
    words = [b"\xe2\x80\xa6" if _looks_like_an_id(word) else word for word in path.split(b"/")]
    return _shown(b"/".join(words))


def _looks_like_an_id(word: bytes) -> bool:
    return len(word) > 20 or b"@" in word or b"%40" in word or re.fullmatch(_UUID, word) is not None


def _shown(path: bytes) -> str:
    return path[:200].decode("utf-8", "replace")


# -- who asks ---------------------------------------------------------------------------------------------------

OWN = "bouncestream itself"
BOTS = "programs and bots"
APPLE = "Apple Mail Privacy Protection"
GMAIL_PREFETCH = "Gmail's prefetch"
OTHERS = "browsers and mail programs"

#: name → how its user agent is known. Apple's relay sends the bare word Mozilla/5.0, and nothing else does. Gmail
#: fetches the pictures of a letter that comes while its reader is logged in, as an Edge that never was (the page
#: "Gmail prefetching images" of an e-mail provider, January 2022, read in November 2026); when it is
#: shown, its image proxy asks.
_AGENTS = (
    (OWN, re.compile(rb"bouncestream-(?:doctor|check)\b")),
    (GMAIL_PREFETCH, re.compile(rb"Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246 Mozilla/5\.0$")),
    ("Gmail's image proxy", re.compile(rb"GoogleImageProxy|ggpht\.com")),
    ("Yahoo's image proxy", re.compile(rb"YahooMailProxy")),
    (APPLE, re.compile(rb"Mozilla/5\.0$")),
    ("Outlook", re.compile(rb"(?i)ms-?office|Microsoft Outlook|Outlook[-/]")),
    ("Mail.ru's image proxy", re.compile(rb"(?i)mail\.?ru ?image ?proxy")),
    ("Yandex's image proxy", re.compile(rb"(?i)yandex\w{0,20}image")),
    (BOTS, re.compile(rb"(?i)curl/|wget/|python|go-http|okhttp|java/|bot\b|spider|crawl|scan|headless|monitor")),
)
#: Those that fetch pictures for readers who never speak to the server themselves.
IMAGE_PROXIES = frozenset(name for name, _ in _AGENTS if "proxy" in name or "Protection" in name)


def family(agent: bytes) -> str:
    """The family of a client, by the look of its user agent."""
    agent = agent[:500].strip()
    for name, pattern in _AGENTS:
        if pattern.match(agent) if name == OWN or name.startswith("Apple") else pattern.search(agent):
            return name
    return OTHERS
