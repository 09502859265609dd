# SPDX-License-Identifier: GPL-3.0-or-later
"""VERP: return addresses that name the recipient, matched against an operator's patterns, and signed ones made.

A pattern has a * where the recipient stands: "bounce+*@lists.example.com". There stands

* an address whose "@" is written "=" ("reader=example.com", as ezmlm and Postfix's XVERP write it);
* the same behind a tag of ours and another "=" ("mzxw6ytboi4gk3tu=reader=example.com"): the first 80 bits of an
  HMAC-SHA256 (RFC 2104) of the address, in base32 (RFC 4648), lower case as mail servers may fold the local part;
* or a subscriber's UUID, as Listmonk from 6.2 on makes it (`campaign_header`).

Anybody can write to the address of somebody else, so where that one stands counts. A mail system *records* to whom
it delivered: above the topmost Received (RFC 5321 section 4.4), since each server writes above what came in, or in
that one's `for`. What stands further down, and To and Cc, is the sender's word.

Of a UUID it does not matter: who knows it can send to its address as well as write that into a field. So it counts
wherever the mail says whom it is for, as some systems record nothing (Microsoft 365), or only in the `for` of a
Received further down (Dovecot behind Postfix, with a catch-all).
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bouncestream.event import clean_uuid
from bouncestream.mail.address import addresses, mailed_to
from bouncestream.mail.mime import parse_fields

RECORDED = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "x-delivered-to")
"""Header fields in which mail systems record to whom they delivered."""

WRITTEN = ("to", "cc")
"""Header fields that the sender writes."""

#: Fields of the mail as it was sent: above these, and above all Received, stands what the last server wrote.
_SENT = re.compile(r"(?im)^(?:received|from|sender|to|cc|subject|date|message-id|mime-version|content-type)[ \t]*:")
_FOR = re.compile(r"\sfor\s{1,10}<?([^\s<>;()]{1,320}@[^\s<>;()]{1,255})")
_RECEIVED = re.compile(r"(?im)^received[ \t]{0,4}:[^\n]{0,1000}(?:\n[ \t][^\n]{0,1000}){0,12}")
_TAG = re.compile(r"([a-z2-7]{16})=(.+)")
_TAG_BYTES = 10
_LOCAL_PART = 64  # octets, RFC 5321 section 4.5.3.1.1


@dataclass(frozen=True, slots=True)
class Match:
    """The recipient that a return address of ours names."""

    mailed: str  #: an address, or a UUID
    trusted: bool = False  #: an address that the own server recorded, so that nobody else wrote it there; or a UUID
    signed: bool = False  #: with a tag that only the holder of the key can have made


def campaign_header(pattern: str) -> dict[str, str]:
    """The header with which a campaign of Listmonk's sends from return addresses of this pattern: name → value.
    Only from 6.2 on are the values templates; seen there to set MAIL FROM for each recipient."""
    return {"Return-Path": pattern.strip().replace("*", "{{ .Subscriber.UUID }}")}


def matched(head: str, patterns: Sequence[str], keys: Sequence[bytes] = ()) -> Match | None:
    """The recipient in the first address of a header block that fits a pattern; what the own server recorded
    comes before all else. `keys`: those of `[mail] verp_secret`."""
    return next((match for match in addressed(head, patterns, keys) if match.mailed), None)


def addressed(head: str, patterns: Sequence[str], keys: Sequence[bytes] = ()) -> Iterator[Match]:
    """The addresses of a header block that fit a pattern, as `matched` looks at them; `mailed` is empty where one
    names nobody."""
    ours, theirs = _split(head)
    places = [(value, True) for value in _recorded(ours, theirs)]
    fields = parse_fields(theirs)
    places += [(fields[name], False) for name in (*RECORDED, *WRITTEN) if fields.get(name)]
    places += [(found[-1], False) for hop in _RECEIVED.findall(theirs[:64000]) if (found := _FOR.findall(hop))]
    for value, recorded in places:
        for address in addresses(value[:4000], 20):
            for pattern in patterns:
                form = pattern.strip().lower()
                mailed, signed = _within(address, form, keys)
                if mailed or _fits(address, form):
                    yield Match(mailed, bool(mailed) and (recorded or "@" not in mailed), signed)


def signed(address: str, pattern: str, key: bytes) -> str:
    """The return address that proves a recipient. `address`: bare; `pattern`: with a *; `key`: the newest secret.

    Raises ValueError with the reason in words.
    """
    cleaned = mailed_to(address)
    if not cleaned or " " in cleaned or '"' in cleaned:
        raise ValueError("it is no plain address, such as reader@example.com")
    before, star, after = pattern.strip().partition("*")
    if not star:
        raise ValueError(f"the pattern {pattern} has no *")
    local, _, domain = cleaned.rpartition("@")
    made = f"{before}{_tag(cleaned, key)}={local}={domain}{after}"
    length = len(made.rpartition("@")[0].encode())
    if length > _LOCAL_PART:
        raise ValueError(
            f"its return address would have {length} octets before the @, and mail servers take {_LOCAL_PART}"
        )
    return made


def _split(head: str) -> tuple[str, str]:
    """The part of a header block that the own server wrote above all else, and the rest."""
    start = _SENT.search(head)
    return (head[: start.start()], head[start.start() :]) if start else (head, "")


def _recorded(ours: str, theirs: str) -> Iterator[str]:
    """The values in which the own server recorded the recipient."""
    fields = parse_fields(ours)
    for name in RECORDED:
        if fields.get(name):
            yield fields[name]
    topmost = parse_fields(theirs[:8000]).get("received", "") if theirs[:8].lower() == "received" else ""
    # Behind "by", since what comes before repeats what the other side called itself.
    said = topmost.rpartition(";")[0].rpartition(" by ")[2]
    if found := _FOR.findall(f" {said}"):
        yield found[-1]


def _within(address: str, pattern: str, keys: Sequence[bytes]) -> tuple[str, bool]:
    """The recipient in the place of the *, and whether the address is signed."""
    before, star, after = pattern.partition("*")
    if not star or not address.endswith(after):
        return "", False
    local = address[: len(address) - len(after)]
    if not local.startswith(before):
        # Behind a prefix: the user or domain of qmail's virtualdomains, the tag of BATV ("prvs=…=").
        prefix, _, part = local.rpartition(before)
        return (_uuid(part) if prefix.endswith(("-", "=")) else ""), False
    part = local[len(before) :]
    if (tagged := _TAG.fullmatch(part)) and (named := _address(tagged[2])):
        # A wrong tag is no part of the address either.
        return named, any(hmac.compare_digest(_tag(named, key), tagged[1]) for key in keys)
    return (_address(part) if "=" in part else _uuid(part)), False


def _fits(address: str, pattern: str) -> bool:
    before, star, after = pattern.partition("*")
    return address.startswith(before) and address.endswith(after) if star else address == pattern


def _uuid(part: str) -> str:
    """A UUID, also one without hyphens."""
    if len(part) == 32:
        part = "-".join((part[:8], part[8:12], part[12:16], part[16:20], part[20:]))
    return clean_uuid(part)


def _address(part: str) -> str:
    local, equals, domain = part.rpartition("=")
    return mailed_to(f"{local}@{domain}") if equals else ""


def _tag(address: str, key: bytes) -> str:
    digest = hmac.digest(key, b"bouncestream verp 1\n" + address.encode("utf-8", "surrogatepass"), "sha256")
    return b32encode(digest[:_TAG_BYTES]).decode("ascii").lower()
