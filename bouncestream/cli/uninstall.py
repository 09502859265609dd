# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream uninstall`: ends the service and removes what `install` wrote for systemd. Configuration, secrets
and outbox are never removed: it says where they are."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

from bouncestream.cli import out
from bouncestream.cli.exits import FINE, NOT_WELL
from bouncestream.cli.install import LINK, asked, require_rights, where_options
from bouncestream.cli.parser import Parser, command
from bouncestream.service.machine import Machine
from bouncestream.service.paths import Paths
from bouncestream.service.unit import program_of


def options(parser: Parser) -> None:
    """The options of `bouncestream uninstall`."""
    command(
        parser,
        run,
        "Stops and disables the service, and removes its unit. Configuration, secrets and outbox stay.",
        config=False,
    )
    where_options(parser)
    parser.add_argument("--dry-run", action="store_true", help="print what would be done; needs no root")


def run(args: argparse.Namespace) -> int:
    """Stop, remove, and say what stays."""
    return uninstall(args, *asked(args))


def uninstall(args: argparse.Namespace, machine: Machine, where: Paths) -> int:
    """Remove the service from this machine; the exit code."""
    text = machine.read(where.unit_file)
    if text is None and machine.read(where.extra) is None:
        out.mark("·", f"{where.unit} is not installed")
        return FINE
    gone = [where.extra]
    others = _others(machine, where)
    if not where.name or not any("@" in other for other in others):  # services with a name share their template
        gone.append(where.unit_file)
    link = machine.disk(LINK)
    if not (others or machine.user) and link.is_symlink() and str(link.readlink()) == program_of(text or ""):
        gone.append(LINK)
    gone = [path for path in gone if machine.disk(path).is_symlink() or machine.disk(path).exists()]
    if args.dry_run:
        print(f"systemctl {'--user ' if machine.user else ''}disable --now {where.unit}")
        for path in gone:
            print(f"rm {path}")
        return FINE
    require_rights(machine, "uninstall")
    machine.require_systemd()
    if failed := machine.systemctl("disable", "--now", where.unit):
        out.mark("✘", f"{where.unit} cannot be stopped: {failed}", f"systemctl status {where.unit}")
        return NOT_WELL
    if "\nCacheDirectory=" in (text or ""):  # the single file's: it can be unpacked again
        machine.systemctl("clean", "--what=cache", where.unit)
    for path in gone:
        machine.disk(path).unlink()
        out.mark("✔", f"{path} is removed")
    _tidy(machine, where.extra.parent)
    machine.systemctl("daemon-reload")
    _tell(machine, where)
    return FINE


def _others(machine: Machine, where: Paths) -> set[str]:
    """The names of other services of ours that are enabled."""
    return {link.name for link in machine.disk(where.units).glob("*.wants/bouncestream*.service")} - {where.unit}


def _tidy(machine: Machine, folder: Path) -> None:
    """Remove an empty folder; what the operator wrote there stays."""
    place = machine.disk(folder)
    if place.is_dir() and any(place.iterdir()):
        out.mark("·", f"{folder} stays, with changes of your own")
    elif place.is_dir():
        place.rmdir()


def _tell(machine: Machine, where: Paths) -> None:
    """Say what is left, and whose it is to remove."""
    try:
        outbox = Path(tomllib.loads(machine.read(where.config) or "")["outbox"]["path"])
    except (ValueError, KeyError, TypeError):
        outbox = where.state / "outbox.db"
    left = {where.folder: "configuration and secrets", outbox: "the outbox"}
    left = {path: what for path, what in left.items() if machine.disk(path.absolute()).exists()}
    if left:
        out.heading("Your data stays:")
        out.fields([(str(path), what) for path, what in left.items()], "  ")
        print("Remove it yourself, once you are sure.")
