# SPDX-License-Identifier: GPL-3.0-or-later
"""A person is found, erased and counted in a sealed outbox as in one in the open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bouncestream.event import Kind, Proof
from bouncestream.outbox import raising
from bouncestream.outbox.engine import Conn
from bouncestream.outbox.postgres.connection import ServerConnection
from tests.outbox import make
from tests.outbox.make import KEY, NOW
from tests.outbox.test_erasing import erase, settled
from tests.outbox.test_raising import counted, full
from tests.outbox.test_traces import ANN, everything, walk


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.process)])
def conn(path: Path, request: pytest.FixtureRequest) -> Iterator[Conn]:
    if request.param == "server":
        server: ServerConnection = request.getfixturevalue("server_conn")
        make.seal(server)
        yield server
        return
    with closing(make.connect(path, key=KEY)) as conn:
        yield conn


def test_a_person_is_found_in_all_tables_and_erased(conn: Any) -> None:
    everything(conn)
    settled(conn)
    found = walk(conn, *ANN)
    assert (found.events, found.mentions, found.history, found.quarantine) == ((1, 2, 3, 6), (4,), (7,), (1, 3))
    assert (len(found.raw), len(found.alerts), len(found.notices), len(found.tries)) == (5, 1, 1, 1)
    assert erase(conn).events == 4
    assert not walk(conn, *ANN)
    assert make.one(conn, "SELECT recipient FROM outbox WHERE id = 1") == "erased"
    assert make.one(conn, "SELECT diagnostic FROM outbox WHERE id = 4") == "see [erased]"
    assert make.one(conn, "SELECT recipient FROM outbox WHERE id = 4") == "bob@example.com"
    assert erase(conn).events == 0
    make.check_tally(conn)


def test_soft_bounces_are_counted_by_what_is_sealed(conn: Any) -> None:
    unproven = "no proof of origin: reported as soft at most"
    make.submit(conn, full(0), full(1, evidence=unproven, provider="mailbox", proof=Proof.NONE), full(2))
    assert counted(conn) == 2
    assert raising.told_as_hard(conn, 3, "on 2 days", NOW)
    assert make.rows(conn, "kind, recipient")[3] == (Kind.HARD, "ann@example.com")
    assert counted(conn) == 0
