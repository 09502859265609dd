# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the words of the tables (`composed`, `abroad`) in a clause: its tags.

Words are looked up one by one, so the cost grows with the text and not with the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bouncestream.mail.late import late
from bouncestream.mail.phrases.abroad import BEHIND, NAMES, SPACED
from bouncestream.mail.phrases.clauses import TEXT_LIMIT, folded
from bouncestream.mail.phrases.composed import ENGLISH
from bouncestream.mail.phrases.unspaced import JOINED, JOINED_MORE

_TOKEN = re.compile(
    r"[^\s@,;:()\[\]\"<>|=]{0,64}@[\w.-]{0,255}|[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){1,8}|[^\W_]+"
)
_NUMBER = re.compile(r"[\d.-]+")
_OWN = ("mailbox", "domain")
_ENDING = 3
"""So many letters may end an inflected word of these."""

Entries = list[tuple[tuple[str, ...], str]]
"""Words that stand together, and what they tell; the longest first."""


class Tag(NamedTuple):
    """A word of the tables in a clause."""

    name: str
    at: int  #: the first word
    end: int  #: behind the last word


def _listed(text: str) -> Iterator[tuple[str, ...]]:
    for one in text.split(","):
        words = tuple(_TOKEN.findall(folded(one.strip().rstrip("*"))))
        if words:
            yield (*words[:-1], words[-1] + "*") if one.strip().endswith("*") else words


def _rows(language: str) -> dict[str, str]:
    """The rows of a language, by their names in `abroad.NAMES`."""
    return {name.strip(): words for name, _, words in (row.partition(":") for row in language.split(";"))}


NEGATIONS = frozenset(one for its in SPACED.values() for one in _rows(its).get("not", "").replace(",", " ").split())
"""Words of other languages that make "exists" mean "not there"."""


def _tables() -> tuple[dict[str, dict[str, Entries]], dict[str, list[tuple[str, str]]]]:
    """Phrases by their first word and the first letter of their second; stems by their first three letters."""
    whole: dict[str, dict[str, Entries]] = {"@": {"": [(("@",), "@")]}, "~": {"": [(("~",), "~")]}}
    stems: dict[str, list[tuple[str, str]]] = {}

    def add(words: tuple[str, ...], name: str) -> None:
        if words[0].endswith("*"):
            stems.setdefault(words[0][:3], []).append((words[0][:-1], name))
        else:
            letter = words[1][0] if len(words) > 1 else ""
            whole.setdefault(words[0], {}).setdefault(letter, []).append((words, name))

    for name, text in ENGLISH.items():
        for words in _listed(text):
            add(words, name)
    for language in SPACED.values():
        for row, text in _rows(language).items():
            for words in _listed(text) if NAMES[row] else ():
                add(words, NAMES[row])
    for letters in whole.values():
        for entries in letters.values():
            entries.sort(key=lambda entry: (-len(entry[0]), entry[1] == "other"))
    for its in stems.values():
        its.sort(key=lambda entry: -len(entry[0]))
    return whole, stems


_WHOLE, _STEMS = _tables()


def _unspaced() -> dict[str, str]:
    """Words by what they mean; "not" and "there" are one word, either way round."""
    found = {folded(word): name for word, name in JOINED_MORE.items()}
    for language in JOINED.values():
        rows = {row: ["".join(folded(w).split()) for w in its.split(",")] for row, its in _rows(language).items()}
        negations = rows.pop("not", [])
        for there in rows.pop("there", []):
            found |= {one: "not there *" for no in negations for one in (no + there, there + no)}
        for your in rows.pop("your", []):
            found |= {your + noun: "sender" for row in ("mailbox", "domain") for noun in rows.get(row, [])}
        found |= {word: NAMES[row] for row, words in rows.items() for word in words}
    return found


_UNSPACED = _unspaced()
_HIM = "\ue000"
"""Stands for an address, which is the recipient's: those of others are no addresses any more (see `roles`)."""
_JOINED = late("|".join(map(re.escape, (*sorted(_UNSPACED, key=len, reverse=True), _HIM))))


def tokens(text: str) -> list[str]:
    """The words of a folded text; an address is "@", a host's name "~"."""
    found = []
    for word in _TOKEN.findall(text):
        if word.isalpha():
            found.append(word)
        elif "@" in word:
            found.append("@")
        elif "." in word:
            if _NUMBER.fullmatch(word) is None:
                found.append("~")
        elif not word.isdigit():
            found += [one for one in word.replace("_", "-").split("-") if one]
    return found


def tagged(words: list[str]) -> list[Tag]:
    """The tags of a clause, given as its `tokens`: the longest phrase at each word."""
    found: list[Tag] = []
    at = 0
    count = len(words)
    whole = _WHOLE.get
    while at < count:
        word = words[at]
        name, step = "", 1
        letters = whole(word)
        if letters is not None:
            if at + 1 < count and (longer := letters.get(words[at + 1][0])):
                name, step = next(((its, len(one)) for one, its in longer if _fits(one, words, at)), ("", 1))
            if not name and "" in letters:
                name = letters[""][0][1]
        if not name:
            stems = _STEMS.get(word[:3])
            if stems is not None:
                for stem, its in stems:
                    if word.startswith(stem) and (
                        len(word) - len(stem) <= _ENDING or its not in _OWN or _ends_as_one(word[len(stem) :])
                    ):
                        name = its
                        break
        if name:
            found.append(Tag(name, at, at + step))
        at += step
    return found


def _ends_as_one(end: str) -> bool:
    """Whether what stands behind the stem of a recipient's word is such a word itself, as in "Benutzerkonto"; else
    it is a thing of his ("Benutzerverzeichnis", "Domaincontroller")."""
    for rest in (end, end[1:]):  # "Kunde-n-konto"
        if any(name in _OWN for (_, name) in _WHOLE.get(rest, {}).get("", ())):
            return True
        if any(
            name in _OWN and rest.startswith(stem) and len(rest) - len(stem) <= _ENDING
            for stem, name in _STEMS.get(rest[:3], ())
        ):
            return True
    return False


def ends_as_mailbox(word: str) -> bool:
    """Whether a word that is not known is one of a recipient's by its end: "Sammelpostfach"."""
    return any(_ends_as_one(word[at:]) for at in range(2, len(word) - 3))


def _fits(phrase: tuple[str, ...], words: list[str], at: int) -> bool:
    last = phrase[-1]
    length = len(phrase)
    if at + length > len(words):
        return False
    if last.endswith("*"):
        return phrase[:-1] == tuple(words[at : at + length - 1]) and words[at + length - 1].startswith(last[:-1])
    return phrase == tuple(words[at : at + length])


def denied(words: list[str], there: Tag) -> bool:
    """Whether a negation stands at a word of "there": before it, or behind it as in German."""
    before, behind = words[max(there.at - 4, 0) : there.at], words[there.end : there.end + 8]
    return any(word in NEGATIONS for word in before) or any(word in BEHIND for word in behind)


def names_sender(text: str) -> bool:
    """Whether a text has a word for who sends, in whatever language."""
    plain = folded(text[:TEXT_LIMIT])
    tags = tagged(tokens(plain)) if plain.isascii() else [*tagged(tokens(plain)), *joined(plain)]
    return any(tag.name == "sender" for tag in tags)


_LATIN = re.compile(
    r"[a-z0-9._+-]{1,64}@[a-z0-9._-]{1,255}|"
    r"(?<![a-z0-9._+-])(?!(?:helo|ehlo|ptr|spf|dkim|ourhost|mailfrom|sender|domain)(?![a-z]))[a-z0-9._+-]{2,64}"
)


def squeezed(text: str) -> str:
    """A text without blanks, a word or address in Latin letters as one letter: as `joined` counts."""
    return _LATIN.sub("@", text).replace(" ", "")


def joined(text: str) -> list[Tag]:
    """The tags of a text without blanks, a letter counted as a word: four of them are about one word of others."""
    plain = _LATIN.sub(lambda m: _HIM if "@" in m[0] else "@", text).replace(" ", "")
    return [Tag(_UNSPACED.get(m[0], "mailbox"), m.start(), m.end()) for m in _JOINED.finditer(plain)]
