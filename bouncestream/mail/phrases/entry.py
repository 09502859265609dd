# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the phrase tables, and the order in which reasons are believed when a text holds several phrases.

To teach the reader what a vendor says, add a phrase to its `Wording`; for "not there", see `composed`. A phrase is
lower-case words without punctuation ("user does not exist"); "*" stands for one or more words; digits are words of
their own ("5 4 1", "lpn * 503"); addresses and links are not there (a blocklist's name is). A phrase that tells
only what the clauses tell without it has no place here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Weight(IntEnum):
    """How much a phrase proves. The lower wins over the higher, whatever the reason."""

    SURE = 0  #: a vendor's own wording that means one thing, whatever else the text holds
    CLEAR = 1  #: means its reason, unless a reason stands before it in ORDER
    WEAK = 2  #: used for several things; a code that says something clear is stronger


@dataclass(frozen=True, slots=True)
class Wording:
    """Phrases that mean one reason."""

    reason: str  #: a word of `reason.REASONS`
    phrases: str  #: separated by ";"
    weight: Weight = Weight.CLEAR
    bare: bool = False  #: so short that gateways say it of living addresses too: needs a second sign for hard
    before: str = ""  #: stands within another reason's wording, so it is looked at before that reason


@dataclass(frozen=True, slots=True)
class Vendor:
    """A server, service or standard, and what it says."""

    name: str
    source: str  #: the page or RFC, and the month it was read
    says: tuple[Wording, ...]
    hosts: tuple[str, ...] = ()  #: parts of host names by which its servers are recognised


ORDER: tuple[str, ...] = (
    "mailbox_full", "too_big", "auth_failure", "no_ptr", "blocklisted", "sender_rejected", "too_many",
    "greylisted", "virus", "spam", "not_rfc", "content", "policy", "relaying", "no_mail_domain", "host_unknown",
    "suppressed", "mailbox_disabled", "user_filtered", "list_problem", "moved_owner", "moved", "user_unknown",
    "system_full", "delivery_program", "loop", "tls", "expired", "network", "protocol", "system_error",
    "rejected", "undetermined",
)  # fmt: skip
"""Between phrases of one weight: what speaks against a hard verdict stands before what speaks for it."""
