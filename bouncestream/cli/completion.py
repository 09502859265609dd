# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream completion bash|zsh|fish`: the completion of commands, options and their values, by shtab."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from bouncestream.cli.parser import COMMANDS, Parser, build_parser, command

_SHELLS = ("bash", "zsh", "fish")
#: Values that are the name of a file.
_FILES = frozenset({"FILE", "PATH", "FILE|EVENT"})


def options(parser: Parser) -> None:
    """The options of `bouncestream completion`."""
    command(
        parser,
        run,
        "Its output belongs into a file where the shell looks for it:\n\n"
        "    bash  ~/.local/share/bash-completion/completions/bouncestream\n"
        "    zsh   _bouncestream, in a folder of $fpath\n"
        "    fish  ~/.config/fish/completions/bouncestream.fish",
        config=False,
    )
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help="bash, zsh or fish")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    import shtab  # nobody else needs it

    parser = build_parser()
    for action in _actions(parser):
        if action.metavar in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # read by shtab
        elif action.dest == "words":  # of `help`
            action.choices = list(COMMANDS)
    print(shtab.complete(parser, shell=args.shell))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from _actions(inner)
