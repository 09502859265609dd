# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers say, as a table: words → reason. `find` is the one engine; the tables grow by entries.

Text and phrases are compared as words: lower case, punctuation apart, addresses and links taken out. "*" in a
phrase stands for one or more words within `GAP` characters. An index by first word keeps the cost independent of
the size of the tables. The order of GROUPS decides between several hits: what speaks against hard comes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from bouncestream.mail.phrase_table import BARE, GROUPS, SHAPES, WEAK

GAP = 60
"""What "*" may span, in characters."""

TEXT_LIMIT = 4000
"""So much of a text is looked at."""

_TELLING_HOST = re.compile(r"spamhaus|spamcop|sorbs|barracuda|rbl|dnsbl|abuseat|uceprotect|spfbl")
_NOISE = re.compile(
    r"(?<![^\s<>()\[\]\"',;:@|])[^\s<>()\[\]\"',;:@|]{1,64}@[\w.-]{1,255}|https?://[^\s<>\"]{1,300}"
)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """The phrase that decided."""

    reason: str
    phrase: str
    weak: bool  #: a code that says something clear is stronger
    bare: bool = False  #: hard only with a second sign
    said_by: str = ""  #: whose words
    rule: str = "words"  #: or shape


@dataclass(frozen=True, slots=True)
class _Entry:
    rank: int
    first: str  #: = pieces[0]
    pieces: tuple[str, ...]
    hit: Hit


def words(text: str) -> str:
    """`text` as lower-case words with one blank before and after each."""
    text = text[:TEXT_LIMIT]
    if "@" in text or "://" in text:
        text = _NOISE.sub(_telling, text)
    return f" {' '.join(_WORD.findall(text.lower()))} "


def _telling(noise: re.Match[str]) -> str:
    """A blank for an address or link, which tell nothing; but a link to a blocklist often tells all."""
    return noise[0] if _TELLING_HOST.search(noise[0]) and "@" not in noise[0] else " "


def _compile() -> tuple[dict[str, tuple[_Entry, ...]], tuple[_Entry, ...]]:
    index: dict[str, list[_Entry]] = {}
    unspaced: list[_Entry] = []
    rank = 0
    for weak, groups in ((False, GROUPS), (True, WEAK)):
        for group in groups:
            rank += 1
            reason, _, listed = group.partition(":")
            for one in listed.replace("\n", " ").split(";"):
                phrase = one.strip()
                if not phrase:
                    continue
                hit = Hit(reason.rstrip(BARE), phrase, weak, reason.endswith(BARE))
                if phrase.isascii() or " " in phrase:
                    pieces = tuple(words(piece)[1:] for piece in phrase.split("*"))
                    entry = _Entry(rank, pieces[0], pieces, hit)
                    index.setdefault(pieces[0].partition(" ")[0], []).append(entry)
                else:  # scripts without blanks between words
                    unspaced.append(_Entry(rank, "", tuple(phrase.split("*")), hit))
    return {word: tuple(sorted(entries, key=lambda e: e.rank)) for word, entries in index.items()}, tuple(unspaced)


_INDEX, _UNSPACED = _compile()


def find(plain: str) -> Hit | None:
    """The phrase of the first group in the tables that is in a text, given as its `words`."""
    best: _Entry | None = None
    at = 1
    for word in plain.split():
        entries = _INDEX.get(word)
        if entries is not None:
            for entry in entries:
                if best is not None and entry.rank >= best.rank:
                    break
                if plain.startswith(entry.first, at) and (
                    len(entry.pieces) == 1 or _matches(entry.pieces, plain, at)
                ):
                    best = entry
                    break
        at += len(word) + 1
    if not plain.isascii():
        joined = plain.replace(" ", "")
        for entry in _UNSPACED:
            if (best is None or entry.rank < best.rank) and _contains(entry.pieces, joined):
                best = entry
    return best.hit if best else None


def find_all(text: str) -> list[Hit]:
    """Every phrase and shape of the tables that is in a text, the deciding one first. For `explained`: slow."""
    plain = words(text)
    found: dict[Hit, int] = {}
    at = 1
    for word in plain.split():
        for entry in _INDEX.get(word, ()):
            if plain.startswith(entry.first, at) and _matches(entry.pieces, plain, at):
                found.setdefault(entry.hit, entry.rank)
        at += len(word) + 1
    joined = plain.replace(" ", "")
    found |= {entry.hit: entry.rank for entry in _UNSPACED if _contains(entry.pieces, joined)}
    special = shape(text)
    return ([special] if special else []) + sorted(found, key=found.__getitem__)


_SHAPES = tuple(
    (re.compile(line), Hit(group.partition(":")[0], line, False, rule="shape"))
    for group in SHAPES
    for line in group.partition(":")[2].split("\n")
    if line
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
