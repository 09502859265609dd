# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine to install the service on, and a folder with a configuration, for the tests of `install`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.cli.install import install
from tests.cli.conftest import write_config
from tests.service.stage import Stage, arguments, stage

ETC, UNITS = "/etc/bouncestream", "/etc/systemd/system"
STARTED = ["daemon-reload", "enable bouncestream.service", "restart bouncestream.service"]


def fresh(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A machine, and a folder beside it to be in."""
    made = stage(folder / "machine", monkeypatch)
    (folder / "here").mkdir()
    monkeypatch.chdir(folder / "here")
    return made


def here(port: int = 8025, outbox: str = "/var/lib/bouncestream/outbox.db", name: str = "config.toml") -> Path:
    """A configuration with secrets, in the present folder, as `init` leaves one."""
    path = write_config(Path.cwd(), times="")
    text = path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}")
    path.write_text("# my own comment\n" + text.replace(f"{Path.cwd()}/outbox.db", outbox))
    return path.rename(name)


def call(it: Stage, name: str = "", **more: object) -> int:
    """Install there; the exit code."""
    return install(arguments(name=name, **more), it.machine, it.paths(name))
