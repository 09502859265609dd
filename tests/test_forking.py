# SPDX-License-Identifier: GPL-3.0-or-later
"""A forked program is one that was started: it says the same, with the same exit code, and an end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import environment, forks
from tests.forking import Forks

__all__ = ["forks"]

pytestmark = pytest.mark.process

MAIL = "From: a@example.com\nTo: b@example.com\n\nhello\n"


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (["version"], None),
        (["no-such"], None),
        (["run"], None),
        (["parse", "-"], MAIL),
        (["parse", "-"], MAIL + "x" * 200_000),
        (["version"], "nobody reads this\n" * 20_000),
        (["doctor", "mail", "-"], MAIL),
        (["doctor", "logs", "-"], "what no server ever logged\n" * 9),
    ],
)
def test_it_says_the_same_as_one_that_was_started(
    forks: Forks, tmp_path: Path, words: list[str], stdin: str | None
) -> None:
    env = environment(COLUMNS="70", HOME=str(tmp_path))
    started = subprocess.run(
        [sys.executable, "-m", "bouncestream", *words],
        cwd=tmp_path,
        env=env,
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    for _ in range(2):
        done = forks.run(words, cwd=tmp_path, env=env, stdin=stdin, timeout=30)
        assert (done.returncode, done.stdout, done.stderr) == (started.returncode, started.stdout, started.stderr)


def test_an_environment_that_a_fork_would_miss_is_noticed(forks: Forks) -> None:
    assert forks.fits(environment(COLUMNS="70", BOUNCESTREAM_CONFIG="x"))
    assert not forks.fits(environment(PYTHONIOENCODING="ascii"))
    assert not forks.fits(environment(SSL_CERT_FILE="/dev/null"))
    assert not forks.fits({name: value for name, value in environment().items() if name != "PYTHONUNBUFFERED"})


def test_one_that_does_not_end_is_ended(forks: Forks, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError, match="took over 1 s"):
        forks.run(["sandbox", "--listen", "127.0.0.1:0"], cwd=tmp_path, env=environment(), timeout=1)
