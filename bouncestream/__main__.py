# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m bouncestream`, and the `bouncestream` command. Imports nearly nothing: see `cli`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def main() -> int:
    """Run the command line; returns the exit code."""
    if "run" in sys.argv[1:]:
        # A SIGHUP asks for a reload and must not end it, even before it can: so this is done first.
        import signal

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if sys.argv[1:2] == ["_job"]:
        from bouncestream.net import child

        return child.serve(_job(sys.argv[2]))
    from bouncestream import cli, program

    program.started()
    return cli.main(sys.argv[1:])


def _job(name: str) -> Callable[[Any], Any]:
    """Do a job in a process of its own, see `net.child`. The imports stand here so that whoever packs the program
    into a single file finds them."""
    if name == "notify":
        from bouncestream.alerts.sender import send

        return send
    if name == "quick-checks":
        from bouncestream.doctor.background import examine

        return examine
    raise SystemExit(f"there is no job {name!r}")


if __name__ == "__main__":
    sys.exit(main())
