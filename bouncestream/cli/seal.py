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
from bouncestream.outbox.place import file_of
from bouncestream.outbox.sealing import switch
from bouncestream.outbox.sealing.unlock import State, unlock

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
    path = file_of(config, "Sealing", "leave [privacy] seal off; PostgreSQL's own disk can be encrypted")
    if not config.privacy.seal:
        raise ConfigError(
            ["privacy.seal: is not true, so the next start would undo it; write seal = true"], config.path
        )
    state = switch.switch(path, config.privacy.key, seal=True)
    if state is State.SEALED:
        out.mark("✔", "The outbox is sealed as a whole.")
        return 0
    _convert(path, config.privacy.key, "sealed")
    out.mark("✔", "The outbox is sealed as a whole, and its file holds no address any more.")
    out.mark(
        "·", "Backups from before hold addresses in the open: delete them, or keep them as you keep addresses."
    )
    return 0


def unseal(args: argparse.Namespace) -> int:
    """`unseal`."""
    config = configuration(args, with_secrets=False, sealing=True)
    path = file_of(config, "Sealing", "leave [privacy] seal off; PostgreSQL's own disk can be encrypted")
    if config.privacy.seal:
        raise ConfigError(
            ["privacy.seal: is true, so the next start would undo it; write seal = false"], config.path
        )
    if switch.switch(path, config.privacy.key, seal=False) is None:
        out.mark("✔", "The outbox is in the open.")
        return 0
    _convert(path, config.privacy.key, "opened")
    out.mark("✔", "The outbox is in the open; the key is needed for sealed backups only.")
    return 0


def _convert(path: Path, key: Secret | None, done: str) -> None:
    """Convert all, and tell how far it is."""
    os.environ.setdefault("SQLITE_TMPDIR", str(path.parent.absolute()))  # for the file that is written anew
    with switch.working(path) as conn:
        unlock(conn, key)
        told = time.monotonic()
        for progress in switch.steps(conn):
            if time.monotonic() - told >= _EVERY:
                told = time.monotonic()
                out.mark("·", f"{100 * progress.done // max(1, progress.of)} % {done}")
        out.mark("·", f"all rows are {done}")
        switch.finish(conn)
