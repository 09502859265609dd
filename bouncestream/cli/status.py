# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream status`: sources, outbox, Listmonk and alerts on one screen, from the outbox (read only) and from
what the running bridge says on its port.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bouncestream.cli import out, status_screen
from bouncestream.cli.exits import FINE, NOT_WELL, code_of
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, command
from bouncestream.config.model import Config
from bouncestream.errors import StoreError, StoreUnavailable
from bouncestream.outbox.marker import lost_of
from bouncestream.outbox.place import place_of
from bouncestream.outbox.view import view
from bouncestream.survey.running import ask
from bouncestream.survey.status import status, troubles


def options(parser: Parser) -> None:
    """The options of `bouncestream status`."""
    command(
        parser,
        run,
        "Reads the outbox, and queries the running bridge at [server] listen. --json has the keys running, ready, "
        "parts, sources, bridges, outbox, sink and alerts.",
    )
    parser.add_argument("--json", action="store_true", help="JSON output")
    parser.add_argument("--watch", action="store_true", help="refresh until Ctrl-C")
    parser.add_argument(
        "--every",
        type=_seconds,
        default=2.0,
        metavar="SECONDS",
        help=("with --watch, seconds between refreshes (default: 2)"),
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.1 to 3600")
    return seconds


def run(args: argparse.Namespace) -> int:
    """Show it once, or again and again."""
    config = configuration(args, with_secrets=False)
    if not args.watch:
        return _show(config, as_json=args.json)
    return _watch(config, args)


def _watch(config: Config, args: argparse.Namespace) -> int:
    """Until Ctrl-C; on a terminal on its alternate screen, so that what stood there comes back."""
    code, full = FINE, out.on_terminal() and not args.json
    print(status_screen.ENTER if full else "", end="")
    try:
        while True:
            with status_screen.Page() if full else nullcontext():
                try:
                    code = _show(config, as_json=args.json)
                except StoreError as error:  # locked for a moment, or not there yet
                    out.mark("✘", str(error))
                    code = code_of(error)
            sys.stdout.flush()
            time.sleep(args.every)
            if not full and not args.json:
                print()
    except KeyboardInterrupt:
        return code
    finally:
        print(status_screen.LEAVE if full else "", end="", flush=True)


def _show(config: Config, *, as_json: bool) -> int:
    found = state(config)
    if as_json:
        out.json_line(found)
    else:
        status_screen.show(found)
    return NOT_WELL if troubles(found) else FINE


def state(config: Config) -> dict[str, Any]:
    """The status, as `--json` prints it. Raises StoreError when the outbox cannot be read."""
    if lost := lost_of(config):
        raise StoreUnavailable(lost)
    with view(place_of(config)) as outbox:
        running = ask(config.told_url)
        sizes = outbox.sizes()
        return outbox.read(partial(status, config=config, running=running, now=datetime.now(UTC), sizes=sizes))
