# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bouncestream.ports import Unreadable
from tests.cli.conftest import Cli, Done, write_config
from tests.outbox import make
from tests.providers.case import mac
from tests.providers.cases.custom import FLAT
from tests.providers.cases.postmark import POSTMARK

pytestmark = pytest.mark.process

HOOK = """
[webhooks.pigeon]
provider = "custom"
title = "Pigeon"
kind = "what"
recipient = "who"
diagnostic = "why"
words = { "hard*" = "hard", "opened" = "info" }
signing_secret = "rAbbit-hole-9351-tunnel"
signature = { header = "X-Sig", prefix = "sha256=" }
[policy]
reasons = { user_unknown = "soft" }
"""


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    write_config(tmp_path, extra=HOOK)
    for name, document in (
        ("hard", FLAT),
        ("opened", FLAT | {"what": "opened"}),
        ("odd", FLAT | {"what": "odd"}),
        ("postmark", POSTMARK),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    (tmp_path / "junk.json").write_text("{")
    return tmp_path


def told(done: Done) -> list[Any]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_provider_needs_no_configuration(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bounce.json").write_text(json.dumps(POSTMARK))
    done = cli("provider", "try", "bounce.json", "--provider", "postmark", "--json")
    (one,) = told(done)
    assert done.returncode == 0
    assert (one["file"], one["provider"]) == ("bounce.json", "postmark")
    assert one["proof"].startswith("not checked: no headers are given")
    (event,) = one["events"]
    assert (event["kind"], event["reason"], event["recipient"]) == ("hard", "user_unknown", "person@example.org")
    assert event["decided_by"] == '"Bounce/HardBounce" is hard in the table of Postmark'
    assert event["provider_event_id"] == POSTMARK["MessageID"]


def test_a_description_and_the_policy(cli: Cli, saved: Path) -> None:
    done = cli("provider", "try", "hard.json", "opened.json", "odd.json", "junk.json", "--name", "pigeon", "--json")
    assert done.returncode == 1, "some could not be read"
    hard, opened, odd, junk = told(done)
    (event,) = hard["events"]
    assert (event["kind"], event["reason"]) == ("soft", "user_unknown"), "as [policy] has it"
    assert event["decided_by"] == 'words: "hard*" = "hard"'
    assert event["paths"] == {"kind": "what", "recipient": "who", "diagnostic": "why"}
    assert opened["events"] == []
    assert opened["ignored"][0]["decided_by"] == 'words: "opened" = "info"'
    assert odd["unreadable"] == [{"why": "Pigeon's type is unknown", "type": "odd"}]
    assert "not JSON" in junk["error"]


def test_for_a_person(cli: Cli, saved: Path) -> None:
    shown = cli("provider", "try", "hard.json", "opened.json", "odd.json", "none.json", "--name", "pigeon").stdout
    for words in (
        "· proof: not checked: no headers are given (--header)",
        "✔ hard.json: 1 event",
        "soft user_unknown",
        'words: "hard*" = "hard"',
        "from who",
        "· opened.json: 0 events, 1 ignored",
        "✘ odd.json: 0 events, 1 unreadable",
        "✘ none.json: cannot be read (No such file or directory)",
    ):
        assert words in shown, words
    assert shown.count("proof:") == 1


def test_a_proof_is_checked_where_headers_are_given(cli: Cli, saved: Path) -> None:
    body = (saved / "hard.json").read_bytes()
    good = f"X-Sig: sha256={mac('rAbbit-hole-9351-tunnel', body).hex()}"
    command = ("provider", "try", "hard.json", "--name", "pigeon", "--json")
    right = cli(*command, "--header", good, "--header", "Content-Type: application/json")
    assert (right.returncode, told(right)[0]["proof"]) == (0, "right")
    wrong = cli(*command, "--header", good.replace("X-Sig: sha256=", "X-Sig: sha256=00")[:-2])
    assert (wrong.returncode, told(wrong)[0]["proof"]) == (1, "refused: wrong signature")
    none = cli(*command, "--header", "Content-Type: application/json")
    assert told(none)[0]["proof"].startswith("not checked")
    assert cli(*command, "--header", "nonsense").returncode == 64


def test_a_quarantined_request_can_be_tried(cli: Cli, saved: Path, conn: sqlite3.Connection) -> None:
    body = (saved / "odd.json").read_bytes()
    make.submit(conn, unreadable=(Unreadable("unknown", "odd"),), raw=body)
    exported = cli("outbox", "show", "1", "--quarantine", "--raw", "--reveal").stdout
    done = cli("provider", "try", "-", "--name", "pigeon", "--json", stdin=exported)
    assert told(done)[0]["unreadable"][0]["type"] == "odd"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--provider", "custom"), "custom needs a description (kind, words, recipient)"),
        (("--provider", "nobody"), "There is no provider nobody"),
        (("--name", "nobody"), "There is no webhook nobody. Next: name one of: sendamatic, pigeon"),
        ((), "Which webhook is it of? Next: choose one with --name: sendamatic, pigeon"),
    ],
)
def test_which_webhook(cli: Cli, saved: Path, arguments: tuple[str, ...], why: str) -> None:
    done = cli("provider", "try", "hard.json", *arguments)
    assert done.returncode == 64
    assert why in done.stderr
