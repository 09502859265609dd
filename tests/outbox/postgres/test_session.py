# SPDX-License-Identifier: GPL-3.0-or-later
"""A session that was lost is made anew, and not without a pause."""

from __future__ import annotations

import psycopg
import pytest

from bouncestream.errors import StoreUnavailable
from bouncestream.outbox.place import Server
from bouncestream.outbox.postgres import session
from bouncestream.outbox.postgres.connection import Failed
from bouncestream.outbox.postgres.session import Session


def test_who_comes_soon_after_a_failure_is_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Session(Server("postgresql://127.0.0.1:1/x", "one"), patience=2)
    tries = 0

    def refused(*args: object, **options: object) -> None:
        nonlocal tries
        tries += 1
        raise Failed(psycopg.OperationalError("connection refused"))

    monkeypatch.setattr(session, "connect", refused)
    for _ in range(3):
        with pytest.raises(StoreUnavailable, match="does not answer"):
            lost.run(lambda conn: None)
    assert tries == 1


@pytest.mark.process
def test_a_lost_one_is_made_anew(pg_url: str) -> None:
    lost = Session(Server(pg_url, "one"))
    kill = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(StoreUnavailable):
        lost.run(lambda conn: conn.execute(kill).fetchone())
    assert lost.run(lambda conn: conn.execute("SELECT 1").fetchone()) == (1,)
    lost.drop()
