# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose the addresses and hosts in a server's words are: the recipient's, ours, or somebody else's."""

from __future__ import annotations

import re
from functools import lru_cache

from bouncestream.mail.phrases.clauses import has_any
from bouncestream.mail.phrases.small import is_small
from bouncestream.mail.phrases.tagging import tagged

_NAMED = re.compile(r"(?<![\w./+@-])[\w+-]{1,64}+(?:[.@][\w+-]{1,64}+){1,12}(?![\w@/])")
_HOST = re.compile(r"(?:[a-z0-9_-]{1,63}\.){1,8}[a-z]{2,9}", re.IGNORECASE)


def with_roles(text: str, address: str, ours: tuple[str, ...]) -> str:
    """`text` with our own addresses and their domains said to be the sender's, hosts of others said to be so, and
    the name of the recipient's `address`, where it stands alone, made an address. All are lower case."""
    name, _, domain = address.partition("@")
    lower = text.lower()

    def role(match: re.Match[str]) -> str:
        word = match[0].lower()
        if word == name:
            return " @ "
        if "@" in word:
            if word == address:
                return match[0]
            if word in ours:
                return " mailfrom "
            house = word.rpartition("@")[2]
            if house != domain and house in houses:
                return " mailfrom " if word.startswith(_DESKS) else match[0]
            if house == domain and word.startswith(_DESKS):
                return " "
            if house == domain and not two:
                return match[0]
            return " otheraddress " if beside and word.isascii() else match[0]
        if word.endswith(".arpa"):
            return " ptr "
        if not domain or _HOST.fullmatch(word) is None or _kin(word, domain):
            return match[0]
        if not f".{word}".endswith(dotted):
            return " otherhost " if of_hosts else match[0]
        return " sender domain " if named and word in houses else " ourhost "

    houses = tuple(mine.rpartition("@")[2] for mine in ours)
    dotted = tuple(f".{house}" for house in houses)
    of_hosts = has_any(lower, _OF_HOSTS)
    named = of_hosts or has_any(lower, ours)
    beside = bool(domain) and name in lower  # else another's address is the one that his was expanded to
    two = beside and address in lower and not has_any(lower, _EXPANDED)
    if of_hosts or has_any(lower, houses) or (beside and "@" in lower):
        text = " ".join(_NAMED.sub(role, w) if "." in w or "@" in w else w for w in text.split(" "))
    house = domain.split(".", 1)[0]
    if len(house) > 4 and house in lower and _is_name(house):
        text = _alone(text, house, f" {domain} ")
    if len(name) > 1 and name in lower:
        text = _alone(text, name, " @ ")
    for part in _parts(name):  # "Jane Reed has left us"
        if part in text:
            text = re.sub(rf"(?<![\w@.+-]){re.escape(part)}(?![\w@+-])", " @ ", text)
    return text


_PARTS = re.compile(r"[._+-]")


@lru_cache(maxsize=64)
def _parts(name: str) -> tuple[str, ...]:
    """The words of a name that are somebody's, and none of the tables': "jane", "reed"."""
    parts = _PARTS.split(name)
    return tuple(
        one.capitalize() for one in parts if len(parts) > 1 and len(one) > 2 and one.isalpha() and _is_name(one)
    )


@lru_cache(maxsize=64)
def _is_name(word: str) -> bool:
    return not is_small(word) and not tagged([word])


_EXPANDED = ("expan", "alias", "generated", "->", "rewrit", "resolve", "weitergeleitet", "forwarded from")
"""Words by which another's address at the same place is the recipient's own."""
_DESKS = ("postmaster", "abuse", "bounce", "return", "no-reply", "noreply")
_OF_HOSTS = ("exist", "resolv", "domain", "nxdomain", "dns", "no such", "not found")
"""Without any of these, whose host is named does not matter."""


def _kin(host: str, domain: str) -> bool:
    """Whether one is the other, or within it."""
    return host == domain or host.endswith("." + domain) or domain.endswith("." + host)


def _alone(text: str, name: str, role: str) -> str:
    """`text` with `role` wherever `name` stands alone."""
    lower = text.lower()
    kept, last = [], 0
    place = lower.find(name) if len(lower) == len(text) else -1
    while place >= 0:
        end = place + len(name)
        before, after = lower[place - 1 : place], lower[end : end + 2].lstrip(".")
        if not any(c.isalnum() or c in "@.+-_" for c in before + after[:1]):
            kept.append(text[last:place])
            last = end
        place = lower.find(name, end)
    return role.join((*kept, text[last:])) if kept else text
