# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a verdict is shown to a person, for a mail and for an event of the outbox."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bouncestream.event import Kind
from tests.cli.conftest import Cli, Process, bounce, get, post, write_config
from tests.outbox import make

MAILS = Path(__file__).parents[1] / "fixtures" / "mail"


def test_a_mail_is_explained_from_its_parts_to_what_listmonk_is_told(cli: Cli) -> None:
    done = cli("explain", str(MAILS / "postfix_alias.eml"), "--reveal")
    assert done.returncode == 0
    for expected in (
        "message/delivery-status",
        "A delivery report (RFC 3464)? yes",
        "reader@example.com: hard, user_unknown",
        "inbox@provider.test (Final-Recipient)",
        "words 'user not found'",
        "The mailbox does not exist.",
        "✔ hard about reader@example.com",
        "proof of origin",
    ):
        assert expected in done.stdout, done.stdout
    assert "reader@example.com" not in cli("explain", str(MAILS / "postfix_alias.eml")).stdout


@pytest.mark.parametrize("name", sorted(path.name for path in MAILS.glob("*.eml")))
def test_every_kind_of_mail_can_be_explained(cli: Cli, name: str) -> None:
    told = json.loads(cli("explain", "--json", str(MAILS / name)).stdout)
    assert told["trace"]["steps"]
    assert len(told["trace"]["recipients"]) == len(told["recipients"])


def test_without_proof_it_is_said_that_less_is_told(cli: Cli, tmp_path: Path) -> None:
    mail = (MAILS / "postfix_unknown_user.eml").read_bytes()
    (tmp_path / "x.eml").write_bytes(mail.replace(b"X-Listmonk-", b"X-Other-"))
    told = cli("explain", "x.eml", "--reveal").stdout
    assert "✔ soft about reader@example.com" in told
    assert "no proof of origin: told as soft at most (it says hard)" in told


def test_what_the_policy_ignores_is_told_as_nothing(cli: Cli, config: Path) -> None:
    with config.open("a") as file:
        file.write('[policy]\nreasons = { user_unknown = "ignore" }\n')
    assert "nothing about" in cli("explain", str(MAILS / "postfix_unknown_user.eml")).stdout


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
    assert "What was asked of it" in done.stdout
    assert "nothing yet: it is pending" in done.stdout
    assert "came in by mailbox bounces" in done.stdout


def test_a_listmonk_that_cannot_be_asked_is_said(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    here: dict[str, Any] = {"source": "sendamatic", "provider": "sendamatic"}
    make.submit(conn, make.event("ann@example.com", **here), raw=bounce("ann@example.com"), **here)
    make.claim(conn)
    done = cli("explain", "1")
    assert done.returncode == 3
    assert "Listmonk cannot be asked" in done.stdout
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
    assert told["judged_now"] == "judges the request in the same way"
    assert [step["to"] for step in told["history"]][-1] == "verified"
