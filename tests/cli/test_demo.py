# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as a real process: the story to its end, and the part that goes on until Ctrl-C."""

from __future__ import annotations

import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bouncestream.config.model import Verify
from tests.cli.conftest import Cli, Process, post


def test_once_tells_the_story_and_all_is_right(cli: Cli, tmp_path: Path) -> None:
    began = time.monotonic()
    done = cli("demo", "--once", env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 30
    assert done.stderr == ""
    assert "FAIL" not in done.stdout
    assert done.stdout.count("PASS") == 11
    for words in (
        "waiting times are shortened",
        "wrong secret: answered 401",
        "known already",
        "accepted bounces are gone",
        "unsubscribed",
        "unstored",
        "user_unknown",
    ):
        assert words in " ".join(done.stdout.split())
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


def test_it_says_the_true_waiting_times(cli: Cli) -> None:
    usual = Verify()
    assert (usual.margin, usual.grace, usual.pulse) == (60, 600, 2), "then the words of the demo are wrong"


def test_it_goes_on_until_ctrl_c(spawn: Callable[..., Process], tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    demo = spawn("demo", env={"TMPDIR": str(tmp_path / "tmp")})
    demo.wait_for("PASS")
    curl = shlex.split(demo.wait_for("curl -sS -H"))
    sqlite = shlex.split(demo.wait_for("sqlite3"))
    demo.wait_for("Ctrl-C")
    secret, body, url = curl[3].partition(": ")[2], curl[5], curl[6]
    assert post(url, body.encode(), secret) == 200
    assert "soft, you@example.org: verified" in demo.wait_for("event 31")
    assert Path(sqlite[1]).is_file()
    assert demo.end(signal.SIGINT) == 0
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_curl_line_works_as_pasted(spawn: Callable[..., Process]) -> None:
    demo = spawn("demo")
    line = demo.wait_for("curl -sS -H")
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30)
    assert '"accepted": 1' in done.stdout
    assert demo.end() == 0


def test_interrupted_it_ends_quietly(spawn: Callable[..., Process]) -> None:
    demo = spawn("demo", "--once")
    demo.wait_for("soft bounces came in")
    assert demo.end(signal.SIGINT) in (0, 130)
    assert "Traceback" not in demo.output
