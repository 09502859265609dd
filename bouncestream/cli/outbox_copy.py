# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream outbox copy|reopen`: the whole outbox moves to PostgreSQL, or back to a file, while no bridge runs.

The steps are in `outbox.copying`; here is which two outboxes they are done on, and how far they are.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bouncestream.cli import out
from bouncestream.cli.opened import configuration
from bouncestream.cli.outbox_change import as_command, confirm
from bouncestream.cli.parser import Commands
from bouncestream.config.model import Config
from bouncestream.config.outbox import URL, Outbox
from bouncestream.config.secrets import SecretFinder
from bouncestream.crypto.secret import Secret
from bouncestream.errors import OutboxCopied, SealRefused, StoreError, UsageError
from bouncestream.outbox import copied
from bouncestream.outbox.place import Place, Server, called, place_of, require_driver
from bouncestream.settings.key import keys_of
from bouncestream.settings.shapes import Wrong

if TYPE_CHECKING:
    from bouncestream.outbox.copying.copy import Copy
    from bouncestream.outbox.copying.file import FileEnd
    from bouncestream.outbox.copying.server import ServerEnd

#: Seconds between two lines of progress.
_EVERY = 5.0
#: What the words of an error promise of a bridge, and a command does not do.
_PROMISE = re.compile(r"[;,] bouncestream (?:resumes|connects again|looks for the primary) by itself")


def options(inner: Commands) -> None:
    """The commands of `outbox` that move it."""
    made = as_command(
        inner,
        "copy",
        "copy the whole outbox to PostgreSQL, or back to a file",
        copy,
        "Stop every bridge first. If it is interrupted, run it again and it continues. Each table is "
        "compared on both ends, by the digest of all rows. The present outbox stays as it is, but is not used any "
        "more: bouncestream does not start on it until `outbox reopen`.",
    )
    made.add_argument(
        "--to", metavar="URL|FILE", required=True, help="postgresql://… without the password, or a new file"
    )
    made.add_argument(
        "--password-file",
        metavar="FILE",
        help="the password of the role in URL (default: [outbox] password)",
    )
    again = as_command(
        inner,
        "reopen",
        "use an outbox again that was copied elsewhere",
        reopen,
        "For when you do not want the copy after all. Events that arrived at the copy since then are not in this "
        "one. What still waits here is looked up in Listmonk before it is posted.",
    )
    again.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def copy(args: argparse.Namespace) -> int:
    """`outbox copy`."""
    from bouncestream.outbox.copying.copy import Copy

    config = configuration(args, with_secrets=False)
    here, there = place_of(config), _place(args, config)
    if isinstance(here, Path) and isinstance(there, Path):
        raise UsageError(
            "Both are files, and --to is for PostgreSQL then. Next: use `bouncestream backup FILE`, which copies a "
            "file to another."
        )
    if isinstance(here, Server) and isinstance(there, Server):
        raise UsageError(
            "Both are on PostgreSQL, and --to is for a file then. Next: use pg_dump and pg_restore. If "
            "you want to copy from a file, have the configuration name that file, as `path` without `url`, until "
            "this is done."
        )
    with _as_a_command(), closing(_source(here)) as source, closing(_target(there)) as target:
        made = Copy(source, target, lambda: datetime.now(UTC))
        _do(made, quiet=args.json)
    return _tell(args, made)


def _do(made: Copy, *, quiet: bool) -> None:
    told = time.monotonic()
    try:
        for step in made.steps():
            if not quiet and time.monotonic() - told >= _EVERY:
                told = time.monotonic()
                doing = "compared" if step.comparing else "copied"
                out.mark("·", f"{step.table}: {step.done:,} of {step.of:,} rows {doing}")
    except (OutboxCopied, SealRefused):
        raise
    except StoreError as error:
        how = "it continues where it was. The outbox is whole, as before."
        if made.closing:
            how = f"the copy has all rows, and {made.source.where} may be closed already."
        raise type(error)(f"{error} Then run this again: {how}") from None


@contextmanager
def _as_a_command() -> Iterator[None]:
    """Let no error out that promises what only a bridge does."""
    try:
        yield
    except StoreError as error:
        raise type(error)(_PROMISE.sub("", str(error))) from None


def _tell(args: argparse.Namespace, made: Copy) -> int:
    where = f"{made.source.where} to {made.target.where}"
    if args.json:
        rows = {one.table: {"rows": one.rows, "sha256": one.digest} for one in made.tables}
        odd = [{"table": one.table, "row": one.row, "column": one.column} for one in made.odd]
        before = made.before.at if made.before is not None else None
        told = {"from": made.source.where, "to": made.target.where, "finished_before": before}
        out.json_line(told | {"tables": rows, "replaced": made.odds, "some_replaced": odd})
        return 0
    if made.before is not None:
        out.mark("✔", f"{where}: it was copied already ({made.before.at[:16].replace('T', ' ')} UTC).")
    else:
        shown = [(one.table, f"{one.rows:,}", one.digest[:16]) for one in made.tables if one.rows]
        out.table(("table", "rows", "SHA-256"), shown)
        for one in made.odd:
            out.mark("⚠", f"{one.table} {one.row}: {one.column} had bytes that PostgreSQL cannot store, now �")
        if made.odds > len(made.odd):
            out.mark("⚠", f"and {made.odds - len(made.odd)} more such texts")
        out.mark("✔", f"{where}: {sum(one.rows for one in made.tables):,} rows, each the same on both ends.")
    to = f'path = "{made.target.where}", without url'
    if "://" in made.target.where:
        to = f'url = "{args.to}", and leave path as it is'
    out.mark("·", f"Next: set [outbox] {to}; then start bouncestream.")
    out.mark(
        "·",
        f"{made.source.where} stays as it was, and bouncestream does not start on it any more (`bouncestream "
        "outbox reopen` allows it). It holds addresses: remove it once you do not need it any more.",
    )
    return 0


def reopen(args: argparse.Namespace) -> int:
    """`outbox reopen`."""
    config = configuration(args, with_secrets=False)
    with _as_a_command(), closing(_source(place_of(config))) as source:
        if source.read(partial(copied.mark_of, name=copied.UNFINISHED)) is not None:
            source.read(copied.require_here)
        mark = source.read(partial(copied.mark_of, name=copied.WENT_TO))
        if mark is not None:
            if not args.yes:
                confirm(
                    f"This outbox was copied to {mark.place} on {mark.at[:10]}. No bridge may run on the copy any "
                    "more, and what came in there since is not here. Continue?"
                )
            source.change(copied.reopen)
    if args.json:
        out.json_line({"reopened": mark is not None, "copy": mark.place if mark is not None else None})
    elif mark is None:
        out.mark("·", f"{source.where} was not copied elsewhere: nothing was changed.")
    else:
        out.mark("✔", f"{source.where} can be used again. Do not start bouncestream on {mark.place} any more.")
    return 0


def _source(place: Place) -> FileEnd | ServerEnd:
    if isinstance(place, Server):
        require_driver()
        from bouncestream.outbox.copying.server import ServerEnd

        return ServerEnd.source(place, "[outbox] url")
    from bouncestream.outbox.copying.file import FileEnd

    return FileEnd.source(place)


def _target(place: Place) -> FileEnd | ServerEnd:
    if isinstance(place, Server):
        require_driver()
        from bouncestream.outbox.copying.server import ServerEnd

        return ServerEnd.target(place, "--to")
    from bouncestream.outbox.copying.file import FileEnd

    return FileEnd.target(place)


def _place(args: argparse.Namespace, config: Config) -> Place:
    """The place that --to names. Raises UsageError."""
    if "://" not in args.to:
        if args.password_file:
            raise UsageError("--password-file is for PostgreSQL, and --to names a file. Next: leave it out.")
        return Path(args.to)
    try:
        url = URL.parse(args.to)
    except Wrong as wrong:
        text = str(wrong).replace("outbox.password or its file", "the file of --password-file")
        raise UsageError(f"--to {text}. Next: write {URL.words}.") from None
    return Server(url, called(config), _password(args.password_file) or config.outbox.password)


def _password(file: str | None) -> Secret | None:
    if not file:
        return None
    problems: list[str] = []
    key = keys_of(Outbox)["password"]
    found = SecretFinder("", problems, []).find("outbox", key, {}, None, ("--password-file", file))
    if problems:
        what, _, fix = problems[0].partition("; ")
        raise UsageError(f"{what}. Next: {fix}.")
    return found
