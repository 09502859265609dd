# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever answers: a person at a terminal, or lines from a pipe."""

from __future__ import annotations

import getpass
import sys
from contextlib import suppress

from bouncestream.errors import UsageError

#: What goes back to the question before.
BACK = "<"


class Back(Exception):
    """The person wants to see the question before."""


class Ended(UsageError):
    """The input ended before everything was answered."""


class Person:
    """Whoever answers. `asks`: answers may be asked for; `terminal`: of a person, who can correct them."""

    def __init__(self, *, asks: bool) -> None:
        self.asks = asks
        self.terminal = asks and sys.stdin.isatty()
        if self.terminal:
            with suppress(ImportError):
                import readline  # noqa: F401 - lets `input` take the arrow keys

    def answer(self, prompt: str, *, hidden: bool = False) -> str:
        """One line, without blanks around it; on a terminal `hidden` is not shown. Raises Back, and Ended."""
        try:
            if hidden and self.terminal:
                text = getpass.getpass(prompt)
            elif self.terminal:
                text = input(prompt)
            else:
                text = _piped(prompt)
        except UnicodeDecodeError:
            return "\0"  # no text: each question refuses it in words
        except EOFError:
            print()
            raise Ended(
                "The input ended before everything was answered; nothing was written. Next: run it again, or give "
                "the rest as options, see `bouncestream init --help`."
            ) from None
        if self.terminal and text.strip() == BACK:
            raise Back
        return text.strip()

    def agrees(self, question: str) -> bool:
        """Whether a person at a terminal says yes, or just Enter. Raises as `answer`."""
        return self.answer(f"{question} [Y/n] ").lower() in ("", "y", "yes")


def _piped(prompt: str) -> str:
    print(prompt, flush=True)  # nobody's Enter ends the line
    text = sys.stdin.readline()
    if not text:
        raise EOFError
    return text
