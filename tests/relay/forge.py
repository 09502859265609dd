# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges of `tests.relay.several`, forked from one process that has imported all of it: imports are most of what a
bridge computes until it delivers. Beside its own words each says the number of its process at first, and later
`stopped` and `exit CODE`.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import socket
import subprocess
import sys

from tests.forking import Imported, called, import_all
from tests.relay import several


class Forge(Imported):
    """The process that is forked; with it end all that were. `ttl`: seconds that leases last; `records`: they
    record in Listmonk's tables."""

    def __init__(self, ttl: float, *, records: bool = False) -> None:
        errors = subprocess.DEVNULL if not os.environ.get("SHOW") else None
        environ = {**os.environ, "RECORDS": "1" if records else ""}
        super().__init__(sys.executable, "-m", "tests.relay.forge", str(ttl), stderr=errors, env=environ)

    def fork(self, url: str, name: str, listmonk: str, user: str, token: str, *step: str) -> int:
        """One more bridge; the number of the file in which it says what it does."""
        reading, writing = os.pipe()
        with open(writing, "w"):
            self.call([url, name, listmonk, user, token, *step], [writing])
        return reading


# -- the other side ----------------------------------------------------------------------------------------------


def _become(number: int) -> None:
    """Be a bridge, in a child; what becomes of it is told."""
    _end_with_parent()
    if (bridge := os.fork()) != 0:
        _tell(bridge, number)
    _end_with_parent()
    os.dup2(number, 1)
    os.close(number)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    print(os.getpid(), flush=True)


def _tell(bridge: int, number: int) -> None:
    """Say what becomes of it, and end with it."""
    while True:
        _, status = os.waitpid(bridge, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            os.write(number, b"exit %d\n" % os.waitstatus_to_exitcode(status))
            os._exit(0)
        os.write(number, b"stopped\n")


def _end_with_parent() -> None:
    """Linux ends this process when the one that has forked it has ended (prctl, PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))


def main() -> None:
    """Import all, and be the bridge of each call."""
    several.quicken(float(sys.argv[1]))
    import_all()
    importlib.import_module("tests.relay.steps")
    (url, name, *words), (number,) = called(socket.socket(fileno=int(sys.argv[2])))
    _become(number)
    several.run(url, name, *words)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
