# SPDX-License-Identifier: GPL-3.0-or-later
"""`cli.main`: how errors are told, and the exit codes, of real processes."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bouncestream import __version__, cli
from bouncestream.errors import SinkError
from tests.cli.conftest import Cli, environment
from tests.outbox import make


def test_version_starts_quickly(cli: Cli) -> None:
    def quickest(*args: str) -> float:
        """Seconds of the processor's time, which are nearly the same on a busy machine."""
        times = []
        for _ in range(7):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *args], check=True, capture_output=True, env=environment())
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(times)

    assert quickest("-m", "bouncestream", "version") <= 6 * quickest("-c", "pass")
    assert cli("version").stdout == f"bouncestream {__version__}\n"
    assert cli("--version").stdout == f"bouncestream {__version__}\n"


@pytest.mark.process
def test_version_imports_nothing_heavy() -> None:
    code = "import sys; from bouncestream import cli; cli.main(['version']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert not {"asyncio", "aiohttp", "sqlite3", "rich", "orjson", "logging"} & set(done.stdout.split())


@pytest.mark.parametrize(
    "args",
    [(), ("no-such",), ("version", "--no-such"), ("outbox",), ("outbox", "list", "--state", "lost"), ("parse",)],
)
def test_wrong_usage_is_64_with_the_next_step(cli: Cli, args: tuple[str, ...]) -> None:
    done = cli(*args)
    assert (done.returncode, done.stdout) == (64, "")
    assert "--help" in done.stderr


@pytest.mark.parametrize(
    ("args", "command"),
    [
        (("run", "--no-such"), "run"),
        (("run", "--dry-run", "surplus"), "run"),
        (("outbox", "list", "--no-such=1"), "outbox list"),
        (("config", "example", "--no-such"), "config example"),
        (("--no-such",), ""),
    ],
)
def test_wrong_usage_names_the_help_of_its_command(cli: Cli, args: tuple[str, ...], command: str) -> None:
    done = cli(*args)
    assert done.returncode == 64
    assert f"Next: `{f'bouncestream {command}'.strip()} --help`" in done.stderr


@pytest.mark.process
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(config: Path, tmp_path: Path, conn: sqlite3.Connection, closed: str) -> None:
    for command, code in (("version", 0), ("outbox stats", 0), ("run --help", 0), ("no-such", 64)):
        line = f"{sys.executable} -m bouncestream {command} {closed}"
        done = subprocess.run(line, shell=True, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        assert "Exception" not in done.stderr


def test_configuration_is_78_and_tells_all_problems(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[server]\nlisten = "nowhere"\n[relay]\nbatch_size = 0\n')
    for command in (("run",), ("check",), ("outbox", "stats"), ("backup", "copy.db")):
        done = cli(*command)
        assert done.returncode == 78
        assert "server.listen" in done.stderr
        assert "relay.batch_size" in done.stderr


def test_no_configuration_anywhere_is_78(cli: Cli) -> None:
    done = cli("run")
    assert done.returncode == 78
    assert "config.toml" in done.stderr


def test_a_missing_outbox_could_not_be_examined(cli: Cli, config: Path) -> None:
    done = cli("outbox", "stats")
    assert done.returncode == 3
    assert "There is no outbox" in done.stderr


def test_a_locked_database_is_75(cli: Cli, config: Path, tmp_path: Path) -> None:
    conn = make.connect(tmp_path / "outbox.db")
    make.submit(conn, make.event())
    conn.execute("BEGIN IMMEDIATE")
    done = cli("outbox", "drop", "1")
    conn.close()
    assert done.returncode == 75
    assert "Next:" in done.stderr


@pytest.mark.process
def test_a_broken_pipe_is_quiet(config: Path, tmp_path: Path) -> None:
    conn = make.connect(tmp_path / "outbox.db")
    make.submit(conn, *(make.event(f"r{number}@example.com") for number in range(2000)))
    conn.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "bouncestream", "outbox", "list", "--limit", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(30) == 0


@pytest.mark.process
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_under_standard_output_is_told(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bouncestream", "config", "example"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_charset_ends_nothing(cli: Cli, tmp_path: Path) -> None:
    done = cli("parse", "nothing.eml", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1
    assert "\\u2718" in done.stdout


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def run(_: object) -> int:
        raise error

    monkeypatch.setattr("bouncestream.cli.config.run_version", run)
    return cli.main(["version"])


def test_a_bug_is_told_in_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("BOUNCESTREAM_DEBUG", raising=False)
    assert raising(ValueError("about ann@example.com\x1b[31m"), monkeypatch) == 1
    told = capsys.readouterr().err
    assert "bug" in told
    assert "--debug" in told
    assert "Traceback" not in told
    assert "ann@" not in told
    assert "\x1b" not in told


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("BOUNCESTREAM_DEBUG", "1")
    assert raising(SinkError("away"), monkeypatch) == 3
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_130_and_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt(), monkeypatch) == 130
    assert capsys.readouterr() == ("", "")


def test_an_error_of_the_system_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_close_stdout", lambda: None)
    assert raising(PermissionError(13, "Permission denied", "/secret"), monkeypatch) == 1
    assert "/secret" in capsys.readouterr().err
