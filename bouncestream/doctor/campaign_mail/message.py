# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail as it arrived in an inbox → its header fields, its HTML, its links and images. Pure, bounded, never fails.

Campaign mails are quoted-printable HTML (RFC 2045 section 6.7): their URLs are broken by soft line ends, so nothing
is looked for before a part is decoded.
"""

from __future__ import annotations

import html
import quopri
import re
from dataclasses import dataclass, replace

from bouncestream.mail.mime import MAX_HEADERS, Part, decoded, leaves, parse_fields, split_headers

#: So much HTML is looked at, in characters; Gmail shows the first hundred kilobytes.
MOST_HTML = 4 << 20
#: So many links and images are kept.
MOST_URLS = 2000
LONGEST_URL = 8000

_TAG = re.compile(r"""<(a|area|img)\b((?:[^<>"']++|"[^"]{0,9000}+"|'[^']{0,9000}+')*+)>""", re.IGNORECASE)
_URL = re.compile(r"""(?<![\w-])(?:href|src)\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_BARE_URL = re.compile(r"""https?://[^\s<>"')\]]{1,2000}""")
_MBOX = re.compile(r"\A(?:\ufeff|\xef\xbb\xbf)?(?:[ \t]*+\n)*+(?:>?From [^\n]*+\n)?")


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of a mail. All of it is foreign."""

    fields: tuple[tuple[str, str], ...]  #: in order, names in lower case, values unfolded; ()  there are none
    html: str = ""  #: decoded, without comments; '' when there is no HTML part
    text: str = ""  #: the plain text part
    links: tuple[str, ...] = ()  #: targets of links in the HTML, else URLs in the text
    images: tuple[str, ...] = ()
    hidden_images: tuple[str, ...] = ()  #: images that stand in comments, so nobody loads them
    html_bytes: int = 0
    attached: bool = False  #: it was attached to another mail
    damaged: bool = False  #: its encoding is declared wrong, and readers see broken URLs

    def all(self, name: str) -> list[str]:
        """The values of a field, from the top."""
        return [value for found, value in self.fields if found == name]

    def get(self, name: str) -> str:
        """The first value of a field, '' when it is not there."""
        return next((value for found, value in self.fields if found == name), "")


def read(raw: bytes) -> Letter:
    """A mail, taken apart. Of a mail with another one attached and no HTML of its own, the attached one."""
    text = raw.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    start = _MBOX.match(text)
    return _read(text[start.end() :] if start else text, 0)


def _read(text: str, depth: int) -> Letter:
    head, body = split_headers(text)
    fields = parse_fields(head)
    parts: dict[str, Part] = {}  # the first of each kind
    for part in leaves(fields, body):
        attachment = "attachment" in part.fields.get("content-disposition", "").lower()[:20]
        if part.kind == "message/rfc822" or not attachment:
            parts.setdefault(part.kind, part)
    page, plain, inner = map(parts.get, ("text/html", "text/plain", "message/rfc822"))
    if inner is not None and page is None and depth < 3:
        return replace(_read(decoded(replace(inner, kind="text/plain")), depth + 1), attached=True)
    if page is None and not fields and "<html" in text[:20_000].lower():
        page, plain = Part("text/html", fields, body), None
    return _taken_apart(_all_fields(head), page, plain)


def _taken_apart(fields: tuple[tuple[str, str], ...], page: Part | None, plain: Part | None) -> Letter:
    text = decoded(plain)[:MOST_HTML] if plain is not None else ""
    if page is None:
        return Letter(fields, text=text, links=tuple(_BARE_URL.findall(text)[:MOST_URLS]))
    whole = decoded(replace(page, kind="text/plain"))  # as HTML it would be reduced to its text
    damaged = False
    if "=3D" in whole and re.search(r"""=\n|(?:href|src)=3D["']?http""", whole[:MOST_HTML]):
        whole = quopri.decodestring(whole.encode("utf-8", "replace")).decode("utf-8", "replace")
        damaged = True
    size = len(whole.encode("utf-8", "replace"))
    seen, hidden = _comments(whole[:MOST_HTML])
    links, images = _urls(seen)
    return Letter(fields, seen, text, links, images, _urls(hidden)[1], size, damaged=damaged)


def _all_fields(head: str) -> tuple[tuple[str, str], ...]:
    """Every header field, also repeated ones, unfolded."""
    found: list[tuple[str, str]] = []
    for line in head.replace("\n\t", "\n ").replace("\n ", " ").split("\n", MAX_HEADERS)[:MAX_HEADERS]:
        name, colon, value = line.partition(":")
        if colon and name.strip():
            found.append((name.strip().lower(), value.strip()[:20_000]))
    return tuple(found)


def _comments(text: str) -> tuple[str, str]:
    """HTML without its comments, and the comments. One pass."""
    seen, hidden, at = [], [], 0
    while (begin := text.find("<!--", at)) >= 0:
        end = text.find("-->", begin)
        if end < 0:
            break
        seen.append(text[at:begin])
        hidden.append(text[begin + 4 : end])
        at = end + 3
    seen.append(text[at:])
    return "".join(seen), " ".join(hidden)


def _urls(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Targets of the links, and sources of the images."""
    links: list[str] = []
    images: list[str] = []
    for tag in _TAG.finditer(text):
        into = images if tag[1].lower() == "img" else links
        found = _URL.search(tag[2])
        if found is not None and len(into) < MOST_URLS:
            url = html.unescape(found[1] or found[2] or found[3] or "")
            into.append(re.sub(r"[\t\n]+", "", url).strip()[:LONGEST_URL])
    return tuple(links), tuple(images)
