# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of all commands: what each takes, and its help. Imports nearly nothing, see `cli`."""

from __future__ import annotations

import argparse
from typing import Any

from bouncestream.cli.parser_base import Parser, add
from bouncestream.cli.parser_doctor import doctor
from bouncestream.cli.parser_judge import explain, parse, rejudge
from bouncestream.cli.parser_mailbox import import_
from bouncestream.cli.parser_mailbox_commands import mailbox
from bouncestream.cli.parser_outbox import outbox
from bouncestream.cli.parser_proxy import proxy
from bouncestream.cli.parser_verp import verp
from bouncestream.cli.parser_watch import alert, status


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
    parser = Parser(
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
    status(commands, config)
    alert(commands, config)
    parse(commands, debug)
    explain(commands, config)
    rejudge(commands, config)
    import_(commands, config)
    doctor(commands, config)
    proxy(commands, debug)
    outbox(commands, config)
    mailbox(commands, config)
    verp(commands, config)
    _backup(commands, config)
    _config(commands, debug)
    add(commands, "version", "show the version", debug, does="version")
    return parser


def _init(commands: Any, *parents: Any) -> None:
    parser = add(
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
    parser = add(
        commands,
        "run",
        "run the bridge until SIGTERM; SIGHUP reloads the configuration",
        *parents,
        does="run",
        more="Logs to standard error. Tells systemd when it is ready (Type=notify). If the outbox is missing,\n"
        "though there was one before (its disk is not mounted?), all who send are told to come again until it\n"
        "is back.",
    )
    parser.add_argument(
        "--new-outbox",
        action="store_true",
        help="the former outbox is gone for good: make a new one, which knows nothing of what was told before",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="do everything but post: events end as dropped, `outbox replay --from-dry-run` sends them later",
    )


def _demo(commands: Any, *parents: Any) -> None:
    parser = add(
        commands,
        "demo",
        "show the bridge at work beside a sandbox Listmonk, step by step",
        *parents,
        does="demo.story",
        more="Everything happens on loopback addresses and in a temporary directory. Exit code 1: something did\n"
        "not end as it should.",
    )
    parser.add_argument("--once", action="store_true", help="end after the story, instead of going on until Ctrl-C")


def _sandbox(commands: Any, *parents: Any) -> None:
    parser = add(
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
    add(
        commands,
        "check",
        "check the configuration and try each connection",
        *parents,
        does="check",
        more="Every problem comes with its fix. Exit code 1: not all is well; 3: something could not be examined,\n"
        "such as a Listmonk that does not answer. It changes nothing.",
    )


def _backup(commands: Any, *parents: Any) -> None:
    parser = add(
        commands,
        "backup",
        "copy the outbox to a file, while it is in use",
        *parents,
        does="backup",
        more="The copy is checked. It holds addresses: its mode is 0600.",
    )
    parser.add_argument("file", metavar="FILE", help="the file to make; it must not exist")


def _config(commands: Any, *parents: Any) -> None:
    parser = add(commands, "config", "show the example configuration", *parents, does="config")
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add(inner, "example", "print a configuration with every key, its default and its meaning", does="config")
