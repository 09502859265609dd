# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import OutboxCopied, SealRefused
from bouncestream.outbox import operator
from bouncestream.outbox.copied import UNFINISHED, WENT_TO, Mark, set_mark
from bouncestream.outbox.place import Place, Server
from bouncestream.outbox.postgres.connection import connect
from bouncestream.outbox.postgres.schema import create
from bouncestream.outbox.sealing import anywhere
from bouncestream.outbox.sealing.state import State
from bouncestream.outbox.view import view
from tests.outbox import make
from tests.outbox.make import KEY, event

NEW = Secret("fe" * 32)


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.process)])
def place(path: Path, request: pytest.FixtureRequest) -> Place:
    if request.param == "file":
        with closing(make.connect(path)) as conn:
            make.submit(conn, event())
        return path
    server = Server(request.getfixturevalue("pg_url"), "test")
    other = connect(server)
    create(other)
    make.submit(other, event())
    other.close()
    return server


def test_an_outbox_is_sealed_rekeyed_and_opened_wherever_it_is(place: Place) -> None:
    assert anywhere.turn(place, KEY, seal=False) is None
    assert anywhere.turn(place, KEY, seal=True) is State.SEALING
    with anywhere.working(place) as work:
        work.unlock(KEY)
        assert all(0 < progress.done <= progress.of for progress in work.steps())
        assert work.finish() == ""
    with anywhere.working(place) as work:
        work.admit(KEY, NEW)
        assert len(work.keep_only(NEW)) == 1
    with pytest.raises(SealRefused):
        anywhere.turn(place, KEY, seal=True)
    assert anywhere.turn(place, NEW, seal=True) is State.SEALED
    with view(place, key=NEW, reveal=True) as outbox:
        assert outbox.read(operator.list_rows)[0].event.recipient == "ann@example.com"
    assert anywhere.turn(place, NEW, seal=False) is State.OPENING
    with anywhere.working(place) as work:
        work.unlock(NEW)
        list(work.steps())
        assert work.finish() == ""
    assert anywhere.turn(place, None, seal=False) is None


@pytest.mark.parametrize("name", [UNFINISHED, WENT_TO])
def test_one_that_must_not_be_used_is_neither_sealed_nor_rekeyed(place: Place, name: str) -> None:
    with closing(make.connect(place) if isinstance(place, Path) else connect(place)) as conn:
        set_mark(conn, name, Mark("c0", "an-instance", "elsewhere", "2026-03-01T12:00:00.000Z"))
    for turn in (True, False):
        with pytest.raises(OutboxCopied, match="elsewhere"):
            anywhere.turn(place, KEY, seal=turn)
    with pytest.raises(OutboxCopied, match="elsewhere"), anywhere.working(place):
        pass
