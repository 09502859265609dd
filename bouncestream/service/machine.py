# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that a service is set up on: its disk, and systemctl."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bouncestream.errors import UsageError

#: Seconds for one call of systemctl. A start may take TimeoutStartSec, a stop before it TimeoutStopSec.
_PATIENCE = 180


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine. `root`: the folder that is its root; `uid`: who asks; `user`: systemd of that user, not of all."""

    root: Path
    uid: int
    user: bool

    def disk(self, path: Path) -> Path:
        """Where a path of the machine is on the disk."""
        return self.root / path.relative_to("/")

    def read(self, path: Path) -> str | None:
        """The text of a file; None: there is none. Raises OSError and UnicodeDecodeError."""
        try:
            return self.disk(path).read_text("utf-8")
        except FileNotFoundError:
            return None

    def require_systemd(self) -> None:
        """Raises UsageError where no systemd answers."""
        if shutil.which("systemctl") is None or not self.disk(Path("/run/systemd/system")).is_dir():
            raise UsageError(
                "This machine is not run by systemd. Next: let your supervisor or container start `bouncestream "
                "run`; it needs a configuration, a folder for the outbox, and SIGTERM to end."
            )
        if self.user and self.systemctl("show-environment"):
            raise UsageError(
                "Your user's systemd does not answer. Next: log in as this user itself (by ssh, or `machinectl "
                "shell --uid=NAME`), not by su or sudo; or install for the machine with `sudo … install --system`."
            )

    def systemctl(self, *words: str) -> str:
        """Have systemd do it; what it says if it could not, empty if it could."""
        command = ["systemctl", *(["--user"] if self.user else []), *words]
        try:
            done = subprocess.run(  # noqa: S603 - words of ours, no shell
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return f"it did not answer within {_PATIENCE} seconds"
        except OSError as error:
            return error.strerror or "it cannot be started"
        return (" ".join(done.stderr.split()) or f"exit code {done.returncode}") if done.returncode else ""

    def log(self, unit: str, lines: int, since: float) -> list[str]:
        """The last lines that a service has logged since a time (seconds since 1970); none where the journal cannot
        be read."""
        command = ["journalctl", *(["--user"] if self.user else []), "-u", unit, "-n", str(lines), "-o", "cat"]
        command += ["--since", f"@{since:.0f}"]
        try:
            done = subprocess.run(  # noqa: S603 - words of ours, no shell
                [*command, "--no-pager"], stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
            )
        except (subprocess.TimeoutExpired, OSError):
            return []
        return done.stdout.decode("utf-8", "replace").splitlines()


def this_machine(*, user: bool) -> Machine:
    """The machine that we run on."""
    return Machine(Path("/"), os.geteuid(), user)
