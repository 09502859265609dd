# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import SealRefused, StoreBusy, StoreUnavailable
from bouncestream.outbox import alerts, files, operator
from bouncestream.outbox.people import secret_of
from bouncestream.outbox.sealing import switch
from bouncestream.outbox.sealing.state import State, state_of
from bouncestream.outbox.sealing.unlock import unlock
from bouncestream.outbox.view import view
from bouncestream.ports import Unreadable
from tests.outbox import make
from tests.outbox.make import KEY, NOW, event

NEW = Secret("fe" * 32)
MANY = 1200
#: In what is stored of each event.
SECRET = "reader"


def fill(path: Path, many: int = MANY) -> dict[str, str]:
    """An outbox in the open, with addresses in every table; returns what it holds, in words."""
    with closing(make.connect(path)) as conn:
        for start in range(0, many, 100):
            told = [
                event(f"{SECRET}{n}@example.com", diagnostic=f"550 no {SECRET}{n}", subscriber_uuid="")
                for n in range(start, start + 100)
            ]
            odd = (Unreadable(f"of {SECRET}", event_type=f"type {SECRET}"),)
            make.submit(conn, *told, raw=f"{SECRET}{start} ".encode() * 40, unreadable=odd)
        make.submit(conn, event("sealed@example.com", diagnostic="sealed:2:AAAA", message_id="<s>"))
        make.settle(conn, 1, operator.State.CLAIMED)
        conn.execute("DELETE FROM outbox WHERE id BETWEEN 20 AND 90")  # leaves addresses in unused parts
        conn.execute("UPDATE outbox SET diagnostic = 'short' WHERE id BETWEEN 100 AND 300")
        at = "2026-03-01T11:00:00.000Z"
        alert = (f"{SECRET}@example.com", at, SECRET)
        conn.execute("INSERT INTO alerts VALUES ('dead', ?, 'info', 0, NULL, ?, NULL, NULL, 0, 0, 0, ?, '')", alert)
        conn.execute("INSERT INTO erasures VALUES (x'01', '2026', ?, NULL)", (f'["{SECRET}1@example.com"]',))
    return contents(path)


def contents(path: Path, key: Secret | None = None) -> dict[str, str]:
    """All that is stored, opened."""
    with view(path, key=key, reveal=key is not None) as outbox:
        return outbox.read(_contents)


def _contents(conn: sqlite3.Connection) -> dict[str, str]:
    tables = [name for (name,) in conn.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")]
    held = {name: str(sorted(map(repr, conn.execute(f"SELECT * FROM {name}")))) for name in tables}
    return {name: rows for name, rows in held.items() if name not in ("meta", "data_keys")} | {
        "identity": secret_of(conn).hex()
    }


def bytes_beside(path: Path) -> bytes:
    """Every byte of every file in the folder."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()) if file.is_file())


def convert(path: Path, key: Secret, *, steps: int | None = None) -> None:
    with switch.working(path) as conn:
        unlock(conn, key)
        for number, progress in enumerate(switch.steps(conn), 1):
            assert 0 < progress.done <= progress.of
            if number == steps:
                return
        switch.finish(conn)


def test_there_and_back(path: Path) -> None:
    before = fill(path)
    assert SECRET.encode() in bytes_beside(path)
    assert switch.switch(path, KEY, seal=True) is State.SEALING
    assert contents(path, KEY) == before, "half sealed"
    convert(path, KEY, steps=2)
    assert contents(path, KEY) == before
    convert(path, KEY)
    assert contents(path, KEY) == before
    assert SECRET.encode() not in bytes_beside(path), "nor in unused parts of the file, nor in its log"
    assert bytes.fromhex(before["identity"]) not in bytes_beside(path)
    assert before["identity"].encode() not in bytes_beside(path)
    assert switch.switch(path, KEY, seal=False) is State.OPENING
    assert contents(path, KEY) == before
    convert(path, KEY, steps=2)
    assert contents(path, KEY) == before
    convert(path, KEY)
    assert contents(path) == before
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM data_keys").fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM meta WHERE name GLOB 'seal*'").fetchone() == (0,)


def test_while_it_is_converted_what_comes_in_is_sealed_and_known(path: Path) -> None:
    fill(path)
    switch.switch(path, KEY, seal=True)
    with closing(make.connect(path)) as conn:
        unlock(conn, KEY)
        assert conn.on_begin is not None
        conn.on_begin()
        again = make.submit(conn, event(f"{SECRET}7@example.com"), event("new@example.com"))
        assert (again.accepted, again.duplicates) == (1, 1)
        alert = alerts.states(conn)["dead", f"{SECRET}@example.com"]
        alerts.save(conn, [alert])
        assert len(alerts.states(conn)) == 1, "the same alert, not one beside it"
    convert(path, KEY)
    assert b"new@example.com" not in bytes_beside(path)


def test_an_empty_outbox_is_sealed_as_a_whole_at_once(path: Path) -> None:
    with closing(make.connect(path, key=KEY)) as conn:
        assert state_of(conn) is State.SEALED
        secret = secret_of(conn)
    assert secret.hex().encode() not in bytes_beside(path), "its seed neither"


def test_only_who_holds_the_lock_of_run_switches(path: Path) -> None:
    fill(path, 100)
    lock = files.Lock(path)
    with pytest.raises(StoreBusy, match=r"does not store sealed yet.*restart it"):
        switch.switch(path, KEY, seal=True)
    with switch.working(path) as conn:
        assert state_of(conn) is None
    lock.release()
    switch.switch(path, KEY, seal=True)
    lock = files.Lock(path)
    assert switch.switch(path, KEY, seal=True) is State.SEALING, "which run may have done as well"
    with pytest.raises(StoreBusy, match="does not store in the open yet"):
        switch.switch(path, KEY, seal=False)
    lock.release()


def test_what_does_not_open_stays_as_it_is(path: Path) -> None:
    """Be it words of a stranger that look like a sealed value, or damage, for which no key helps."""
    with closing(make.connect(path, key=KEY)) as conn:
        make.submit(conn, event("a@example.com", diagnostic="sealed:2:AAAA"))
        conn.execute("UPDATE main.outbox SET evidence = 'sealed:2:' || substr(recipient, 15)")
    switch.switch(path, KEY, seal=False)
    convert(path, KEY)
    with closing(sqlite3.connect(path)) as conn:
        diagnostic, evidence = conn.execute("SELECT diagnostic, evidence FROM outbox").fetchone()
    assert diagnostic == "sealed:2:AAAA"
    assert evidence.startswith("sealed:2:")


@pytest.mark.parametrize("seals", [True, False])
def test_a_value_that_was_passed_over_is_found_at_the_end(path: Path, seals: bool) -> None:
    before = fill(path, 100)
    switch.switch(path, KEY, seal=True)
    if not seals:
        convert(path, KEY)
        switch.switch(path, KEY, seal=False)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE meta SET value = 'outbox 50' WHERE name = 'sealing_at'")
    with pytest.raises(StoreUnavailable, match=r"values of .* are not converted yet. Next: run the command again"):
        convert(path, KEY)
    convert(path, KEY)
    assert contents(path, KEY if seals else None) == before


def test_without_room_for_a_copy_it_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(path, 100)
    switch.switch(path, KEY, seal=True)
    monkeypatch.setattr(files, "free_beside", lambda _: 1000)
    with pytest.raises(StoreUnavailable, match="free up space, and run the command again"):
        convert(path, KEY)
    monkeypatch.undo()
    convert(path, KEY)
    with switch.working(path) as conn:
        assert state_of(conn) is State.SEALED


def test_another_key(path: Path) -> None:
    with closing(make.connect(path, key=KEY)) as conn:
        make.submit(conn, event("a@example.com"))
    with switch.working(path) as conn:
        switch.admit(conn, KEY, NEW)
    assert contents(path, KEY) == contents(path, NEW), "both open it, until the configuration has the new one"
    with switch.working(path) as conn:
        assert len(switch.keep_only(conn, NEW)) == 1
        assert switch.keep_only(conn, NEW) == []
    with pytest.raises(SealRefused, match="sealed with another key"):
        contents(path, KEY)
    assert "a@example.com" in contents(path, NEW)["outbox"]


def test_an_outbox_in_the_open_has_no_key(path: Path) -> None:
    make.connect(path).close()
    with switch.working(path) as conn, pytest.raises(SealRefused, match="is not sealed"):
        switch.admit(conn, KEY, NEW)


#: Kills itself at the n-th statement that changes something, after or before it ran; or so many of these after the
#: first one that has some words in it.
KILLED = """
import os, signal, sys
from pathlib import Path
from bouncestream.crypto.secret import Secret
from bouncestream.outbox.connection import Connection
from bouncestream.outbox.sealing import switch, walk
from bouncestream.outbox.sealing.unlock import SealedConnection, unlock

path, (words, _, at), what = Path(sys.argv[1]), sys.argv[2].rpartition("+"), sys.argv[3]
key, new = Secret(sys.argv[4]), Secret(sys.argv[5])
left = int(at)
def step(sql):
    global left, words
    if words:
        if words not in sql:
            return
        words, left = "", left + 1
    if sql.split()[0] in ("BEGIN", "COMMIT", "VACUUM", "UPDATE", "INSERT", "DELETE") or "checkpoint" in sql:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
walk.STEP, walk.STEP_OF_BYTES, walk.PAUSE = 40, 4, 0
begin = switch.prepare_writer
def prepare(conn):
    begin(conn)
    conn.set_trace_callback(step)
switch.prepare_writer = prepare
if what == "rotate":
    with switch.working(path) as conn:
        switch.admit(conn, key, new)
        switch.keep_only(conn, new)
else:
    switch.switch(path, key, seal=what == "seal")
    with switch.working(path) as conn:
        unlock(conn, key)
        for _ in switch.steps(conn):
            pass
        switch.finish(conn)
"""


def killed(path: Path, at: int | str, what: str) -> bool:
    """Whether it was killed, and did not end before."""
    words = [sys.executable, "-c", KILLED, str(path), str(at), what, KEY.reveal(), NEW.reveal()]
    done = subprocess.run(words, check=False, capture_output=True, cwd=Path(__file__).parents[3])
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode != 0


def steps_to_die_at() -> Iterator[int]:
    """Each of the first ones, then every few."""
    at = 1
    while True:
        yield at
        at += 1 if at < 12 else at // 6


@pytest.mark.process
@pytest.mark.parametrize("what", ["seal", "unseal"])
def test_killed_at_every_step_it_goes_on_and_loses_nothing(path: Path, what: str) -> None:
    before = fill(path, 200)
    if what == "unseal":
        switch.switch(path, KEY, seal=True)
        convert(path, KEY)
    kills = 0
    for at in steps_to_die_at():
        if not killed(path, at, what):
            break
        kills += 1
        assert contents(path, KEY if has_keys(path) else None) == before
    assert kills > 12
    assert contents(path, KEY if what == "seal" else None) == before
    if what == "seal":
        assert SECRET.encode() not in bytes_beside(path)


#: Each step by its name: which command, the words of its first statement, and how many statements later it is over.
STEPS = {
    "the key is stored": ("seal", "sealed_by:", 1),
    "the secret of the digests is wrapped": ("seal", "identity_secret", 1),
    "what comes in is sealed": ("seal", "'sealing'", 2),
    "a table is converted": ("seal", 'UPDATE main."outbox"', 2),
    "mails are converted": ("seal", 'UPDATE main."raw"', 2),
    "all rows are sealed": ("seal", "'wiping'", 1),
    "the file is written anew": ("seal", "VACUUM", 0),
    "the log is emptied": ("seal", "wal_checkpoint", 0),
    "it is sealed as a whole": ("seal", "'sealed'", 1),
    "what comes in is in the open": ("unseal", "'opening'", 2),
    "a table is opened": ("unseal", 'UPDATE main."outbox"', 2),
    "mails are opened": ("unseal", 'UPDATE main."raw"', 2),
    "the keys are removed": ("unseal", "DELETE FROM data_keys", 2),
    "the new key is stored": ("rotate", "sealed_by:", 1),
    "the former key is removed": ("rotate", "DELETE FROM meta", 1),
    "its traces are wiped": ("rotate", "wal_checkpoint", 0),
}


@pytest.mark.process
@pytest.mark.parametrize("name", STEPS)
def test_killed_before_and_after_each_step_it_goes_on(path: Path, name: str) -> None:
    what, words, over = STEPS[name]
    before = fill(path, 100)
    if what != "seal":
        switch.switch(path, KEY, seal=True)
        convert(path, KEY)
    for later in {0, over, over + 1}:
        died = killed(path, f"{words}+{later}", what)
        assert died or later, "the step was not reached"
        if what == "rotate":
            assert contents(path, KEY if _opens(path, KEY) else NEW) == before
        else:
            assert contents(path, KEY if has_keys(path) else None) == before
        if not died or (what == "rotate" and not _opens(path, KEY)):
            break
    if what == "rotate" and not _opens(path, KEY):
        assert _opens(path, NEW)
        return
    assert not killed(path, 0, what), "the next run goes on, to the end"
    assert contents(path, {"seal": KEY, "unseal": None, "rotate": NEW}[what]) == before
    if what == "seal":
        assert SECRET.encode() not in bytes_beside(path)


def has_keys(path: Path) -> bool:
    with switch.working(path) as conn:
        return state_of(conn) is not None


@pytest.mark.process
def test_killed_at_every_step_of_another_key_one_of_both_opens_it(path: Path) -> None:
    with closing(make.connect(path, key=KEY)) as conn:
        make.submit(conn, event("a@example.com"))
    before = contents(path, KEY)
    key, kills = KEY, 0
    for at in range(1, 40):
        with switch.working(path) as conn:
            try:
                switch.keep_only(conn, KEY)
            except SealRefused:
                switch.admit(conn, NEW, KEY)
                switch.keep_only(conn, KEY)
        if not killed(path, at, "rotate"):
            break
        kills += 1
        key = KEY if _opens(path, KEY) else NEW
        assert contents(path, key) == before
    assert kills >= 5
    assert contents(path, NEW) == before


def _opens(path: Path, key: Secret) -> bool:
    try:
        contents(path, key)
    except SealRefused:
        return False
    return True


def test_the_file_belongs_to_its_owner_alone_also_after(path: Path) -> None:
    fill(path, 100)
    switch.switch(path, KEY, seal=True)
    convert(path, KEY)
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert NOW
