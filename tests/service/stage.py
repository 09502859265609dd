# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine for tests: a folder as its root, and a systemctl that only notes how it is called."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from bouncestream.service.machine import Machine
from bouncestream.service.paths import Paths, paths_of

_SYSTEMCTL = """\
#!/bin/sh
echo "$*" >> {calls}
case "$*" in *"$(cat {fails} 2>/dev/null || echo none)"*) echo "Job failed." >&2; exit 1;; esac
"""


@dataclass
class Stage:
    """The machine, and what was asked of its systemctl."""

    machine: Machine
    _calls: Path
    _fails: Path

    @property
    def calls(self) -> list[str]:
        """How systemctl was called since the last time that this was asked."""
        found = self._calls.read_text().splitlines() if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return found

    def fail(self, words: str) -> None:
        """From now on systemctl fails when called with these words."""
        self._fails.write_text(words)

    def disk(self, path: str | Path) -> Path:
        return self.machine.disk(Path(path))

    def paths(self, name: str = "") -> Paths:
        return paths_of(name, Path("/home/ann") if self.machine.user else None)

    def tree(self) -> dict[str, tuple[int, str]]:
        """Every file of the machine: its mode and text."""
        files = (path for path in sorted(self.machine.root.rglob("*")) if path.is_file() and not path.is_symlink())
        return {
            f"/{path.relative_to(self.machine.root)}": (path.stat().st_mode & 0o777, path.read_text())
            for path in files
        }


def stage(folder: Path, monkeypatch: pytest.MonkeyPatch, *, user: bool = False, uid: int = 0) -> Stage:
    """A fresh machine in a folder."""
    root, tools = folder / "root", folder / "bin"
    for made in (root / "etc", root / "run/systemd/system", root / "usr/local/bin", tools):
        made.mkdir(parents=True)
    made = Stage(Machine(root, uid, user), folder / "calls", folder / "fails")
    (tools / "systemctl").write_text(_SYSTEMCTL.format(calls=made._calls, fails=made._fails))
    (tools / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return made


def arguments(**more: object) -> argparse.Namespace:
    """The options as they are when none is given, but for these. The program is one that every machine has."""
    usual = {"config": None, "name": "", "system": False, "dry_run": False, "force": False, "program": "/bin/sh"}
    return argparse.Namespace(**(usual | more))
