# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of `bouncestream verp`."""

from __future__ import annotations

from typing import Any

from bouncestream.cli.parser_base import add


def verp(commands: Any, *parents: Any) -> None:
    """Signed return addresses."""
    parser = add(
        commands,
        "verp",
        "make the signed return address of a recipient",
        *parents,
        does="verp",
        more="A bounce that comes back to it proves whom it is about: nobody else can make one. A line for each\n"
        "address, of the form in [mail] verp, signed with [mail] verp_secret. For what sends your mails where\n"
        "Listmonk's own headers do not come back with a bounce.",
    )
    parser.add_argument("address", nargs="+", metavar="ADDRESS", help="a recipient, such as reader@example.com")
    parser.add_argument("--pattern", default="", metavar="FORM", help="one of [mail] verp (default: the first)")
