# SPDX-License-Identifier: GPL-3.0-or-later
"""A person's names, addresses and UUIDs, in every spelling, and whether a text or a raw body holds one. Pure.

An address is spelled in many ways: in upper case, in quotes, with a domain of U-labels or A-labels (RFC 5890), with
an accent as one character or as two (Unicode NFC and NFD), in a form (`%40`), in JSON (`\\u0040`), in a part of a
mail in base64, or in a return address as `ann=example.com` (VERP). A tag makes another address:
`ann+news@example.com` is not `ann@example.com`, as mail servers may treat both as two people (RFC 5321 section
2.3.11).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote, unquote_plus

import orjson

from bouncestream.event import clean_uuid
from bouncestream.mail.address import mailed_to, u_label
from bouncestream.mail.mime import decoded, leaves, parse_fields, split_headers, unencoded

#: What stands where a name was.
ERASED = "[erased]"

#: Texts within texts (a mail in JSON, a mail in a mail), and strings of one JSON body.
_DEPTH, _STRINGS = 4, 20_000
#: A shorter string is no mail and no JSON.
_LONG = 200


def names_of(text: str) -> tuple[str, ...]:
    """The names under which the outbox may have a person whom somebody spells so, the usual one first: of an
    address in all its forms, or of a UUID. None when it is neither."""
    if uuid := clean_uuid(text):
        return (uuid,)
    address = mailed_to(text)
    if not address:
        return ()
    local, _, domain = address.rpartition("@")
    forms = [address]
    for spelled in (normalize("NFC", local), normalize("NFD", local), normalize("NFKC", local)):
        forms += [f"{spelled}@{name}" for name in (domain, *_unicode(domain))]
    return tuple(dict.fromkeys(forms))


def _unicode(domain: str) -> Iterator[str]:
    """A domain with its U-labels; nothing where it has none."""
    if (shown := u_label(domain)) != domain:
        yield shown


class Spellings:
    """The names of one person, to be looked for in what was stored."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(name for name in names if name))
        uuids, plain, returned = [], [], []
        for name in self.names:
            local, at, domain = name.rpartition("@")
            if not at:
                uuids.append(re.escape(name))
                continue
            ends = "|".join(re.escape(one) for one in (domain, *_unicode(domain)))
            bare = local.strip('"')
            forms = dict.fromkeys(re.escape(one) for one in (local, bare, f'"{bare}"', f'\\"{bare}\\"'))
            plain.append(f"(?:{'|'.join(forms)})@(?:{ends})")
            returned.append(f"{re.escape(bare)}=(?:{ends})")
        # Not within a longer name: joann@example.com, news+ann@example.com, ann@example.com.br, o'ann@example.com.
        # A return address is longer, and holds it all the same: bounces+ann=example.com@example.org.
        end = r"(?![\w\-])(?!\.\w)"
        kinds = (
            (uuids, r"(?<![0-9a-f\-])", r"(?![0-9a-f\-])"),
            (plain, r"(?<![\w.\-+])(?<!\w')", end),
            (returned, r"(?<![\w.\-])", end),
        )
        patterns = [f"{begin}(?:{'|'.join(found)}){end}" for found, begin, end in kinds if found]
        self._pattern = re.compile("|".join(patterns) or "(?!)", re.IGNORECASE)
        #: Without one of these in it no text needs a closer look: it is asked of each text of an outbox. Each with
        #: what may stand behind it.
        self._needles = []
        for name in self.names:
            local, at, _ = name.rpartition("@")
            bare = local.strip('"') or name
            behind = tuple(f"{bare}{sign}" for sign in ("@", "=", '"@', '\\"@')) if at else (name,)
            self._needles.append((bare, behind))
        self._ascii = all(name.isascii() for name in self.names)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def in_text(self, text: str) -> bool:
        """Whether a text holds one of the names."""
        if not text:
            return False
        lower = text.lower()
        near = not self._ascii or any(
            bare in lower and any(one in lower for one in behind) for bare, behind in self._needles
        )
        return near and self._pattern.search(text) is not None

    def without(self, text: str) -> str:
        """The text with `[erased]` where one of the names was."""
        return self._pattern.sub(ERASED, text)

    def in_body(self, body: bytes, content_type: str = "") -> bool:
        """Whether a request or mail, as it came in, holds one of the names, however it is encoded."""
        form = "form-urlencoded" in content_type.lower()
        return any(self.in_text(text) for text in _readings(body, form=form))


def _readings(body: bytes, *, form: bool) -> Iterator[str]:
    """The texts that are in a body: as it is, and with its encodings undone."""
    text = body.decode("utf-8", "replace")
    yield from _of_text(text, 0, form=form)
    if not body.isascii():
        yield body.decode("latin-1")


def _of_text(text: str, depth: int, *, form: bool = False) -> Iterator[str]:
    yield text
    if depth >= _DEPTH:
        return
    if "%" in text:
        plain = unquote_plus(text) if form else unquote(text)
        if plain != text:
            yield from _of_text(plain, depth + 1)
            if form:  # a field may be JSON, or a mail
                for part in text.split("&"):
                    yield from _of_text(unquote_plus(part.partition("=")[2]), depth + 1)
    if "\\" in text and text.lstrip()[:1] in ("{", "["):  # without an escape its strings are in it as they are
        yield from _of_json(text, depth)
    if "=?" in text:
        yield from map(unencoded, text.split("\n"))
    if "ontent-" in text or "ONTENT-" in text:
        yield from _of_mail(text.replace("\r\n", "\n"), depth)


def _of_json(text: str, depth: int) -> Iterator[str]:
    try:
        waiting: list[Any] = [orjson.loads(text)]
    except orjson.JSONDecodeError:
        return
    plain: list[str] = []
    seen = 0
    while waiting and seen < _STRINGS:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            seen += 1
            if len(value) > _LONG or "%" in value or "\\" in value:
                yield from _of_text(value, depth + 1)
            else:
                plain.append(value)
    yield "\n".join(plain)


def _of_mail(text: str, depth: int) -> Iterator[str]:
    """The parts of a mail whose encoding hides their words."""
    head, body = split_headers(text)
    fields = parse_fields(head)
    for part in leaves(fields, body):
        encoding = part.fields.get("content-transfer-encoding", "").strip().lower()
        nested = part.kind.startswith("message/")
        if nested or encoding not in ("", "7bit", "8bit", "binary"):
            inner = decoded(part)
            if inner != text:
                yield from _of_text(inner, depth + 1)
