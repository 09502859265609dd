# SPDX-License-Identifier: GPL-3.0-or-later
"""No regular expression of the mail reader backtracks super-linearly: twice the text, about twice the time."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time

import pytest

import bouncestream.mail

SIZE = 20_000
"""Characters of the shorter text; a pattern with a square in it takes seconds for such."""

GENERIC = (
    "a", "A", "1", " ", "\n", "\t", "<", ">", "@", ".", ":", ";", "(", "=", "-", "a ", "a@", "@a", "a.", "a:",
    "\na", "<a@", "a@a.", " a\n", "5.1.1 ", "550 ", "550-", "\n<", "=?a", "\\x{", "ä", "あ", "&a", "\r", '"', '"a',
    "/", "|",
)  # fmt: skip


def patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Every compiled pattern of the room, by module and name; also those within tables."""
    found: dict[str, re.Pattern[str]] = {}

    def look(name: str, value: object, depth: int = 0) -> None:
        if isinstance(value, re.Pattern):
            found.setdefault(value.pattern, value)
            names.setdefault(value.pattern, name)
        elif isinstance(value, list | tuple) and depth < 3:
            for item in value:
                look(name, item, depth + 1)
        elif depth < 3 and type(value).__module__.startswith("bouncestream.mail") and hasattr(value, "__slots__"):
            for slot in value.__slots__:
                look(name, getattr(value, slot), depth + 1)

    names: dict[str, str] = {}
    for info in pkgutil.walk_packages(bouncestream.mail.__path__, "bouncestream.mail."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            look(f"{info.name.removeprefix('bouncestream.mail.')}.{name}", value)
    return sorted(((names[pattern], compiled) for pattern, compiled in found.items()), key=lambda one: one[0])


def units(pattern: re.Pattern[str]) -> list[str]:
    """What to repeat: characters that patterns stumble over, and this pattern's own words, alone and mixed."""
    own = sorted(set(re.findall(r"[A-Za-z][A-Za-z' -]{2,30}", pattern.pattern)), key=len, reverse=True)[:6]
    return [
        *GENERIC,
        *own,
        *(word + " " for word in own),
        *(word + "@" for word in own),
        *(word + " a " for word in own),
    ]


def took(pattern: re.Pattern[str], text: str) -> float:
    started = time.process_time()
    pattern.search(text)
    for count, _ in enumerate(pattern.finditer(text)):
        if count > 20_000:
            break
    return time.process_time() - started


FOUND = patterns()


def test_the_patterns_are_found() -> None:
    assert len(FOUND) > 50
    assert any(name.startswith("families.FAMILIES") for name, _ in FOUND)
    assert any(name.startswith("phrases.composed") for name, _ in FOUND)


@pytest.mark.parametrize(("name", "pattern"), FOUND, ids=[name for name, _ in FOUND])
def test_twice_the_text_takes_about_twice_the_time(name: str, pattern: re.Pattern[str]) -> None:
    for unit in units(pattern):
        text = unit * (SIZE // len(unit))
        short = took(pattern, text)
        if short < 0.02:
            continue  # a square would take seconds
        # Slow enough to look closer; the best of three, since the machine has other work too.
        short = min(short, *(took(pattern, text) for _ in range(2)))
        long = min(took(pattern, text * 2) for _ in range(3))
        assert long < short * 3 + 0.02, f"{name}: {unit!r} × {len(text)}: {short:.3f} s, doubled {long:.3f} s"


def test_a_square_is_noticed() -> None:
    square = re.compile("x+y")
    text = "x" * 5000
    short, long = took(square, text), took(square, text * 2)
    assert long > short * 3
