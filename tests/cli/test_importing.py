# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream import` as a real process, on real files."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bouncestream.cli.exits import CONFIGURATION
from tests.cli.conftest import PATIENCE, Cli, Process, environment, write_config
from tests.judging.test_mail import NAMELESS
from tests.outbox import make
from tests.sources.mails import bounce, fixture

pytestmark = pytest.mark.binary

DAY = 86400.0
MAILBOX = '[mailboxes.{0}]\nhost = "imap.example.org"\nuser = "b"\npassword = "p"\n'


def ago(days: float) -> str:
    """A date for a mail's headers."""
    from datetime import UTC, datetime

    return format_datetime(datetime.fromtimestamp(time.time() - days * DAY, UTC))


@pytest.fixture
def folder(config: Path, tmp_path: Path) -> Path:
    """Six mails: two bounces of now, a repeated one, an old one, a bounce of nobody, and a letter."""
    folder = tmp_path / "mails"
    folder.mkdir()
    for name, mail in {
        "1": bounce(1, date=ago(1)),
        "2": bounce(2, date=ago(1), reason="452 4.2.2 Mailbox full"),
        "3": bounce(1, date=ago(1)),
        "4": bounce(4, date=ago(400)),
        "5": NAMELESS.replace(b"Tue, 03 Nov 2026 09:00:05 +0000", ago(2).encode()),
        "6": fixture("ordinary_mail"),
    }.items():
        (folder / f"{name}.eml").write_bytes(mail)
    return folder


def summary(cli: Cli, *args: str, code: int = 0) -> dict[str, Any]:
    done = cli("import", *args, "--json")
    assert done.returncode == code, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return {name: value for name, value in told.items() if value and name not in ("seconds", "since")}


FIRST = {
    "mails": 6, "hard": 1, "soft": 1, "duplicates": 1, "too_old": 1, "unidentified": 1, "ignored": 1,
    "source": "import",
}  # fmt: skip


def test_mails_become_events_once(folder: Path, cli: Cli, conn: sqlite3.Connection) -> None:
    assert summary(cli, str(folder)) == FIRST
    again = {"mails": 6, "duplicates": 4, "too_old": 1, "ignored": 1, "source": "import"}
    assert summary(cli, str(folder)) == again
    assert make.rows(conn, "recipient, kind, state, source, provider") == [
        ("reader1@example.com", "hard", "pending", "import", "mailbox"),
        ("reader2@example.com", "soft", "pending", "import", "mailbox"),
    ]
    make.check_tally(conn)


def test_a_dry_run_tells_the_same_and_stores_nothing(
    folder: Path, cli: Cli, conn: sqlite3.Connection, tmp_path: Path
) -> None:
    assert summary(cli, str(folder), "--dry-run") == FIRST | {"dry_run": True}
    assert make.rows(conn) == []
    conn.close()
    (tmp_path / "outbox.db").unlink()
    assert summary(cli, str(folder), "--dry-run") == FIRST | {"dry_run": True}
    assert not (tmp_path / "outbox.db").exists()


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_unsubscriptions_are_counted(config: Path, cli: Cli, tmp_path: Path, more: tuple[str, ...]) -> None:
    config.write_text(config.read_text() + '[mail]\nunsubscribe = ["unsub+*@example.org"]\n')
    mail = tmp_path / "1.eml"
    to = "unsub+9a8b7c6d-1234-4abc-8def-001122334455@example.org"
    mail.write_text(f"From: a@example.com\nTo: {to}\nDate: {ago(1)}\nSubject: unsubscribe\n\nunsubscribe\n")
    told = summary(cli, str(mail), *more)
    assert (told["mails"], told["unsubscribe"]) == (1, 1)
    assert f"1  {'unsubscribe' if more else 'already known'}" in cli("import", str(mail), *more).stdout


def test_it_makes_the_outbox_where_nothing_ran_yet(folder: Path, cli: Cli, tmp_path: Path) -> None:
    assert summary(cli, str(folder))["hard"] == 1
    assert json.loads(cli("outbox", "stats", "--json").stdout)["unidentified"] == 1
    assert (tmp_path / "outbox.db").stat().st_mode & 0o777 == 0o600


def test_since_is_a_date_a_time_all_or_now(folder: Path, cli: Cli, conn: sqlite3.Connection) -> None:
    def told(since: str) -> tuple[int, int]:
        found = summary(cli, str(folder), "--dry-run", "--since", since)
        return found.get("hard", 0) + found.get("soft", 0), found.get("too_old", 0)

    assert told("all") == (3, 0)
    assert told("401d") == (3, 0)
    assert told("12h")[0] == 0
    assert told("now")[0] == 0
    assert told("2000-01-01") == (3, 0)
    wrong = cli("import", str(folder), "--since", "last week")
    assert wrong.returncode == 64
    assert 'Next: write a duration such as "30d"' in wrong.stderr


def test_a_maildir_and_an_mbox_hold_the_same_mails(
    config: Path, cli: Cli, conn: sqlite3.Connection, tmp_path: Path
) -> None:
    mails = [bounce(number, date=ago(1)) for number in range(1, 6)]
    for folder in ("cur", "new", "tmp", ".Sub/cur"):
        (tmp_path / "Maildir" / folder).mkdir(parents=True)
    for name, mail in zip(("cur/1.h:2,S", "cur/2.h:2,", "new/3.h", ".Sub/cur/4.h:2,"), mails, strict=False):
        (tmp_path / "Maildir" / name).write_bytes(mail)
    with (tmp_path / "Archive").open("wb") as mbox:
        for mail in mails:
            mbox.write(b"From MAILER-DAEMON Tue Nov  3 09:00:05 2026\n" + mail + b"\n")
    assert summary(cli, str(tmp_path / "Maildir"))["hard"] == 4
    told = summary(cli, str(tmp_path / "Archive"), str(tmp_path / "Maildir"))
    assert (told["mails"], told["hard"], told["duplicates"]) == (9, 1, 8)
    assert len(make.rows(conn)) == 5


def test_the_settings_of_the_mailbox_count(folder: Path, cli: Cli, conn: sqlite3.Connection) -> None:
    forged = bounce(9, date=ago(1)).replace(b"X-Listmonk-", b"X-Other-")
    path = folder.parent / "forged.eml"
    path.write_bytes(forged)
    write_config(folder.parent, extra=MAILBOX.format("main") + 'unproven = "hold"')
    assert summary(cli, str(path))["source"] == "main"  # the only one
    assert make.rows(conn, "source, kind, state, held_for") == [("main", "hard", "held", "unproven")]
    write_config(folder.parent, extra=MAILBOX.format("main") + MAILBOX.format("other"))
    assert summary(cli, str(path), "--dry-run")["source"] == "import"
    assert summary(cli, str(path), "--dry-run", "--mailbox", "other")["source"] == "other"
    wrong = cli("import", str(path), "--mailbox", "third")
    assert wrong.returncode == 64
    assert "There is no mailbox 'third'; there are: main, other" in wrong.stderr


def test_a_person_reads_numbers_and_what_was_left_out(folder: Path, cli: Cli, conn: sqlite3.Connection) -> None:
    done = cli("import", str(folder), str(folder / "1.eml"))
    assert done.returncode == 0
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[0].startswith("7 mails in ")
    assert lines[0].endswith("; as source import they became:")
    assert lines[1:] == [
        "1  hard",
        "1  soft",
        "2  already known",
        "1  unidentified: `bouncestream outbox list --unidentified`",
        "1  not bounces",
        "1  older than --since, not read",
    ]
    assert "\x1b" not in done.stdout + done.stderr


def test_a_file_that_cannot_be_read_is_named(folder: Path, cli: Cli, conn: sqlite3.Connection) -> None:
    (folder / "1a.eml").symlink_to(folder / "gone")
    done = cli("import", str(folder))
    assert done.returncode == 1
    assert f"cannot be read: {folder}/1a.eml: No such file or directory" in done.stderr
    assert "1  unreadable" in done.stdout
    assert "1  hard" in done.stdout


def test_paths_without_mails_are_wrong_usage(folder: Path, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, words in (("nothing", "is neither a file nor a folder"), ("empty", "contains no mails")):
        done = cli("import", str(folder), str(tmp_path / name))
        assert done.returncode == 64
        assert words in done.stderr
        assert "Next:" in done.stderr


def test_without_a_configuration_it_is_78(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(bounce())
    assert cli("import", "1.eml").returncode == CONFIGURATION


def test_a_locked_outbox_is_75_and_says_that_it_may_be_repeated(
    folder: Path, cli: Cli, conn: sqlite3.Connection
) -> None:
    conn.execute("BEGIN IMMEDIATE")
    done = cli("import", str(folder))
    conn.execute("ROLLBACK")
    assert done.returncode == 75
    assert "Another process has locked the outbox" in done.stderr
    assert summary(cli, str(folder)) == FIRST


MANY = 3000


def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(MANY):
        (folder / f"{number:05d}.eml").write_bytes(bounce(number))
    return folder


def stored(conn: sqlite3.Connection) -> int:
    return int(str(make.one(conn, "SELECT count(*) FROM outbox")))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_cut_off_it_goes_on_where_it_was_and_repeats_nothing(
    how: int, config: Path, spawn: Callable[..., Process], cli: Cli, conn: sqlite3.Connection, tmp_path: Path
) -> None:
    folder = many(tmp_path)
    process = spawn("import", str(folder), "--since", "all", "--yes")
    end = time.monotonic() + PATIENCE
    while not stored(conn) and time.monotonic() < end:
        time.sleep(0.005)
    code = process.end(how)
    before = stored(conn)
    assert 0 < before < MANY
    if how == signal.SIGINT:
        assert code == 130
        assert "interrupted. Next: import again; stored mails are not stored twice" in process.output
    told = summary(cli, str(folder), "--since", "all", "--yes")
    assert (told["mails"], told["duplicates"], told["hard"]) == (MANY, before, MANY - before)
    assert stored(conn) == MANY


def test_beside_a_running_bridge_they_are_delivered(
    spawn: Callable[..., Process], cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "people").write_text("reader1@example.com,9a8b7c6d-1234-4abc-8def-000000000001\n")
    listmonk = spawn("sandbox", "--listen", "127.0.0.1:0", "--subscribers", "people")
    sandbox = listmonk.wait_for("listens on").split("listens on ")[1].split(",")[0]
    write_config(tmp_path, sandbox, extra='[log]\nlevel = "debug"')
    bridge = spawn("run")
    bridge.wait_for(": ready")
    (tmp_path / "1.eml").write_bytes(bounce(1, date=ago(1)))
    assert summary(cli, "1.eml")["hard"] == 1
    bridge.wait_for("is verified")
    assert bridge.end() == 0


@pytest.mark.process
def test_on_a_terminal_a_bar_tells_how_far_it_is(folder: Path, conn: sqlite3.Connection) -> None:
    master, slave = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "bouncestream", "import", str(folder)],
        cwd=folder.parent,
        env=environment(TERM="xterm"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=slave,
        timeout=PATIENCE,
    )
    os.close(slave)
    shown = os.read(master, 100_000).decode()
    os.close(master)
    assert done.returncode == 0
    assert "100 %" in shown
    assert "6 mails" in shown
