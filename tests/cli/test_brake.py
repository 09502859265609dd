# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream brake`, and that old bounces are asked about once as a whole."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.outbox import braking, operator
from tests.cli.conftest import ROOT, Cli, environment, write_config
from tests.cli.test_importing import ago
from tests.killed import COUNTED
from tests.outbox import make
from tests.sources.mails import bounce

pytestmark = pytest.mark.process


@pytest.fixture
def held(config: Path, conn: sqlite3.Connection) -> sqlite3.Connection:
    """1 and 2 at example.com, 3 below it with another reason, 4 elsewhere, 5 held for an operator."""
    make.submit(
        conn,
        *(
            make.event(f"p{number}@{domain}", hold=hold, reason=reason)
            for number, domain, reason, hold in (
                (1, "example.com", "user_unknown", "brake"),
                (2, "example.com", "user_unknown", "brake"),
                (3, "sub.example.com", "mailbox_disabled", "brake"),
                (4, "example.org", "user_unknown", "brake"),
                (5, "example.com", "user_unknown", "operator"),
            )
        ),
    )
    return conn


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        ((), [1, 2, 3, 4]),
        (("--domain", "Example.com."), [1, 2, 3]),
        (("--reason", "user_unknown"), [1, 2, 4]),
        (("--domain", "example.com", "--reason", "mailbox_disabled"), [3]),
        (("--since", "2030-01-01"), []),
    ],
)
@pytest.mark.parametrize("word", ["release", "drop"])
def test_all_or_some(
    cli: Cli, held: sqlite3.Connection, word: str, filters: tuple[str, ...], rows: list[int]
) -> None:
    done = cli("brake", word, *filters, "--json", *(["--yes"] if word == "drop" else []))
    told = json.loads(done.stdout)
    assert (done.returncode, told["released" if word == "release" else "dropped"]) == (0, rows)
    state = "pending" if word == "release" else "dropped"
    assert [str(s) for (s,) in make.rows(held, "state")] == [
        state if row in rows else "held" for row in range(1, 6)
    ]
    make.check_tally(held)


def test_nothing_is_dropped_unasked(cli: Cli, held: sqlite3.Connection) -> None:
    done = cli("brake", "drop")
    assert (done.returncode, "This drops 4 hard bounces" in done.stderr) == (64, True)
    assert braking.held(held) == 4


def mails(folder: Path, count: int) -> Path:
    folder.mkdir(exist_ok=True)
    for n in range(count):
        (folder / f"{n}.eml").write_bytes(bounce(n, date=ago(1)))
    return folder


def test_an_import_of_many_is_asked_about_once(cli: Cli, tmp_path: Path) -> None:
    write_config(tmp_path, extra='[brake]\nhard = "5 in 10m and 5%"\n')
    few, many = mails(tmp_path / "few", 5), mails(tmp_path / "many", 12)
    assert cli("import", str(few), "--since", "all").returncode == 0
    assert cli("import", str(many), "--since", "all").returncode == 64  # 7 more: 5 of 12 are known already
    assert cli("import", str(many), "--since", "all", "--yes").returncode == 0
    made = cli("import", str(mails(tmp_path / "more", 30)), "--since", "all")
    assert made.returncode == 64
    assert "tells Listmonk of more than 5 hard bounces" in made.stderr
    assert "--yes" in made.stderr
    done = json.loads(cli("import", str(tmp_path / "more"), "--since", "all", "--yes", "--json").stdout)
    assert done["hard"] == 18


def test_what_is_imported_is_let_go(cli: Cli, tmp_path: Path, config: Path) -> None:
    assert cli("import", str(mails(tmp_path / "mails", 3)), "--since", "all").returncode == 0
    conn = make.connect(tmp_path / "outbox.db")
    assert make.rows(conn, "id") == conn.execute("SELECT outbox_id FROM let_go").fetchall()
    conn.close()


def test_a_replay_of_many_is_asked_about_once(cli: Cli, tmp_path: Path, conn: sqlite3.Connection) -> None:
    write_config(tmp_path, extra='[brake]\nhard = "2 in 10m and 5%"\n')
    make.submit(conn, *(make.event(f"p{number}@example.com") for number in range(4)))
    operator.drop(conn, [1, 2, 3, 4], make.NOW, "dry run: not sent to Listmonk")
    refused = cli("outbox", "replay", "--from-dry-run")
    assert (refused.returncode, "more than 2 hard bounces" in refused.stderr) == (64, True)
    assert cli("outbox", "replay", "1", "2").returncode == 0
    assert cli("outbox", "replay", "--from-dry-run", "--yes").returncode == 0
    assert {str(state) for (state,) in make.rows(conn, "state")} == {"pending"}
    assert len(conn.execute("SELECT * FROM let_go").fetchall()) == 4


KILLED = f"""{COUNTED}\
from bouncestream.outbox import operator
from bouncestream.outbox.db import Database
Database.write = counted(Database.write)
operator.release, operator.drop = counted(operator.release), counted(operator.drop)  # within its transaction
from bouncestream.cli import outbox_change
outbox_change._STEP = 2
from bouncestream.cli import main
sys.exit(main(["brake", *sys.argv[2:]]))
"""


@pytest.mark.parametrize(("word", "state"), [("release", "pending"), ("drop", "dropped")])
def test_killed_at_each_step_and_again_it_is_done(
    held: sqlite3.Connection, tmp_path: Path, word: str, state: str
) -> None:
    config = str(tmp_path / "config.toml")
    saved = tmp_path / "saved.db"
    held.execute("VACUUM INTO ?", (str(saved),))
    killed = 0
    for at in range(1, 30):
        for file in tmp_path.glob("outbox.db*"):
            file.unlink()
        shutil.copy(saved, tmp_path / "outbox.db")
        codes = []
        for number in (at, 10_000):
            args = (str(number), word, *(["--yes"] if word == "drop" else []), "--config", config)
            codes.append(
                subprocess.run(
                    [sys.executable, "-c", KILLED, *args],
                    cwd=ROOT,
                    env=environment(),
                    capture_output=True,
                    check=False,
                ).returncode
            )
            if number == at:
                with closing(make.connect(tmp_path / "outbox.db")) as conn:
                    make.check_tally(conn)
        with closing(make.connect(tmp_path / "outbox.db")) as conn:
            assert [str(s) for (s,) in make.rows(conn, "state")] == [state] * 4 + ["held"], at
            assert conn.execute("SELECT count(*) FROM history WHERE from_state = 'held'").fetchone() == (4,)
            make.check_tally(conn)
        assert codes[1] == 0
        if codes[0] == 0:
            break
        assert codes[0] == -signal.SIGKILL
        killed += 1
    assert codes[0] == 0
    assert killed >= 4
