# SPDX-License-Identifier: GPL-3.0-or-later
"""A conversion on PostgreSQL that is interrupted, or met by others, at any of its steps."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import SealRefused, StoreBusy, StoreUnavailable
from bouncestream.outbox.delivery import set_meta
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import converting, switch
from bouncestream.outbox.postgres.connection import begin
from bouncestream.outbox.postgres.unlock import schema_of
from bouncestream.outbox.sealing.state import state_of
from bouncestream.outbox.sealing.walk import CURSOR
from tests.outbox import make
from tests.outbox.make import KEY, event
from tests.outbox.postgres.sealing import (
    NEW,
    SECRET,
    connected,
    contents,
    convert,
    fill,
    on_disk,
    seal,
    writing,
)
from tests.postgres.cluster import Cluster

pytestmark = pytest.mark.process

#: Each line of its input: url, words, when, what. A child of it does that, and is killed before the first statement
#: with these words, before the next COMMIT, or after that; it answers 0 or the signal.
KILLED = """
import os, signal, sys
from bouncestream.crypto.secret import Secret
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import connection, converting, rewriting, switch
from bouncestream.outbox.sealing import walk

key, new = Secret(sys.argv[1]), Secret(sys.argv[2])
run = connection.ServerConnection.run

def work(url, what):
    if what == "rotate":
        with switch.working(Server(url, "test")) as work:
            switch.admit(work, key, new)
            switch.keep_only(work, new)
        return
    switch.switch(Server(url, "test"), key, seal=what == "seal")
    with switch.working(Server(url, "test")) as work:
        switch.ready(work, key)
        for _ in converting.steps(work):
            pass
        converting.finish(work)

def child(url, words, when, what):
    state = {"seen": not words, "committed": False}
    def counted(self, cursor, statement, values):
        said = statement.sql + repr(values)
        if state["committed"] and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        if words and not state["seen"] and words in said:
            state["seen"] = True
            if when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if words and state["seen"] and statement.sql == "COMMIT":
            if when == "commit":
                os.kill(os.getpid(), signal.SIGKILL)
            state["committed"] = True
        return run(self, cursor, statement, values)
    connection.ServerConnection.run = counted
    walk.STEP, walk.STEP_OF_BYTES, walk.PAUSE = 20, 2, 0
    work(url, what)

for line in sys.stdin:
    url, words, when, what = line.rstrip("\\n").split("\\t")
    pid = os.fork()
    if not pid:
        try:
            child(url, words, when, what)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
#: Each step by its name: which command, and the words of its first statement.
STEPS = {
    "the key is stored": ("seal", "sealed_by:"),
    "the secret of the digests is wrapped": ("seal", "'identity_secret', 'sealed:"),
    "what comes in is sealed": ("seal", "'sealing', <State.SEALING"),
    "a table is converted": ("seal", "UPDATE outbox"),
    "mails are converted": ("seal", "UPDATE raw"),
    "all rows are sealed": ("seal", "'wiping'"),
    "a table is written anew": ("seal", "CLUSTER VERBOSE outbox"),
    "the statistics are forgotten": ("seal", "pg_statistic"),
    "it is sealed as a whole": ("seal", "'sealed'"),
    "what comes in is in the open": ("unseal", "'opening'"),
    "a table is opened": ("unseal", "UPDATE outbox"),
    "mails are opened": ("unseal", "UPDATE raw"),
    "the keys are removed": ("unseal", "DELETE FROM data_keys"),
    "the new key is stored": ("rotate", "sealed_by:"),
    "the former key is removed": ("rotate", "DELETE FROM meta"),
    "its traces are wiped": ("rotate", "CLUSTER VERBOSE meta"),
}


@pytest.fixture(scope="module")
def killed() -> Iterator[Callable[[str, str, str, str], bool]]:
    """Whether a command was killed, and did not end before."""
    words = [sys.executable, "-c", KILLED, KEY.reveal(), NEW.reveal()]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, cwd=Path(__file__).parents[3]) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def kill(url: str, words: str, when: str, what: str) -> bool:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{url}\t{words}\t{when}\t{what}\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
            assert code in (0, -signal.SIGKILL)
            return code != 0

        yield kill
        process.stdin.close()


@pytest.mark.parametrize("name", STEPS)
def test_killed_before_and_after_each_step_it_goes_on(
    pg_url: str, cluster: Cluster, killed: Callable[[str, str, str, str], bool], name: str
) -> None:
    what, words = STEPS[name]
    before = fill(pg_url, 40)
    if what != "seal":
        seal(pg_url)
    for when in ("before", "commit", "after"):
        died = killed(pg_url, words, when, what)
        assert died or when != "before", "the step was not reached"
        if what == "rotate":
            assert contents(pg_url, KEY if opens(pg_url, KEY) else NEW) == before
        else:
            assert contents(pg_url, KEY if is_sealed(pg_url) else None) == before
        if not died or (what == "rotate" and not opens(pg_url, KEY)):
            break
    if what == "rotate" and not opens(pg_url, KEY):
        assert opens(pg_url, NEW)
        return
    assert not killed(pg_url, "", "before", what), "the next run goes on, to the end"
    assert contents(pg_url, {"seal": KEY, "unseal": None, "rotate": NEW}[what]) == before
    if what == "seal":
        assert SECRET.encode() not in on_disk(cluster, pg_url)


def test_a_step_is_bounded_by_bytes(pg_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails may be large: the rows of a step are in memory at once."""
    before = fill(pg_url, 40)
    monkeypatch.setattr(converting, "BYTES", 500)
    switch.switch(Server(pg_url, "test"), KEY, seal=True)
    with switch.working(Server(pg_url, "test")) as work:
        sizes = [size for (size,) in work.conn.execute("SELECT length(body) FROM raw ORDER BY id")]
        table = next(one for one in schema_of(work.conn).tables.values() if one.name == "raw")
        at, ends = 0, []
        while (upto := converting._upto(work.conn, table, at, 50)) is not None:
            ends.append(at := upto)
    assert len(ends) > 1 and ends[-1] == len(sizes)
    assert all(sum(sizes[a:b]) <= 500 or b - a == 1 for a, b in zip([0, *ends], ends, strict=False))
    convert(pg_url, KEY)
    assert contents(pg_url, KEY) == before


def is_sealed(url: str) -> bool:
    with switch.working(Server(url, "test")) as work:
        return state_of(work.conn) is not None


def opens(url: str, key: Secret) -> bool:
    try:
        contents(url, key)
    except SealRefused:
        return False
    return True


def test_what_does_not_open_stays_as_it_is(pg_url: str, cluster: Cluster) -> None:
    """Be it words of a stranger that look like a sealed value, or damage, for which no key helps."""
    switch.settle(conn := connected(pg_url), KEY, seal=True)
    conn.close()
    with writing(pg_url, KEY) as conn:
        make.submit(conn, event("a@example.com", diagnostic="sealed:2:AAAA"))
    name = pg_url.rpartition("/")[2]
    cluster.psql("UPDATE outbox SET evidence = 'sealed:2:' || substr(recipient, 15)", name)
    switch.switch(Server(pg_url, "test"), KEY, seal=False)
    convert(pg_url, KEY)
    assert cluster.psql("SELECT diagnostic, left(evidence, 9) FROM outbox", name) == "sealed:2:AAAA|sealed:2:"


@pytest.mark.parametrize("seals", [True, False])
def test_a_value_that_was_passed_over_is_found_at_the_end(pg_url: str, seals: bool) -> None:
    before = fill(pg_url, 40)
    switch.switch(Server(pg_url, "test"), KEY, seal=True)
    if not seals:
        convert(pg_url, KEY)
        switch.switch(Server(pg_url, "test"), KEY, seal=False)
    with writing(pg_url, KEY) as conn:
        set_meta(conn, CURSOR, "outbox 25")
    with pytest.raises(StoreUnavailable, match=r"values of .* are not converted yet. Next: run the command again"):
        convert(pg_url, KEY)
    convert(pg_url, KEY)
    assert contents(pg_url, KEY if seals else None) == before


def test_one_that_is_turned_meanwhile_stops(pg_url: str) -> None:
    before = fill(pg_url, 20)
    seal(pg_url)
    switch.switch(Server(pg_url, "test"), KEY, seal=False)
    with switch.working(Server(pg_url, "test")) as work:
        switch.ready(work, KEY)
        steps = converting.steps(work)
        next(steps)
        switch.switch(Server(pg_url, "test"), KEY, seal=True)
        with pytest.raises(StoreBusy, match="has sealed or opened the outbox meanwhile"):
            list(steps)
    assert contents(pg_url, KEY) == before


async def test_a_row_that_a_bridge_changes_meanwhile_is_waited_for(pg_url: str) -> None:
    fill(pg_url, 20)
    switch.switch(Server(pg_url, "test"), KEY, seal=True)
    conn = connected(pg_url, KEY)
    begin(conn, watched=True)
    conn.execute("UPDATE outbox SET diagnostic = 'changed' WHERE id = 2")
    done = asyncio.create_task(asyncio.to_thread(convert, pg_url, KEY))
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND transactionid = CAST(pg_current_xact_id() AS xid)"
    while not conn.execute(waits).fetchone():
        assert not done.done()
        await asyncio.sleep(0.01)
    conn.execute("COMMIT")
    conn.close()
    await done
    assert "changed" in contents(pg_url, KEY)["outbox"]
