# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of the command line: what commands there are. What one takes is told by its own file, in `options`.

Only the file of the command that is called is imported, so that `bouncestream version` starts in a few hundredths
of a second; for the same reason this file imports nearly nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn, TypeAlias

from bouncestream.cli.exits import USAGE
from bouncestream.printable import printable

#: Command → its file, with the function that tells its options where that is not `options`; what it is for.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("init.command", "ask for the settings, test them, and write a configuration"),
    "install": ("install", "set up the service of systemd, and start it"),
    "uninstall": ("uninstall", "remove the service; the data stays"),
    "run": ("run", "run the bridge until SIGTERM; SIGHUP reloads the configuration"),
    "demo": ("demo.story", "show the bridge at work with a sandbox Listmonk, step by step"),
    "sandbox": ("sandbox", "run a stand-in Listmonk, for rehearsals"),
    "check": ("check", "check the configuration and test each connection"),
    "status": ("status", "show the state of sources, outbox, Listmonk and alerts on one screen"),
    "dashboard": ("dashboard", "show the bridge and its events in the browser, also while none runs"),
    "alert": ("alert", "test the alert channels"),
    "parse": ("parse", "judge bounce mails in files"),
    "explain": ("explain", "explain how a mail, or an event in the outbox, is judged"),
    "rejudge": (
        "rejudge",
        "judge stored requests and mails again, after an upgrade or a change of [policy]",
    ),
    "import": ("importing", "import bounce mails from files: .eml, Maildir, mbox"),
    "backfill": ("backfill", "ask a provider for what webhooks missed"),
    "doctor": ("doctor", "diagnose why opens, clicks and bounces are not counted"),
    "proxy": ("proxy", "print a reverse proxy's configuration"),
    "provider": ("provider", "show the providers and their guides, and read saved requests"),
    "brake": ("brake", "decide about hard bounces that the brake holds"),
    "undo": ("undo", "take back in Listmonk what bounces of this bridge caused there"),
    "outbox": ("outbox_look", "inspect the outbox, and change waiting events"),
    "person": ("person", "show, export or erase what the outbox has about a person"),
    "reconcile": ("reconcile", "compare the outbox with Listmonk, and with a provider's own list"),
    "deliver": ("deliver", "hand a mail over to a running bridge, for aliases and .forward"),
    "mailbox": ("mailbox", "log in to a mailbox by OAuth, or test one"),
    "verp": ("verp", "make a recipient's signed return address"),
    "seal": ("seal", "encrypt what is in the outbox already"),
    "unseal": ("seal:options_of_unseal", "turn a sealed outbox back"),
    "key": ("key", "make and change the key of a sealed outbox"),
    "backup": ("backup", "copy the outbox to a file while it is in use"),
    "config": ("config", "print the example configuration"),
    "completion": ("completion", "print the completion of commands and options for a shell"),
    "help": ("helping", "show the help of a command"),
    "version": ("config:version", "show the version"),
}


class _Help(argparse.HelpFormatter):
    """Texts in lines that fit the terminal; what is indented stays as it is."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):  # its commands are indented, which is not counted
            self._action_max_length += self._indent_increment

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        from bouncestream.cli.layout import paragraphs

        return "\n".join(indent + line for line in paragraphs(text, width - len(indent)))


class Parser(argparse.ArgumentParser):
    """Exit code 64 for wrong usage, no abbreviations; examples and exit codes below each help text."""

    misused = USAGE  #: the exit code of wrong usage

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", _Help)
        super().__init__(allow_abbrev=False, **options)

    def format_help(self) -> str:
        from bouncestream.cli.manual import below  # whoever wants no help need not wait for it

        self.epilog = below(self.prog.partition(" ")[2])
        return super().format_help()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as argparse does, but what is left over is the error of the command it stands behind, whose help
        shows its options; argparse would have it be that of the program."""
        known, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return known, left

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {printable(message)}", file=sys.stderr)
        print(f"Next: `{self.prog} --help` shows the usage.", file=sys.stderr)
        raise SystemExit(self.misused)


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def build_parser(argv: Sequence[str] | None = None) -> Parser:
    """The parser of what `argv` calls; without `argv`, of all commands. `args.run` is then what does the work:
    it takes the parsed arguments, and returns the exit code."""
    from bouncestream import __version__

    parser = Parser(
        prog="bouncestream",
        description="Delivers bounces and complaints about your newsletters to Listmonk, exactly once.",
    )
    _debug(parser)
    parser.add_argument("--version", action="version", version=f"bouncestream {__version__}")
    commands = group(parser, "")
    called = None if argv is None else next((word for word in argv if not word.startswith("-")), "")
    for name, (place, text) in COMMANDS.items():
        made = add(commands, name, text)
        if called in (None, name):
            module, _, function = place.partition(":")
            getattr(import_module(f"bouncestream.cli.{module}"), function or "options")(made)
    return parser


def add(commands: Commands, name: str, text: str) -> Parser:
    """Add a command: its line in the list, and the parser for its own options."""
    return commands.add_parser(name, help=text, description=f"{text[:1].upper()}{text[1:]}.")


def command(
    parser: Parser, run: Callable[[argparse.Namespace], int], more: str = "", *, config: bool = True
) -> None:
    """`parser` is that of a command which `run` does. `more`: what its help says beside the line in the list;
    `config`: it reads the configuration."""
    parser.set_defaults(run=run)
    if more:
        parser.description = f"{parser.description}\n\n{more}"
    _debug(parser)
    if config:
        parser.add_argument(
            "-c",
            "--config",
            metavar="FILE",
            help="the configuration (default: $BOUNCESTREAM_CONFIG, else config.toml here, else "
            "/etc/bouncestream/config.toml, else the environment alone)",
        )


def group(parser: Parser, about: str) -> Commands:
    """The commands behind a word that is none by itself. `about`: what the help of that word says."""
    parser.description = about or parser.description
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _debug(parser: Parser) -> None:
    parser.add_argument(
        "--debug", action="store_true", help="show tracebacks on failure (or set BOUNCESTREAM_DEBUG=1)"
    )


def count(text: str) -> int:
    """A number that is not negative; for `type=`."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return int(text)
