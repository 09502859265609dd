# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialogue: asks what is not given, one question at a time, tries what was answered, and goes back where a
person wants to.

What is given as an option, or in the environment, is not asked. On a terminal an answer that does not work can be
corrected; from a pipe (and with --yes) it is taken as it is.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bouncestream.cli import out
from bouncestream.cli.init.answers import Answers
from bouncestream.cli.init.person import BACK, Back, Ended, Person
from bouncestream.config.load import PREFIX
from bouncestream.doctor.finding import Finding, Level
from bouncestream.errors import UsageError

#: Answers that mean: none.
_NONE = ("-", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and how its answer is read."""

    name: str  #: the attribute of `Answers`, and of the parsed options
    flag: str  #: the option that answers it; of a secret: that names a file with it; empty: there is none
    metavar: str
    help: str  #: of the option
    key: str = ""  #: of the configuration, whose environment variable answers it, too; a * stands for any name
    text: str = ""  #: what is asked
    read: Callable[[str], Any]  #: the value of an answer. Raises UsageError
    default: Callable[[Answers], str] = lambda _: ""
    asked: Callable[[Answers], bool] = lambda _: True
    skip: str = ""  #: what - stands for, where it may be left unanswered: none
    secret: bool = False
    choices: tuple[tuple[str, str], ...] = ()  #: answer, and what it means
    implied: tuple[tuple[str, str], ...] = ()  #: option, and the answer where that one is given
    before: Callable[[], None] = lambda: None  #: tells what has to be known for an answer


@dataclass(frozen=True, slots=True)
class Part:
    """Questions that are tried together. `attempt` raises UsageError where the answers do not fit together."""

    title: str
    questions: tuple[Question, ...]
    attempt: Callable[[Answers, Person], list[Finding]]


class Dialogue:
    """One run over all questions."""

    def __init__(
        self,
        parts: Sequence[Part],
        answers: Answers,
        person: Person,
        args: argparse.Namespace,
        environ: Mapping[str, str],
    ) -> None:
        self._answers, self._person, self._args, self._environ = answers, person, args, environ
        self._steps = [(part, one) for part in parts for one in (*part.questions, None)]
        self._questions = {one.name: one for _, one in self._steps if one is not None}
        self._texts: dict[str, str] = {}  # what was answered last, to correct it
        self._told: set[str] = set()  # questions that were told what has to be known
        self._asked: list[int] = []  # steps whose question a person has seen
        self._found: dict[str, list[Finding]] = {}

    def run(self) -> list[Finding]:
        """Fill the answers; the findings of all that was tried. Raises UsageError."""
        at = 0
        while at < len(self._steps):
            part, question = self._steps[at]
            try:
                if question is None:
                    again = self._attempt(part)
                    at = at + 1 if again is None else again
                    continue
                if self._take(question):
                    self._asked.append(at)
                at += 1
            except Back:
                if self._asked:
                    at = self._asked.pop()
                else:
                    out.mark("·", "this is the first question")
        return [one for found in self._found.values() for one in found]

    def _take(self, question: Question) -> bool:
        """Answer a question; whether a person was asked."""
        found = given(question, self._args, self._environ)
        if found is None:
            found = next(((text, question.flag) for name, text in question.implied if self._is_given(name)), None)
        if found is not None:
            text, where = found
            try:
                value = self._read(question, text)
            except UsageError as error:
                raise UsageError(f"{where}: {error}") from None
        elif not question.asked(self._answers):
            value = getattr(Answers(), question.name, "")
        elif not self._person.asks:
            value = self._by_default(question)
        else:
            self._ask(question)
            return self._person.terminal
        self._answers.put(question.name, value)
        return False

    def _by_default(self, question: Question) -> Any:
        text = question.default(self._answers)
        if not text and (question.secret or not question.skip):
            also = f", or set {variable_of(question.key)}" if question.key else ""
            raise UsageError(
                f"{question.flag} is missing. Next: give it{also}."
                if question.flag
                else f"{question.key} is missing. Next: set {variable_of(question.key)}."
            )
        return self._read(question, text)

    def _is_given(self, name: str) -> bool:
        return given(self._questions[name], self._args, self._environ) is not None

    def _ask(self, question: Question) -> None:
        if question.name not in self._told:
            question.before()
            self._told.add(question.name)
        print()
        out.heading(question.text + (f" (-: {question.skip})" if question.skip else ""))
        for number, (answer, meaning) in enumerate(question.choices, start=1):
            out.prose(meaning if meaning == answer else f"{meaning} ({answer})", f"  {number}  ", "     ")
        last = self._texts.get(question.name)
        default = last if last is not None else question.default(self._answers)
        shown = "as before" if question.secret and last else default
        prompt = f"  [{shown}] > " if shown else "  > "
        if question.secret and self._person.terminal:
            prompt = f"  (not shown){prompt[1:]}"
        while True:
            text = self._person.answer(prompt, hidden=question.secret) or default
            try:
                value = self._read(question, text)
            except UsageError as error:
                if not self._person.terminal:
                    raise UsageError(f"{error} ({question.flag or question.key})") from None
                out.mark("✘", str(error))
                continue
            if question.choices:  # a number is no name to come back to
                text = (value if isinstance(value, str) else ", ".join(value)) or "-"
            self._texts[question.name] = text
            self._answers.put(question.name, value)
            return

    def _read(self, question: Question, text: str) -> Any:
        if question.skip and text.lower() in _NONE:
            return question.read("")
        if question.secret and not text:
            raise UsageError(
                f"It is needed. Next: write it{f', or - for {question.skip}' if question.skip else ''}."
            )
        return question.read(text)

    def _attempt(self, part: Part) -> int | None:
        """Try the answers of a part; the step to go back to, or None: go on."""
        first = next((at for at in self._asked if self._steps[at][0] is part), None)
        correctable = self._person.terminal and first is not None
        try:
            found = self._found[part.title] = part.attempt(self._answers, self._person)
            if not correctable or not any(one.level is Level.ERROR for one in found):
                return None
            out.prose(f"Enter lets you correct these answers; k keeps them as they are, {BACK} goes back.")
            if self._person.answer("  > ").lower() in ("k", "keep"):
                return None
        except UsageError as error:
            if not correctable or isinstance(error, Ended):
                raise
            out.mark("✘", str(error))
        assert first is not None
        self._asked = [at for at in self._asked if at < first]
        return first


def given(question: Question, args: argparse.Namespace, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The answer that an option or the environment gives, and where. Raises UsageError where a file of a secret
    cannot be read."""
    option = getattr(args, question.name, None)
    if option is not None:
        return (_content(option, question.flag) if question.secret else option), question.flag
    return variable(question.key, environ, secret=question.secret) if question.key else None


def variable_of(key: str) -> str:
    """The environment variable of a key."""
    return PREFIX + key.upper().replace(".", "__").replace("-", "_")


def variable(key: str, environ: Mapping[str, str], *, secret: bool = False) -> tuple[str, str] | None:
    """The value that the environment gives a key, and the variable; of several for a * all, with commas. `secret`:
    also from a file that a variable names. Raises UsageError."""
    name = variable_of(key)
    if "*" in name:
        pattern = re.compile(re.escape(name).replace(r"\*", ".+"))
        found = [one for one in sorted(environ) if pattern.fullmatch(one)]
        return (",".join(environ[one] for one in found), found[0]) if found else None
    if name in environ:
        return environ[name], name
    if secret and f"{name}_FILE" in environ:
        return _content(environ[f"{name}_FILE"], f"{name}_FILE"), f"{name}_FILE"
    return None


def _content(file: str, where: str) -> str:
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{where} {file} cannot be read: {error}. Next: check the path.") from None
    return text.strip()
