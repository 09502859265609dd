# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bouncestream.mail.verp import signed
from bouncestream.ports import Unreadable
from tests.cli.conftest import Cli, bounce
from tests.judging.test_mail import NAMELESS
from tests.outbox import make
from tests.sources.mails import fixture

NOW_READABLE = Unreadable("an older version could not read it")


@pytest.fixture(autouse=True)
def filled(config: Path, conn: sqlite3.Connection) -> None:
    """1 can be read now, 2 cannot, 3 is of a provider that is gone, 4 is no feedback."""
    here: dict[str, Any] = {"source": "sendamatic", "provider": "sendamatic"}
    make.submit(conn, unreadable=(NOW_READABLE,), raw=bounce("ann@example.com"), **here)
    make.submit(conn, unreadable=(NOW_READABLE,), raw=b'{"notification_type"', **here)
    make.submit(conn, unreadable=(NOW_READABLE,), raw=b"{}", source="old", provider="gone")
    ignored = bounce("bob@example.com", "Undetermined").replace(
        b'"reason"', b'"body": "Auto-Submitted: auto-replied\\n\\nx", "reason"'
    )
    make.submit(conn, unreadable=(NOW_READABLE,), raw=ignored, **here)


def test_what_can_be_read_now_becomes_an_event(cli: Cli, conn: sqlite3.Connection) -> None:
    done = cli("outbox", "replay", "--quarantine", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["replayed"] == [1, 4]
    assert set(told["refused"]) == {"2", "3"}
    assert make.rows(conn, "recipient, source, kind, state") == [
        ("ann@example.com", "sendamatic", "hard", "pending")
    ]
    # the bounce is as old as its report, not as its replay
    assert make.one(conn, "SELECT occurred_at FROM outbox") == "2026-03-01T12:00:00.000Z"
    make.check_tally(conn)
    left = [json.loads(line) for line in cli("outbox", "list", "--quarantine", "--json").stdout.splitlines()]
    assert [item["number"] for item in left] == [2, 3]


def test_one_item_once(cli: Cli, conn: sqlite3.Connection) -> None:
    assert cli("outbox", "replay", "--quarantine", "1").returncode == 0
    again = cli("outbox", "replay", "--quarantine", "1")
    assert again.returncode == 64
    assert "Next:" in again.stderr
    assert len(make.rows(conn)) == 1


def test_what_is_known_stays_a_duplicate(cli: Cli, conn: sqlite3.Connection) -> None:
    here: dict[str, Any] = {"source": "sendamatic", "provider": "sendamatic"}
    make.submit(conn, unreadable=(NOW_READABLE,), raw=bounce("ann@example.com"), **here)
    assert cli("outbox", "replay", "--quarantine", "1", "5").returncode == 0
    assert len(make.rows(conn)) == 1


def test_a_webhook_that_is_not_configured_any_more_is_read_by_its_provider(
    cli: Cli, conn: sqlite3.Connection
) -> None:
    make.submit(
        conn, unreadable=(NOW_READABLE,), raw=bounce("eve@example.com"), source="former", provider="sendamatic"
    )
    assert cli("outbox", "replay", "--quarantine", "5").returncode == 0
    assert make.rows(conn, "recipient, source") == [("eve@example.com", "former")]


def test_a_raw_body_that_retention_took_is_told(cli: Cli, conn: sqlite3.Connection) -> None:
    conn.execute("DELETE FROM raw WHERE id = 1")
    done = cli("outbox", "replay", "--quarantine", "1")
    assert done.returncode == 1
    assert "raw body has expired" in done.stdout


def test_what_is_no_number_is_wrong_usage(cli: Cli) -> None:
    assert cli("outbox", "replay", "--quarantine", "x").returncode == 64


MAILS: dict[str, Any] = {"source": "bounces", "provider": "mailbox"}


def unidentified(conn: sqlite3.Connection, raw: bytes, number: int) -> None:
    """A bounce mail that an older version could not identify."""
    unreadable = Unreadable("nobody was named", unidentified=True, fingerprint=bytes([number]) * 32)
    make.submit(conn, unreadable=(unreadable,), raw=raw, **MAILS)


def test_a_bounce_mail_that_names_somebody_now_becomes_an_event(cli: Cli, conn: sqlite3.Connection) -> None:
    unidentified(conn, fixture("postfix_unknown_user"), 1)
    unidentified(conn, NAMELESS, 2)
    done = cli("outbox", "replay", "--unidentified", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "replayed": [5],
        "refused": {"6": "its recipient is still unknown"},
    }
    assert make.rows(conn, "recipient, source, kind") == [("reader@example.com", "bounces", "hard")]
    left = [json.loads(line) for line in cli("outbox", "list", "--unidentified", "--json").stdout.splitlines()]
    assert [item["number"] for item in left] == [6]
    again = cli("outbox", "replay", "--unidentified", "5")
    assert again.returncode == 64
    assert "No item 5 is unidentified. Next: `bouncestream outbox list --unidentified`" in again.stderr


def test_present_settings_count(config: Path, cli: Cli, conn: sqlite3.Connection) -> None:
    """A VERP pattern that was set since names the recipient."""
    unidentified(conn, b"Delivered-To: b+ann=example.com@example.org\n" + NAMELESS, 1)
    assert cli("outbox", "replay", "--unidentified").returncode == 1
    with config.open("a") as file:
        file.write('[mail]\nverp = ["b+*@example.org"]\n')
    assert cli("outbox", "replay", "--unidentified").returncode == 0
    assert make.rows(conn, "recipient, kind") == [("ann@example.com", "soft")]  # anyone can write to that address


def test_a_signed_return_address_is_proof_then_as_it_is_when_it_comes_in(
    config: Path, cli: Cli, conn: sqlite3.Connection
) -> None:
    made = signed("ann@example.com", "b+*@example.org", b"a-key-of-these-tests")
    unidentified(conn, b"Delivered-To: " + made.encode() + b"\n" + NAMELESS, 1)
    with config.open("a") as file:
        file.write('[mail]\nverp = ["b+*@example.org"]\nverp_secret = "a-key-of-these-tests"\n')
    assert cli("outbox", "replay", "--unidentified").returncode == 0
    assert make.rows(conn, "recipient, kind") == [("ann@example.com", "hard")]


ABSURD = (
    b"From: MAILER-DAEMON@x.example\nSubject: Undelivered\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    b"--b\nContent-Type: text/html\n\n<p>could not be delivered &#" + b"7" * 5000 + b";</p>\n"
    b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
    b"Final-Recipient: rfc822; zoe@example.com\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
)
"""A good report with a number in its HTML part that Python refuses to read."""


def test_a_mail_on_which_an_older_reader_failed_is_read(cli: Cli, conn: sqlite3.Connection) -> None:
    make.submit(conn, unreadable=(Unreadable("a bug in the mail parser: ValueError"),), raw=ABSURD, **MAILS)
    assert cli("outbox", "replay", "--quarantine", "5").returncode == 0
    assert make.rows(conn, "recipient, kind") == [("zoe@example.com", "soft")]


def test_a_mail_that_could_not_be_read_goes_the_same_way(cli: Cli, conn: sqlite3.Connection) -> None:
    """A mail in quarantine, such as one that was given up after three tries."""
    for raw in (fixture("postfix_unknown_user"), NAMELESS, fixture("vacation")):
        make.submit(conn, unreadable=(Unreadable("given up after three tries"),), raw=raw, **MAILS)
    done = cli("outbox", "replay", "--quarantine", "5", "6", "7", "--json")
    assert json.loads(done.stdout) == {"replayed": [5, 6, 7], "refused": {}}
    assert make.rows(conn, "recipient, source") == [("reader@example.com", "bounces")]
    waits = make.one(conn, "SELECT count(*) FROM quarantine WHERE unidentified = 1 AND replayed_at IS NULL")
    assert waits == 1
