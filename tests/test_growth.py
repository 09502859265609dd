# SPDX-License-Identifier: GPL-3.0-or-later
"""No regular expression of the program backtracks super-linearly: of four times the text it takes about four times
the time. Covered are all of them: those that are compiled when a module is imported (in a table, a closure or a
class, by whatever helper), and those that are written within a function.

Texts are made from each pattern itself: what fits it, parts of that, and what fits each of its repetitions, again
and again.
"""

from __future__ import annotations

import ast
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import bouncestream

pytestmark = pytest.mark.once

ROOM = Path(bouncestream.__file__).parent
FUNCTIONS = ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
SHORT, LONG = 2_000, 8_000
"""Characters. A pattern with a square in it takes some milliseconds and more for the shorter text."""
SOON = 0.0005
"""Seconds of the processor: a square that takes less for the shorter text takes some seconds for a whole mail."""

GENERIC = (
    "a", "A", "1", " ", "\n", "\t", "<", ">", "@", ".", ":", ";", "(", "[", "=", "-", "a ", "a@", "@a", "a.", "a:",
    "\na", "<a@", "a@a.", " a\n", "5.1.1 ", "550 ", "550-", "\n<", "=?a", "\\x{", "ä", "あ", "&a", "\r", '"', '"a',
    '\\"', '"\\', "/", "|", "&#", "-- ", "[a ", "(a ", "https://", "/a", "UID 1", " {3}",
)  # fmt: skip

HOOK = """
import importlib, os, pkgutil, re, sys
import bouncestream
compiled, seen = re._compile, {}
room = os.path.dirname(bouncestream.__file__)
def noting(pattern, flags):
    found = compiled(pattern, flags)
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename == re.__file__:
        frame = frame.f_back
    if frame is not None and frame.f_code.co_filename.startswith(room):
        name = frame.f_globals["__name__"].removeprefix("bouncestream.")
        seen.setdefault((found.pattern, found.flags), f"{name}:{frame.f_lineno}")
    return found
re._compile = noting
from bouncestream.mail import late
late.late = re.compile
for module in pkgutil.walk_packages(bouncestream.__path__, "bouncestream."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(repr([(where, *key) for key, where in seen.items()]))
"""


@cache
def at_import() -> list[tuple[str, str | bytes, int]]:
    """Where, pattern and flags of all that is compiled while the modules are imported, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", HOOK], capture_output=True, text=True, check=True, timeout=60)
    found: list[tuple[str, str | bytes, int]] = ast.literal_eval(done.stdout)
    return found


def in_functions() -> Iterator[tuple[str, ast.Call]]:
    """Where, and the call, of each use of `re` with a pattern that is not compiled before."""
    for path in sorted(ROOM.rglob("*.py")):
        name = ".".join(path.relative_to(ROOM).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in FUNCTIONS
            ):
                yield f"{name}:{node.lineno}", node


def patterns() -> list[tuple[str, re.Pattern[Any]]]:
    """All of the program, by where they stand."""
    found = {(pattern, flags): where for where, pattern, flags in at_import()}
    for where, call in in_functions():
        if isinstance(call.args[0], ast.Constant):
            compiled = re.compile(call.args[0].value)
            flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(call) else 0
            if not any(compiled.pattern == pattern for pattern, _ in found):
                found[(compiled.pattern, compiled.flags | flags)] = where
    chosen = ((where, re.compile(pattern, flags)) for (pattern, flags), where in found.items())
    return sorted(chosen, key=lambda one: one[0])


# -- texts that a pattern stumbles over ----------------------------------------------------------------------------


class Maker:
    """Makes texts from a pattern's own tree."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self.chance = random.Random(5)
        flags = pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
        self.tree = parser.parse(pattern.pattern, flags)

    def texts(self) -> list[str]:
        """What fits the pattern, beginnings of that, and what fits its repetitions."""
        whole = {self.fitting(self.tree, times) for times in (1, 1, 1, 2, 3, 3)}
        found = {
            part for text in whole for part in (text, text[:-1], text[: len(text) // 2], text[len(text) // 3 :])
        }
        for repeated in list(self.repeated(self.tree))[:40]:
            found |= {self.fitting(repeated, times) for times in (1, 1, 3)}
        return sorted(text for text in found if text)

    def fitting(self, tree: Any, times: int) -> str:
        return "".join(self._one(what, value, times) for what, value in tree)

    def _one(self, what: Any, value: Any, times: int) -> str:
        if what is op.LITERAL:
            return chr(value)
        if what is op.NOT_LITERAL:
            return "a" if value != ord("a") else "b"
        if what is op.ANY:
            return "a"
        if what is op.IN:
            fits = [c for c in "a1 .-@<>(\"'\\;:=,[x_/\n" if self._member(value, c)]
            return self.chance.choice(fits) if fits else self._range(value)
        if what is op.BRANCH:
            return self.fitting(self.chance.choice(value[1]), times)
        if what is op.SUBPATTERN:
            return self.fitting(value[3], times)
        if what is op.ATOMIC_GROUP:
            return self.fitting(value, times)
        if what in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, repeated = value
            count = times if most > 1 else self.chance.choice((0, 1))
            return "".join(self.fitting(repeated, 1) for _ in range(max(least, min(count, int(most)))))
        return ""  # anchors, and what only looks

    def _range(self, members: Any) -> str:
        return next((chr(v if w is op.LITERAL else v[0]) for w, v in members if w in (op.LITERAL, op.RANGE)), "x")

    @staticmethod
    def _member(members: Any, character: str) -> bool:
        code, hit, negated = ord(character), False, False
        word = character.isalnum() or character == "_"
        for what, value in members:
            if what is op.NEGATE:
                negated = True
            elif what is op.LITERAL:
                hit |= code == value
            elif what is op.RANGE:
                hit |= value[0] <= code <= value[1]
            elif what is op.CATEGORY:
                name = str(value).removeprefix("CATEGORY_").removeprefix("UNI_")
                kind = {"DIGIT": character.isdigit(), "SPACE": character.isspace(), "WORD": word}
                hit |= not kind[name[4:]] if name.startswith("NOT_") else kind[name]
        return hit != negated

    def repeated(self, tree: Any) -> Iterator[Any]:
        for what, value in tree:
            if what in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
                yield value[2]
                yield from self.repeated(value[2])
            elif what is op.BRANCH:
                for branch in value[1]:
                    yield from self.repeated(branch)
            elif what is op.SUBPATTERN:
                yield from self.repeated(value[3])
            elif what in (op.ASSERT, op.ASSERT_NOT):
                yield from self.repeated(value[1])


def hard_texts(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str]]:
    """A beginning, and what is to be repeated behind it."""
    maker = Maker(pattern)
    own = sorted(set(re.findall(r"[A-Za-z][A-Za-z' -]{2,30}", str(pattern.pattern))), key=len, reverse=True)[:6]
    words = [word + end for word in own for end in ("", " ", "@", " a ")]
    begin = maker.fitting(maker.tree, 1)[:40]
    for unit in dict.fromkeys((*GENERIC, *words, *maker.texts())):
        yield "", unit
        if unit not in GENERIC:
            yield begin, unit


def took(pattern: re.Pattern[Any], begin: str, unit: str, size: int) -> float:
    """Seconds of the processor for a text of that size, from whose end on nothing fits."""
    text: Any = begin + unit * (size // len(unit)) + "\x01"
    if isinstance(pattern.pattern, bytes):
        text = text.encode("latin-1", "replace")
    started = time.process_time()
    for _ in pattern.finditer(text):
        pass
    return time.process_time() - started


def grows(pattern: re.Pattern[Any]) -> str:
    """A text for which the time grows faster than its length; empty: there is none."""
    for begin, unit in hard_texts(pattern):
        short = took(pattern, begin, unit, SHORT)
        if short > 1:
            return f"{begin!r} + {unit!r} × …: over a second for {SHORT} characters"
        if short < SOON:
            continue
        # The best of three, since the machine has other work too.
        short = min(took(pattern, begin, unit, SHORT) for _ in range(3))
        long = min(took(pattern, begin, unit, LONG) for _ in range(3))
        if long > short * LONG / SHORT * 2 + SOON * 10:
            return f"{begin!r} + {unit!r} × …: {short:.4f} s, four times as long {long:.4f} s"
    return ""


FOUND = patterns()


def test_the_patterns_are_found() -> None:
    assert len(FOUND) > 250
    rooms = {where.partition(":")[0] for where, _ in FOUND}
    for room in (
        "mail.families",
        "mail.phrases.clauses",
        "doctor.campaign_mail.rewriters",
        "sources.imap.replies",
        "printable",
    ):
        assert room in rooms


def test_what_is_made_while_it_runs_is_made_of_what_is_escaped() -> None:
    """What is in no list above: patterns that a function puts together."""
    known = {pattern for _, pattern, _ in at_import()}
    for where, call in in_functions():
        pattern = call.args[0]
        if isinstance(pattern, ast.Constant):
            assert pattern.value in known or any(pattern.value == one.pattern for _, one in FOUND), where
        elif call.func.attr != "compile":  # type: ignore[attr-defined]
            assert isinstance(pattern, ast.Name) or "re.escape(" in ast.unparse(pattern), where


@pytest.mark.parametrize(("where", "pattern"), FOUND, ids=[where for where, _ in FOUND])
def test_four_times_the_text_takes_about_four_times_the_time(where: str, pattern: re.Pattern[Any]) -> None:
    found = grows(pattern)
    assert not found, f"{where}: {pattern.pattern!r}: {found}"


@pytest.mark.parametrize(
    "square", ["x+y", r"(?:a|b)*c\d", r'"(?:[^"\\]|\\.)*"', r"\[\w+(?: [^\]]*)?\]", r"^\s*on\b"]
)
def test_a_square_is_noticed(square: str) -> None:
    assert grows(re.compile(square, re.MULTILINE))
