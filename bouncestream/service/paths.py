# SPDX-License-Identifier: GPL-3.0-or-later
"""The paths of a service: one per configuration, of the whole machine or of one user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bouncestream.errors import UsageError

#: `bouncestream-<name>` is the name of a Unix user, which has at most 31 characters.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,16}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the service of one configuration has its files. `name`: that of one among several; empty: the first."""

    name: str
    user: bool  #: a service of one user, not of the machine
    above: Path  #: the folder of all folders with a configuration
    folder: Path  #: configuration and secrets
    state: Path  #: the outbox
    units: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def unit(self) -> str:
        """The name of the service, as systemctl takes it."""
        return f"bouncestream@{self.name}.service" if self.name else "bouncestream.service"

    @property
    def unit_file(self) -> Path:
        return self.units / ("bouncestream@.service" if self.name else "bouncestream.service")

    @property
    def extra(self) -> Path:
        """The file beside the unit that names the secrets."""
        return self.units / f"{self.unit}.d" / "secrets.conf"


def paths_of(name: str, home: Path | None = None, environ: Mapping[str, str] | None = None) -> Paths:
    """The paths of a service: of the machine, or of the user with this `home`. Raises UsageError."""
    if name and not _NAME.fullmatch(name):
        raise UsageError(
            f"--name {name!r} cannot be part of a user's name. Next: use at most 18 of the characters "
            "a-z, 0-9 and -."
        )
    folder = f"bouncestream-{name}" if name else "bouncestream"
    if home is None:
        etc = Path("/etc")
        return Paths(name, False, etc, etc / folder, Path("/var/lib") / folder, etc / "systemd/system")
    environ = environ or {}
    conf = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")  # XDG Base Directory Specification 0.8
    state = Path(environ.get("XDG_STATE_HOME") or home / ".local/state")
    return Paths(name, True, conf, conf / folder, state / folder, conf / "systemd/user")
