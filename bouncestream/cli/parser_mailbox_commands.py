# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of `bouncestream mailbox …`."""

from __future__ import annotations

import argparse
from typing import Any

from bouncestream.cli.parser_base import add


def mailbox(commands: Any, *parents: Any) -> None:
    """Log in to a mailbox by OAuth, and try one."""
    group = commands.add_parser(
        "mailbox",
        help="log in to a mailbox by OAuth, and try one",
        description="Log in to a mailbox by OAuth, and try one; also while `bouncestream run` is up.\n"
        "NAME is that of the section [mailboxes.NAME].",
    )
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    login = add(
        inner,
        "login",
        "get the permission to read a mailbox by OAuth (Google, Microsoft, others)",
        *parents,
        does="mailbox_login",
        more="Shows what to open in a browser, waits until it was done there, keeps the permission beside the\n"
        "outbox (mode 0600), and tries to log in to the mailbox. A running bridge notices it by itself.",
    )
    login.add_argument("name", metavar="NAME", help="the mailbox")
    login.add_argument(
        "--port",
        type=_port,
        default=0,
        metavar="N",
        help="where the browser comes back to on 127.0.0.1, with oauth_flow = loopback (default: any free port)",
    )
    test = add(
        inner,
        "test",
        "log in to a mailbox, say what its server can, list its folders, try IDLE",
        *parents,
        does="mailbox_test",
        more="Where the server has UIDPLUS, IDLE is tried with a mail of our own: it is put into the first folder\n"
        "and removed again, and no other mail is touched. Exit code 1: not all is well; 3: it could not be tried.",
    )
    test.add_argument("name", metavar="NAME", help="the mailbox")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)
