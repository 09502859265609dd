# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream init`: asks for what is needed, tries each, writes `config.toml`, says what to paste where.

What is given as an option or in the environment is not asked. With --yes, and from a pipe, answers that do not work
are written as they are, and exit code 1 tells that not everything works yet.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from bouncestream import providers
from bouncestream.cli import out
from bouncestream.cli.exits import FINE, INTERRUPTED, NOT_WELL
from bouncestream.cli.findings import brief_code
from bouncestream.cli.init import questions_sealing, telling, writing
from bouncestream.cli.init.answers import Answers, made_here
from bouncestream.cli.init.dialogue import Dialogue, Part, variable
from bouncestream.cli.init.person import Person
from bouncestream.cli.init.questions import PARTS
from bouncestream.cli.init.reading import own_secret, shaped
from bouncestream.cli.parser import Parser, command
from bouncestream.config.example import is_example
from bouncestream.config.load import load
from bouncestream.doctor.finding import Finding
from bouncestream.errors import ConfigError, UsageError
from bouncestream.settings.shapes import LISTEN


def options(parser: Parser) -> None:
    """The options of `bouncestream init`."""
    command(
        parser,
        run,
        "Asks for Listmonk, the provider and what it needs, a mailbox, alerts and encryption, one question at a "
        "time, and tries each answer. What is given as an option, or as the environment variable of its key "
        "(BOUNCESTREAM__LISTMONK__URL), is not asked; a secret comes from a file or the environment, as "
        "BOUNCESTREAM__LISTMONK__TOKEN or …__TOKEN_FILE. Ends with what to paste where.",
        config=False,
    )
    for part in (*PARTS, questions_sealing.part(Path())):
        for one in (one for one in part.questions if one.flag):
            parser.add_argument(one.flag, dest=one.name, metavar=one.metavar, help=one.help)
    parser.add_argument("--listen", metavar="HOST:PORT", help="address to listen on (default: 127.0.0.1:8025)")
    parser.add_argument("--outbox", metavar="FILE", help=f"the outbox (default: {writing.OUTBOX})")
    parser.add_argument(
        "--output", metavar="FILE", default="config.toml", help="the file to write (default: %(default)s)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the file")
    parser.add_argument("--yes", action="store_true", help="ask nothing: use defaults for all that is not given")


def run(args: argparse.Namespace) -> int:
    """Ask, try, write, tell."""
    output = Path(args.output)
    writing.may_write(output, force=args.force)
    answers = _begun(args, output, os.environ)
    person = Person(asks=not args.yes)
    telling.intro(output, terminal=person.terminal) if person.asks else telling.permissions()
    try:
        found = _all(output, answers, person, args)
    except KeyboardInterrupt:
        print()
        out.mark("·", "ended; nothing was written")
        return INTERRUPTED
    return _finish(args, output, answers, found)


def _all(output: Path, answers: Answers, person: Person, args: argparse.Namespace) -> list[Finding]:
    parts = (*PARTS, questions_sealing.part(output), _last(output))
    return Dialogue(parts, answers, person, args, os.environ).run()


def _begun(args: argparse.Namespace, output: Path, environ: Mapping[str, str]) -> Answers:
    """The answers that nobody is asked for."""
    answers = Answers()
    where = variable("server.listen", environ)
    answers.listen = args.listen or (where[0] if where else answers.listen)
    try:
        shaped(LISTEN)(answers.listen)
    except UsageError as error:
        raise UsageError(f"{'--listen' if args.listen or not where else where[1]}: {error}") from None
    there = variable("outbox.path", environ)
    answers.outbox = str(writing.outbox(args.outbox or (there[0] if there else None), output))
    for name in providers.names():
        if found := variable(f"webhooks.{name}.{made_here(name)}", environ, secret=True):
            answers.made[name] = own_secret(*found)
    return answers


def _last(output: Path) -> Part:
    """The last chance to go back."""

    def ask(_: Answers, person: Person) -> list[Finding]:
        if person.terminal:
            print()
            out.heading(f"That is all. Enter writes {output}.")
            person.answer("  > ")
        return []

    return Part("end", (), ask)


def _finish(args: argparse.Namespace, output: Path, answers: Answers, found: list[Finding]) -> int:
    """Write it, and tell the rest."""
    example = is_example(output)
    tracked = example and (output.absolute().parent / ".git").exists()
    key = writing.write_key(Path(answers.key_file)) if answers.key_file else None
    writing.write(output, writing.render(answers), force=args.force or example)
    print()
    if key is not None:
        telling.key(Path(answers.key_file), *key)
    out.mark("✔", f"{output} is written (mode 0600)")
    problems: tuple[str, ...] = ()
    try:
        load(output, {})
    except ConfigError as error:  # as was insisted on
        problems = tuple(error.problems)
    for problem in problems:
        out.mark("✘", problem)
    telling.pasted(output, answers)
    telling.following(output, answers)
    if key is not None:
        telling.to_back_up(output, answers)
    if tracked:
        telling.of_git(output)
    if not args.outbox:
        telling.of_place(Path(answers.outbox))
    return NOT_WELL if problems or brief_code(found) else FINE
