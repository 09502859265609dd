# SPDX-License-Identifier: GPL-3.0-or-later
"""The program, imported once and forked for each call: two thirds of the time of a short command are imports.

What is called is a process of its own, from its streams to its end; only the start of the interpreter is not seen.
Those see it who start the program by themselves, and CI's run of `@pytest.mark.binary` with what it built.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

Done = subprocess.CompletedProcess[str]

ROOT = Path(__file__).parents[1]
#: How variables begin that count when the interpreter starts, or aiohttp is imported: a fork would miss them.
_AT_START = ("LANG", "LC_", "PYTHON", "SSL_", "TZ")
_LARGEST = 100_000


class Imported:
    """A process that has imported the program, and is forked for each call. `command`: what starts it, and takes
    the number of its socket last; `more`: see `subprocess.Popen`."""

    def __init__(self, *command: str, **more: Any) -> None:
        self._command, self._more = command, more
        self._process: subprocess.Popen[bytes] | None = None
        self._at, self._its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def start(self) -> None:
        """Begin it; who calls it before it is ready waits."""
        number = self._its.fileno()
        with self._its:
            self._process = subprocess.Popen(
                [*self._command, str(number)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=ROOT,
                pass_fds=[number],
                **self._more,
            )

    def close(self) -> None:
        """End it, which it does by itself when this process is gone."""
        self._at.close()
        self._its.close()
        if self._process is not None:
            self._process.wait(30)

    def call(self, what: object, numbers: Sequence[int]) -> None:
        """Have it fork; the child gets `what`, as JSON, and the files of these numbers."""
        message = json.dumps(what).encode()
        assert len(message) < _LARGEST
        socket.send_fds(self._at, [message], numbers)


class Forks(Imported):
    """The program that is forked. `before`: words before the command that starts it; `environ`: its environment."""

    def __init__(self, *before: str, environ: Mapping[str, str]) -> None:
        super().__init__(*before, sys.executable, "-m", "tests.forking", env=environ)
        self._environ = environ

    def fits(self, env: Mapping[str, str]) -> bool:
        """Whether the interpreter would have started in the same way with this environment."""
        names = (name for name in env.keys() | self._environ.keys() if name.startswith(_AT_START))
        return all(env.get(name) == self._environ.get(name) for name in names)

    def run(
        self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: str | None = None, timeout: int
    ) -> Done:
        """Call the program, and wait for its end. Raises TimeoutError after so many seconds, when it is killed."""
        with ExitStack() as stack:
            out, err = (stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _ in range(2))
            given = stack.enter_context(_pipe(stdin) if stdin is not None else _nothing())
            ended, end = os.pipe()
            told = stack.enter_context(open(ended, encoding="ascii"))
            call = {"words": words, "cwd": str(cwd), "env": dict(env), "timeout": timeout}
            with open(end, "w"):
                self.call(call, [given.fileno(), out.fileno(), err.fileno(), end])
            code = int(told.readline())
            for stream in (out, err):
                stream.seek(0)
            done = Done(list(words), code, out.read(), err.read())
        if code == -signal.SIGALRM:
            raise TimeoutError(f"{words} took over {timeout} s: {done.stdout} {done.stderr}")
        return done


def _nothing() -> IO[str]:
    return open(os.devnull, encoding="ascii")


def _pipe(text: str) -> IO[str]:
    """The reading end of a pipe that has this text."""
    reading, writing = os.pipe()

    def write() -> None:
        with suppress(BrokenPipeError), open(writing, "w", encoding="utf-8") as to:
            to.write(text)

    threading.Thread(target=write).start()
    return open(reading)


# -- the other side ----------------------------------------------------------------------------------------------


def import_all() -> None:
    """Import the whole program."""
    import bouncestream

    for module in pkgutil.walk_packages(bouncestream.__path__, "bouncestream."):
        importlib.import_module(module.name)


def called(at: socket.socket) -> tuple[Any, list[int]]:
    """Fork for each call, until nobody is there who might call. In the child it returns what was called, and the
    numbers of its files."""
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    while True:
        message, numbers, _, _ = socket.recv_fds(at, _LARGEST, 4)
        if not message:
            sys.exit()
        if os.fork() == 0:
            break
        for number in numbers:
            os.close(number)
    at.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    return json.loads(message), numbers


def _become(call: Mapping[str, Any], numbers: Sequence[int]) -> None:
    """Be the program that was called, in a child; the end of that is told."""
    *streams, end = numbers
    if (program := os.fork()) != 0:
        _, status = os.waitpid(program, 0)
        os.write(end, b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    signal.alarm(call["timeout"])  # nobody in the program has a use for it
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for number in numbers:
        os.close(number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - what the other one knew of its own is wrong
    os.environ.clear()
    os.environ.update(call["env"])
    os.chdir(call["cwd"])
    sys.path[0] = call["cwd"]
    sys.argv[1:] = call["words"]


def main() -> None:
    """Import the program, and be it for each call."""
    from bouncestream.__main__ import main as program

    import_all()
    _become(*called(socket.socket(fileno=int(sys.argv[1]))))
    code = program()
    threading._shutdown()  # type: ignore[attr-defined]
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)  # to take all modules apart would take longer than most commands


if __name__ == "__main__":
    main()
