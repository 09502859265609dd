# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers say of hard bounces: which server it was, and the words that they share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

#: How servers name themselves in a diagnostic: Postfix and Sendmail, Exim, and as RFC 3464 has it.
_SERVER = re.compile(
    r"\b(?:host|by|from MTA|remote-mta: dns;)\s+\[?((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,20})\.?(?=[\[\s:;,(\]]|$)",
    re.IGNORECASE | re.ASCII,
)
#: What differs from one person's diagnostic to the next: what stands in brackets, and then, also where it was glued
#: to one, an address or a number.
_BRACKETS = re.compile(r"<[^>]{0,300}>|\[[^\]]{0,100}\]")
_OWN = re.compile(r"(?<!\S)\S*(?:@|%40)\S*|(?<![\w.])[\w.]*\d[\w.]*", re.ASCII)


@lru_cache(maxsize=1000)
def server_of(diagnostic: str) -> str:
    """The domain of the server that a diagnostic names, without the number of the machine; empty: it names none."""
    found = _SERVER.search(diagnostic[:1000])
    if found is None:
        return ""
    labels = found[1].lower().split(".")
    return ".".join(labels[1:] if len(labels) > 2 else labels)


def phrase(diagnostics: Iterable[str]) -> str:
    """The words that most of these diagnostics share, without what is a person's own; empty: there are none."""
    shared = (" ".join(_OWN.sub(" ", _BRACKETS.sub(" ", text[:300])).split()) for text in diagnostics)
    counted = Counter(words[:80].strip(" .:;,-") for words in shared)
    total = counted.total()
    words, count = max(counted.items(), key=lambda pair: pair[1], default=("", 0))
    return words if len(words) > 5 and count * 2 > total else ""
