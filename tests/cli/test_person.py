# SPDX-License-Identifier: GPL-3.0-or-later
"""What the outbox has of a person is shown, exported and erased, by every spelling."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bouncestream.outbox import suppression
from bouncestream.ports import State
from tests.cli.conftest import Cli, Process, bounce, get, post, write_config
from tests.outbox import make
from tests.outbox.test_erasing import settled
from tests.outbox.test_traces import everything

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    "spelled", ["ann@example.com", "Ann@EXAMPLE.com", '"ann"@example.com', "Ann <ann@example.com>", make.SUBSCRIBER]
)
def test_a_person_is_found_by_every_spelling(
    cli: Cli, config: Path, conn: sqlite3.Connection, spelled: str
) -> None:
    everything(conn)
    told = json.loads(cli("person", spelled, "export", "--offline").stdout)
    assert [event["number"] for event in told["events"]] == [1, 2, 3, 6]
    assert set(told["names"]) == {"ann@example.com", make.SUBSCRIBER}


@pytest.mark.parametrize("spelled", ["ann+news@example.com", "joan@example.com", "ann@example.co"])
def test_another_address_is_another_person(cli: Cli, config: Path, conn: sqlite3.Connection, spelled: str) -> None:
    everything(conn)
    assert "The outbox has nothing about this person." in cli("person", spelled, "--offline").stdout


def test_an_address_with_umlauts_in_either_form(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("jörg@xn--bcher-kva.example"))
    for spelled in ("JÖRG@bücher.example", "jo\u0308rg@XN--bcher-kva.example"):
        assert len(json.loads(cli("person", spelled, "export", "--offline").stdout)["events"]) == 1


def test_what_is_no_person_is_refused(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    done = cli("person", "ann")
    assert done.returncode == 64
    assert "neither an e-mail address nor a UUID" in done.stderr
    assert cli("person", "ann@example.com", "--also-suppress").returncode == 64


def test_erase_asks_and_then_erases(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    everything(conn)
    settled(conn)
    refused = cli("person", "ann@example.com", "erase", "--offline")
    assert refused.returncode == 64
    assert "--yes" in refused.stderr
    done = cli("person", "ann@example.com", "erase", "--offline", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "erased 4 events, 5 requests or mails, 2 quarantined items" in done.stdout
    assert "Listmonk: the subscriber" in done.stdout, "what it does not reach is named, with the place to click"
    assert "webhook sendamatic: " in done.stdout
    again = cli("person", "ann@example.com", "export", "--offline")
    told = json.loads(again.stdout)
    assert (told["events"], told["raw"], told["quarantine"], told["identity_keys"]) == ([], [], [], [])


def test_erase_says_what_is_on_its_way(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("ann@example.com"))
    done = cli("person", "ann@example.com", "erase", "--offline", "--yes")
    assert done.returncode == 75
    assert "1 events are on their way" in done.stdout
    assert "`bouncestream run`" in done.stdout
    make.claim(conn)
    make.settle(conn, 1, State.POSTED, State.VERIFIED)
    assert cli("person", "ann@example.com", "erase", "--offline", "--yes").returncode == 0


def test_a_listmonk_that_is_away_erases_nothing(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("ann@example.com"))
    settled(conn)
    done = cli("person", "ann@example.com", "erase", "--yes")
    assert done.returncode == 3
    assert "nothing was erased" in done.stderr
    assert make.rows(conn, "recipient") == [("ann@example.com",)]
    shown = cli("person", "ann@example.com")
    assert shown.returncode == 3
    assert "Listmonk could not be queried" in shown.stdout


def test_suppressed_and_back(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    done = cli("person", "ann@example.com", "erase", "--offline", "--yes", "--also-suppress")
    assert "nothing about this person is stored" in done.stdout
    assert suppression.suppressed_since(conn, ["ann@example.com"]) is not None
    assert "nothing about this person is stored" in cli("person", "ann@example.com", "--offline").stdout
    assert "are stored again" in cli("person", "Ann@Example.com", "unsuppress", "--offline").stdout
    assert "was not suppressed" in cli("person", "ann@example.com", "unsuppress", "--offline").stdout


def test_beside_run_with_a_listmonk_that_knows_the_uuid(
    cli: Cli, spawn: Callable[..., Process], sandbox: str, tmp_path: Path
) -> None:
    """A later bounce is answered 200, counted, and not stored."""
    write_config(tmp_path, sandbox)
    process = spawn("run", "--config", "config.toml")
    url = process.wait_for("listening on").split("listening on ")[1].strip()
    body = bounce("reader1@example.com")
    assert post(f"{url}/webhooks/sendamatic", body) == 200
    while b'bouncestream_delivered_total{result="verified"} 1' not in get(f"{url}/metrics"):
        pass
    told = json.loads(cli("person", "reader1@example.com", "export").stdout)
    assert told["listmonk"]["email"] == "reader1@example.com"
    assert told["listmonk"]["uuid"] in told["names"]
    done = cli("person", "reader1@example.com", "erase", "--yes", "--also-suppress")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "erased 1 event, 1 request or mail" in done.stdout
    data = b"".join(file.read_bytes() for file in tmp_path.glob("outbox.db*")).lower()
    assert b"reader1@example.com" not in data
    assert post(f"{url}/webhooks/sendamatic", body) == 200
    assert b'bouncestream_events_suppressed_total{source="sendamatic"} 1' in get(f"{url}/metrics")
    assert json.loads(cli("person", "reader1@example.com", "export").stdout)["events"] == []
