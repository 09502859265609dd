# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream install`: the bridge as a service of systemd. What the operator wrote or changed stays: a
difference is shown, and only --force overwrites it.

First everything is read and decided (`install_files`), then written: secrets before the configuration that names
them, so that at every moment they are somewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pwd
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bouncestream import files, program
from bouncestream.cli import out
from bouncestream.cli.exits import FINE, NOT_WELL
from bouncestream.cli.findings import brief_code, tell_briefly
from bouncestream.cli.install_files import File, configuration, differ, source_of, wanted
from bouncestream.cli.parser import Parser, command
from bouncestream.config.extract import Extracted
from bouncestream.config.load import load
from bouncestream.errors import UsageError
from bouncestream.printable import printable
from bouncestream.service import traps
from bouncestream.service.machine import Machine, this_machine
from bouncestream.service.paths import Paths, paths_of
from bouncestream.service.unit import unit

#: Where a machine's service finds its command by name, and where the link to it is made.
LINK = Path("/usr/local/bin/bouncestream")
#: Where a package of the system has the command.
_PACKAGED = Path("/usr/bin/bouncestream")
#: Lines of the log that are shown when the service does not start.
_LINES = 8


def options(parser: Parser) -> None:
    """The options of `bouncestream install`."""
    command(
        parser,
        run,
        "Takes the secrets out of the configuration into files of mode 0600, writes the unit, enables and starts "
        "the service, and checks it. As root it is a service of the machine, with a user of its own; else one of "
        "your user. A second call changes nothing that you have changed: it shows the difference.",
        config=False,
    )
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        help="the configuration to install (default: the service's own, else config.toml here)",
    )
    where_options(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be written and done; needs no root"
    )
    parser.add_argument("--force", action="store_true", help="overwrite a configuration or unit that differs")
    parser.add_argument(
        "--program", metavar="FILE", help="the program that the unit starts (default: this one, as it was started)"
    )


def where_options(parser: Parser) -> None:
    """The options that name a service."""
    parser.add_argument("--system", action="store_true", help="a service of the machine; needs root")
    parser.add_argument(
        "--name", metavar="NAME", default="", help="one service among several, each for a Listmonk of its own"
    )


def asked(args: argparse.Namespace) -> tuple[Machine, Paths]:
    """The machine and the paths that the options name. Raises UsageError."""
    machine = this_machine(user=False)
    user = machine.uid != 0 and not args.system
    machine = this_machine(user=user)
    home = Path.home() if user else None
    return machine, paths_of(args.name, home, os.environ)


def require_rights(machine: Machine, what: str) -> None:
    """Raises UsageError where someone who is not root asks for a service of the machine."""
    if machine.uid != 0 and not machine.user:
        raise UsageError(f"Only root can {what} a service of the machine. Next: call it with sudo.")


def run(args: argparse.Namespace) -> int:
    """Read, decide, write, start, check."""
    return install(args, *asked(args))


def install(args: argparse.Namespace, machine: Machine, where: Paths) -> int:
    """Set the service up on this machine; the exit code."""
    if not args.dry_run:
        require_rights(machine, "install")
        machine.require_systemd()
    words, environ = _program(args)
    if not machine.user and (trap := traps.unreachable(_parts(args, words))):
        raise UsageError(trap)
    source = source_of(args.config, machine, where)
    config = configuration(source, machine, where, force=args.force)
    text = unit(where, words, environ, unpacks=bool(program.packed_in()) and not args.program)
    planned = list(wanted(machine, where, config, text))
    link = _link(machine, words)
    if args.dry_run:
        _show(machine, where, planned, f"ln -s {words[0]} {LINK}" if link else "", force=args.force)
        return FINE
    written = _write(machine, where, planned, force=args.force)
    if link:
        machine.disk(LINK).symlink_to(words[0])
        out.mark("✔", f"{LINK} leads to {words[0]}")
    if not _start(machine, where, again=written):
        return NOT_WELL
    _tell_of_source(machine, where, source, config)
    return _check(machine, where)


# -- what there is ------------------------------------------------------------------------------------------------


def _program(args: argparse.Namespace) -> tuple[list[str], dict[str, str]]:
    """The command that starts the program, and its environment: as short as it can be."""
    if args.program:
        if not os.access(args.program, os.X_OK) or not Path(args.program).is_file():
            raise UsageError(f"--program {args.program} is not a program. Next: check the path, and its mode.")
        return [str(Path(args.program).absolute())], {}
    if packed := program.packed_in():
        return [packed], {}
    words, environ = program.again()
    if len(words) == 1 and _PACKAGED.exists() and _PACKAGED.samefile(words[0]):
        return [str(_PACKAGED)], {}
    script = Path(words[0]).with_name("bouncestream")  # beside its Python, as in every virtual environment
    if script.is_file() and (environ or Path(words[-1]) == script):
        return [str(script)], {}
    return words, environ


def _parts(args: argparse.Namespace, words: Sequence[str]) -> Iterator[Path]:
    """The files and folders that the program consists of."""
    yield from (Path(word) for word in words if word.startswith("/"))
    if not args.program and not program.packed_in():
        yield Path(program.again()[0][0])
        if (package := Path(program.__file__).parent).is_dir():  # it may be within a file
            yield package


def _link(machine: Machine, words: Sequence[str]) -> bool:
    """Whether the command is to be found by its name, which so far it is not."""
    link = machine.disk(LINK)
    inside = Path(words[0]).parent in (LINK.parent, Path("/usr/bin"), Path("/bin"))
    return len(words) == 1 and not machine.user and not inside and not link.exists() and not link.is_symlink()


# -- what is done -------------------------------------------------------------------------------------------------


def _write(machine: Machine, where: Paths, planned: Sequence[File], *, force: bool) -> bool:
    """Write what is new; returns whether anything was. Raises UsageError before anything is written."""
    for one in planned:
        if one.secret and one.before is not None and one.before.split() != one.text.split() and not force:
            raise UsageError(
                f"{one.path} holds another secret than the configuration. Next: delete the one that is wrong, or "
                "overwrite the file with --force."
            )
    folder = machine.disk(where.folder)
    if folder.exists() and not machine.user and not folder.stat().st_mode & stat.S_IXOTH:
        raise UsageError(f"The service's user may not enter {where.folder}. Next: chmod 755 {where.folder}")
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o700 if machine.user else 0o755)  # whatever the umask is
    if machine.user and any(str(where.state) in one.text for one in planned):  # else systemd makes it
        machine.disk(where.state).mkdir(0o700, parents=True, exist_ok=True)
    written = False
    for one in planned:
        if one.same:
            out.mark("·", f"{one.path} is as it should be")
        elif one.path == where.unit_file and one.before is not None and not force:
            differ(one.path, one.before, one.text)
        else:
            machine.disk(one.path).parent.mkdir(0o755, parents=True, exist_ok=True)
            files.replace(machine.disk(one.path), one.text.encode(), mode=one.mode)
            out.mark("✔", f"{one.path} is written (mode {one.mode:04o})")
            written = True
    return written


def _start(machine: Machine, where: Paths, *, again: bool) -> bool:
    """Enable and start the service; whether it runs."""
    began = time.time()
    calls = [["daemon-reload"], ["enable", where.unit], ["restart" if again else "start", where.unit]]
    for words in calls:
        if failed := machine.systemctl(*words):
            user = " --user" if machine.user else ""
            out.mark(
                "✘",
                f"systemctl {' '.join(words)}: {failed}",
                f"its last lines are below, and journalctl{user} -u {where.unit} has more; then install again",
            )
            for line in machine.log(where.unit, _LINES, began):
                print(f"    {printable(line)}")
            return False
    out.mark("✔", f"{where.unit} runs{'' if machine.user else ', and will after each boot'}")
    return True


def _check(machine: Machine, where: Paths) -> int:
    """What `check` says of the configuration, with the secrets as the service sees them; the exit code."""
    from bouncestream.doctor.engine import examine_inside

    folder = str(machine.disk(where.folder))
    found = asyncio.run(examine_inside(load(machine.disk(where.config), {"CREDENTIALS_DIRECTORY": folder})))
    tell_briefly(found)
    code = brief_code(found)
    out.heading("The service runs, but not all is well: see ⚠ and ✘." if code else "All is well.")
    return code


def _tell_of_source(machine: Machine, where: Paths, source: Path, config: Extracted) -> None:
    """What is left to do by the operator."""
    if source != machine.disk(where.config) and config.moved:
        out.mark(
            "⚠",
            f"{source.absolute()} still holds the secrets, and the service does not read it",
            f"delete it once all is well: rm {source.absolute()}",
        )
    user = pwd.getpwuid(machine.uid).pw_name
    if machine.user and not machine.disk(Path("/var/lib/systemd/linger") / user).exists():
        out.mark("⚠", "the service ends when you log out", f"sudo loginctl enable-linger {user}")


def _show(machine: Machine, where: Paths, planned: Sequence[File], link: str, *, force: bool) -> None:
    """Print what would be written and done."""
    for one in planned:
        if one.same:
            out.mark("·", f"{one.path} is as it should be")
            continue
        if one.path == where.unit_file and one.before is not None and not force:
            differ(one.path, one.before, one.text)
            continue
        out.heading(f"{one.path} (mode {one.mode:04o}){', differs from what is there' if one.before else ''}")
        text = "(the secret)\n" if one.secret else one.text
        print("".join(f"    {printable(line)}\n" for line in text.splitlines()))
    if link:
        print(link)
    for words in ("daemon-reload", f"enable {where.unit}", f"restart {where.unit}"):
        print(f"systemctl {'--user ' if machine.user else ''}{words}")
    print("Nothing was changed: this was a dry run.")
