# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Process, bounce, get, post, write_config
from tests.outbox import make
from tests.outbox.test_erasing import settled

pytestmark = pytest.mark.process


def test_the_outbox_and_listmonk_add_up(
    cli: Cli, spawn: Callable[..., Process], sandbox: str, tmp_path: Path
) -> None:
    write_config(tmp_path, sandbox)
    process = spawn("run", "--config", "config.toml")
    url = process.wait_for("listening on").split("listening on ")[1].strip()
    for number in (1, 2):
        assert post(f"{url}/webhooks/sendamatic", bounce(f"reader{number}@example.com")) == 200
    while b'bouncestream_delivered_total{result="verified"} 2' not in get(f"{url}/metrics"):
        pass
    (tmp_path / "list.csv").write_text("email,created\nReader1@example.com,2026-03-01\nnobody@elsewhere.example,\n")
    done = cli("reconcile", "--provider-csv", "list.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "another application" in done.stdout
    assert "Every difference is explained." in done.stdout
    told = json.loads(cli("reconcile", "--json").stdout)
    assert (told["events"]["hard"], told["stored"]["hard"], told["causes"]) == (2, 2, {})
    (tmp_path / "list.csv").write_text("email\nreader3@example.com\n")
    done = cli("reconcile", "--provider-csv", "list.csv")
    assert done.returncode == 1
    assert "missing here: line 2" in done.stdout


def test_a_listmonk_that_is_away_or_a_wrong_word_is_told(
    cli: Cli, config: Path, conn: sqlite3.Connection, tmp_path: Path
) -> None:
    make.submit(conn, make.event("ann@example.com"))
    settled(conn)
    done = cli("reconcile", "--since", "all")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert cli("reconcile", "--campaign", "spring").returncode == 64
    (tmp_path / "list.csv").write_text("Kunde\n1\n")
    refused = cli("reconcile", "--provider-csv", "list.csv")
    assert refused.returncode == 64
    assert "--address-column" in refused.stderr
