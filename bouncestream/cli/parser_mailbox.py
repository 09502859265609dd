# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of `bouncestream import`."""

from __future__ import annotations

from typing import Any

from bouncestream.cli.parser_base import add


def import_(commands: Any, *parents: Any) -> None:
    """Old mails from files."""
    parser = add(
        commands,
        "import",
        "read bounce mails from files: .eml, Maildir, mbox",
        *parents,
        does="importing",
        more="The way of a mailbox's mails, for those that came before. It may be repeated, interrupted, and run\n"
        "while `bouncestream run` is up: what is known already stays a duplicate. The files are only read.\n\n"
        '--json: {"mails", "hard", "soft", "complaint", "ignored", "unidentified", "duplicates", "too_old",\n'
        '"unreadable", "quarantined", "source", "since", "seconds", "dry_run", "interrupted"}. Exit code 1: some\n'
        "mails could not be read or stored.",
    )
    parser.add_argument(
        "path",
        nargs="+",
        metavar="PATH",
        help="a mail, an mbox, or a folder of these: *.eml, *.mbox, or a Maildir with its sub folders",
    )
    parser.add_argument(
        "--since",
        default="30d",
        metavar="WHEN",
        help="only what arrived since: a time such as 90d, a date, all, or now (default: %(default)s)",
    )
    parser.add_argument(
        "--mailbox",
        default="",
        metavar="NAME",
        help='judge as the mails of this mailbox are (default: the only one; else none: source "import")',
    )
    parser.add_argument("--dry-run", action="store_true", help="store nothing, tell what would be")
    parser.add_argument("--json", action="store_true", help="the summary as JSON, for programs")
