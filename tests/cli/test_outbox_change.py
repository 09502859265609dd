# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from bouncestream.outbox import delivery, operator
from bouncestream.ports import Move, State, Unreadable
from tests.cli.conftest import Cli
from tests.outbox import make


@pytest.fixture(autouse=True)
def filled(config: Path, conn: sqlite3.Connection) -> None:
    """1 dead, 2 unstored, 3 dropped by a dry run, 4 posted, 5 claimed, 6 pending, 7 and 8 held."""
    make.submit(conn, *(make.event(f"r{number}@example.com") for number in range(1, 6)))
    make.claim(conn, limit=5)
    make.settle(conn, 1, State.DEAD)
    make.settle(conn, 2, State.POSTED, State.UNSTORED)
    make.settle(conn, 3, State.PENDING)
    operator.drop(conn, [3], make.NOW, "dry run: not sent to Listmonk")
    make.settle(conn, 4, State.POSTED)
    make.submit(conn, make.event("r6@example.com"))
    make.submit(conn, make.event("r7@example.com", hold="unproven"), make.event("r8@example.com", hold="brake"))


def states(conn: sqlite3.Connection) -> list[str]:
    return [str(state) for (state,) in make.rows(conn, "state")]


def done(conn: sqlite3.Connection, cli: Cli, *args: str) -> dict[str, object]:
    found = cli("outbox", *args, "--json")
    told: dict[str, object] = json.loads(found.stdout)
    assert found.returncode == (1 if told["refused"] else 0)
    make.check_tally(conn)
    return told


def test_replay_puts_finished_events_back(cli: Cli, conn: sqlite3.Connection) -> None:
    assert done(conn, cli, "replay", "1", "2") == {"replayed": [1, 2], "refused": {}}
    # both were claimed before, so they may be in Listmonk: read back first
    assert states(conn)[:2] == ["claimed", "claimed"]


@pytest.mark.parametrize(("option", "rows"), [("--dead", [1]), ("--unstored", [2]), ("--from-dry-run", [3])])
def test_replay_of_all_of_a_sort(cli: Cli, conn: sqlite3.Connection, option: str, rows: list[int]) -> None:
    assert done(conn, cli, "replay", option) == {"replayed": rows, "refused": {}}


def test_what_a_restored_listmonk_has_lost_is_replayed_by_its_time(cli: Cli, conn: sqlite3.Connection) -> None:
    delivery.settle(conn, [Move(4, State.VERIFIED, "its row is in Listmonk")], make.NOW)
    asked = cli("outbox", "replay", "--verified")
    assert (asked.returncode, "needs --since" in asked.stderr) == (64, True)
    day = f"{make.NOW:%Y-%m-%d}"
    assert done(conn, cli, "replay", "--verified", "--since", "2999-01-01") == {"replayed": [], "refused": {}}
    assert done(conn, cli, "replay", "--unstored", "--since", "2999-01-01") == {"replayed": [], "refused": {}}
    assert list(done(conn, cli, "replay", "4")["refused"]) == ["4"]  # type: ignore[call-overload]
    assert done(conn, cli, "replay", "--verified", "--since", day) == {"replayed": [4], "refused": {}}
    assert states(conn)[3] == "claimed"


def test_what_the_bridge_holds_is_refused(cli: Cli, conn: sqlite3.Connection) -> None:
    before = states(conn)
    for command in ("replay", "drop", "release"):
        told = done(conn, cli, command, "4", "5")
        assert isinstance(told["refused"], dict)
        assert set(told["refused"]) == {"4", "5"}
    assert states(conn) == before
    told_in_words = cli("outbox", "drop", "4")
    assert told_in_words.returncode == 1
    assert "posted" in told_in_words.stdout


def test_drop_and_release(cli: Cli, conn: sqlite3.Connection) -> None:
    assert done(conn, cli, "drop", "6") == {"dropped": [6], "refused": {}}
    assert done(conn, cli, "release", "--held-for", "brake") == {"released": [8], "refused": {}}
    assert done(conn, cli, "release", "--all") == {"released": [7], "refused": {}}
    assert states(conn)[5:] == ["dropped", "pending", "pending"]


def test_many_are_dropped_only_when_it_is_meant(cli: Cli, conn: sqlite3.Connection) -> None:
    refused = cli("outbox", "drop", "--held")
    assert refused.returncode == 64
    assert "--yes" in refused.stderr
    assert states(conn)[6:] == ["held", "held"]
    assert done(conn, cli, "drop", "--held", "--yes") == {"dropped": [7, 8], "refused": {}}


def test_what_is_held_for_one_reason_is_dropped_and_the_rest_stays(cli: Cli, conn: sqlite3.Connection) -> None:
    refused = cli("outbox", "drop", "--held-for", "brake")
    assert refused.returncode == 64
    assert "This drops 1 events" in refused.stderr
    assert done(conn, cli, "drop", "--held-for", "brake", "--yes") == {"dropped": [8], "refused": {}}
    assert states(conn)[6:] == ["held", "dropped"]
    assert done(conn, cli, "drop", "--held", "--held-for", "brake", "--yes") == {"dropped": [7], "refused": {}}


@pytest.mark.parametrize("command", ["replay", "drop", "release"])
def test_naming_nothing_is_wrong_usage(cli: Cli, command: str) -> None:
    assert cli("outbox", command).returncode == 64
    assert cli("outbox", command, "no-such").returncode == 64


def test_nothing_of_that_sort_is_fine(cli: Cli, conn: sqlite3.Connection) -> None:
    done(conn, cli, "replay", "--dead")
    found = cli("outbox", "replay", "--dead")
    assert (found.returncode, found.stdout) == (0, "✔ replayed 0 events\n")


def test_many_rows_are_changed_in_steps(cli: Cli, conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"m{number}@example.com", hold="brake") for number in range(1200)))
    told = done(conn, cli, "release", "--held-for", "brake")
    assert isinstance(told["released"], list)
    assert len(told["released"]) == 1201


@pytest.fixture
def quarantined(conn: sqlite3.Connection) -> None:
    """1 to 3 could not be read, 4 and 5 do not tell whose they are."""
    make.submit(conn, unreadable=tuple(Unreadable(f"odd {number}") for number in range(3)))
    nobody = (Unreadable("nobody", unidentified=True, part=b"mail %d" % number) for number in range(2))
    make.submit(conn, provider="mailbox", unreadable=tuple(nobody))


@pytest.mark.usefixtures("quarantined")
def test_the_quarantine_is_emptied_when_it_is_meant(cli: Cli, conn: sqlite3.Connection) -> None:
    asked = cli("outbox", "drop", "--quarantine", stdin="n\n")
    assert "This drops 3 quarantined items" in asked.stdout + asked.stderr
    assert asked.returncode != 0
    assert make.one(conn, "SELECT count(*) FROM quarantine") == 5
    assert done(conn, cli, "drop", "--quarantine", "2") == {"dropped": [2], "refused": {}}
    assert done(conn, cli, "drop", "--quarantine", "--yes") == {"dropped": [1, 3], "refused": {}}
    assert done(conn, cli, "drop", "--quarantine", "--yes") == {"dropped": [], "refused": {}}
    missing = cli("outbox", "drop", "--quarantine", "1")
    assert "No item 1 is in quarantine" in missing.stderr
    assert done(conn, cli, "drop", "--unidentified", "--yes") == {"dropped": [4, 5], "refused": {}}
    assert states(conn) == ["dead", "unstored", "dropped", "posted", "claimed", "pending", "held", "held"]
