# SPDX-License-Identifier: GPL-3.0-or-later
"""The one engine that looks for the phrases of the tables in what a server said: `find`.

Text and phrases are compared as words: lower case, without accents and punctuation, addresses and links taken out.
An index by the first two words keeps the cost independent of the size of the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, pairwise

from bouncestream.mail.phrases.clauses import LINK, TEXT_LIMIT, folded, in_full, telling, unescaped
from bouncestream.mail.phrases.common import COMMON
from bouncestream.mail.phrases.entry import ORDER, Vendor, Weight, Wording
from bouncestream.mail.phrases.gateways import GATEWAYS
from bouncestream.mail.phrases.mailboxes import MAILBOXES
from bouncestream.mail.phrases.regions import REGIONS
from bouncestream.mail.phrases.servers import SERVERS
from bouncestream.mail.phrases.shapes import SHAPES
from bouncestream.record import record

VENDORS: tuple[Vendor, ...] = (*SERVERS, *MAILBOXES, *GATEWAYS, *REGIONS, COMMON)
"""Everybody whose words are known."""

GAP = 60
"""What "*" may span, in characters."""

_ADDRESS = re.compile(r"(?<![^\s<>()\[\]\"',;:@|])[^\s<>()\[\]\"',;:@|]{1,64}@[\w.-]{1,255}")
_WORD = re.compile(r"[^\W\d_]+|\d+")


@record(frozen=True, slots=True)
class Hit:
    """The phrase that decided."""

    reason: str
    phrase: str
    weak: bool  #: a code that says something clear is stronger
    bare: bool = False  #: hard only with a second sign
    said_by: str = ""  #: whose words
    sure: bool = False  #: a vendor's own wording, which means one thing whenever it is said
    rule: str = "words"  #: or "clause", or "shape"
    within: bool = False  #: stands within another reason's wording, and takes its place
    subject: str = ""  #: whose thing, of a clause
    state: str = ""  #: how it is
    inherited: bool = False  #: of a clause that names no subject itself
    doubt: str = ""  #: the word that may turn it


@record(frozen=True, slots=True)
class _Entry:
    rank: int
    first: str  #: = pieces[0]
    pieces: tuple[str, ...]
    hit: Hit


Entries = tuple[_Entry, ...]
"""The lowest rank first."""
Tables = tuple[dict[str, tuple[Entries, dict[str, Entries]]], Entries]
"""By the first word: phrases of that word alone, or with a "*" behind it, and the others by their second word; and
those of scripts without blanks."""


def words(text: str) -> str:
    """`text` as lower-case words without accents, with one blank before and after each."""
    return plain_words(in_full(folded(LINK.sub(telling, unescaped(text)))))


def plain_words(text: str) -> str:
    """The same of a text that is folded, and has no links."""
    if "@" in text:
        text = _ADDRESS.sub(" ", text)
    return f" {' '.join(_WORD.findall(text))} "


def phrases_of(said: Wording) -> list[str]:
    """The phrases of one entry, one by one."""
    return [one for phrase in said.phrases.replace("\n", " ").split(";") if (one := phrase.strip())]


def _rank(vendor: Vendor, said: Wording) -> int:
    """Of several phrases in a text the lowest decides. Bare words come right after the clear ones of their reason,
    and of equals the words of somebody in particular count."""
    place = ORDER.index(said.before or said.reason) * 10 + (-5 if said.before else 5 if said.bare else 0)
    return said.weight * 1000 + place - (vendor.name != "common")


def _compile(vendors: Iterable[Vendor]) -> Tables:
    """The phrases of these vendors, as they are looked up."""
    index: dict[str, dict[str, list[_Entry]]] = {}
    unspaced: list[_Entry] = []
    for vendor, said in ((one, said) for one in vendors for said in one.says):
        rank = _rank(vendor, said)
        for phrase in phrases_of(said):
            sure = said.weight is Weight.SURE and not said.bare
            hit = Hit(
                said.reason,
                phrase,
                said.weight is Weight.WEAK,
                said.bare,
                vendor.name,
                sure,
                within=bool(said.before),
            )
            plain = folded(phrase)
            if phrase.isascii() or " " in phrase:
                pieces = tuple(words(piece)[1:] for piece in plain.split("*"))
                entry = _Entry(rank, pieces[0], pieces, hit)
                first, second = (*pieces[0].split()[:2], "")[:2]
                index.setdefault(first, {}).setdefault(second, []).append(entry)
            else:  # scripts without blanks between words
                unspaced.append(_Entry(rank, "", tuple(plain.split("*")), hit))
    ranked = {
        first: {second: tuple(sorted(entries, key=lambda e: e.rank)) for second, entries in its.items()}
        for first, its in index.items()
    }
    return {first: (its.pop("", ()), its) for first, its in ranked.items()}, tuple(unspaced)


_INDEX, _UNSPACED = _compile(VENDORS)


@contextmanager
def using(vendors: Iterable[Vendor]) -> Iterator[None]:
    """Only these vendors' phrases for a while: for measuring what hangs on whom, never while others read."""
    global _INDEX, _UNSPACED
    before = _INDEX, _UNSPACED
    try:
        _INDEX, _UNSPACED = _compile(vendors)
        yield
    finally:
        _INDEX, _UNSPACED = before


_NOWHERE: tuple[Entries, dict[str, Entries] | None] = ((), None)
_NONE = _Entry(1_000_000, "", (), Hit("", "", True))


def find(plain: str) -> Hit | None:
    """The phrase of a text, given as its `words`, that decides: the one of the lowest rank."""
    best = _NONE
    look_up = _INDEX.get
    at = start = 1
    seconds: dict[str, Entries] | None = None
    for word in plain.split():
        # At each word: the phrases that begin with it alone, and those that begin with the word before and it.
        pairs = seconds.get(word) if seconds else None
        alone, seconds = look_up(word, _NOWHERE)
        if alone and alone[0].rank < best.rank:
            best = _first(alone, plain, at, best)
        if pairs is not None and pairs[0].rank < best.rank:
            best = _first(pairs, plain, start, best)
        start = at
        at += len(word) + 1
    if not plain.isascii():
        joined = plain.replace(" ", "")
        for entry in _UNSPACED:
            if entry.rank < best.rank and _contains(entry.pieces, joined):
                best = entry
    return None if best is _NONE else best.hit


def _first(entries: tuple[_Entry, ...], plain: str, at: int, best: _Entry) -> _Entry:
    for entry in entries:
        if entry.rank >= best.rank:
            break
        if plain.startswith(entry.first, at) and (len(entry.pieces) == 1 or _matches(entry.pieces, plain, at)):
            return entry
    return best


def find_all(text: str) -> list[Hit]:
    """Every phrase and shape of the tables that is in a text, the deciding one first. For `explained`: slow."""
    plain = words(text)
    entries = [
        entry
        for alone, seconds in _INDEX.values()
        for entry in (*alone, *chain.from_iterable(seconds.values()))
        if plain.startswith(entry.first, _place(entry, plain))
    ]
    found = {e.hit: e.rank for e in entries if _matches(e.pieces, plain, _place(e, plain))}
    joined = plain.replace(" ", "")
    found |= {entry.hit: entry.rank for entry in _UNSPACED if _contains(entry.pieces, joined)}
    special = shape(text)
    return ([special] if special else []) + sorted(found, key=found.__getitem__)


def _place(entry: _Entry, plain: str) -> int:
    """Where a phrase may begin: at the first place of its first words."""
    return max(plain.find(" " + entry.first), 0) + 1


_SHAPES = tuple(
    (re.compile(one.pattern), Hit(one.reason, one.pattern, False, said_by=one.said_by, rule="shape"))
    for one in SHAPES
)


def shape(text: str) -> Hit | None:
    """The entry of SHAPES that a text matches, for when only bare words were found in it."""
    lower = text[:TEXT_LIMIT].lower().strip()
    return next((hit for pattern, hit in _SHAPES if pattern.search(lower)), None)


def _matches(pieces: tuple[str, ...], text: str, at: int) -> bool:
    for before, piece in pairwise(pieces):
        at += len(before)
        at = text.find(" " + piece, at, at + GAP + len(piece)) + 1
        if at <= 0:
            return False
    return True


def _contains(pieces: tuple[str, ...], text: str) -> bool:
    at = text.find(pieces[0])
    for before, piece in pairwise(pieces):
        if at < 0:
            return False
        at += len(before)
        at = text.find(piece, at, at + GAP + len(piece))
    return at >= 0


def heard(hit: Hit, around: str) -> bool:
    """Whether a phrase may outrank what the clauses say: it is anybody's, or its vendor was recognised."""
    return hit.within or hit.said_by in ANYBODY or recognised(hit, around)


def recognised(hit: Hit, around: str) -> bool:
    """Whether the vendor was recognised by a host's name `around` its words (lower case)."""
    vendor = _BY_NAME.get(hit.said_by)
    return vendor is not None and any(host in around for host in vendor.hosts)


_BY_NAME = {vendor.name: vendor for vendor in VENDORS}
ANYBODY = (COMMON.name, "blocklists")
"""Of whom anybody repeats the words."""
