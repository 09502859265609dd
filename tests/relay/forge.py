# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges of `tests.relay.several`, forked from one process that has imported all of it: imports are most of what a
bridge computes until it delivers. Beside its own words each says the number of its process at first, and later
`stopped` and `exit CODE`.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.relay import several

_LARGEST = 10_000


class Forge:
    """The process that is forked. `ttl`: seconds that leases last."""

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._process: subprocess.Popen[bytes] | None = None
        self._at, self._its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def start(self) -> None:
        """Begin it; what is forked before it is ready waits."""
        number = self._its.fileno()
        with self._its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.relay.forge", str(number), str(self._ttl)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL if not os.environ.get("SHOW") else None,
                cwd=Path(__file__).parents[2],
                pass_fds=[number],
            )

    def close(self) -> None:
        """End it, which it does by itself when this process is gone; with it end all that were forked."""
        self._at.close()
        self._its.close()
        if self._process is not None:
            self._process.wait(30)

    def fork(self, url: str, name: str, listmonk: str, user: str, token: str, *step: str) -> int:
        """One more bridge; the number of the file in which it says what it does."""
        reading, writing = os.pipe()
        with open(writing, "w"):
            socket.send_fds(self._at, [json.dumps([url, name, listmonk, user, token, *step]).encode()], [writing])
        return reading


# -- the other side ----------------------------------------------------------------------------------------------


def _serve(at: socket.socket) -> Sequence[str]:
    """Fork for each call, until nobody is there who might call. In the child it returns the words of the call."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    while True:
        message, numbers, _, _ = socket.recv_fds(at, _LARGEST, 1)
        if not message:
            sys.exit()
        if os.fork() == 0:
            break
        os.close(numbers[0])
    at.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _end_with_parent()
    if (bridge := os.fork()) != 0:
        _tell(bridge, numbers[0])
    _end_with_parent()
    os.dup2(numbers[0], 1)
    os.close(numbers[0])
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    print(os.getpid(), flush=True)
    words: list[str] = json.loads(message)
    return words


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
    several.quicken(float(sys.argv[2]))
    import bouncestream

    for module in pkgutil.walk_packages(bouncestream.__path__, "bouncestream."):
        importlib.import_module(module.name)
    importlib.import_module("tests.relay.steps")
    gc.freeze()
    url, name, *words = _serve(socket.socket(fileno=int(sys.argv[1])))
    several.run(url, name, *words)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
