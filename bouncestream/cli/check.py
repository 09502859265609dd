# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream check`: the configuration, and a try of each connection, with the fix for each failure."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from bouncestream import providers
from bouncestream.cli import show as out
from bouncestream.cli import tries, tries_listmonk, tries_mailbox
from bouncestream.cli.opened import configuration
from bouncestream.cli.parser import Parser, command
from bouncestream.cli.tries import Line
from bouncestream.config.model import Config
from bouncestream.config.secrets import too_open
from bouncestream.errors import StoreError
from bouncestream.outbox import delivery
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import MIN_FREE
from bouncestream.outbox.marker import Markers
from bouncestream.providers._settings import Webhook
from bouncestream.sources.mailbox.visit import Door

#: Below this much free space a person should know; bytes.
_LITTLE = 512 << 20


def options(parser: Parser) -> None:
    """The options of `bouncestream check`."""
    command(
        parser,
        run,
        "Every problem comes with its fix. Exit code 1: not all is well; 3: something could not be examined,\n"
        "such as a Listmonk that does not answer. It changes nothing.",
    )


def run(args: argparse.Namespace) -> int:
    """Look at everything; the exit code says how it is."""
    config = configuration(args)
    return asyncio.run(_check(config))


async def _check(config: Config) -> int:
    found: list[Line] = []

    def section(title: str, lines: list[Line]) -> None:
        out.heading(title)
        tries.tell(lines)
        found.extend(lines)

    section("Configuration", _configuration(config))
    section("Outbox", await _outbox(config))
    token = config.listmonk.token.reveal() if config.listmonk.token else ""
    section("Listmonk", await tries_listmonk.listmonk(config.listmonk.url, config.listmonk.user, token))
    running, lines = await tries.listening(config.server)
    if config.server.public_url:
        lines += await tries.public(config.server.public_url, list(config.webhooks), running=running)
    else:
        lines.append(
            Line("·", "[server] public_url is not set, so the URLs below are not complete, and nobody can try them")
        )
    section("Server", lines)
    section("Webhooks", _webhooks(config))
    if config.mailboxes:
        path = Path(config.outbox.path)
        looked = await asyncio.gather(
            *(tries_mailbox.mailbox(Door(box, path)) for box in config.mailboxes.values())
        )
        section("Mailboxes", [line for lines in looked for line in lines])
    code = tries.code(found)
    words = {0: "All is well.", 1: "Not all is well: see ⚠ and ✘.", 3: "Not everything could be examined: see ✘."}
    out.heading(words[code])
    return code


def _configuration(config: Config) -> list[Line]:
    lines = [Line("✔", f"{config.path or 'the environment'} can be used")]
    return lines + [Line("⚠", warning) for warning in config.warnings]


def _webhooks(config: Config) -> list[Line]:
    if not config.webhooks and not config.mailboxes:
        fix = "add a section [webhooks.<name>] or [mailboxes.<name>], or run `bouncestream init`"
        return [Line("⚠", "no webhook is configured, and no mailbox either, so nothing can come in", fix)]
    if not config.webhooks:
        return [Line("·", "none is configured")]
    return [_webhook(config, hook) for hook in config.webhooks.values()]


def _webhook(config: Config, hook: Webhook) -> Line:
    provider = providers.get(hook.provider)
    where = tries.paste(config.server.public_url, hook)
    text = f"{hook.name}: {provider.summary}; enter {where} there"
    for proof in hook.proofs.values():
        if how := proof.how(hook):
            text += f", and {how}"
    if not hook.verifiable:
        return Line("⚠", f"{text}; anyone can post to it", f"set a secret for webhooks.{hook.name}")
    return Line("✔", f"{text} (proof: {', '.join(hook.verifiable)})")


async def _outbox(config: Config) -> list[Line]:
    path = Path(config.outbox.path)
    if lost := Markers.of(config).lost():
        what, _, fix = lost.partition(" Next: ")
        return [Line("✘", what, fix)]
    lines, openable = _file(path)
    if not openable:
        return lines
    try:
        db = await Database.open(path, create=False)
        try:
            return [*lines, *await _inside(db, path)]
        finally:
            await db.close()
    except StoreError as error:
        what, _, fix = str(error).partition(" Next: ")
        return [*lines, Line("✘", what, fix, unexamined=True)]


async def _inside(db: Database, path: Path) -> list[Line]:
    tally, quarantined = await db.read(lambda conn: (delivery.tally(conn), delivery.quarantine_count(conn)))
    lines = [Line("✔", f"{path} holds {sum(tally.values())} events")]
    for count, words, see in (
        (tally.get("dead", 0), "dead letters", "outbox list --state dead"),
        (tally.get("held", 0), "events held back", "outbox list --state held"),
        (quarantined, "items in quarantine", "outbox list --quarantine"),
    ):
        if count:
            lines.append(Line("·", f"{count} {words}: `bouncestream {see}`"))
    return lines


def _file(path: Path) -> tuple[list[Line], bool]:
    """What is seen from outside, and whether it can be opened."""
    lines = [_space(path.parent)] if path.parent.is_dir() else []
    if not path.exists():
        return [*lines, _to_be_made(path)], False
    if not path.is_file():
        what = "a directory" if path.is_dir() else "no file"
        fix = f'name a file, such as [outbox] path = "{path / "outbox.db" if path.is_dir() else "/…/outbox.db"}"'
        return [*lines, Line("✘", f"the outbox, {path}, is {what}", fix)], False
    if not os.access(path, os.R_OK | os.W_OK):
        fix = f"run as the user that owns it, or chown it: ls -l {path}"
        return [*lines, Line("✘", f"{path} cannot be written by this user", fix, unexamined=True)], False
    if why := too_open(path, 0o077):
        lines.append(Line("⚠", f"{path} holds addresses and {why}", f"chmod 600 {path}"))
    return lines, True


def _to_be_made(path: Path) -> Line:
    if not path.parent.is_dir():
        fix = f"create it, owned by the user of bouncestream: install -d -m 700 {path.parent}"
        return Line("✘", f"the directory of the outbox, {path.parent}, does not exist", fix)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        fix = "let the user that runs bouncestream write there, or check as that user"
        return Line("✘", f"the outbox cannot be made in {path.parent} by this user", fix)
    return Line("✔", f"{path} does not exist yet: `bouncestream run` makes it")


def _space(directory: Path) -> Line:
    disk = os.statvfs(directory)
    free = disk.f_bavail * disk.f_frsize
    text = f"{directory} has {free / 2**30:.1f} GiB free"
    if free < MIN_FREE:
        return Line("✘", f"{text}: nothing is taken in below {MIN_FREE >> 20} MiB", f"free space at {directory}")
    return Line("⚠", text, f"free space at {directory}") if free < _LITTLE else Line("✔", text)
