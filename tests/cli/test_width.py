# SPDX-License-Identifier: GPL-3.0-or-later
"""What commands print is readable at 80 columns, on a terminal and in a pipe: no line is wider, no word is broken,
whatever foreign servers say."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import sqlite3
import struct
import subprocess
import sys
import termios
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bouncestream.cli.layout import width
from bouncestream.event import Kind
from bouncestream.ports import Unreadable
from tests.cli.conftest import Cli, environment
from tests.outbox import make
from tests.providers.cases.postmark import POSTMARK

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
MAIL = str(ROOT / "tests/fixtures/mail/postfix_alias.eml")
NOW = datetime.now(UTC)
LONG = "Donaudampfschifffahrtsgesellschaft"
COMMANDS = [
    "outbox list", "outbox list --quarantine", "outbox list --unidentified", "outbox show 1", "outbox show 2",
    "outbox stats", "explain 1 --offline", f"explain {MAIL}", f"parse {MAIL}", "status", "check", "rejudge",
    "provider list", "provider guide ses", "provider guide custom",
    "provider try --provider postmark bounce.json", "provider try --provider sparkpost bounce.json",
    "help", "help doctor", "help outbox replay", "version",
]  # fmt: skip


@pytest.fixture
def filled(config: Path, conn: sqlite3.Connection) -> None:
    """Events whose texts are long, wide and foreign, and such a request in a file."""
    words = f"550 5.1.1 <用户@例子.广告>: 用户不存在，请检查收件人地址是否正确后再试 {LONG} " * 5
    wide = make.event("用户@例子.广告", reason="user_unknown", diagnostic=words, evidence=words, source="bounces")
    make.submit(conn, wide, now=NOW - timedelta(days=1))
    long = make.event(f"{'a' * 40}@{'x' * 30}.example", Kind.SOFT, reason="mailbox_disabled", source=f"{'s' * 40}")
    make.submit(conn, long, now=NOW - timedelta(days=400))
    make.submit(conn, make.event("", subscriber_uuid=make.SUBSCRIBER, hold="unproven"), now=NOW)
    odd = Unreadable(f"not JSON: {words}", "a-type-of-" + LONG)
    make.submit(conn, unreadable=(odd, Unreadable(words, unidentified=True)), now=NOW)
    report = POSTMARK | {"Details": words, "MessageID": LONG}
    (config.parent / "bounce.json").write_text(json.dumps([report, {"RecordType": LONG}, {}]))


def on_terminal(folder: Path, command: str, *, errors: bool = False, **extra: str) -> str:
    """What a command shows on a terminal of 80 columns; `errors`: on standard error too."""
    terminal, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = {k: v for k, v in environment(TERM="xterm-256color", **extra).items() if k != "COLUMNS"}
    words = [sys.executable, "-m", "bouncestream", *command.split()]
    stderr = child if errors else subprocess.DEVNULL
    process = subprocess.Popen(words, cwd=folder, env=env, stdin=child, stdout=child, stderr=stderr)
    os.close(child)
    told = b""
    try:
        while part := os.read(terminal, 65536):
            told += part
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    process.wait()
    return told.decode().replace("\r\n", "\n")


def plain(text: str) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_terminal_of_80_columns(tmp_path: Path, command: str) -> None:
    lines = plain(on_terminal(tmp_path, command))
    assert lines
    snippets = ("    ", "  /")  # what can be pasted stays in one piece
    assert [line for line in lines if width(line) > 80 and not line.startswith(snippets) and " " in line[2:]] == []


@pytest.mark.usefixtures("filled")
def test_a_list_on_a_terminal(tmp_path: Path) -> None:
    head, *lines = plain(on_terminal(tmp_path, "outbox list"))
    assert head.split() == ["no.", "UTC", "source", "judged", "recipient", "state"]
    short = [re.split("  +", line.strip())[1] for line in lines if re.match(r" *\d+  ", line)]
    at = NOW - timedelta(days=400)
    assert short == [f"{NOW:%H:%M}", f"{at:%-d %b} {at.year}", "yesterday"]
    assert "    held: nothing proves whom the mail is about" in lines


@pytest.mark.usefixtures("filled")
def test_a_pipe_loses_nothing_and_its_prose_fits(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    told = cli("outbox", "list").stdout
    assert f"{'x' * 30}.example" in told
    assert "s" * 40 in told
    prose = cli("outbox", "list", "--quarantine").stdout
    assert LONG in prose
    assert all(width(line) <= 80 for line in cli("explain", "1", "--offline").stdout.splitlines())


@pytest.mark.usefixtures("filled")
def test_colours_are_switched_off(tmp_path: Path) -> None:
    assert "\x1b[" in on_terminal(tmp_path, "outbox list")
    assert "\x1b[" not in on_terminal(tmp_path, "outbox list", NO_COLOR="1")


def test_errors_are_wrapped_on_a_terminal_and_one_line_in_a_pipe(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[outbox]\npath = "/nowhere/outbox.db"\n[listmonk]\ntokn = "x"\n')
    told = plain(on_terminal(tmp_path, "status", errors=True))
    assert len(told) > 4
    assert all(width(line) <= 80 for line in told if str(tmp_path) not in line), told  # a path stays whole
    assert told[-1] == "Next: fix these, then run `bouncestream check`."
    piped = cli("status").stderr.splitlines()
    assert len(piped) < len(told)
    usage = plain(on_terminal(tmp_path, "outbox show --config none.toml 1", errors=True))
    assert all(width(line) <= 80 for line in usage if str(tmp_path) not in line), usage


def test_empty_lists_say_so(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    for command, words in (
        ("outbox list", "The outbox has no events yet."),
        ("outbox list --state dead", "No event passes these filters."),
        ("outbox list --quarantine", "Nothing is in quarantine."),
        ("outbox list --unidentified", "No bounce mail is unidentified."),
        ("outbox list --quarantine --source x", "Nothing from x is in quarantine."),
        ("outbox stats", "No event came in within 30 days."),
        ("status", "empty: nothing has come in yet"),
    ):
        assert words in cli(*command.split()).stdout, command
