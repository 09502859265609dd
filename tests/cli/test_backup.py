# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.outbox import make

pytestmark = pytest.mark.binary


def test_a_backup_holds_everything(cli: Cli, config: Path, conn: sqlite3.Connection, tmp_path: Path) -> None:
    make.submit(conn, make.event())
    assert cli("backup", "copy.db").returncode == 0
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    found = cli("outbox", "list", "--json", env={"BOUNCESTREAM__OUTBOX__PATH": str(tmp_path / "copy.db")})
    assert json.loads(found.stdout)["number"] == 1


def test_it_overwrites_nothing(cli: Cli, config: Path, conn: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    done = cli("backup", "copy.db")
    assert done.returncode == 64
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_what_cannot_be_copied_is_told(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    done = cli("backup", "no/such/copy.db")
    assert done.returncode == 3
    assert "Next:" in done.stderr
