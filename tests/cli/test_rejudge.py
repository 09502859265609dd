# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored requests and mails are judged again; only what nobody was told of changes."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bouncestream.event import Kind
from bouncestream.ports import State
from tests.cli.conftest import Cli, bounce
from tests.outbox import make

pytestmark = pytest.mark.binary

MAILS = Path(__file__).parents[1] / "fixtures" / "mail"
HERE: dict[str, Any] = {"source": "sendamatic", "provider": "sendamatic"}


@pytest.fixture(autouse=True)
def filled(config: Path, conn: sqlite3.Connection) -> None:
    """1 and 2 would be hard now, 1 is delivered; 3 would be no bounce; 4 is judged as before; 5 has no raw body; 6
    is a mail of a mailbox that would be hard now."""
    for name in ("ann", "bob"):
        old = make.event(f"{name}@example.com", Kind.SOFT, reason="undetermined", **HERE)
        make.submit(conn, old, raw=bounce(f"{name}@example.com"), **HERE)
        if name == "ann":
            make.claim(conn)
            make.settle(conn, 1, State.VERIFIED)
    make.submit(
        conn,
        make.event("cat@example.com", Kind.SOFT, reason="undetermined", **HERE),
        raw=bounce("cat@example.com", "Undetermined").replace(
            b'"reason"', b'"body": "Auto-Submitted: auto-replied\\n\\nx", "reason"'
        ),
        **HERE,
    )
    same = make.event("dan@example.com", Kind.HARD, reason="user_unknown", **HERE)
    make.submit(conn, same, raw=bounce("dan@example.com"), **HERE)
    make.submit(conn, make.event("eve@example.com", Kind.SOFT, **HERE), raw=b"", **HERE)
    mailbox: dict[str, Any] = {"source": "bounces", "provider": "mailbox"}
    make.submit(
        conn,
        make.event("reader@example.com", Kind.SOFT, reason="undetermined", **mailbox),
        raw=(MAILS / "postfix_unknown_user.eml").read_bytes(),
        **mailbox,
    )


def results(cli: Cli, *args: str) -> dict[int, tuple[str, str | None]]:
    done = cli("rejudge", "--json", *args)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {x["number"]: (x["result"], x["becomes"] and x["becomes"]["kind"]) for x in lines}


def test_what_would_change_is_listed_and_nothing_is_changed(cli: Cli, conn: sqlite3.Connection) -> None:
    before = make.rows(conn)
    assert results(cli) == {
        6: ("would change", "hard"),
        3: ("would change", None),
        2: ("would change", "hard"),
        1: ("delivered already", "hard"),
    }
    assert make.rows(conn) == before
    told = cli("rejudge").stdout
    assert "5 events were judged again: 3 would change" in told
    assert "1 have no raw body" in told
    assert "ann@example.com" not in told  # masked


def test_apply_changes_what_nobody_was_told_of(cli: Cli, conn: sqlite3.Connection) -> None:
    assert {number: result for number, (result, _) in results(cli, "--apply").items()} == {
        6: "changed",
        3: "changed",
        2: "changed",
        1: "delivered already",
    }
    assert make.rows(conn, "id, state, kind, reason")[:3] == [
        (1, "verified", "soft", "undetermined"),
        (2, "pending", "hard", "user_unknown"),
        (3, "dropped", "soft", "undetermined"),
    ]
    why = "SELECT why FROM history WHERE outbox_id = 2 ORDER BY id DESC LIMIT 1"
    assert make.one(conn, why) == "judged again: soft (undetermined) → hard (user_unknown)"
    make.check_tally(conn)
    assert results(cli, "--apply").keys() == {1, 3}  # 3 is dropped, so it is told and stays


def test_the_policy_of_today_counts(cli: Cli, config: Path) -> None:
    with config.open("a") as file:
        file.write('[policy]\nreasons = { user_unknown = "soft" }\n')
    assert results(cli)[2] == ("would change", "soft")


def test_since_takes_what_start_takes(cli: Cli) -> None:
    assert results(cli, "--since", "now") == {}
    wrong = cli("rejudge", "--since", "yesterday")
    assert wrong.returncode == 64
    assert "is neither a duration nor a date" in wrong.stderr
