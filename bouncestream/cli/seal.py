# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream seal` and `bouncestream unseal`: what is in the outbox already is converted to what `[privacy]
seal` says, beside a running bridge."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from bouncestream.cli import out
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, command
from bouncestream.crypto.secret import Secret
from bouncestream.errors import ConfigError
from bouncestream.outbox.place import Place, Server, place_of
from bouncestream.outbox.sealing import anywhere
from bouncestream.outbox.sealing.state import State

#: What holds addresses of before that no program can reach through a connection.
_REMAINS = (
    "Outside of the tables older addresses remain unencrypted until they are deleted or overwritten: in the "
    "server's write-ahead log and its archive, on standbys until they have caught up, in the server's own log, in "
    "dumps and backups. See docs/operate/sealing.md#on-postgresql."
)
#: Seconds between two lines of progress.
_EVERY = 5.0


def options(parser: Parser) -> None:
    """The options of `bouncestream seal`."""
    command(
        parser,
        seal,
        "Converts in small steps, also while the bridge runs; interrupted, it goes on where it was when you run it "
        "again. Last, the whole file is rewritten, so that no unused part of it holds an address. Set [privacy] "
        "seal = true and the key first, and restart the bridge.",
    )


def options_of_unseal(parser: Parser) -> None:
    """The options of `bouncestream unseal`."""
    command(
        parser,
        unseal,
        "The same as seal, the other way. Set [privacy] seal = false first, keep the key in the configuration "
        "until this is done, and restart the bridge.",
    )


def seal(args: argparse.Namespace) -> int:
    """`seal`."""
    config = configuration(args, with_secrets=False, sealing=True)
    if not config.privacy.seal:
        raise ConfigError(
            ["privacy.seal: is not true, so the next start would undo it; write seal = true"], config.path
        )
    place = place_of(config)
    state = anywhere.turn(place, config.privacy.key, seal=True)
    if state is State.SEALED:
        out.mark("✔", "The outbox is sealed as a whole.")
        return 0
    left = _convert(place, config.privacy.key, "sealed")
    if isinstance(place, Server):
        out.mark("✔", "The outbox is sealed as a whole, and its tables hold no address any more.")
        if left:
            out.mark("·", left)
        out.mark("·", _REMAINS)
    else:
        out.mark("✔", "The outbox is sealed as a whole, and its file holds no address any more.")
        out.mark(
            "·", "Backups from before hold addresses in the open: delete them, or keep them as you keep addresses."
        )
    return 0


def unseal(args: argparse.Namespace) -> int:
    """`unseal`."""
    config = configuration(args, with_secrets=False, sealing=True)
    if config.privacy.seal:
        raise ConfigError(
            ["privacy.seal: is true, so the next start would undo it; write seal = false"], config.path
        )
    place = place_of(config)
    if anywhere.turn(place, config.privacy.key, seal=False) is None:
        out.mark("✔", "The outbox is in the open.")
        return 0
    _convert(place, config.privacy.key, "opened")
    out.mark("✔", "The outbox is in the open; the key is needed for sealed backups only.")
    return 0


def _convert(place: Place, key: Secret | None, done: str) -> str:
    """Convert all, and tell how far it is; returns what is left to others."""
    if isinstance(place, Path):
        os.environ.setdefault("SQLITE_TMPDIR", str(place.parent.absolute()))  # for the file that is written anew
    with anywhere.working(place) as work:
        work.unlock(key)
        told = time.monotonic()
        for progress in work.steps():
            if time.monotonic() - told >= _EVERY:
                told = time.monotonic()
                out.mark("·", f"{100 * progress.done // max(1, progress.of)} % {done}")
        out.mark("·", f"all rows are {done}")
        return work.finish()
