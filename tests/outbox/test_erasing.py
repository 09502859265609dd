# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from bouncestream.event import Kind
from bouncestream.mail.spellings import Spellings
from bouncestream.outbox import delivery, erasing, operator, retention, traces
from bouncestream.outbox.erasing import Wiped
from bouncestream.outbox.traces import Traces
from bouncestream.ports import State
from tests.killed import COUNTED
from tests.outbox import make
from tests.outbox.make import NOW, SUBSCRIBER, later
from tests.outbox.test_traces import ANN, everything, walk


def erase(conn: sqlite3.Connection, *names: str, suppress: bool = False) -> Wiped:
    """As the command does it."""
    known, found = traces.search(lambda job: job(conn), names or ANN)
    erasing.ask(conn, known, NOW, suppress=suppress)
    done = Wiped()
    for piece in found.pieces(2):
        done += erasing.wipe(conn, Spellings(known), piece, NOW)
    erasing.looked(conn, known, done.waiting)
    return done


def settled(conn: sqlite3.Connection) -> None:
    """All events have arrived."""
    make.claim(conn, limit=5000)
    for (row,) in make.rows(conn, "id"):
        make.settle(conn, int(str(row)), State.POSTED, State.VERIFIED)


def remains(path: Path, *names: str) -> list[str]:
    """The names that are still in the file, its log, or what else lies beside it."""
    data = b"".join(file.read_bytes() for file in path.parent.iterdir()).lower()
    return [name for name in names if name.encode() in data]


def test_nothing_is_left_but_tombstones(file_conn: sqlite3.Connection, path: Path) -> None:
    everything(file_conn)
    settled(file_conn)
    keys = file_conn.execute("SELECT * FROM seen").fetchall()
    before = make.rows(file_conn, "event_id, kind, state, campaign_uuid, label, substr(received_at, 1, 10)")
    done = erase(file_conn)
    assert (done.events, done.waiting, done.dropped, done.quarantine) == (4, (), 0, 2)
    assert not walk(file_conn, *ANN, SUBSCRIBER, make.CAMPAIGN)
    assert make.rows(file_conn, "event_id, kind, state, campaign_uuid, label, substr(received_at, 1, 10)") == before
    assert file_conn.execute("SELECT * FROM seen").fetchall() == keys
    assert erasing.erasures(file_conn) == []
    make.check_tally(file_conn)
    assert delivery.get_meta(file_conn, erasing.ERASED) == "4"
    file_conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert remains(path, "<ann@", "said ann@", "to: ann", SUBSCRIBER, make.CAMPAIGN, "ann@example.com is") == []
    assert [recipient for (recipient,) in make.rows(file_conn, "recipient")] == [
        "erased", "erased", "erased", "bob@example.com", "bob@example.com", "erased", "joann@example.com",
    ]  # fmt: skip
    assert make.one(file_conn, "SELECT diagnostic FROM outbox WHERE id = 4") == "see [erased]"


def test_a_file_that_grew_and_shrank_holds_nothing(file_conn: sqlite3.Connection, path: Path) -> None:
    """Rows that were rewritten, and pages that were split and freed, leave copies behind, unless they are wiped."""
    for n in range(400):
        words = f"mx{n} of ann@example.com " * (1 + n % 40)
        make.submit(
            file_conn,
            make.event("ann@example.com", message_id=f"<{n}>", diagnostic=words),
            make.event("bob@example.com", message_id=f"<b{n}>", diagnostic=words),
            raw=f"{n} {words}".encode() * 20,
        )
    settled(file_conn)
    retention.purge(
        file_conn, raw_before=later(days=1), events_before=later(days=-9), dedupe_before_day=0, now=later(days=1)
    )
    assert erase(file_conn).events == 400
    file_conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert remains(path, "ann@example.com") == []


def test_who_is_on_the_way_is_erased_once_it_is_settled(conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event("ann@example.com", message_id=f"<{n}>") for n in range(5)))
    make.claim(conn, limit=4)
    make.settle(conn, 1, State.POSTED)
    make.settle(conn, 2, State.DEAD)
    make.settle(conn, 3, State.PENDING)
    done = erase(conn)
    assert (done.events, done.waiting) == (1, (1, 3, 4, 5))
    assert [one.waiting for one in erasing.erasures(conn)] == [(1, 3, 4, 5)]
    assert make.one(conn, "SELECT recipient FROM outbox WHERE id = 1") == "ann@example.com", "it is still told"
    make.claim(conn)
    for row in (1, 3, 4, 5):
        make.settle(conn, row, *([State.POSTED] if row > 1 else []), State.VERIFIED)
    assert erase(conn).events == 4
    assert erasing.erasures(conn) == []
    assert delivery.get_meta(conn, erasing.ERASED) == "5"


def test_what_was_held_is_dropped_and_nothing_is_delivered_again(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("ann@example.com", hold="unproven"))
    assert erase(conn).dropped == 1
    assert make.rows(conn) == [(1, "dropped", "hard")]
    make.check_tally(conn)
    for change in (operator.replay, operator.release, operator.drop):
        assert "erased" in change(conn, [1], NOW).refused[1]


def test_a_report_that_is_repeated_later_is_not_counted_again(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("ann@example.com"))
    settled(conn)
    erase(conn)
    receipt = make.submit(conn, make.event("ann@example.com"), raw=b"ann@example.com", now=later(days=3))
    assert (receipt.accepted, receipt.duplicates) == (0, 1)
    assert not walk(conn, *ANN), "and nothing of it is stored"


def test_neighbours_in_a_block_keep_their_bodies(conn: sqlite3.Connection) -> None:
    from bouncestream.outbox import arrivals

    people = ["ann", "bob", "cy", "ann"]
    items = [
        (make.submission(make.event(f"{who}@example.com", message_id=f"<{n}>"), raw=f"{n}: {who}".encode()), NOW)
        for n, who in enumerate(people)
    ]
    arrivals.take_many(conn, items)
    settled(conn)
    assert erase(conn).raw == 2
    assert [operator.raw_body(conn, number) for number in (2, 3)] == [b"1: bob", b"2: cy"]
    assert make.one(conn, "SELECT count(*) FROM block") == 0
    assert make.one(conn, "SELECT max(id) FROM raw") == 5, "no number comes again"


def test_a_second_erasure_changes_nothing(file_conn: sqlite3.Connection) -> None:
    everything(file_conn)
    settled(file_conn)
    erase(file_conn)
    before = list(file_conn.iterdump())
    assert erase(file_conn) == Wiped()
    assert list(file_conn.iterdump()) == before


def test_traces_come_in_pieces() -> None:
    whole = Traces(tuple(range(5)), raw=(1, 2, 3))
    pieces = list(whole.pieces(2))
    assert [len(piece.events) for piece in pieces] == [2, 2, 1]
    assert sum(pieces, Traces()) == whole
    assert not Traces()
    assert len(fields(Traces)) == 10


KILLED = (
    COUNTED
    + """
import itertools, shutil, sqlite3
from bouncestream.cli import main
from bouncestream.outbox import connection

real, folder = sqlite3.Connection.execute, Path(sys.argv[2])

erase = ["person", "ann@example.com", "erase", "--yes", "--offline", "-c", str(folder / "config.toml")]

def run(number):
    global at, count
    at, count = number, 0
    pid = os.fork()
    if pid == 0:
        os._exit(main(erase))
    return os.waitpid(pid, 0)[1]

counting = counted(real)
connection.Connection.execute = lambda self, *args: counting(self, *args)
shutil.copy(folder / "before", folder / "outbox.db")
standard_output = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
main(erase)  # whatever is imported for it is imported once
for number in itertools.count(1):
    for file in folder.glob("outbox.db*"):
        file.unlink()
    shutil.copy(folder / "before", folder / "outbox.db")
    if run(number) == 0:
        break
    assert run(0) == 0, number
    names = ("ann@example.com", "22222222-2222-4222-8222-222222222222")
    data = b"".join(file.read_bytes() for file in folder.glob("outbox.db*")).replace(b"joann@", b"").lower()
    assert not any(name.encode() in data for name in names), number
    with sqlite3.connect(folder / "outbox.db") as conn:
        told = [conn.execute(sql).fetchall() for sql in (
            "SELECT value FROM meta WHERE name = 'erased'", "SELECT count(*) FROM erasures",
            "SELECT count(*) FROM outbox WHERE recipient = 'erased'", "SELECT sum(events) FROM tally")]
    assert told == [[("4",)], [(0,)], [(4,)], [(7,)]], (number, told)
os.write(standard_output, str(number).encode())
"""
)


@pytest.mark.process
def test_killed_at_any_statement_it_is_done_exactly_once(tmp_path: Path) -> None:
    with closing(make.connect(tmp_path / "before")) as conn:
        everything(conn)
        settled(conn)
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (tmp_path / "config.toml").write_text(f'[outbox]\npath = "{tmp_path}/outbox.db"\n[listmonk]\ntoken = "x"\n')
    (tmp_path / "config.toml").chmod(0o600)
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, "0", str(tmp_path)],
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 30


def test_a_superseded_event_and_its_graver_one_are_both_erased(conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("ann@example.com", Kind.SOFT))
    settled(conn)
    make.submit(conn, make.event("ann@example.com", Kind.HARD))
    make.claim(conn)
    make.settle(conn, 2, State.POSTED, State.VERIFIED)
    assert erase(conn).events == 2
