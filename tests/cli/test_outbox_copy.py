# SPDX-License-Identifier: GPL-3.0-or-later
"""`outbox copy` and `outbox reopen`, as an operator runs them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.cli import main
from bouncestream.errors import StoreUnavailable
from bouncestream.outbox import copied, files
from bouncestream.outbox.copied import Mark
from bouncestream.outbox.copying import server
from tests.cli.conftest import Cli
from tests.outbox import make


@pytest.fixture
def filled(config: Path, conn: sqlite3.Connection) -> Path:
    make.submit(conn, make.event())
    return config.parent / "outbox.db"


def shown(url: str) -> str:
    """As it is told: a name and a host look like an address, which a log masks."""
    return url.replace("postgres@", "")


def run(config: Path, *args: str) -> int:
    return main(["outbox", *args, "--config", str(config)])


@pytest.mark.process
def test_there_and_back(
    filled: Path, config: Path, pg_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(config, "copy", "--to", pg_url) == 0
    said = capsys.readouterr().out
    assert f"✔ {filled} to {shown(pg_url)}: " in said and "each the same on both ends" in said
    assert f'set [outbox] url = "{pg_url}", and leave path as it is' in said
    assert run(config, "copy", "--to", pg_url) == 0
    assert "it was copied already" in capsys.readouterr().out
    monkeypatch.setenv("BOUNCESTREAM__OUTBOX__URL", pg_url)
    assert run(config, "list") == 0
    assert "example.com" in capsys.readouterr().out
    assert run(config, "copy", "--to", str(filled.with_name("back.db")), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tables"]["outbox"]["rows"] == 1 and len(told["tables"]["outbox"]["sha256"]) == 64
    assert (told["finished_before"], told["replaced"]) == (None, 0)
    with closing(sqlite3.connect(filled.with_name("back.db"))) as back:
        assert back.execute("SELECT recipient, state FROM outbox").fetchall() == [("ann@example.com", "pending")]


@pytest.mark.process
def test_what_was_copied_does_not_start_until_it_is_reopened(
    cli: Cli, filled: Path, config: Path, pg_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, "reopen") == 0
    assert "was not copied elsewhere" in capsys.readouterr().out
    assert run(config, "copy", "--to", pg_url) == 0
    started = cli("run")
    assert started.returncode == 78
    assert f"was copied to {shown(pg_url)}" in started.stderr and "bouncestream outbox reopen" in started.stderr
    assert run(config, "drop", "1") == 78
    listed = cli("outbox", "list")
    assert (listed.returncode, f"was copied to {shown(pg_url)}" in listed.stderr) == (0, True)
    assert run(config, "reopen") == 64
    assert "Next: confirm with --yes" in capsys.readouterr().err
    assert run(config, "reopen", "--yes") == 0
    assert run(config, "drop", "1") == 0


def test_one_of_the_two_is_a_file(
    filled: Path, config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(config, "copy", "--to", str(filled.with_name("b.db"))) == 64
    assert "bouncestream backup FILE" in capsys.readouterr().err
    assert not filled.with_name("b.db").exists()
    monkeypatch.setenv("BOUNCESTREAM__OUTBOX__URL", "postgresql://127.0.0.1:1/x")
    assert run(config, "copy", "--to", "postgresql://127.0.0.1:1/y") == 64
    assert "pg_dump" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--to", "postgresql://me:secret@h/x"], "contains a password"),
        (["--to", "mysql://h/x"], "is not a URL of PostgreSQL"),
        (["--to", "postgresql://h/x", "--password-file", "no/such"], "--password-file"),
        (["--to", "file.db", "--password-file", "x"], "--to names a file"),
    ],
)
def test_wrong_usage(config: Path, args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "copy", *args) == 64
    err = capsys.readouterr().err
    assert said in err and "Next:" in err and "secret@" not in err


def test_a_running_bridge_keeps_it_from_being_copied(
    filled: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = files.Lock(filled)
    try:
        assert run(config, "copy", "--to", "postgresql://127.0.0.1:1/x") == 75
    finally:
        lock.release()
    assert "Next: stop the bridge, and run this again." in capsys.readouterr().err


def test_a_server_that_is_away_is_told(filled: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = filled.read_bytes()
    assert run(config, "copy", "--to", "postgresql://127.0.0.1:1/x") == 3
    said = capsys.readouterr().err
    assert "PostgreSQL does not answer" in said and "by itself" not in said
    assert filled.read_bytes() == before


@pytest.mark.process
def test_the_password_is_read_from_its_file(
    filled: Path, config: Path, pg_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    real = server.connect
    monkeypatch.setattr(server, "connect", lambda place: told.append(place.password) or real(place))
    (config.parent / "pg.password").write_text("a password\n")
    assert run(config, "copy", "--to", pg_url, "--password-file", str(config.parent / "pg.password")) == 0
    assert [one.reveal() for one in told] == ["a password"]
    assert "a password" not in capsys.readouterr().out


@pytest.mark.process
def test_reopen_tells_an_unfinished_copy(
    filled: Path, config: Path, conn: sqlite3.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    copied.set_mark(conn, copied.UNFINISHED, Mark("c0", "i", "postgresql://h/x", "2026-03-01T12:00:00.000Z"))
    assert run(config, "reopen", "--yes") == 78
    assert "an unfinished copy of postgresql://h/x" in capsys.readouterr().err


@pytest.mark.process
def test_interrupted_between_its_two_marks_it_is_not_told_as_before(
    filled: Path, config: Path, pg_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: server.ServerEnd, mark: Mark) -> None:
        raise StoreUnavailable("PostgreSQL is away. Next: start it; bouncestream connects again by itself.")

    with monkeypatch.context() as patched:
        patched.setattr(server.ServerEnd, "finish", away)
        assert run(config, "copy", "--to", pg_url) == 3
    said = capsys.readouterr().err
    assert f"the copy has all rows, and {filled} may be closed already" in said
    assert "as before" not in said and "by itself" not in said
    assert run(config, "copy", "--to", pg_url) == 0
