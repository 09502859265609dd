# SPDX-License-Identifier: GPL-3.0-or-later
"""VERP: return addresses that name the recipient, matched against an operator's patterns.

A pattern has a * where the recipient stands: "bounce+*@lists.example.com". There stands an address whose "@" is
written "=" ("reader=example.com", as ezmlm and Postfix's XVERP write it), or a subscriber's UUID.
"""

from __future__ import annotations

from collections.abc import Sequence

from bouncestream.event import clean_uuid
from bouncestream.mail.address import addresses, normalise
from bouncestream.mail.mime import Fields

ADDRESSED = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "to", "cc")
"""Header fields that tell to whom a bounce was sent; a mail system's own come before what the sender wrote."""


def matched(fields: Fields, patterns: Sequence[str]) -> str:
    """What stands for the * in the first address of the mail that fits a pattern: an address, or a UUID; ''."""
    for name in ADDRESSED:
        value = fields.get(name)
        if not value:
            continue
        for address in addresses(value[:4000], 20):
            for pattern in patterns:
                found = _within(address, pattern.strip().lower())
                if found:
                    return found
    return ""


def _within(address: str, pattern: str) -> str:
    before, star, after = pattern.partition("*")
    if not star or not address.startswith(before) or not address.endswith(after):
        return ""
    part = address[len(before) : len(address) - len(after)] if len(address) > len(before) + len(after) else ""
    local, equals, domain = part.rpartition("=")
    return normalise(f"{local}@{domain}") if equals else clean_uuid(part)
