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

from bouncestream.mail.address import a_label, mailed_to

#: Below one of these the own server wrote nothing.
_SENT = frozenset(
    ("received", "dkim-signature", "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id")
)
#: Characters of a field that are looked at.
_LONGEST = 8000
_RESULT = re.compile(r"(dkim|dmarc)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)(?![a-z])", re.IGNORECASE)
_PROPERTY = re.compile(r"\s(header\s*\.\s*(?:d|i|from))\s*=\s*(\S{1,320})", re.IGNORECASE)


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
        methods: list[str] = ["nothing"]
        passes: list[str] = []
        for text in results:
            if (result := _RESULT.match(text.lstrip())) is None:
                continue
            method = result[1].lower()
            methods.append(method)
            if method not in told and result[2].lower() == "pass" and _about(method, text, domain):
                passes.append(method)
        # A mail has many signatures and one From: a second word about that is a stranger's.
        clear = methods.count("dmarc") == 1
        if found := next((method for method in passes if clear or method == "dkim"), ""):
            return found.upper()
        told.update(methods)
    return ""


def author(head: str) -> str:
    """The one address of the one From field; '' when it is not one."""
    found = the_field(head, "from", 2)
    return found[0] if len(found) == 1 else ""


def the_field(head: str, name: str, limit: int = 50) -> list[str]:
    """The addresses of the one field of a name; none when there is not one, or it is not clear which they are."""
    values = [value for other, value in _fields(head) if other == name]
    if len(values) != 1 or len(values[0]) > _LONGEST:
        return []
    found: list[str] = []
    for mailbox in re.split("[,;]", plain(values[0])):
        display, angle, rest = mailbox.partition("<")
        inside, _, after = rest.partition(">")
        address = inside if angle else display
        if "@" in after or "<" in rest or "=?" in address:  # an encoded word is no address (RFC 2047 section 5)
            return []
        found += filter(None, [mailed_to(address)])
    return found[:limit]


def plain(value: str) -> str:
    """A structured field without its comments and quoted strings (RFC 5322 section 3.2), in lower case."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in value[:_LONGEST].lower():
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
    """The fields of a header block, in their order, unfolded: lower-case name and value. All of them, as a second
    From may stand below a thousand others."""
    for line in head.replace("\n\t", "\n ").replace("\n ", " ").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value
