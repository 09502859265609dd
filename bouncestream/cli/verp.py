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
        "A bounce that comes back to it proves whom it is about: nobody else can make one. A line for each\n"
        "address, of the form in [mail] verp, signed with [mail] verp_secret. For what sends your mails where\n"
        "Listmonk's own headers do not come back with a bounce.",
    )
    parser.add_argument("address", nargs="+", metavar="ADDRESS", help="a recipient, such as reader@example.com")
    parser.add_argument("--pattern", default="", metavar="FORM", help="one of [mail] verp (default: the first)")


def run(args: argparse.Namespace) -> int:
    """Print a line for each address; nothing at all when one of them cannot be made."""
    mail = configuration(args, with_secrets=False, judging=True).mail
    if not mail.verp:
        raise UsageError(
            'No form of return addresses is set. Next: write one, such as verp = ["bounces+*@news.example.org"], '
            "into the section [mail]; your mail server must deliver all of them to the bounce mailbox."
        )
    if mail.verp_secret is None:
        raise UsageError(
            "No key is set. Next: write verp_secret (make one with: openssl rand -hex 24), or verp_secret_file, "
            "into the section [mail], and restart or reload `bouncestream run`."
        )
    pattern = args.pattern or mail.verp[0]
    if pattern not in mail.verp:
        many = len(mail.verp)
        raise UsageError(
            f"That form is not in [mail] verp. Next: name one of the {many} there, or leave --pattern out."
        )
    made = []
    for address in args.address:
        try:
            made.append(signed(address, pattern, mail.verp_secret.keys[0]))
        except ValueError as error:
            raise UsageError(f"{address}: {error}. Next: check the address.") from None
    print(*made, sep="\n")
    return FINE
