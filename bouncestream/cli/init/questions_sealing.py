# SPDX-License-Identifier: GPL-3.0-or-later
"""The question about sealing: whether the outbox is encrypted, and where its key lies."""

from __future__ import annotations

import os
from pathlib import Path

from bouncestream.cli.init.answers import Answers
from bouncestream.cli.init.dialogue import Part, Question
from bouncestream.cli.init.person import Person
from bouncestream.crypto.sealed import fault
from bouncestream.doctor.finding import Finding
from bouncestream.errors import UsageError

#: The name of the key's file.
KEY = "privacy.key"
_YES, _NO = "yes", "no"

SEAL = Question(
    name="seal",
    flag="--seal",
    metavar="yes|no|FILE",
    key="privacy.key_file",
    help=f"encrypt the outbox, with a key in FILE; yes: in {KEY} beside --output (default: no)",
    text="Encrypt addresses, mails and diagnostics in the outbox?",
    choices=(
        (_NO, "no: everybody who can read the file, or a backup of it, reads them"),
        (_YES, "yes: only with a key, which is made now and must be kept apart from the backups"),
    ),
    default=lambda _: _NO,
    read=lambda text: _answer(text),
)


def part(output: Path) -> Part:
    """The part about sealing, for a configuration at `output`."""

    def attempt(answers: Answers, _: Person) -> list[Finding]:
        answers.key_file = str(_place(answers, output)) if answers.seal else ""
        return []

    return Part("sealing", (SEAL,), attempt)


def _answer(text: str) -> str:
    """Empty: not sealed; `yes`, or the file of the key. Raises UsageError."""
    word = text.strip().lower()
    if word in ("2", "y", _YES, "true"):
        return _YES
    if word in ("", "1", "n", _NO, "none", "-", "false"):
        return ""
    if "/" not in text and "." not in text:
        raise UsageError(f"{text!r} is neither. Next: write yes, no, or the path of a file for the key.")
    return text.strip()


def _place(answers: Answers, output: Path) -> Path:
    """The file of the key: beside the configuration, but never beside the outbox. Raises UsageError."""
    outbox = Path(answers.outbox).absolute().parent.resolve()
    if answers.seal != _YES:
        path = Path(answers.seal).absolute()
    elif output.absolute().parent.resolve() != outbox:
        path = output.absolute().parent / KEY
    else:
        path = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "bouncestream" / KEY
    if path.parent.resolve() == outbox:
        raise UsageError(
            f"{path} lies in the folder of the outbox, so a copy of that could be read. Next: write --seal with a "
            "file in another folder, or --outbox with another place for the outbox."
        )
    if path.is_file():
        try:
            why = fault(path.read_text("ascii").strip())
        except (OSError, ValueError):
            why = "cannot be read by this user"
        if why:
            raise UsageError(f"{path} exists, and what it holds {why}. Next: write --seal with another file.")
    elif not path.parent.is_dir() and answers.seal != _YES:
        raise UsageError(f"The directory {path.parent} does not exist. Next: create it, or name another file.")
    return path
