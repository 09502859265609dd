# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of an event of the outbox is shown to a person; of mails in test_explain_mail."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bouncestream.event import Kind
from bouncestream.ports import State
from tests.cli.conftest import Cli, Process, bounce, get, post, write_config
from tests.outbox import make

MAILS = Path(__file__).parents[1] / "fixtures" / "mail"


def test_what_is_neither_file_nor_event_is_refused(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    done = cli("explain", "99")
    assert done.returncode == 64
    assert "There is no file 99" in done.stderr
    assert cli("explain", ".").returncode == 64


def test_a_stored_mail_is_explained_with_its_history(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    here: dict[str, Any] = {"source": "bounces", "provider": "mailbox"}
    event = make.event("reader@example.com", Kind.HARD, reason="user_unknown", **here)
    make.submit(conn, event, raw=(MAILS / "postfix_unknown_user.eml").read_bytes(), **here)
    done = cli("explain", "1", "--offline")
    assert done.returncode == 0
    assert "The questions and answers" in done.stdout
    assert "nothing yet: it is pending" in done.stdout
    assert "received from mailbox bounces" in done.stdout


def test_a_listmonk_that_cannot_be_asked_is_said(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    here: dict[str, Any] = {"source": "sendamatic", "provider": "sendamatic"}
    make.submit(conn, make.event("ann@example.com", **here), raw=bounce("ann@example.com"), **here)
    make.claim(conn)
    done = cli("explain", "1")
    assert done.returncode == 3
    assert "Listmonk cannot be queried" in done.stdout
    assert "judges it as hard (user_unknown)" in done.stdout


def test_what_listmonk_kept_is_asked(cli: Cli, spawn: Callable[..., Process], sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    process = spawn("run", "--config", "config.toml")
    url = process.wait_for("listening on").split("listening on ")[1].strip()
    assert post(f"{url}/webhooks/sendamatic", bounce("reader1@example.com")) == 200
    while b'bouncestream_delivered_total{result="verified"} 1' not in get(f"{url}/metrics"):
        pass
    told = json.loads(cli("explain", "1", "--json").stdout)
    assert told["kept"].startswith("its row (of attempt 1)")
    assert told["sent"]["type"] == "hard"
    assert told["judged_now"] == "judges the request the same way"
    assert [step["to"] for step in told["history"]][-1] == "verified"


def test_what_waits_for_a_person_or_a_permission_tells_the_next_step(
    cli: Cli, config: Path, conn: sqlite3.Connection
) -> None:
    for number, hold in enumerate(("unproven", "permission")):
        make.submit(conn, make.event(f"{number}@example.com", hold=hold))
    held, lacking = (" ".join(cli("explain", n, "--offline").stdout.split()) for n in ("1", "2"))
    assert "held for your decision" in held
    assert "`bouncestream outbox release 1` sends it, `bouncestream outbox drop 1` never does" in held
    assert "held for a permission of the token" in lacking


def test_an_unsure_event_tells_what_comes_next_and_which_event_confirmed_it(
    cli: Cli, config: Path, conn: sqlite3.Connection
) -> None:
    for number in range(2):
        there: dict[str, Any] = {
            "subscriber_uuid": make.SUBSCRIBER,
            "campaign_uuid": make.CAMPAIGN[:-1] + str(number),
        }
        make.submit(conn, make.event(sure=False, message_id=str(number), **there))
    first = make.one(conn, "SELECT event_id FROM outbox WHERE id = 1")
    for command in (("explain", "{}", "--offline"), ("outbox", "show", "{}")):
        soft, hard = (" ".join(cli(*(word.format(n) for word in command)).stdout.split()) for n in (1, 2))
        assert "becomes hard when the same person bounces so again" in soft
        assert f"confirmed by event {first}" in hard


def test_the_providers_own_word_is_told(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    here: dict[str, Any] = {"source": "shop", "provider": "postmark"}
    raw = b'{"RecordType": "Bounce", "Type": "HardBounce", "Email": "ann@example.com"}'
    make.submit(conn, make.event("ann@example.com", **here), raw=raw, **here)
    make.submit(conn, make.event("bob@example.com", **here))
    shown = cli("explain", "1", "--offline").stdout
    assert "provider's word  Bounce/HardBounce" in shown
    assert '"Bounce/HardBounce" is hard in the table of Postmark' in shown
    told = json.loads(cli("explain", "1", "--offline", "--json").stdout)
    assert told["said"] == "Bounce/HardBounce"
    assert json.loads(cli("explain", "2", "--offline", "--json").stdout)["said"] == "", "its request is not kept"


def test_each_of_several_reports_about_one_person_is_told_by_itself(
    cli: Cli, config: Path, conn: sqlite3.Connection
) -> None:
    here: dict[str, Any] = {"source": "shop", "provider": "sendgrid"}
    ann = {"email": "ann@example.com"}
    raw = [
        {"event": "bounce", "type": "bounce", "reason": "550 5.1.1 no such user", **ann, "sg_event_id": "1"},
        {"event": "unsubscribe", **ann, "sg_event_id": "2"},
        {"event": "dropped", "reason": "Bounced Address", **ann, "sg_event_id": "3"},
    ]
    for number, (kind, reason) in enumerate(((Kind.HARD, "user_unknown"), (Kind.UNSUBSCRIBE, "")), 1):
        event = make.event("ann@example.com", kind, reason=reason, provider_event_id=str(number), **here)
        make.submit(conn, event, raw=json.dumps(raw).encode(), **here)
    for number, said in ((1, "bounce/bounce"), (2, "unsubscribe")):
        told = json.loads(cli("explain", str(number), "--offline", "--json").stdout)
        assert (told["said"], told["judged_now"]) == (said, "judges the request the same way")
    third = make.event("ann@example.com", reason="x", provider_event_id="9", message_id="9", **here)
    make.submit(conn, third, raw=json.dumps(raw).encode(), **here)
    told = json.loads(cli("explain", "3", "--offline", "--json").stdout)
    assert told["judged_now"] == "finds several events about that person in the request"


def test_what_the_policy_dropped_was_not_sent(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    make.submit(conn, *(make.event(f"{name}@example.com", message_id=name) for name in ("ann", "bob")))
    make.claim(conn)
    make.settle(conn, 1, State.DROPPED)
    make.settle(conn, 2, State.POSTED)
    dropped, posted = (json.loads(cli("explain", n, "--offline", "--json").stdout) for n in ("1", "2"))
    assert (dropped["sent"], posted["sent"]["email"]) == (None, "b•••@example.com")
    assert "nothing: it is dropped (to dropped)" in cli("explain", "1", "--offline").stdout


def test_the_count_of_soft_bounces_and_what_is_missing(cli: Cli, tmp_path: Path, conn: sqlite3.Connection) -> None:
    write_config(tmp_path, extra='[policy.soft]\nmode = "bridge"\ncount = { mailbox = 3 }\n')
    now = datetime.now(UTC)
    for day in range(2):
        at = now - timedelta(days=day)
        event = make.event(kind=Kind.SOFT, reason="mailbox_full", message_id=str(day), occurred_at=at)
        make.submit(conn, event, now=at)
    make.submit(conn, make.event(kind=Kind.SOFT, reason="spam", message_id="9"), now=now)
    told = cli("explain", "1", "--offline").stdout
    assert "mailbox: soft bounces on 2 of 3 days in 180 days; 1 more day is missing" in " ".join(told.split())
    assert (
        "this one does not count" in json.loads(cli("explain", "3", "--offline", "--json").stdout)["soft_bounces"]
    )
