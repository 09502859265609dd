# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication-Results (RFC 8601): whether the receiving server found that a mail is of its From's domain.

Each server writes its fields above what came in, and must take out those that claim to be its own (section 5). Not
all do. So only the topmost ones count, down to the first that names another server or to a field of the mail as it
was sent; and of a method only what the topmost of them says. Texts of strangers stand in these fields, in comments
and quoted strings: they are taken out first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bouncestream.mail.address import a_label, addresses, normalise
from bouncestream.mail.mime import MAX_HEADERS

#: Below one of these the own server wrote nothing.
_SENT = frozenset(
    ("received", "dkim-signature", "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id")
)
_RESULT = re.compile(r"(dkim|dmarc)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)(?![a-z])", re.IGNORECASE)
_PROPERTY = re.compile(r"\s(header\s*\.\s*(?:d|i|from))\s*=\s*(\S{1,320})", re.IGNORECASE)
_ANGLE = re.compile(r"<([^<>]{0,320})>")


def passed(head: str, server: str, domain: str) -> str:
    """By which method a server found that a mail is of the domain: "DMARC", "DKIM", or '' if it did not.

    `head`: the header block; `server`: the authserv-id; `domain`: that of From, an A-label.
    """
    told: set[str] = set()
    if not server or not domain:
        return ""
    for name, value in _fields(head):
        if name != "authentication-results":
            if told and name in _SENT:
                return ""
            continue
        whose, *results = plain(value).split(";")
        if whose.split()[:1] != [server.lower()]:
            return ""
        methods: set[str] = {"nothing"}
        for text in results:
            if (result := _RESULT.match(text.lstrip())) is None:
                continue
            method = result[1].lower()
            methods.add(method)
            if method not in told and result[2].lower() == "pass" and _about(method, text, domain):
                return method.upper()
        told |= methods
    return ""


def author(head: str) -> str:
    """The one address of the one From field; '' when it is not one."""
    values = [plain(value) for name, value in _fields(head) if name == "from"]
    if len(values) != 1:
        return ""
    angles = _ANGLE.findall(values[0])
    found = [normalise(angle) for angle in angles] or addresses(values[0][:4000], 2)
    return found[0] if len(found) == 1 else ""


def plain(value: str) -> str:
    """A structured field without its comments and quoted strings (RFC 5322 section 3.2), in lower case."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in value[:8000].lower():
        if escaped:
            escaped = False
        elif character == "\\" and (quoted or depth):
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif character == "(" and not quoted:
            depth += 1
            kept.append(" ")
        elif character == ")" and depth:
            depth -= 1
        elif not quoted and not depth:
            kept.append(character)
    return "".join(kept)


def _about(method: str, text: str, domain: str) -> bool:
    """Whether a result is about the domain. DMARC's tells the domain of From (RFC 7489 section 11.1); of DKIM Gmail
    tells only the identity of a signature, which is of its domain or below it (RFC 6376 section 3.5)."""
    told = {name.replace(" ", ""): value.rpartition("@")[2] for name, value in _PROPERTY.findall(text)}
    if method == "dmarc":
        return a_label(told.get("header.from", "")) == domain
    return a_label(told.get("header.d") or told.get("header.i", "")) == domain


def _fields(head: str) -> Iterator[tuple[str, str]]:
    """The fields of a header block, in their order, unfolded: lower-case name and value."""
    for line in head.replace("\n\t", "\n ").replace("\n ", " ").split("\n", MAX_HEADERS)[:MAX_HEADERS]:
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value
