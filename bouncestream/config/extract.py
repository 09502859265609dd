# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the secrets out of a configuration's text, which then names a file for each; comments and order stay.

Each change is made on the lines of one key, and taken only if the text then reads as TOML exactly as it did, but
for that key: what this cannot do (a key within braces) is refused, never guessed.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bouncestream import providers
from bouncestream.config.guessable import why_guessable
from bouncestream.config.model import NAMED, SECTIONS
from bouncestream.errors import UsageError
from bouncestream.settings.key import Key, keys_of

#: What `init` writes above a configuration with secrets, and what is true of one without.
HOLDS_SECRETS = "It holds secrets: keep its mode 0600."
HOLDS_NONE = "Its secrets are in files of their own."

#: The parts before the last one of a dotted key.
_LEAD = r"""[ \t]*(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*)*"""
#: Where a value may end: what follows is a comment, or nothing.
_END = re.compile(r"(?<![ \t])[ \t]*+(?=#|\r?\n|\Z)")
_HEADER = re.compile(r"\A[ \t#]*+\[([\w.-]++)\].*")
_COMMENTED = re.compile(r"\A[ \t]*+#[ \t#]*+((?:\w*+[.-])*+)(\w++)[ \t]*+=[ \t]*+(\S.*)")


@dataclass(frozen=True, slots=True)
class Extracted:
    """A configuration without secrets, and what became of these, by their dotted keys such as `listmonk.token`."""

    text: str
    #: → the content of its file; each was in the text
    moved: Mapping[str, str] = field(repr=False)
    #: → the path of its file, of all secrets
    files: Mapping[str, str]
    #: secrets that may be set and are not
    unset: tuple[str, ...] = ()
    #: numbers of lines that are comments, but look like a secret
    commented: tuple[int, ...] = ()


def extract(text: str, folder: str) -> Extracted:
    """The secrets of a valid configuration, each for a file in `folder` named by its key. Raises UsageError."""
    written = tomllib.loads(text)
    commented = tuple(_commented(text))
    moved: dict[str, str] = {}
    files: dict[str, str] = {}
    unset = []
    for path, key in _secrets(written):
        dotted, named = ".".join((*path, key.name)), f"{key.name}_file"
        table = _table(written, path)
        if key.name in table:
            value = table[key.name]
            moved[dotted] = "".join(f"{line.strip()}\n" for line in (value if isinstance(value, list) else [value]))
            files[dotted] = f"{folder}/{dotted}"
            text = changed(text, path, key.name, named, files[dotted])
        elif named in table:
            files[dotted] = table[named]
        else:
            unset.append(dotted)
    text = text.replace(HOLDS_SECRETS, HOLDS_NONE) if moved else text
    return Extracted(text, moved, files, tuple(unset), commented)


def changed(text: str, path: Sequence[str], old: str, new: str, value: str) -> str:
    """The text with the key `old` of a section replaced by `new`, a text; where there is none, `new` is added.
    Raises UsageError, which shows no value."""
    wanted = tomllib.loads(text)
    table = _table(wanted, path)
    line = f"{new} = {json.dumps(value, ensure_ascii=False)}"
    before = table.pop(old, None)
    table[new] = value
    tries = _added(text, path, line) if before is None else _replaced(text, old, before, line)
    for tried in tries:
        if _read(tried) == wanted:
            return tried
    raise UsageError(
        f"{'.'.join((*path, old))} is not written on lines of its own, so it cannot be changed. Next: write it as "
        f"`{old} = …` on a line of its own, below [{'.'.join(path)}]."
    )


def _replaced(text: str, old: str, value: Any, line: str) -> Iterator[str]:
    """The text with each assignment of this value to a key of this name replaced."""
    name = re.escape(old)
    assigned = rf"""(?m)^({_LEAD})(?:{name}|"{name}"|'{name}')[ \t]*="""
    for start in re.finditer(assigned, text):
        for end in _END.finditer(text, start.end()):
            if _innermost(_read(text[start.start() : end.start()])) == value:
                yield text[: start.start()] + start[1] + line + text[end.start() :]
                break


def _added(text: str, path: Sequence[str], line: str) -> Iterator[str]:
    section = r"[ \t]*\.[ \t]*".join(map(re.escape, path))
    headed = rf"(?m)^[ \t]*\[[ \t]*{section}[ \t]*\][^\n]*(?:\n|\Z)"
    for header in re.finditer(headed, text):
        yield f"{text[: header.end()].rstrip()}\n{line}\n{text[header.end() :]}"
    yield f"{text.rstrip()}\n\n[{'.'.join(path)}]\n{line}\n"


def _read(text: str) -> Any:
    """The table that a text is; None: it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _innermost(table: Any) -> Any:
    """The value of the one key that a text assigns."""
    while isinstance(table, dict) and len(table) == 1:
        table = next(iter(table.values()))
    return table


def _table(written: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    for name in path:
        written = written.setdefault(name, {})
    return written


def _secrets(written: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Key]]:
    """Each secret that the sections of a configuration may hold: the path of its section, and its key."""
    for section, model in SECTIONS.items():
        sections = {tuple(section.split(".")): model}
        if section in NAMED:
            tables = written.get(section, {}).items()
            sections = {(section, name): _model(model, table) for name, table in tables}
        for path, of in sections.items():
            yield from ((path, key) for key in keys_of(of).values() if key.secret)


def _model(model: type[Any], table: Mapping[str, Any]) -> type[Any]:
    """The options of a named section; those of a webhook are its provider's."""
    return providers.get(table["provider"]).settings if "provider" in table else model


def _commented(text: str) -> Iterator[int]:
    """The lines that are comments, but assign to the key of a secret what may be one: not a sample."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            section = header[1]
        found = _COMMENTED.fullmatch(line)
        samples = _samples(f"{section}.{found[1]}".strip(".")).get(found[2], set()) if found else set()
        if found and samples and found[3].strip() not in samples:
            value = _innermost(_read(f"x = {found[3]}"))
            values = value if isinstance(value, list) else [value]
            if not all(isinstance(one, str) and ("…" in one or why_guessable(one, foreign=True)) for one in values):
                yield number


def _samples(section: str) -> dict[str, set[str]]:
    """Name of a secret of a section → what the example shows for it."""
    models = [SECTIONS[section]] if section in SECTIONS else []
    if section.startswith("webhooks"):  # a comment need not say whose
        models = [providers.get(name).settings for name in providers.names()]
    elif section.startswith("mailboxes"):
        models = [SECTIONS["mailboxes"]]
    found: dict[str, set[str]] = {}
    for key in (key for model in models for key in keys_of(model).values() if key.secret):
        found.setdefault(key.name, set()).add(key.sample)
    return found
