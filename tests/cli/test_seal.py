# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bouncestream.crypto.sealed import key_id
from tests.cli.conftest import Cli, Process, bounce, post
from tests.outbox import make
from tests.outbox.make import KEY

pytestmark = pytest.mark.binary

SEAL = {"BOUNCESTREAM__PRIVACY__SEAL": "true", "BOUNCESTREAM__PRIVACY__KEY": KEY.reveal()}
OPEN = SEAL | {"BOUNCESTREAM__PRIVACY__SEAL": "false"}
ANN = "ann@example.com"


@pytest.fixture
def filled(conn: sqlite3.Connection, tmp_path: Path) -> Path:
    for number in range(1200):
        make.submit(conn, make.event(f"{number}.{ANN}", diagnostic=f"550 no {ANN}"))
    conn.close()
    return tmp_path / "outbox.db"


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.name.startswith("outbox.db"))


def test_there_and_back(cli: Cli, config: Path, filled: Path) -> None:
    before = cli("outbox", "list", "--limit", "0", "--json", "--reveal").stdout
    assert ANN in before
    sealed = cli("seal", env=SEAL)
    assert sealed.returncode == 0, sealed.stderr
    assert "its file holds no address any more" in sealed.stdout
    assert ANN.encode() not in everything(filled.parent)
    assert cli("seal", env=SEAL).stdout.startswith("✔ The outbox is sealed as a whole.")
    hidden = cli("outbox", "list", "--json")
    assert hidden.returncode == 0, "without a key, too"
    assert ANN not in hidden.stdout
    shown = json.loads(hidden.stdout.splitlines()[0])
    assert (shown["recipient"], shown["diagnostic"]) == ("sealed", "sealed")
    assert "sealed; --reveal opens it" in cli("outbox", "show", "7", "--raw").stdout
    assert cli("outbox", "list", "--limit", "0", "--json", "--reveal", env=SEAL).stdout == before
    found = cli("outbox", "list", "--recipient", f"7.{ANN}", "--json", env=SEAL)
    assert [json.loads(line)["number"] for line in found.stdout.splitlines()] == [8]
    refused = cli("outbox", "list", "--reveal")
    assert (refused.returncode, refused.stdout) == (78, "")
    assert "The outbox is sealed, and there is no key to open it" in refused.stderr
    assert key_id(KEY.reveal()) in refused.stderr
    back = cli("unseal", env=OPEN)
    assert back.returncode == 0, back.stderr
    assert cli("outbox", "list", "--limit", "0", "--json", "--reveal").stdout == before
    assert cli("unseal", env=OPEN).stdout.startswith("✔ The outbox is in the open.")


def test_the_configuration_has_the_last_word(cli: Cli, config: Path, filled: Path) -> None:
    for command, environment, words in (
        ("seal", OPEN, "privacy.seal: is not true"),
        ("unseal", SEAL, "privacy.seal: is true"),
        ("seal", {"BOUNCESTREAM__PRIVACY__SEAL": "true"}, "privacy.key: is missing, and privacy.seal needs it"),
    ):
        refused = cli(command, env=environment)
        assert refused.returncode == 78
        assert words in refused.stderr


@pytest.mark.process
def test_beside_a_running_bridge(cli: Cli, spawn: Callable[..., Process], config: Path, filled: Path) -> None:
    """One that was started before it was to seal is told apart; one that seals goes on meanwhile."""
    bridge = spawn("run")
    bridge.wait_for("listening on")
    refused = cli("seal", env=SEAL)
    assert refused.returncode == 75
    assert "does not store sealed yet" in refused.stderr
    assert bridge.end() == 0
    bridge = spawn("run", env=SEAL)
    url = bridge.wait_for("listening on").split("listening on ")[1] + "/webhooks/sendamatic"
    assert post(url, bounce(f"early.{ANN}")) == 200
    done = cli("seal", env=SEAL)
    assert done.returncode == 0, done.stderr
    assert post(url, bounce(f"late.{ANN}")) == 200
    assert ANN.encode() not in everything(filled.parent)
    bridge.end(signal.SIGKILL)
    found = cli("outbox", "list", "--limit", "2", "--reveal", env=SEAL).stdout
    assert f"late.{ANN}" in found
    assert f"early.{ANN}" in found
    environments: tuple[dict[str, str], ...] = (
        {},
        SEAL | {"BOUNCESTREAM__PRIVACY__KEY": "5e1c0a97b3f246d88fa21b5c60e7d3941c8b7f05ea3d492680d1f6b9c25e7a34"},
    )
    for environment in environments:
        before = cli("outbox", "list", "--limit", "0", "--json", "--reveal", env=SEAL).stdout
        refused = cli("run", env=environment)
        assert refused.returncode == 78
        assert "Next: set [privacy] key_file" in refused.stderr
        assert cli("outbox", "list", "--limit", "0", "--json", "--reveal", env=SEAL).stdout == before
