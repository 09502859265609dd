# SPDX-License-Identifier: GPL-3.0-or-later
"""The one engine that looks for the phrases of the tables in what a server said: `find`.

Text and phrases are compared as words: lower case, without accents and punctuation, addresses and links taken out.
An index by the first two words keeps the cost independent of the size of the tables. Measured in November 2026 on
387 mails, each about 280 us: this takes 16 us, one compiled expression of all phrases 236 us. An Aho-Corasick
automaton (pyahocorasick) scans in 2 us, without what "*" needs: it could save 5 % of a mail, which a C dependency
does not earn.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from bouncestream.mail.phrases.composed import composed, composed_host
from bouncestream.mail.phrases.entry import ORDER, Vendor, Weight, Wording
from bouncestream.mail.phrases.shapes import SHAPES
from bouncestream.mail.phrases.vendors import VENDORS

TOGETHER = "common, put together"
GAP = 60
"""What "*" may span, in characters."""

TEXT_LIMIT = 4000
"""So much of a text is looked at."""

_TELLING_HOST = re.compile(r"spamhaus|spamcop|sorbs|barracuda|rbl|dnsbl|abuseat|uceprotect|spfbl|openspf")
_TELLING_WORD = re.compile(r"[?&]p=(\w{1,40})")
_NOISE = re.compile(
    r"(?<![^\s<>()\[\]\"',;:@|])[^\s<>()\[\]\"',;:@|]{1,64}@[\w.-]{1,255}|https?://[^\s<>\"]{1,300}"
)
_WORD = re.compile(r"[^\W_]+")
_OCTAL = re.compile(r"(?:\\[23][0-7]{2}){2,400}")
"""How Exim writes the bytes of a reply that are not ASCII."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The phrase that decided."""

    reason: str
    phrase: str
    weak: bool  #: a code that says something clear is stronger
    bare: bool = False  #: hard only with a second sign
    said_by: str = ""  #: whose words
    sure: bool = False  #: a vendor's own wording, which means one thing whenever it is said
    rule: str = "words"  #: or "words put together", or "shape"


@dataclass(frozen=True, slots=True)
class _Entry:
    rank: int
    first: str  #: = pieces[0]
    pieces: tuple[str, ...]
    hit: Hit


Tables = tuple[dict[str, tuple[_Entry, ...]], tuple[_Entry, ...]]


def words(text: str) -> str:
    """`text` as lower-case words without accents, with one blank before and after each."""
    text = text[:TEXT_LIMIT]
    if "\\" in text:
        text = _OCTAL.sub(_unescaped, text)
    if "@" in text or "://" in text:
        text = _NOISE.sub(_telling, text)
    return f" {' '.join(_WORD.findall(folded(text)))} "


def _unescaped(octal: re.Match[str]) -> str:
    return bytes(int(byte, 8) for byte in octal[0].split("\\")[1:]).decode("utf-8", "replace")


def folded(text: str) -> str:
    """Lower case without accents, full-width forms and their like made plain: servers write with and without."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in plain if not unicodedata.combining(c))


def _telling(noise: re.Match[str]) -> str:
    """A blank for an address or link, which tell nothing; but a link to a blocklist often tells all."""
    text = noise[0]
    if "://" not in text:
        return " "
    if _TELLING_HOST.search(text) and "@" not in text:
        return text
    word = _TELLING_WORD.search(text)
    return f" {word[1]} " if word else " "


def phrases_of(said: Wording) -> list[str]:
    """The phrases of one entry, one by one."""
    return [one for phrase in said.phrases.replace("\n", " ").split(";") if (one := phrase.strip())]


def _rank(vendor: Vendor, said: Wording) -> int:
    """Of several phrases in a text the lowest decides. Bare words come right after the clear ones of their reason,
    and of equals the words of somebody in particular count."""
    place = ORDER.index(said.before or said.reason) * 10 + (-5 if said.before else 5 if said.bare else 0)
    return said.weight * 1000 + place - (vendor.name != "common")


def _compile(vendors: Iterable[Vendor]) -> Tables:
    """The index: phrases by their first two words, or by their only or first one before a "*"."""
    index: dict[str, list[_Entry]] = {}
    unspaced: list[_Entry] = []
    for vendor, said in ((one, said) for one in vendors for said in one.says):
        rank = _rank(vendor, said)
        for phrase in phrases_of(said):
            sure = said.weight is Weight.SURE and not said.bare
            hit = Hit(said.reason, phrase, said.weight is Weight.WEAK, said.bare, vendor.name, sure)
            plain = folded(phrase)
            if phrase.isascii() or " " in phrase:
                pieces = tuple(words(piece)[1:] for piece in plain.split("*"))
                entry = _Entry(rank, pieces[0], pieces, hit)
                index.setdefault(" ".join(pieces[0].split()[:2]), []).append(entry)
            else:  # scripts without blanks between words
                unspaced.append(_Entry(rank, "", tuple(plain.split("*")), hit))
    return {key: tuple(sorted(entries, key=lambda e: e.rank)) for key, entries in index.items()}, tuple(unspaced)


_INDEX, _UNSPACED = _compile(VENDORS)
_OUTWEIGHED = Weight.CLEAR * 1000 + ORDER.index("user_unknown") * 10 + 9
"""Words put together say more than a phrase of this rank, such as a fault of the system."""


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


_NONE = _Entry(1_000_000, "", (), Hit("", "", True))


def find(plain: str) -> Hit | None:
    """The phrase of a text, given as its `words`, that decides: the one of the lowest rank."""
    best = _NONE
    look_up = _INDEX.get
    at = 1
    before = ""
    for word in plain.split():
        # At each word: the phrases that begin with it alone, and those that begin with the word before and it.
        entries = look_up(word)
        if entries is not None and entries[0].rank < best.rank:
            best = _first(entries, plain, at, best)
        entries = look_up(before + word)
        if entries is not None and entries[0].rank < best.rank:
            best = _first(entries, plain, at - len(before), best)
        at += len(word) + 1
        before = word + " "
    if not plain.isascii():
        joined = plain.replace(" ", "")
        for entry in _UNSPACED:
            if entry.rank < best.rank and _contains(entry.pieces, joined):
                best = entry
    if best.rank > _OUTWEIGHED:
        together = _together(plain)
        if together is not None:
            return together
    return None if best is _NONE else best.hit


def _together(plain: str) -> Hit | None:
    """The words that say only together that a mailbox or a domain is not there."""
    reason, phrase = "user_unknown", composed(plain)
    if not phrase:
        reason, phrase = "host_unknown", composed_host(plain)
    return Hit(reason, phrase, False, True, TOGETHER, rule="words put together") if phrase else None


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
    found: dict[Hit, int] = {}
    at = 1
    before = ""
    for word in plain.split():
        for entry, start in (
            *((e, at) for e in _INDEX.get(word, ())),
            *((e, at - len(before)) for e in _INDEX.get(before + word, ())),
        ):
            if plain.startswith(entry.first, start) and _matches(entry.pieces, plain, start):
                found.setdefault(entry.hit, entry.rank)
        at += len(word) + 1
        before = word + " "
    joined = plain.replace(" ", "")
    found |= {entry.hit: entry.rank for entry in _UNSPACED if _contains(entry.pieces, joined)}
    special = shape(text)
    listed = ([special] if special else []) + sorted(found, key=found.__getitem__)
    together = _together(plain)
    return [*listed, together] if together is not None else listed


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
