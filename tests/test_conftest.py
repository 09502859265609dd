# SPDX-License-Identifier: GPL-3.0-or-later
"""The fast tier starts no process: whichever way a test tries, it is refused, and the test fails."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import conftest

TRUE = "/bin/true"

SUITE = """
import subprocess
import pytest

def start():
    subprocess.run(["/bin/true"], check=True)

@pytest.fixture(scope="module")
def started():
    start()

def test_quiet(): pass

def test_starts(): start()

def test_starts_and_takes_the_refusal_for_something_else():
    try:
        start()
    except RuntimeError:
        pass

def test_fixture(started): pass

@pytest.mark.process
def test_marked(): start()

@pytest.mark.long
def test_long(): pass

@pytest.fixture
def cli(): start()

def test_known_fixture(cli): pass
"""


async def in_asyncio() -> None:
    await asyncio.create_subprocess_exec(TRUE)


@pytest.mark.parametrize(
    "start",
    [
        lambda: subprocess.run([TRUE]),
        lambda: asyncio.run(in_asyncio()),
        lambda: multiprocessing.get_context("fork").Process(target=print).start(),
        lambda: os.system(TRUE),
        lambda: os.popen(TRUE),
        lambda: os.posix_spawn(TRUE, [TRUE], {}),
        lambda: os.spawnv(os.P_WAIT, TRUE, [TRUE]),
        os.fork,
        pty.fork,
    ],
)
def test_each_way_to_start_a_process_is_refused(start: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError, match="starts a process"):
        start()
    assert conftest.GUARD.refused
    conftest.GUARD.refused.clear()  # or this very test would fail


@pytest.mark.process
@pytest.mark.parametrize(
    ("options", "counts"),
    [([], "4 passed, 2 failed, 1 error"), (["--fast"], "1 passed, 2 failed, 3 deselected, 1 error")],
)
def test_who_starts_one_unmarked_fails_and_who_says_so_is_left_out(
    tmp_path: Path, options: list[str], counts: str
) -> None:
    shutil.copy(conftest.__file__, tmp_path / "conftest.py")
    (tmp_path / "test_them.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    process\n    long\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, tmp_path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    last = done.stdout.splitlines()[-1].strip("= ").partition(" in ")[0]
    assert sorted(last.split(", ")) == sorted(counts.split(", ")), done.stdout
    assert "so mark it with @pytest.mark.process: subprocess.Popen" in done.stdout
