# SPDX-License-Identifier: GPL-3.0-or-later
"""Listmonk's URLs in a letter, and its root URL as it looks in them. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from bouncestream.doctor.campaign_mail.rewriters import unwrapped

ZERO = "00000000-0000-0000-0000-000000000000"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LISTMONK = re.compile(
    rf"\A(https?)://([^/?#\s]++)([^?#\s]{{0,500}}?)/(?:campaign/({_UUID})/({_UUID})(/px\.png)?"
    rf"|link/({_UUID})/({_UUID})/({_UUID})|subscription/({_UUID})/({_UUID}))(?=[/?#]|$)",
    re.IGNORECASE,
)
_ALMOST = re.compile(
    r"\Ahttps?://[^?#\s]{1,500}/(?:campaign/[^?#]{0,500}px\.png|link/[^/?#]{1,200}/[^/?#]{1,200}/[^/?#]{1,200}$)",
    re.IGNORECASE,
)


_LISTMONKS_PATH = re.compile(
    rf"/(?:campaign/{_UUID}/{_UUID}(?:(/px\.png)|(?=[/?#]|\Z))|(link)/{_UUID}/{_UUID}/{_UUID}"
    rf"|subscription/{_UUID}/{_UUID})(?=[/?#]|\Z)",
    re.IGNORECASE,
)
#: What a browser takes for a web address, with a host that is none of the words of another scheme.
_WEB = re.compile(r"\Ahttps?://(?!https?(?:[:/]|\Z))[^/\s]", re.IGNORECASE)
#: What is in no root URL, however wrongly it was written.
_NOT_IN_ROOT = frozenset(" ?#\"'<>{}@=&;,")
_LONGEST = 4000


class Ours(NamedTuple):
    """A URL of Listmonk's."""

    what: str  #: pixel, link, or page
    scheme: str
    netloc: str  #: host and port, lower case
    prefix: str  #: what stands before Listmonk's own path
    campaign: str
    subscriber: str

    @property
    def root(self) -> str:
        """The root URL that it was made from."""
        return f"{self.scheme}://{self.netloc}{self.prefix}"


def ours(url: str) -> Ours | None:
    """The meaning of a URL to Listmonk; None: it is none of its own."""
    found = _LISTMONK.match(url)
    if found is None:
        return None
    scheme, netloc, prefix, *ids = found.groups()
    if netloc.lower() in ("http:", "https:"):  # two schemes, and no host
        return None
    campaign, reader, pixel, _, link_campaign, link_reader, page_campaign, page_reader = ids
    what = "pixel" if pixel else "link" if link_campaign else "page"
    return Ours(
        what,
        scheme.lower(),
        netloc.lower(),
        prefix,
        (campaign or link_campaign or page_campaign).lower(),
        (reader or link_reader or page_reader).lower(),
    )


class Written(NamedTuple):
    """A path of Listmonk's as written, and what stands before it where that is no web address."""

    what: str  #: pixel, link, or page
    root: str


def root_as_written(url: str) -> Written | None:
    """The root URL of a URL of Listmonk's whose root URL is no web address: without a scheme, with a misspelt
    one or with two. None for all other URLs."""
    if ours(url) is not None or len(url) > _LONGEST:
        return None
    found = _LISTMONKS_PATH.search(url)
    if found is None:
        return None
    root = url[: found.start()]
    if len(root) > 300 or not _NOT_IN_ROOT.isdisjoint(root) or _WEB.match(root):
        return None
    return Written("pixel" if found[1] else "link" if found[2] else "page", root)


def ours_inside(url: str) -> Ours | None:
    """Listmonk's URL within one that somebody rewrote, if it can be read in it."""
    if root_as_written(url) is not None:  # two schemes are no rewriting
        return None
    inner = unwrapped(url)
    return (ours(inner) or ours_inside(inner)) if inner and len(inner) < len(url) else None


def almost(url: str) -> bool:
    """Whether it looks like a pixel or tracked link of Listmonk's whose ids are broken."""
    if ours(url) is not None or root_as_written(url) is not None:
        return False
    return _ALMOST.match(url) is not None and not unwrapped(url)


def host_and_port(url: str) -> tuple[str, int | None]:
    """Host in lower case and the port that is written, ('', None) for what cannot be read."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "", None


def same_root(one: str, other: str) -> bool:
    """Whether two root URLs lead to the same: scheme, host, port and path, but for a slash at the end."""
    return _folded(one) == _folded(other)


def _folded(url: str) -> tuple[str, str, int | None, str]:
    host, port = host_and_port(url)
    scheme, _, rest = url.partition("://")
    path = re.sub(r"^[^/?#]*", "", rest).rstrip("/")
    default = {"http": 80, "https": 443}.get(scheme.lower())
    return scheme.lower(), host, port or default, path
