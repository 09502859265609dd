# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream deliver --source NAME < mail`: for aliases and .forward files, which a mail server runs as their
owner or as nobody. So it needs neither the configuration nor the outbox: it hands the mail over by LMTP to the
listener [smtp.NAME] of the running bridge.

A mail server throws a mail away at most exit codes. Whatever is not a refusal for good ends with 75 (EX_TEMPFAIL of
sysexits.h), bugs and wrong usage included: then the mail is kept, and tried again.
"""

from __future__ import annotations

import argparse
import os
import sys

from bouncestream.cli.exits import FINE, NO_USER, REFUSED, TEMPORARY
from bouncestream.cli.parser import Parser, command
from bouncestream.net.lmtp import NotTaken, hand_over
from bouncestream.printable import mask_all, printable

#: Where the listener of a source is looked for.
SOCKETS = "/run/bouncestream"

#: Bytes of a mail at most: a limit for our memory, not the listener's.
_LARGEST = 256 << 20


def options(parser: Parser) -> None:
    """The options of `bouncestream deliver`."""
    parser.misused = TEMPORARY
    command(
        parser,
        run,
        "Reads one mail from standard input and hands it over to the listener [smtp.NAME]. For `|` in aliases and "
        ".forward: it needs no configuration. Sender and recipient are those that the mail server names "
        "(SENDER, ORIGINAL_RECIPIENT, RECIPIENT).",
        config=False,
    )
    parser.add_argument("--source", required=True, metavar="NAME", help="the listener: [smtp.NAME]")
    parser.add_argument(
        "--socket",
        default="",
        metavar="PATH",
        help=f"its socket, or its address as host:port (default: {SOCKETS}/NAME.sock)",
    )
    parser.add_argument("--recipient", default="", metavar="ADDRESS", help="to whom the mail came")
    parser.add_argument("--sender", default=None, metavar="ADDRESS", help='from whom it came ("": a bounce)')
    parser.add_argument(
        "--timeout", type=_seconds, default=120.0, metavar="SECONDS", help="for each answer (default: 120)"
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds up to 3600")
    return seconds


def run(args: argparse.Namespace) -> int:
    """Hand it over."""
    try:
        return _deliver(args)
    except NotTaken as error:
        _say(f"{error}. Next: {_next(error, args.source)}")
        if not error.for_good:
            return TEMPORARY
        return NO_USER if error.recipient else REFUSED
    except Exception as error:  # a bug, a closed stdin: the mail is still the mail server's
        _say(f"the mail could not be handed over: {type(error).__name__}: {error}")
        return TEMPORARY


def _deliver(args: argparse.Namespace) -> int:
    recipient = args.recipient or _recipient()
    if not recipient:
        raise NotTaken("the mail server names no recipient (ORIGINAL_RECIPIENT, RECIPIENT)")
    sender = os.environ.get("SENDER", "") if args.sender is None else args.sender
    mail = sys.stdin.buffer.read(_LARGEST + 1)
    if len(mail) > _LARGEST:
        raise NotTaken(f"the mail is larger than {_LARGEST >> 20} MiB", "552 5.3.4")
    if not mail.strip():
        raise NotTaken("there is no mail on standard input")
    where = args.socket.removeprefix("unix:") or f"{SOCKETS}/{args.source}.sock"
    hand_over(where, "" if sender == "MAILER-DAEMON" else sender, recipient, mail, args.timeout)
    return FINE


def _recipient() -> str:
    """The recipient as mail servers name it: Postfix and OpenSMTPD as a whole, Exim also in parts."""
    environ = os.environ
    for name in ("ORIGINAL_RECIPIENT", "RECIPIENT"):
        if "@" in environ.get(name, ""):
            return environ[name]
    local, domain = environ.get("LOCAL_PART", ""), environ.get("DOMAIN", "")
    whole = f"{environ.get('LOCAL_PART_PREFIX', '')}{local}{environ.get('LOCAL_PART_SUFFIX', '')}"
    return f"{whole}@{domain}" if local and domain else ""


def _next(error: NotTaken, source: str) -> str:
    if error.recipient and error.for_good:
        return f"add the address to recipients in [smtp.{source}]"
    if error.for_good:
        return "see the log of bouncestream"
    if "names no recipient" in str(error):
        return "add --recipient ADDRESS"
    if "may not write to" in str(error):
        return f'let it, by socket_group or socket_mode = "0666" in [smtp.{source}]; it is tried again'
    return f"check that bouncestream runs, and that --socket is what [smtp.{source}] listens on; it is tried again"


def _say(text: str) -> None:
    print(f"bouncestream deliver: {printable(mask_all(text))}", file=sys.stderr)
