# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream install`: the bridge as a service of systemd. What the operator wrote or changed stays: a
difference is shown, and only --force overwrites it.

First everything is read and decided, then written: secrets before the configuration that names them, so that at
every moment they are somewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import os
import pwd
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bouncestream import files, program
from bouncestream.cli import out
from bouncestream.cli.exits import FINE, NOT_WELL
from bouncestream.cli.findings import brief_code, tell_briefly
from bouncestream.cli.parser import Parser, command
from bouncestream.config.example import is_example
from bouncestream.config.extract import Extracted, changed, extract
from bouncestream.config.load import load
from bouncestream.errors import ConfigError, UsageError
from bouncestream.printable import printable
from bouncestream.service import traps
from bouncestream.service.machine import Machine, this_machine
from bouncestream.service.place import Place, place
from bouncestream.service.unit import credentials, unit
from bouncestream.settings import shapes

#: Where a machine's service finds its command by name, and where the link to it is made.
LINK = Path("/usr/local/bin/bouncestream")
#: Where a package of the system has the command, and units.
_PACKAGED, _UNITS = Path("/usr/bin/bouncestream"), Path("/usr/lib/systemd/system")
#: Lines of the log that are shown when the service does not start.
_LINES = 8
_DEFAULT_LISTEN = "127.0.0.1:8025"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the service. `before`: its text on the disk; None: there is none."""

    path: Path
    text: str = field(repr=False)
    mode: int
    before: str | None = field(repr=False)
    secret: bool = False

    @property
    def same(self) -> bool:
        return self.text == self.before


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


def asked(args: argparse.Namespace) -> tuple[Machine, Place]:
    """The machine and the place that the options name. Raises UsageError."""
    machine = this_machine(user=False)
    user = machine.uid != 0 and not args.system
    machine = this_machine(user=user)
    home = Path.home() if user else None
    return machine, place(args.name, home, os.environ)


def require_rights(machine: Machine, what: str) -> None:
    """Raises UsageError where someone who is not root asks for a service of the machine."""
    if machine.uid != 0 and not machine.user:
        raise UsageError(f"Only root can {what} a service of the machine. Next: call it with sudo.")


def run(args: argparse.Namespace) -> int:
    """Read, decide, write, start, check."""
    return install(args, *asked(args))


def install(args: argparse.Namespace, machine: Machine, where: Place) -> int:
    """Set the service up on this machine; the exit code."""
    if not args.dry_run:
        require_rights(machine, "install")
        machine.require_systemd()
    words, environ = _program(args)
    if not machine.user and (trap := traps.unreachable(_parts(args, words))):
        raise UsageError(trap)
    source = _source(args, machine, where)
    config = _configuration(args, machine, where, source)
    text = unit(where, words, environ, unpacks=bool(program.packed_in()) and not args.program)
    wanted = list(_files(machine, where, config, text))
    link = _link(machine, words)
    if args.dry_run:
        _show(machine, where, wanted, link, words[0])
        return FINE
    written = _write(machine, where, wanted, force=args.force)
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


def _source(args: argparse.Namespace, machine: Machine, where: Place) -> Path:
    """The configuration to install: the one that is named, or that of the service, or the one that lies here."""
    target = machine.disk(where.config)
    if args.config is None and target.exists() and not is_example(target):
        return target
    if args.config is None and where.name:
        raise UsageError(
            f"There is no {where.config} yet. Next: name a configuration with -c; `bouncestream init --output "
            f"{where.name}.toml` makes one."
        )
    here = Path(args.config or "config.toml")
    if is_example(here) or (args.config is None and not here.exists()):
        raise UsageError(
            f"There is no configuration to install{f': {here} is the example' if here.exists() else ''}. Next: "
            f"`bouncestream init --output {where.config}` makes one; or name yours with -c."
        )
    return here


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError([f"cannot be read ({error.strerror}); check who owns it"], str(path)) from None


def _configuration(args: argparse.Namespace, machine: Machine, where: Place, source: Path) -> Extracted:
    """The configuration of the service. One that was changed there stays, unless forced. Raises UsageError and
    ConfigError."""
    target = machine.disk(where.config)
    config = _fitted(machine, where, source)
    if target == source or not target.exists():
        return config
    there = _fitted(machine, where, target)
    if there.text == config.text or args.force:
        return config
    _differ(where.config, there.text, config.text)
    return there


def _fitted(machine: Machine, where: Place, source: Path) -> Extracted:
    """The configuration without secrets, with an outbox where the service may write, and a port of its own."""
    folder = machine.disk(where.folder)
    settings = load(source, {"CREDENTIALS_DIRECTORY": str(folder)})
    text = _text(source)
    config = extract(text, str(where.folder))
    if not machine.user and config.commented:
        lines = ", ".join(map(str, config.commented))
        raise UsageError(
            f"{source}, line {lines}: this comment looks like a secret, but everyone on this machine may read the "
            "configuration of a service. Next: delete it."
        )
    for dotted, path in config.files.items():
        if not Path(path).is_absolute():
            raise UsageError(f"{dotted}_file in {source} is {path}. Next: write the whole path, from / on.")
    lie_there = {dotted: str(where.folder / dotted) for dotted in config.unset if (folder / dotted).is_file()}
    config = replace(config, files={**config.files, **lie_there})
    _own_port(machine, where, source, settings.server.listen)
    outbox = Path(settings.outbox.path)
    if outbox.is_relative_to(where.state) or (machine.user and "path" in tomllib.loads(text).get("outbox", {})):
        return config
    anothers = outbox.parent.parent == where.state.parent and outbox.parent.name.startswith("bouncestream")
    if machine.disk(outbox.absolute()).exists() and not anothers:
        raise UsageError(
            f"The outbox {outbox} lies where the service cannot write. Next: stop the bridge that uses it, "
            f"`install -d -m 700 {where.state}`, `mv {outbox}* {where.state}/`, and set [outbox] path of {source} "
            f"to {where.state / outbox.name}."
        )
    out.mark("·", f"the outbox will be in {where.state}, where the service may write, not in {outbox.parent}")
    return replace(config, text=changed(config.text, ("outbox",), "path", "path", str(where.state / "outbox.db")))


def _own_port(machine: Machine, where: Place, source: Path, listen: str) -> None:
    """Raises UsageError where another service on this machine has the same port."""
    port = shapes.address_of(listen)[1]
    for other in sorted(machine.disk(where.above).glob("bouncestream*/config.toml")):
        if other in (machine.disk(where.config), source) or not port:
            continue
        try:
            server = tomllib.loads(_text(other)).get("server", {})
            theirs = shapes.address_of(server.get("listen", _DEFAULT_LISTEN))[1]
        except (ConfigError, ValueError, AttributeError, TypeError):
            continue  # it is not running with that
        if theirs == port:
            raise UsageError(
                f"{other} listens on port {port} already. Next: set [server] listen of {source} to another one, "
                f"such as 127.0.0.1:{port + 1}, and pass your proxy's requests there."
            )


def _files(machine: Machine, where: Place, config: Extracted, text: str) -> Iterator[File]:
    """The files of the service, in the order in which they are to be written."""
    for dotted, content in config.moved.items():
        path = where.folder / dotted
        yield File(path, content, 0o600, machine.read(path), secret=True)
    yield File(where.config, config.text, 0o600 if machine.user else 0o644, machine.read(where.config))
    before = machine.read(where.unit_file)
    if before is not None or machine.read(_UNITS / where.unit_file.name) != text:  # else a package has brought it
        yield File(where.unit_file, text, 0o644, before)
    if not machine.user:
        yield File(where.extra, credentials(config.files), 0o644, machine.read(where.extra))


def _link(machine: Machine, words: Sequence[str]) -> bool:
    """Whether the command is to be found by its name, which so far it is not."""
    link = machine.disk(LINK)
    inside = Path(words[0]).parent in (LINK.parent, Path("/usr/bin"), Path("/bin"))
    return len(words) == 1 and not machine.user and not inside and not link.exists() and not link.is_symlink()


# -- what is done -------------------------------------------------------------------------------------------------


def _write(machine: Machine, where: Place, wanted: Sequence[File], *, force: bool) -> bool:
    """Write what is new; returns whether anything was. A secret that differs ends it before anything is written."""
    for one in wanted:
        if one.secret and one.before is not None and one.before.split() != one.text.split() and not force:
            raise UsageError(
                f"{one.path} holds another secret than the configuration. Next: delete the one that is wrong, or "
                "overwrite the file with --force."
            )
    machine.disk(where.folder).mkdir(0o700 if machine.user else 0o755, parents=True, exist_ok=True)
    if machine.user and any(
        str(where.state) in one.text for one in wanted
    ):  # else systemd makes it, or it is there
        machine.disk(where.state).mkdir(0o700, parents=True, exist_ok=True)
    written = False
    for one in wanted:
        if one.same:
            out.mark("·", f"{one.path} is as it should be")
        elif one.path == where.unit_file and one.before is not None and not force:
            _differ(one.path, one.before, one.text)
        else:
            machine.disk(one.path).parent.mkdir(0o755, parents=True, exist_ok=True)
            files.replace(machine.disk(one.path), one.text.encode(), mode=one.mode)
            out.mark("✔", f"{one.path} is written (mode {one.mode:04o})")
            written = True
    return written


def _differ(path: Path, there: str, new: str) -> None:
    """Show how a file differs that stays as it is."""
    out.mark("⚠", f"{path} was changed, and stays as it is", "overwrite it with --force, if it should be this:")
    for line in list(difflib.unified_diff(there.splitlines(), new.splitlines(), "there", "new", n=1, lineterm=""))[
        2:
    ]:
        style = {"+": "green", "-": "red"}.get(line[:1], "dim")
        print("    " + out.coloured(printable(line), style))


def _start(machine: Machine, where: Place, *, again: bool) -> bool:
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


def _check(machine: Machine, where: Place) -> int:
    """What `check` says of the configuration, with the secrets as the service sees them; the exit code."""
    from bouncestream.doctor.engine import examine_inside

    folder = str(machine.disk(where.folder))
    found = asyncio.run(examine_inside(load(machine.disk(where.config), {"CREDENTIALS_DIRECTORY": folder})))
    tell_briefly(found)
    code = brief_code(found)
    out.heading("The service runs, but not all is well: see ⚠ and ✘." if code else "All is well.")
    return code


def _tell_of_source(machine: Machine, where: Place, source: Path, config: Extracted) -> None:
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


def _show(machine: Machine, where: Place, wanted: Sequence[File], link: bool, target: str) -> None:
    """Print what would be written and done."""
    for one in wanted:
        if one.same:
            out.mark("·", f"{one.path} is as it should be")
            continue
        out.heading(f"{one.path} (mode {one.mode:04o}){', differs from what is there' if one.before else ''}")
        text = "(the secret)\n" if one.secret else one.text
        print("".join(f"    {printable(line)}\n" for line in text.splitlines()))
    if link:
        print(f"ln -s {target} {LINK}")
    for words in ("daemon-reload", f"enable {where.unit}", f"restart {where.unit}"):
        print(f"systemctl {'--user ' if machine.user else ''}{words}")
    print("Nothing was changed: this was a dry run.")
