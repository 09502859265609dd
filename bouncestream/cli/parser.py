# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of all commands: what each takes, and its help. Imports nearly nothing, see `cli`."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from bouncestream.cli.exits import USAGE
from bouncestream.printable import printable

EXIT_CODES = """\
exit codes: 0 fine; 1 not all is well; 3 could not be examined; 64 wrong usage; 75 temporary (the database is
locked, another run); 78 configuration."""

STATES = ("pending", "claimed", "posted", "verified", "unstored", "dead", "held", "dropped")
KINDS = ("hard", "soft", "complaint", "unsubscribe")
HELD_FOR = ("unproven", "permission", "brake", "operator")


class _Parser(argparse.ArgumentParser):
    """Exit code 64 for wrong usage, no abbreviations, and the exit codes below each help text."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, epilog=EXIT_CODES, **options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but what is left over is the error of the command it stands behind, whose help shows
        its options; argparse would have it be that of the program."""
        known, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return known, left

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {printable(message)}", file=sys.stderr)
        print(f"Next: `{self.prog} --help` shows how it is called.", file=sys.stderr)
        raise SystemExit(USAGE)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands. `args.does` names the module of the command, and its function if not `run`."""
    from bouncestream import __version__

    debug = argparse.ArgumentParser(add_help=False)
    debug.add_argument(
        "--debug", action="store_true", help="show tracebacks where something fails (or set BOUNCESTREAM_DEBUG=1)"
    )
    config = argparse.ArgumentParser(add_help=False, parents=[debug])
    config.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        help="the configuration (default: $BOUNCESTREAM_CONFIG, else config.toml here, else "
        "/etc/bouncestream/config.toml, else the environment alone)",
    )
    parser = _Parser(
        prog="bouncestream",
        description="Brings bounces and complaints about your newsletters to Listmonk: lost never, counted once.",
        parents=[debug],
    )
    parser.add_argument("--version", action="version", version=f"bouncestream {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _init(commands, debug)
    _run(commands, config)
    _demo(commands, debug)
    _sandbox(commands, debug)
    _check(commands, config)
    _parse(commands, debug)
    _outbox(commands, config)
    _backup(commands, config)
    _config(commands, debug)
    _add(commands, "version", "show the version", debug, does="version")
    return parser


def _add(commands: Any, name: str, text: str, *parents: Any, does: str, more: str = "") -> Any:
    """One command: its line in the list, and its own help."""
    description = f"{text[:1].upper()}{text[1:]}." + (f"\n\n{more}" if more else "")
    parser = commands.add_parser(name, help=text, description=description, parents=list(parents))
    parser.set_defaults(does=does)
    return parser


def _init(commands: Any, *parents: Any) -> None:
    parser = _add(
        commands,
        "init",
        "ask for what is needed, try it, and write a configuration",
        *parents,
        does="init",
        more="Asks for Listmonk's URL and token, the provider and the public address, in this order; what is\n"
        "given as an option is not asked. It ends with what to paste at your provider. Exit code 1: the\n"
        "configuration is written, but not everything that was tried works yet.",
    )
    parser.add_argument("--listmonk-url", metavar="URL", help="where this machine reaches Listmonk")
    parser.add_argument("--user", metavar="NAME", help="name of Listmonk's API user (default: bouncestream)")
    parser.add_argument("--token-file", metavar="FILE", help="a file that holds the API user's token")
    parser.add_argument("--provider", metavar="NAME", help="whose webhooks they are, such as sendamatic")
    parser.add_argument("--public-url", metavar="URL", help="where the Internet reaches this bridge")
    parser.add_argument("--listen", metavar="HOST:PORT", help="where the bridge listens (default: 127.0.0.1:8025)")
    parser.add_argument("--outbox", metavar="FILE", help="the outbox (default: /var/lib/bouncestream/outbox.db)")
    parser.add_argument(
        "--output", metavar="FILE", default="config.toml", help="the file to write (default: %(default)s)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite the file")
    parser.add_argument("--yes", action="store_true", help="ask nothing: take the default of what is not given")


def _run(commands: Any, *parents: Any) -> None:
    parser = _add(
        commands,
        "run",
        "run the bridge until SIGTERM; SIGHUP reloads the configuration",
        *parents,
        does="run",
        more="Logs to standard error. Tells systemd when it is ready (Type=notify).",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="do everything but post: events end as dropped, `outbox replay --from-dry-run` sends them later",
    )


def _demo(commands: Any, *parents: Any) -> None:
    parser = _add(
        commands,
        "demo",
        "show the bridge at work beside a sandbox Listmonk, step by step",
        *parents,
        does="demo",
        more="Everything happens on loopback addresses and in a temporary directory. Exit code 1: something did\n"
        "not end as it should.",
    )
    parser.add_argument("--once", action="store_true", help="end after the story, instead of going on until Ctrl-C")


def _sandbox(commands: Any, *parents: Any) -> None:
    parser = _add(
        commands,
        "sandbox",
        "run a stand-in Listmonk, for rehearsals",
        *parents,
        does="sandbox",
        more="It keeps everything in memory and listens on loopback addresses only. Order faults with\n"
        'POST /sandbox/fault {"fault": "restart"}, and look into it with GET /sandbox/state.',
    )
    parser.add_argument(
        "--listen", metavar="HOST:PORT", default="127.0.0.1:9000", help="where it listens (default: %(default)s)"
    )
    parser.add_argument(
        "--row-ms", type=float, default=1.0, metavar="MS", help="time it takes to record a bounce (default: 1)"
    )
    parser.add_argument("--user", default="bridge", metavar="NAME", help="its API user (default: %(default)s)")
    parser.add_argument(
        "--token", default="sandbox-token-of-bridge", metavar="TOKEN", help="the token (default: %(default)s)"
    )
    parser.add_argument(
        "--subscribers", metavar="FILE", help="one address a line, optionally `,uuid` (default: ten made-up ones)"
    )
    parser.add_argument(
        "--version", default="6.2", metavar="X.Y", help="the Listmonk to play: 4.1, 5.1, 6.2 (default: %(default)s)"
    )


def _check(commands: Any, *parents: Any) -> None:
    _add(
        commands,
        "check",
        "check the configuration and try each connection",
        *parents,
        does="check",
        more="Every problem comes with its fix. Exit code 1: not all is well; 3: something could not be examined,\n"
        "such as a Listmonk that does not answer. It changes nothing.",
    )


def _parse(commands: Any, *parents: Any) -> None:
    parser = _add(
        commands,
        "parse",
        "judge bounce mails in files",
        *parents,
        does="parse",
        more="With --json one object a mail:\n"
        '{"file", "kind": hard|soft|complaint|ignore, "recipients": [{"address", "kind", "reason", "status",\n'
        '"reply_code", "diagnostic", "evidence"}], "original": {…}}. A file that cannot be read has "error", then\n'
        "the exit code is 1.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a raw mail; - is standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object for each mail, a line each")


def _backup(commands: Any, *parents: Any) -> None:
    parser = _add(
        commands,
        "backup",
        "copy the outbox to a file, while it is in use",
        *parents,
        does="backup",
        more="The copy is checked. It holds addresses: its mode is 0600.",
    )
    parser.add_argument("file", metavar="FILE", help="the file to make; it must not exist")


def _config(commands: Any, *parents: Any) -> None:
    parser = _add(commands, "config", "show the example configuration", *parents, does="config")
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add(inner, "example", "print a configuration with every key, its default and its meaning", does="config")


def _outbox(commands: Any, *parents: Any) -> None:
    outbox = commands.add_parser(
        "outbox",
        help="look into the outbox, and change what waits in it",
        description="Look into the outbox, and change what waits in it; also while `bouncestream run` is up.\n"
        "An event is named by its number, its id, or the first 8 or more characters of its id.",
    )
    inner = outbox.add_subparsers(title="commands", metavar="COMMAND", required=True)
    plain = argparse.ArgumentParser(add_help=False)
    plain.add_argument("--json", action="store_true", help="JSON, for programs")
    reveal = argparse.ArgumentParser(add_help=False)
    reveal.add_argument("--reveal", action="store_true", help="show addresses in full")

    listing = _add(inner, "list", "list events, newest first", *parents, plain, reveal, does="outbox_look:listing")
    listing.add_argument(
        "--state", action="append", choices=STATES, metavar="STATE", help=f"only of this state: {', '.join(STATES)}"
    )
    listing.add_argument("--source", default="", metavar="NAME", help="only of this webhook")
    listing.add_argument(
        "--kind", action="append", choices=KINDS, metavar="KIND", help=f"only of this kind: {', '.join(KINDS)}"
    )
    listing.add_argument("--recipient", default="", metavar="ADDRESS", help="only about this address")
    listing.add_argument(
        "--limit", type=_count, default=50, metavar="N", help="at most so many, 0: all (default: 50)"
    )
    listing.add_argument(
        "--quarantine", action="store_true", help="instead: what could not be read, oldest first, kept as it came"
    )

    show = _add(inner, "show", "show an event and its history", *parents, plain, reveal, does="outbox_look:show")
    show.add_argument("event", metavar="EVENT", help="number, id, or first characters of the id")
    show.add_argument("--raw", action="store_true", help="print the request or mail as it came, and nothing else")
    show.add_argument("--quarantine", action="store_true", help="EVENT is the number of an item in quarantine")

    _add(
        inner,
        "stats",
        "count the events",
        *parents,
        plain,
        does="outbox_look:stats",
        more='--json: {"states": {"pending": n, … every state}, "duplicates": n, "doubled": n, "quarantine": n,\n'
        '"unidentified": n}',
    )
    _outbox_changes(inner, plain, *parents)


def _outbox_changes(inner: Any, plain: Any, *parents: Any) -> None:
    replay = _add(
        inner,
        "replay",
        "deliver events again, or read again what is in quarantine",
        *parents,
        plain,
        does="outbox_change:replay",
        more="An event that may be in Listmonk already is looked for there before it is posted.",
    )
    replay.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or first characters of the id")
    many = replay.add_mutually_exclusive_group()
    many.add_argument("--dead", action="store_true", help="all dead letters")
    many.add_argument("--unstored", action="store_true", help="all that Listmonk did not keep")
    many.add_argument("--from-dry-run", action="store_true", help="all that a dry run dropped")
    many.add_argument("--quarantine", action="store_true", help="items of the quarantine: the given ones, or all")

    drop = _add(
        inner, "drop", "never deliver events that wait or are held", *parents, plain, does="outbox_change:drop"
    )
    drop.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or first characters of the id")
    drop.add_argument("--held", action="store_true", help="all that are held back")
    drop.add_argument("--pending", action="store_true", help="all that wait for delivery")
    drop.add_argument("--yes", action="store_true", help="do not ask before many are dropped")

    release = _add(inner, "release", "let held events go", *parents, plain, does="outbox_change:release")
    release.add_argument("event", nargs="*", metavar="EVENT", help="number, id, or first characters of the id")
    release.add_argument("--all", action="store_true", help="all that are held back")
    release.add_argument(
        "--held-for",
        default="",
        choices=HELD_FOR,
        metavar="REASON",
        help=f"all that are held for this: {', '.join(HELD_FOR)}",
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return int(text)
