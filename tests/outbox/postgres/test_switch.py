# SPDX-License-Identifier: GPL-3.0-or-later
"""An outbox on PostgreSQL is sealed, opened, and opened by another key."""

from __future__ import annotations

import asyncio

import pytest

from bouncestream.errors import SealRefused, StoreBusy
from bouncestream.outbox import alerts
from bouncestream.outbox.people import secret_of
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import leases, switch
from bouncestream.outbox.postgres.connection import begin
from bouncestream.outbox.sealing.state import State, state_of
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


def test_there_and_back(pg_url: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fill(pg_url)
    assert SECRET.encode() in on_disk(cluster, pg_url)
    assert switch.switch(Server(pg_url, "test"), KEY, seal=True) is State.SEALING
    assert contents(pg_url, KEY) == before, "half sealed"
    convert(pg_url, KEY, steps=2)
    assert contents(pg_url, KEY) == before
    assert convert(pg_url, KEY) == ""
    assert contents(pg_url, KEY) == before
    left = on_disk(cluster, pg_url)
    assert SECRET.encode() not in left, "nor in unused parts of the tables, nor in statistics of them"
    assert before["identity"].encode() not in left
    assert switch.switch(Server(pg_url, "test"), KEY, seal=False) is State.OPENING
    assert contents(pg_url, KEY) == before
    convert(pg_url, KEY, steps=2)
    assert contents(pg_url, KEY) == before
    convert(pg_url, KEY)
    assert contents(pg_url) == before
    assert cluster.psql("SELECT count(*) FROM data_keys", pg_url.rpartition("/")[2]) == "0"
    assert cluster.psql("SELECT count(*) FROM meta WHERE name LIKE 'seal%'", pg_url.rpartition("/")[2]) == "0"


def test_while_it_is_converted_what_comes_in_is_sealed_and_known(pg_url: str, cluster: Cluster) -> None:
    fill(pg_url)
    switch.switch(Server(pg_url, "test"), KEY, seal=True)
    with writing(pg_url, KEY) as conn:
        again = make.submit(conn, event(f"{SECRET}7@example.com"), event("new@example.com"))
        assert (again.accepted, again.duplicates) == (1, 1)
        alert = alerts.states(conn)["dead", f"{SECRET}@example.com"]
        alerts.save(conn, [alert])
        assert len(alerts.states(conn)) == 1, "the same alert, not one beside it"
    convert(pg_url, KEY)
    assert b"new@example.com" not in on_disk(cluster, pg_url)


def test_a_new_outbox_is_sealed_as_a_whole_at_once(pg_url: str) -> None:
    conn = connected(pg_url)
    plain = secret_of(conn)
    switch.settle(conn, KEY, seal=True)
    conn.close()
    with writing(pg_url, KEY) as conn:
        assert state_of(conn) is State.SEALED
        assert secret_of(conn) != plain, "its seed stands in the log of the server"


def test_a_bridge_that_runs_with_other_settings_is_told_apart(pg_url: str) -> None:
    fill(pg_url, 20)
    conn = connected(pg_url)
    other = Server(pg_url, "test")
    conn.bridge = "two"
    leases.meet(conn, "two", "run", "1")
    switch.settle(conn, None, seal=False)
    with pytest.raises(StoreBusy, match=r"bridge two does not store sealed yet.*restart it"):
        switch.switch(other, KEY, seal=True)
    switch.settle(conn, KEY, seal=True)
    assert switch.switch(other, KEY, seal=True) is State.SEALING, "which the bridge has done"
    with pytest.raises(StoreBusy, match="does not store in the open yet"):
        switch.switch(other, KEY, seal=False)
    switch.settle(conn, KEY, seal=False)
    assert state_of(conn) is State.SEALING, "other bridges may seal"
    assert switch.switch(other, KEY, seal=False) is State.OPENING
    conn.close()


async def test_a_turn_waits_for_who_writes(pg_url: str) -> None:
    conn = connected(pg_url)
    begin(conn, watched=True)
    make.submit(conn, event("ann@example.com"))
    turn = asyncio.create_task(asyncio.to_thread(switch.switch, Server(pg_url, "test"), KEY, seal=True))
    done, _ = await asyncio.wait([turn], timeout=0.3)
    assert not done
    conn.execute("COMMIT")
    assert await turn is State.SEALING
    conn.close()


def test_another_key(pg_url: str) -> None:
    before = fill(pg_url, 20)
    seal(pg_url)
    with switch.working(Server(pg_url, "test")) as work:
        switch.admit(work, KEY, NEW)
    assert contents(pg_url, KEY) == contents(pg_url, NEW) == before, "both open it, until all have the new one"
    with switch.working(Server(pg_url, "test")) as work:
        assert len(switch.keep_only(work, NEW)) == 1
        assert switch.keep_only(work, NEW) == []
    with pytest.raises(SealRefused, match="sealed with another key"):
        contents(pg_url, KEY)
    assert contents(pg_url, NEW) == before


def test_an_outbox_in_the_open_has_no_key(pg_url: str) -> None:
    connected(pg_url).close()
    with pytest.raises(SealRefused, match="is not sealed"), switch.working(Server(pg_url, "test")) as work:
        switch.admit(work, KEY, NEW)
