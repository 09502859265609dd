# SPDX-License-Identifier: GPL-3.0-or-later
"""The completions in the shells themselves. bash is on every machine; zsh and fish where they are installed."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import PATIENCE, environment

pytestmark = pytest.mark.process

BASH = """\
source "$0"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
"$(complete -p bouncestream | sed 's/.*-F \\([^ ]*\\).*/\\1/')" bouncestream "${COMP_WORDS[COMP_CWORD]}"
echo "${COMPREPLY[@]}"
"""

#: Line up to the cursor → what may stand there.
LINES = {
    "bouncestream outb": ["outbox"],
    "bouncestream outbox re": ["release", "reopen", "replay"],
    "bouncestream outbox list --sta": ["--state"],
    "bouncestream outbox list --state d": ["dead", "dropped"],
    "bouncestream completion z": ["zsh"],
    "bouncestream help expl": ["explain"],
}


def script(folder: Path, shell: str) -> Path:
    made = subprocess.run(
        [sys.executable, "-m", "bouncestream", "completion", shell], capture_output=True, env=environment()
    )
    assert (made.returncode, made.stderr) == (0, b"")
    path = folder / ("_bouncestream" if shell == "zsh" else f"completion.{shell}")
    path.write_bytes(made.stdout)
    return path


def told(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, env=environment()).stdout


def test_bash(tmp_path: Path) -> None:
    path = str(script(tmp_path, "bash"))
    for line, wanted in LINES.items():
        found = told("bash", "--norc", "-c", BASH, path, *line.split(" "))
        assert sorted(found.split()) == wanted, line
    (tmp_path / "a-mail.eml").touch()
    assert "a-mail.eml" in told("bash", "--norc", "-c", BASH, path, "bouncestream", "parse", f"{tmp_path}/a-m")


def test_fish(tmp_path: Path) -> None:
    path = script(tmp_path, "fish")
    if shutil.which("fish") is None:
        assert "complete -c bouncestream" in path.read_text()
        return
    for line, wanted in LINES.items():
        found = told("fish", "--no-config", "-c", f"source {path}; complete -C '{line}'")
        assert sorted(one.partition("\t")[0] for one in found.splitlines()) == wanted, line


def test_zsh(tmp_path: Path) -> None:
    path = script(tmp_path, "zsh")
    if shutil.which("zsh") is None:
        assert path.read_text().startswith("#compdef bouncestream")
        return
    for line, wanted in LINES.items():
        _typed_into_zsh(tmp_path, line, wanted)


def _typed_into_zsh(folder: Path, line: str, wanted: list[str]) -> None:
    """Type `line` and two tabs into an interactive zsh (it completes at a terminal only); await what is wanted."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], environment(TERM="dumb", PS1="ready> ", HOME=str(folder)))
    try:
        _await(terminal, r"ready> ")
        os.write(terminal, f"fpath=({folder} $fpath); autoload -Uz compinit; compinit -u; echo do''ne\n".encode())
        _await(terminal, r"done\r?\n(.|\n)*ready> ")
        os.write(terminal, f"{line}\t\t".encode())
        # one word is completed where it stands, of several there is a list in order
        typed = line.rpartition(" ")[2]
        _await(terminal, r"(.|\n)*".join(wanted) if len(wanted) > 1 else wanted[0].removeprefix(typed))
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def _await(terminal: int, pattern: str) -> None:
    """Read until the pattern is there."""
    seen, end = "", time.monotonic() + PATIENCE
    while not re.search(pattern, seen):
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"{pattern!r} is not in {seen!r}"
        seen += os.read(terminal, 65536).decode("utf-8", "replace")
