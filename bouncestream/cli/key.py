# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream key new|rotate`: the key that a sealed outbox is opened with."""

from __future__ import annotations

import argparse
from pathlib import Path

from bouncestream.cli import out
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, add, command, group
from bouncestream.crypto.sealed import fault, key_id, new_key
from bouncestream.crypto.secret import Secret
from bouncestream.errors import UsageError
from bouncestream.files import replace
from bouncestream.outbox.place import place_of
from bouncestream.outbox.sealing import anywhere


def options(parser: Parser) -> None:
    """The commands behind `bouncestream key`."""
    inner = group(parser, "Make and change the key of a sealed outbox ([privacy] key).")
    new = add(inner, "new", "make a key")
    command(
        new, make, "Keep a copy of it apart from the outbox: without it nobody can read the outbox.", config=False
    )
    new.add_argument("file", metavar="FILE", help="the file to create; it must not exist")
    rotated = add(inner, "rotate", "have a new key open the outbox instead of the present one")
    command(
        rotated,
        rotate,
        "In two steps, and both keys open the outbox between them: --to FILE, then put the new key into the "
        "configuration, then --finish. No value is encrypted again. Backups from before need the former key.",
    )
    step = rotated.add_mutually_exclusive_group(required=True)
    step.add_argument("--to", metavar="FILE", help="the file of the new key; made if it does not exist")
    step.add_argument(
        "--finish", action="store_true", help="only the key of the configuration opens it from now on"
    )


def make(args: argparse.Namespace) -> int:
    """`key new`."""
    key = _make(Path(args.file))
    out.mark("✔", f"{args.file}: a new key, {key_id(key)}")
    out.mark("·", "Keep a copy of it apart from the outbox and its backups. Without it nobody can read them.")
    return 0


def rotate(args: argparse.Namespace) -> int:
    """`key rotate`."""
    config = configuration(args, with_secrets=False, sealing=True)
    key = config.privacy.key
    if key is None:
        raise UsageError("[privacy] key is not set. Next: set the present key there, or its file as key_file.")
    with anywhere.working(place_of(config)) as work:
        if args.finish:
            former = work.keep_only(key)
            named = f"; {', '.join(former)} no longer does" if former else ", as before"
            out.mark("✔", f"Only the key {key_id(key.reveal())} opens the outbox{named}.")
            if former:
                out.mark("·", "Keep the former key for as long as you keep backups from before.")
            return 0
        new = _read_or_make(Path(args.to))
        work.admit(key, Secret(new))
    bridge = "each bridge" if config.outbox.url else "the bridge"
    out.mark("✔", f"The key {key_id(new)} opens the outbox too, beside {key_id(key.reveal())}.")
    out.mark(
        "·",
        f"Next: set [privacy] key_file to {args.to}, restart {bridge}, then `bouncestream key rotate --finish`.",
    )
    return 0


def _make(path: Path) -> str:
    key = new_key()
    try:
        replace(path, key.encode() + b"\n", overwrite=False)
    except FileExistsError:
        raise UsageError(f"{path} already exists, and no key is overwritten. Next: choose another name.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Next: choose another place.") from error
    return key


def _read_or_make(path: Path) -> str:
    """The key in a file, which is made if there is none."""
    try:
        key = path.read_text("ascii").strip()
    except FileNotFoundError:
        return _make(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}. Next: name the file of a key.") from error
    if why := fault(key):
        raise UsageError(f"{path}: what it holds {why}. Next: name the file of a key, or one that does not exist.")
    return key
