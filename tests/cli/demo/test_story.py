# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as a real process: the story to its end, and the part that goes on until Ctrl-C."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bouncestream.cli.demo import story
from bouncestream.cli.demo.dovecot import Dovecot, NoDovecot
from bouncestream.config.model import Verify
from tests.cli.conftest import Cli, Process, post
from tests.cli.test_dashboard import opener


def test_once_tells_the_story_and_all_is_right(cli: Cli, tmp_path: Path) -> None:
    began = time.monotonic()
    done = cli("demo", "--once", env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 30
    assert done.stderr == ""
    assert "FAIL" not in done.stdout
    with_dovecot = shutil.which("dovecot") is not None
    assert done.stdout.count("PASS") == (13 if with_dovecot else 12)
    assert ("A real Dovecot" if with_dovecot else "`bouncestream import`") in done.stdout
    for words in (
        "waits are shortened",
        "wrong secret: answered 401",
        "duplicate: answered 200, counted once",
        "accepted bounces are gone",
        "unsubscribed",
        "unstored",
        "user_unknown",
    ):
        assert words in " ".join(done.stdout.split())
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


async def test_without_a_dovecot_the_mails_go_the_way_of_import_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def missing(_: Dovecot) -> None:
        raise NoDovecot("Dovecot is not installed")

    monkeypatch.setattr(Dovecot, "__init__", missing)
    assert await story._play(tmp_path, once=True) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "A Dovecot would serve the mailbox, but Dovecot is not installed" in told
    assert "`bouncestream import`, which does the same without IMAP" in told
    assert "forged hard bounce hans mail soft user_unknown verified enabled ✔" in told
    assert told.count("PASS") == 12
    assert "FAIL" not in told


def test_it_says_the_true_waiting_times(cli: Cli) -> None:
    usual = Verify()
    assert (usual.margin, usual.grace, usual.pulse) == (60, 600, 2), "then the words of the demo are wrong"


def test_it_goes_on_until_ctrl_c(spawn: Callable[..., Process], tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    process = spawn("demo", env={"TMPDIR": str(tmp_path / "tmp")})
    process.wait_for("PASS")
    curl = shlex.split(process.wait_for("curl -sS -H"))
    token = process.wait_for("with the token").split()[-1].rstrip(":")
    url = process.wait_for("http://").strip()
    page = opener(url, token)("/events?state=verified")
    assert "r•••@example.org" in page
    assert "security scanners" in opener(url, token)("/opens"), "the log of a proxy is there too"
    sqlite = shlex.split(process.wait_for("sqlite3"))
    process.wait_for("Ctrl-C")
    secret, body, hook = curl[3].partition(": ")[2], curl[5], curl[6]
    assert post(hook, body.encode(), secret) == 200
    assert "soft, you@example.org: verified" in process.wait_for("event 33")
    assert Path(sqlite[1]).is_file()
    assert process.end(signal.SIGINT) == 0
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_curl_line_works_as_pasted(spawn: Callable[..., Process]) -> None:
    process = spawn("demo")
    line = process.wait_for("curl -sS -H")
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30)
    assert '"accepted": 1' in done.stdout
    assert process.end() == 0


def test_interrupted_it_ends_quietly(spawn: Callable[..., Process]) -> None:
    process = spawn("demo", "--once")
    process.wait_for("soft bounces arrived")
    assert process.end(signal.SIGINT) in (0, 130)
    assert "Traceback" not in process.output
