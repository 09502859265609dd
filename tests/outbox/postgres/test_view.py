# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox on PostgreSQL for whoever only looks."""

from __future__ import annotations

import pytest

from bouncestream.errors import NoOutbox, StoreSlow, StoreUnavailable
from bouncestream.outbox import operator
from bouncestream.outbox.delivery import set_meta, tally
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres.connection import connect
from bouncestream.outbox.postgres.schema import create
from bouncestream.outbox.view import newest_about, overview, view
from tests.outbox import make

pytestmark = pytest.mark.process


@pytest.fixture
def server(pg_url: str) -> Server:
    """An outbox with an event."""
    made = Server(pg_url, "one")
    conn = connect(made)
    create(conn)
    make.submit(conn, make.event())
    conn.close()
    return made


def test_it_is_read_and_not_written(server: Server) -> None:
    with view(server) as seen:
        assert seen.read(tally)["pending"] == 1
        assert len(seen.read(operator.list_rows)) == 1
        with pytest.raises(StoreUnavailable, match="read-only"):
            seen.read(lambda conn: set_meta(conn, "a", "1"))
        assert seen.sizes()[0] > 0


def test_a_query_has_a_moment(server: Server) -> None:
    with view(server) as seen:
        with pytest.raises(StoreSlow):
            seen.read(lambda conn: conn.execute("SELECT pg_sleep(5)").fetchone(), within=0.05)
        assert seen.read(tally)["pending"] == 1


def test_what_the_doctor_asks(server: Server) -> None:
    found = overview(server, make.NOW)
    assert (found.states["pending"], found.quarantined) == (1, 0)
    assert found.size > 0
    assert newest_about(server, "ann@example.com")[0] == "pending"


def test_none_is_there(pg_url: str) -> None:
    with pytest.raises(NoOutbox), view(Server(pg_url, "one")):
        pass
