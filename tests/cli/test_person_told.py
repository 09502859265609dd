# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.outbox.test_traces import everything

pytestmark = pytest.mark.process


def test_the_export_tells_all_but_what_is_about_others_too(
    cli: Cli, config: Path, conn: sqlite3.Connection
) -> None:
    everything(conn)
    told = json.loads(cli("person", "ann@example.com", "export", "--offline").stdout)
    assert told["events"][0]["diagnostic"] == "<Ann@example.com>"
    assert told["events"][0]["history"][0]["to"] == "pending"
    assert told["named_in_events_about_others"] == [4]
    assert [(one["number"], one["shared"]) for one in told["raw"]] == [
        (1, False), (2, False), (3, False), (5, True), (9, False),
    ]  # fmt: skip
    assert "bob" not in json.dumps(told)
    assert [item["number"] for item in told["quarantine"]] == [1, 3]
    assert any("is dead" in text for text in told["alerts"])
    assert len(told["identity_keys"]) == 4
    assert any("/admin/subscribers" in place or "Subscribers" in place for place in told["not_covered"])


def test_show_masks_and_names_what_is_not_covered(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    everything(conn)
    done = cli("person", "ann@example.com", "--offline")
    assert done.returncode == 0
    assert "ann@example.com" not in done.stdout
    assert "4 events about this person" in done.stdout
    assert "5 requests or mails, 1 of which hold events about others too" in done.stdout
    assert "webhook sendamatic" in done.stdout
    assert "ann@example.com" in cli("person", "ann@example.com", "--offline", "--reveal").stdout
