# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
import io
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bouncestream.event import Kind
from bouncestream.outbox import delivery
from bouncestream.ports import Move, State, Unreadable
from tests.cli.conftest import Cli
from tests.outbox import make

pytestmark = pytest.mark.binary

#: Each arrival a millisecond later: the order of a list is that of the event ids, which begin with it.
NOW, LATER, LAST = (datetime.now(UTC) + timedelta(milliseconds=number) for number in range(3))


@pytest.fixture(autouse=True)
def filled(config: Path, conn: sqlite3.Connection) -> None:
    """Three events and an item in quarantine."""
    evil = make.event(
        "ann@example.com",
        diagnostic="550 <ann@example.com>\x1b[2J gone\nforged",
        evidence="about ann@example.com",
        reason="user_unknown",
    )
    make.submit(conn, evil, now=NOW)
    make.submit(conn, make.event("bob@example.org", Kind.SOFT, source="mail", provider="mailbox"), now=LATER)
    make.submit(conn, make.event("", subscriber_uuid=make.SUBSCRIBER, hold="unproven"), now=LAST)
    odd = Unreadable("not JSON about ann@example.com", "odd")
    make.submit(conn, unreadable=(odd,), raw=b'{"to": "ann@example.com"', now=NOW)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_list_masks_addresses(cli: Cli) -> None:
    done = cli("outbox", "list")
    assert done.returncode == 0
    assert "a•••@example.com" in done.stdout
    assert "ann@" not in done.stdout
    assert make.SUBSCRIBER in done.stdout
    assert len(done.stdout.splitlines()) == 4
    assert "ann@example.com" in cli("outbox", "list", "--reveal").stdout


def test_list_tells_a_reason_once_and_only_where_it_is_news(cli: Cli, conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"r{number}@example.com") for number in range(3)), now=LAST)
    make.claim(conn)
    for row in (4, 5, 6):
        delivery.settle(conn, [Move(row, State.DEAD, "Listmonk refused it: invalid email")], LAST)
    told = cli("outbox", "list").stdout
    assert told.count("Listmonk refused it: invalid email") == 1
    assert "held: nothing proves whom the mail is about" in told
    assert "received from webhook" not in told, "that is no news"


def test_list_json_is_an_object_a_line(cli: Cli) -> None:
    done = cli("outbox", "list", "--json")
    found = lines(done.stdout)
    assert [row["number"] for row in found] == [3, 2, 1]
    ann = found[-1]
    wanted = {"kind": "hard", "recipient": "a•••@example.com", "source": "ses", "provider": "generic"}
    wanted |= {"state": "pending", "attempt": 0, "failures": 0, "label": "", "reason": "user_unknown"}
    assert wanted.items() <= ann.items()
    assert ann["next_attempt_at"]
    assert found[0]["next_attempt_at"] is None
    assert "ann@" not in done.stdout
    assert "\x1b" not in done.stdout
    revealed = lines(cli("outbox", "list", "--json", "--reveal").stdout)[-1]
    assert revealed["recipient"] == "ann@example.com"
    assert "<ann@example.com>\\x1b[2J" in revealed["diagnostic"]


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (("--state", "held"), [3]),
        (("--state", "held", "--state", "pending"), [3, 2, 1]),
        (("--state", "dead"), []),
        (("--kind", "soft"), [2]),
        (("--source", "mail"), [2]),
        (("--provider", "mailbox"), [2]),
        (("--provider", "generic", "--state", "held"), [3]),
        (("--provider", "mail"), []),
        (("--recipient", "Ann@Example.com"), [1]),
        (("--limit", "2"), [3, 2]),
        (("--limit", "0"), [3, 2, 1]),
    ],
)
def test_list_filters(cli: Cli, filters: tuple[str, ...], numbers: list[int]) -> None:
    assert [row["number"] for row in lines(cli("outbox", "list", "--json", *filters).stdout)] == numbers


def test_list_pages_through_many(cli: Cli, conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"r{number}@example.com") for number in range(5100)), now=NOW)
    numbers = [row["number"] for row in lines(cli("outbox", "list", "--json", "--limit", "0").stdout)]
    assert sorted(numbers) == list(range(1, 5104))
    assert len(cli("outbox", "list", "--json", "--limit", "5050").stdout.splitlines()) == 5050


def test_list_shows_the_quarantine(cli: Cli) -> None:
    [item] = lines(cli("outbox", "list", "--quarantine", "--json").stdout)
    assert {"number": 1, "source": "ses", "provider": "generic", "type": "odd"}.items() <= item.items()
    assert "ann@" not in str(item)
    assert "odd" in cli("outbox", "list", "--quarantine").stdout
    assert lines(cli("outbox", "list", "--quarantine", "--json", "--source", "mail").stdout) == []


def test_show_tells_everything_and_the_history(cli: Cli) -> None:
    done = cli("outbox", "show", "1")
    assert done.returncode == 0
    for text in ("a•••@example.com", "user_unknown", "received from webhook ses", "\\x1b[2J gone\\nforged"):
        assert text in done.stdout
    assert "ann@" not in done.stdout
    assert "\x1b" not in done.stdout
    told = json.loads(cli("outbox", "show", "1", "--json", "--reveal").stdout)
    assert told["recipient"] == "ann@example.com"
    assert told["history"][0]["to"] == "pending"
    by_id = json.loads(cli("outbox", "show", told["id"], "--json").stdout)
    assert by_id["number"] == 1


def test_show_prints_the_raw_body(cli: Cli) -> None:
    assert cli("outbox", "show", "1", "--raw").stdout == '{"event": "bounce"}\n'
    assert cli("outbox", "show", "1", "--raw", "--reveal").stdout == '{"event": "bounce"}'
    assert "a•••@example.com" in cli("outbox", "show", "1", "--quarantine").stdout
    assert cli("outbox", "show", "1", "--quarantine", "--raw", "--reveal").stdout == '{"to": "ann@example.com"'
    assert json.loads(cli("outbox", "show", "1", "--quarantine", "--json").stdout)["type"] == "odd"


@pytest.mark.parametrize("args", [("99",), ("zzz",), ("9", "--quarantine"), ("x", "--quarantine")])
def test_show_of_nothing_is_wrong_usage(cli: Cli, args: tuple[str, ...]) -> None:
    done = cli("outbox", "show", *args)
    assert done.returncode == 64
    assert "Next:" in done.stderr


def test_stats_json_has_its_shape(cli: Cli, conn: sqlite3.Connection) -> None:
    states = dict.fromkeys([str(state) for state in State], 0) | {"pending": 2, "held": 1}
    wanted = {"states": states, "duplicates": 0, "doubled": 0, "quarantine": 1, "unidentified": 0}
    assert json.loads(cli("outbox", "stats", "--json").stdout) == wanted
    delivery.set_meta(conn, "doubled", "3")
    make.submit(conn, make.event("bob@example.org", Kind.SOFT, source="mail"), now=LAST)
    found = json.loads(cli("outbox", "stats", "--json").stdout)
    assert (found["doubled"], found["duplicates"]) == (3, 1)


def test_stats_for_people_has_sources_reasons_and_domains(cli: Cli) -> None:
    done = cli("outbox", "stats")
    for text in ("pending", "quarantine", "user_unknown", "example.org"):
        assert text in done.stdout


def test_an_outbox_can_be_looked_at_without_a_configuration(cli: Cli, config: Path, tmp_path: Path) -> None:
    config.unlink()
    done = cli("outbox", "stats", "--json", env={"BOUNCESTREAM__OUTBOX__PATH": str(tmp_path / "outbox.db")})
    assert json.loads(done.stdout)["states"]["pending"] == 2


def test_csv_is_safe_in_a_spreadsheet(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("zoe@example.com", diagnostic='=HYPERLINK("http://x.example")', reason="policy"))
    head, line = csv.reader(io.StringIO(cli("outbox", "list", "--csv", "--reveal", "--limit", "1").stdout))
    told = dict(zip(head, line, strict=True))
    assert told["recipient"] == "zoe@example.com"
    assert told["diagnostic"].startswith("'=HYPERLINK")
    assert "zoe@" not in cli("outbox", "list", "--csv").stdout
    assert cli("outbox", "list", "--csv", "--json").returncode == 64
