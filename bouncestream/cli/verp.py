# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream verp ADDRESS…`: the signed return address of a recipient, for what sends your mails."""

from __future__ import annotations

import argparse

from bouncestream.cli.exits import FINE
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, command
from bouncestream.errors import UsageError
from bouncestream.mail.verp import signed


def options(parser: Parser) -> None:
    """The options of `bouncestream verp`."""
    command(
        parser,
        run,
        "A bounce to it proves which recipient it is about: only this key can sign it. One line for "
        "each\naddress, in the form of [mail] verp, signed with [mail] verp_secret. For a mail server or script "
        "that sends\nyour mails, where bounces do not return Listmonk's own headers.",
    )
    parser.add_argument(
        "address", nargs="+", metavar="ADDRESS", help=("a recipient's address, such as reader@example.com")
    )
    parser.add_argument(
        "--pattern",
        default="",
        metavar="FORM",
        help=("one of the forms in [mail] verp or unsubscribe (default: the first)"),
    )


def run(args: argparse.Namespace) -> int:
    """Print a line for each address; nothing at all when one of them cannot be made."""
    mail = configuration(args, with_secrets=False, judging=True).mail
    forms = (*mail.verp, *mail.unsubscribe)
    if not forms:
        raise UsageError(
            'No form of return addresses is set. Next: write one, such as verp = ["bounces+*@news.example.org"], '
            "into the section [mail]; your mail server must deliver all of them to the bounce mailbox."
        )
    if mail.verp_secret is None:
        raise UsageError(
            "No key is set. Next: write verp_secret (make one with: openssl rand -hex 24), or verp_secret_file, "
            "into the section [mail], and restart or reload `bouncestream run`."
        )
    pattern = args.pattern or forms[0]
    if pattern not in forms:
        raise UsageError(
            f"That form is not in [mail] verp, nor in unsubscribe. Next: name one of the {len(forms)} there, or "
            "leave --pattern out."
        )
    made = []
    for address in args.address:
        try:
            made.append(signed(address, pattern, mail.verp_secret.keys[0]))
        except ValueError as error:
            raise UsageError(f"{address}: {error}. Next: check the address.") from None
    print(*made, sep="\n")
    return FINE
