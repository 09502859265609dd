# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents on the outbox are true: queries find something, views, states and kinds are those of the code."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.event import Kind
from bouncestream.outbox import arrivals
from bouncestream.ports import State, Unreadable
from tests.docs.document import everywhere, first_cells, marked, text
from tests.outbox import make

PAGE = "operate/sqlite.md"


def sql_statements() -> list[str]:
    return [s.strip() for block in everywhere("sql") for s in block.split(";") if s.strip()]


@pytest.fixture(scope="module")
def outbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outbox with an event in every state and something in quarantine."""
    path = tmp_path_factory.mktemp("documents") / "outbox.db"
    with closing(make.connect(path)) as conn:
        make.submit(
            conn,
            make.event("person@example.org", Kind.HARD, reason="policy", campaign_uuid=make.CAMPAIGN),
            raw=b'{"a": 1}' * 200,
        )
        ends = [(State.VERIFIED,), (State.POSTED,), (State.UNSTORED,), (State.DEAD,)]
        for number in range(len(ends)):
            make.submit(conn, make.event(f"p{number}@example.net", Kind.SOFT, message_id=f"<{number}@x>"))
        make.claim(conn)
        for row, path_of_states in enumerate(ends, start=1):
            make.settle(conn, row, *path_of_states)
        make.submit(conn, make.event("waits@example.com", Kind.COMPLAINT))
        make.submit(conn, make.event("held@example.com", Kind.SOFT, hold="unproven"))
        make.submit(
            conn, unreadable=(Unreadable("not JSON"), Unreadable("it does not tell whose", unidentified=True))
        )
        together = [make.submission(make.event(f"b{n}@example.net"), raw=b"%d of 3" % n) for n in (1, 2, 3)]
        arrivals.take_many(conn, [(submission, make.NOW) for submission in together])
        make.submit(conn, make.event("unsure@example.com", sure=False))
    return path


def views(conn: sqlite3.Connection) -> set[str]:
    return {name for (name,) in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")}


def test_every_view_is_in_the_cookbook(outbox: Path) -> None:
    with closing(sqlite3.connect(outbox)) as conn:
        known = views(conn)
    assert set(first_cells(text(PAGE))) - {"view"} == known
    queries = " ".join(sql_statements())
    assert {name for name in known if re.search(rf"FROM {name}\b", queries)} == known


@pytest.mark.parametrize("statement", sql_statements())
def test_queries_run_and_find_something(outbox: Path, statement: str) -> None:
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as conn:
        assert conn.execute(statement).fetchall()


@pytest.mark.parametrize(("row", "body"), [(1, '{"a": 1}' * 200), (9, "2 of 3")])
def test_the_raw_body_is_read_as_told(
    outbox: Path, capsys: pytest.CaptureFixture[str], row: int, body: str
) -> None:
    """One that was stored by itself, and one of many that were stored together."""
    code = marked(PAGE, "raw body").replace("(1,)", f"({row},)")
    assert "/var/lib/bouncestream/outbox.db" in code
    names: dict[str, object] = {}
    exec(compile(code.replace("/var/lib/bouncestream/outbox.db", str(outbox)), PAGE, "exec"), names)
    names["db"].close()  # type: ignore[attr-defined]
    assert names["encoding"] == "zlib"
    assert capsys.readouterr().out == f"{body}\n"


def test_states_are_those_of_the_code() -> None:
    assert first_cells(text("understand/events.md"))[1:] == [state.value for state in State]


def test_kinds_are_those_of_the_code() -> None:
    assert first_cells(text("understand/judgement.md"))[1:6] == [*Kind, "ignored"]
