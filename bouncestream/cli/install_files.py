# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of a service should hold, by its configuration and by what is there: for `bouncestream install`,
which writes them. Nothing is written here; what is to differ from the operator's files is told.
"""

from __future__ import annotations

import difflib
import grp
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from bouncestream.cli import out
from bouncestream.config.example import is_example
from bouncestream.config.extract import Extracted, changed, extract
from bouncestream.config.load import load
from bouncestream.errors import ConfigError, UsageError
from bouncestream.printable import printable
from bouncestream.service.machine import Machine
from bouncestream.service.paths import Paths
from bouncestream.service.unit import extra
from bouncestream.settings import shapes

#: Where a package of the system has units.
_UNITS = Path("/usr/lib/systemd/system")
_DEFAULT_LISTEN = "127.0.0.1:8025"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the service. `before`: its text on the disk; None: there is none."""

    path: Path
    text: str = field(repr=False)
    mode: int
    before: str | None = field(repr=False)
    secret: bool = False
    wrong_mode: bool = False  #: it is there, but for the wrong people to read

    @property
    def same(self) -> bool:
        return self.text == self.before and not self.wrong_mode


def source_of(named: str | None, machine: Machine, where: Paths) -> Path:
    """The configuration to install: the one that is named, else that of the service, else the one that lies here.
    Raises UsageError."""
    target = machine.disk(where.config)
    if named is None and target.exists() and not is_example(target):
        return target
    if named is None and where.name:
        raise UsageError(
            f"There is no {where.config} yet. Next: name a configuration with -c; `bouncestream init --output "
            f"{where.name}.toml` makes one."
        )
    here = Path(named or "config.toml")
    if is_example(here) or (named is None and not here.exists()):
        raise UsageError(
            f"There is no configuration to install{f': {here} is the example' if here.exists() else ''}. Next: "
            f"`bouncestream init --output {where.config}` makes one; or name yours with -c."
        )
    return target if here.exists() and target.exists() and here.samefile(target) else here.absolute()


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigError([f"cannot be read ({error.strerror}); check who owns it"], str(path)) from None


def configuration(source: Path, machine: Machine, where: Paths, *, force: bool) -> Extracted:
    """The configuration of the service. One that was changed there stays, unless forced. Raises UsageError and
    ConfigError."""
    target = machine.disk(where.config)
    config = _fitted(machine, where, source)
    if target == source or not target.exists():
        return config
    there = _fitted(machine, where, target)
    if there.text == config.text or force:
        return config
    differ(where.config, there.text, config.text)
    return there


def _fitted(machine: Machine, where: Paths, source: Path) -> Extracted:
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
    if settings.outbox.url:
        return config
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


def _own_port(machine: Machine, where: Paths, source: Path, listen: str) -> None:
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


def wanted(machine: Machine, where: Paths, config: Extracted, unit: str) -> Iterator[File]:
    """The files of the service, in the order in which they are to be written: a secret before it leaves the
    configuration."""
    for dotted, content in config.moved.items():
        yield _file(machine, where.folder / dotted, content, 0o600, secret=True)
    yield _file(machine, where.config, config.text, 0o600 if machine.user else 0o644)
    before = machine.read(where.unit_file)
    if before is not None or machine.read(_UNITS / where.unit_file.name) != unit:  # else a package has brought it
        yield File(where.unit_file, unit, 0o644, before)
    if not machine.user:
        yield _file(machine, where.extra, extra(config.files, _groups(config.text)), 0o644)


def _groups(config: str) -> set[str]:
    """The groups of this machine that sockets are given to. With one that is not there systemd starts no service;
    `bouncestream status` tells of it."""
    listeners = tomllib.loads(config).get("smtp", {}).values()
    named = {one.get("socket_group", "") for one in listeners if one.get("listen", "").startswith("unix:")}
    return {name for name in named if name and (name.isdigit() or _known(name))}


def _known(group: str) -> bool:
    try:
        grp.getgrnam(group)
    except KeyError:
        return False
    return True


def _file(machine: Machine, path: Path, text: str, mode: int, *, secret: bool = False) -> File:
    before = machine.read(path)
    wrong = before is not None and machine.disk(path).stat().st_mode & 0o777 != mode
    return File(path, text, mode, before, secret, wrong)


def differ(path: Path, there: str, new: str) -> None:
    """Show how a file differs that stays as it is."""
    out.mark("⚠", f"{path} was changed, and stays as it is", "overwrite it with --force, if it should be this:")
    lines = difflib.unified_diff(there.splitlines(), new.splitlines(), n=1, lineterm="")
    for line in [*lines][2:]:  # without the names
        print("    " + out.coloured(printable(line), {"+": "green", "-": "red"}.get(line[:1], "dim")))
