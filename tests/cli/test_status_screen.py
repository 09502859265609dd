# SPDX-License-Identifier: GPL-3.0-or-later
"""The screen of `status` from values, and its pages on a terminal; beside a real bridge in test_status."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

from bouncestream.cli import status_screen
from bouncestream.cli.layout import width
from tests.cli.conftest import environment
from tests.outbox import make

SOURCE = {
    "name": "sendamatic", "type": "webhook", "provider": "sendamatic", "state": "green", "why": "",
    "last_heard": "2026-11-30T09:58:00.000Z", "newest_hour": None, "day": 12, "week": 80,
}  # fmt: skip
OUTBOX = {
    "path": "/var/lib/bouncestream/outbox.db", "states": {"verified": 80}, "oldest_pending_seconds": 0, "held": {},
    "quarantine": 0, "unidentified": 0, "duplicates": 0, "doubled": 0, "bytes": 1 << 20, "wal_bytes": 0,
    "disk_free_bytes": 1 << 30, "replication": None,
}  # fmt: skip
FOUND: dict[str, Any] = {
    "at": "2026-11-30T10:00:00.000Z", "running": True, "ready": True, "parts": {}, "sources": [SOURCE],
    "bridges": [], "outbox": OUTBOX, "alerts": {"active": [], "last": [], "channels": []},
    "sink": {
        "url": "http://127.0.0.1:9000", "state": "green", "why": "Listmonk v6", "by": "", "restarts": 0, "lost": 0,
    },
}  # fmt: skip


def screen(capsys: pytest.CaptureFixture[str], **changed: Any) -> str:
    status_screen.show(FOUND | changed)
    return capsys.readouterr().out


def test_each_source_tells_when_it_was_last_heard(capsys: pytest.CaptureFixture[str]) -> None:
    bad = SOURCE | {"name": "bounces", "state": "red", "why": "login refused: " + "words " * 30, "last_heard": None}
    hour = bad | {"name": "old", "newest_hour": "2026-11-27T10:00:00.000Z"}
    monthly = screen(capsys, sources=[SOURCE, bad, hour])
    assert re.search(r"^✔  sendamatic  sendamatic  2 min ago +12 +80$", monthly, re.MULTILINE), monthly
    assert re.search(r"^✘  bounces +sendamatic  never ", monthly, re.MULTILINE)
    assert "3 days ago" in monthly
    assert "Waiting for you" not in monthly


def test_the_log_tells_also_what_it_could_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    why = "lines not understood: 2; some lines may be missing"
    log = SOURCE | {"name": "listmonk_log", "type": "log", "provider": "", "why": why}
    told = screen(capsys, sources=[log])
    assert "so no bounce can arrive" in told
    assert re.search(r"^✔  listmonk_log  Listmonk's log  2 min ago +12 +80 +lines not", told, re.MULTILINE), told
    ill = {"listmonk_log": {"state": "yellow", "why": "settings:get is not granted"}}
    told = screen(capsys, sources=[SOURCE, log | {"state": "yellow", "why": "grant settings:get"}], parts=ill)
    assert "grant settings:get" in told
    assert "settings:get is not granted" not in told, "told once"
    assert "so no bounce can arrive" not in told


def test_several_bridges_are_told_with_what_they_do(capsys: pytest.CaptureFixture[str]) -> None:
    one = {"name": "mx1", "version": "0.1.0", "alive": True, "seen_seconds": 2.0, "leads": True}
    one |= {"leases": {"relay": 12.0, "alerts": 9.0}, "parts": {}}
    two = one | {"name": "mx2", "alive": False, "seen_seconds": 300.0, "leads": False, "leases": {}}
    told = screen(capsys, bridges=[one, two, two | {"name": "mx3", "alive": True}])
    assert "✔ mx1 0.1.0: delivers (12 s left), alerts" in told
    assert "✘ mx2 0.1.0: last seen 5 min ago" in told and "reaches PostgreSQL" in told
    assert "✔ mx3 0.1.0: takes in" in told
    assert "Bridges" not in screen(capsys)
    ill = {"intake": {"state": "red", "why": "the disk is full"}, "alerts": {"state": "yellow", "why": "known"}}
    told = screen(capsys, bridges=[one | {"parts": ill}], parts={"alerts": ill["alerts"]})
    assert "✘ mx1 0.1.0: delivers" in told and "✘ mx1: intake: the disk is full" in told
    assert "mx1: alerts" not in told, "told once"


def test_a_bridge_that_does_not_deliver_tells_what_the_other_one_sees(capsys: pytest.CaptureFixture[str]) -> None:
    told = screen(capsys, sink=FOUND["sink"] | {"by": "mx1"})
    assert "✔ http://127.0.0.1:9000: Listmonk v6 (as mx1 sees it, which delivers)" in " ".join(told.split())
    told = screen(capsys, sink=FOUND["sink"] | {"by": "mx1", "state": None, "why": "only mx1 asks it"})
    assert "· http://127.0.0.1:9000: only mx1 asks it\n" in told


def test_the_standbys_of_postgresql_are_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    standby = {"name": "db2", "sync": "sync", "lag_seconds": None, "lag_bytes": 0}
    found = {"standbys": [standby], "synchronous": 1, "commits_wait": True, "visible": True}
    told = screen(capsys, outbox=OUTBOX | {"replication": found, "disk_free_bytes": None})
    assert "✔ PostgreSQL has 1 standby, commits wait for db2; it is not behind" in told
    assert "log 0 MiB" not in told and "log 0 MiB" in screen(capsys)


def test_what_waits_for_a_person_comes_with_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    waits = {
        "held": {"unproven": 3},
        "quarantine": 1,
        "unidentified": 2,
        "doubled": 1,
        "states": {"dead": 4, "held": 3},
    }
    told = screen(capsys, outbox=OUTBOX | waits).partition("Waiting for you\n")[2].partition("Outbox\n")[0]
    lines = [line.strip() for line in told.splitlines()]
    assert lines == [
        "⚠ 3 held: nothing proves whom the mail is about",
        "→ bouncestream outbox list --state held, then: outbox release --held-for unproven",
        "✘ 4 dead",
        "→ bouncestream outbox list --state dead, then: outbox replay --dead",
        "⚠ 1 in quarantine: could not be read",
        "→ bouncestream outbox list --quarantine",
        "· 2 unidentified: bounce mails that do not tell whose they are",
        "→ bouncestream outbox list --unidentified",
        "✘ 1 are stored twice in Listmonk",
        "→ bouncestream doctor",
    ]


def test_a_backfill_that_waits_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    parts = {
        "backfill:news": {
            "state": "yellow",
            "why": "3 events wait. Next: start it with `bouncestream backfill news`.",
        },
        "backfill:shop": {"state": "green", "why": ""},
    }
    told = screen(capsys, parts=parts).partition("Waiting for you\n")[2].partition("Outbox\n")[0]
    assert [line.strip() for line in told.splitlines()] == [
        "⚠ backfill:news: 3 events wait.",
        "→ start it with `bouncestream backfill news`.",
    ]


def test_an_empty_outbox_and_no_source_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    told = screen(capsys, sources=[], outbox=OUTBOX | {"states": {}})
    assert "no webhook, mailbox or [smtp] is configured, so no bounce can arrive" in told
    assert "empty: nothing has come in yet" in told


@pytest.mark.process
def test_watch_uses_the_alternate_screen_and_gives_it_back(config: Path, conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event(), now=make.NOW)
    terminal, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 80, 0, 0))
    env = {k: v for k, v in environment(TERM="xterm").items() if k not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "bouncestream", "status", "--watch", "--every", "0.1", "-c", str(config)]
    process = subprocess.Popen(command, stdin=child, stdout=child, stderr=subprocess.STDOUT, env=env)
    os.close(child)
    seen = ""
    while seen.count("\x1b[H") < 3:
        seen += os.read(terminal, 65536).decode()
    process.send_signal(signal.SIGINT)
    try:
        while part := os.read(terminal, 65536):
            seen += part.decode()
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    assert process.wait() == 1
    assert seen.startswith(status_screen.ENTER)
    assert seen.endswith(status_screen.LEAVE)
    page = seen.split("\x1b[H")[2].partition("\x1b[J")[0]
    lines = [re.sub(r"\x1b\[[0-9;]*[mK]", "", line) for line in page.split("\r\n")]
    assert len(lines) == 10, "no more than the terminal has"
    assert lines[-1].endswith("more lines: `bouncestream status` shows them")
    assert all(width(line) <= 80 for line in lines)
