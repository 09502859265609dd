# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream init` at a real terminal: a pseudo-terminal that is the controlling one of a session of its own, as
a login by SSH has it."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import PATIENCE, environment

#: Takes the terminal that it was given as its controlling one, and becomes the command.
_LOGIN = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, sys.argv[1:])"
)
_CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A terminal of 80 columns, and the command that runs in it."""

    def __init__(self, *args: str, cwd: Path, env: dict[str, str]) -> None:
        self._master, slave = os.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        program = [sys.executable, "-m", "bouncestream", *args]
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LOGIN, *program],
            cwd=cwd,
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        self._slave = slave  # kept open, so that what was printed last can be read after the end
        self.screen = ""  #: all that was shown, without colours
        self._seen = 0

    def wait_for(self, text: str) -> str:
        """Wait until `text` is shown after what was waited for before; returns what was shown until then."""
        end = time.monotonic() + PATIENCE
        wanted = re.compile(r"\s+".join(map(re.escape, text.split(" "))))  # lines are broken to fit
        while (found := wanted.search(self.screen, self._seen)) is None:
            ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.monotonic()))
            if not ready or (self.process.poll() is not None and not self._pending()):
                raise AssertionError(f"{text!r} was not shown:\n{self.screen[self._seen :]}")
            self._read()
        shown = self.screen[self._seen : found.end()]
        self._seen = found.end()
        return shown

    def _pending(self) -> bool:
        return bool(select.select([self._master], [], [], 0)[0])

    def _read(self) -> None:
        text = os.read(self._master, 65536).decode("utf-8", "replace")
        self.screen += _CODES.sub("", text).replace("\r", "")

    def type(self, keys: str | bytes) -> None:
        """Type, without Enter."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def answer(self, question: str, answer: str) -> str:
        """Wait for a question and its prompt, and answer it; returns what was shown until then."""
        shown = self.wait_for(question) + self.wait_for(" > ")
        self.type(f"{answer}\n")
        return shown

    def interrupt(self) -> int:
        """Press Ctrl-C until it ends; its exit code. CPython's readline looks for a signal only when `select` was
        interrupted: one that arrives between the prompt and `select` waits for the next key."""
        for _ in range(round(PATIENCE)):
            self.type("\x03")
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(1.0)
                break
        return self.end()

    def end(self) -> int:
        """Wait for its end; its exit code."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None or self._pending():
            assert time.monotonic() < end, self.screen
            if select.select([self._master], [], [], 0.05)[0]:
                self._read()
        return self.process.returncode

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self._slave)[3] & termios.ECHO)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start commands at a terminal; they are gone after the test."""
    started: list[Terminal] = []

    def start(*args: str, env: dict[str, str] | None = None) -> Terminal:
        clean = environment(**({"TERM": "xterm"} | (env or {})))
        clean.pop("COLUMNS", None)
        started.append(Terminal(*args, cwd=tmp_path, env=clean))
        return started[-1]

    yield start
    for one in started:
        one.close()
