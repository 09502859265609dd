# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.crypto.sealed import fault, key_id
from tests.cli.conftest import Cli
from tests.outbox import make
from tests.outbox.make import KEY

pytestmark = pytest.mark.binary


def test_a_new_key_belongs_to_its_owner_and_overwrites_nothing(cli: Cli, tmp_path: Path) -> None:
    made = cli("key", "new", "privacy.key")
    key = (tmp_path / "privacy.key").read_text().strip()
    assert made.returncode == 0
    assert fault(key) == ""
    assert key_id(key) in made.stdout
    assert key not in made.stdout
    assert (tmp_path / "privacy.key").stat().st_mode & 0o777 == 0o600
    again = cli("key", "new", "privacy.key")
    assert again.returncode == 64
    assert (tmp_path / "privacy.key").read_text().strip() == key
    assert cli("key", "new", "no/such/folder").returncode == 64


def test_a_new_key_takes_the_place_of_the_present_one(cli: Cli, config: Path, tmp_path: Path) -> None:
    with closing(make.connect(tmp_path / "outbox.db", key=KEY)) as conn:
        make.submit(conn, make.event("ann@example.com"))
    (tmp_path / "old.key").write_text(KEY.reveal())
    (tmp_path / "old.key").chmod(0o600)
    old = {"BOUNCESTREAM__PRIVACY__SEAL": "true", "BOUNCESTREAM__PRIVACY__KEY_FILE": "old.key"}
    new = old | {"BOUNCESTREAM__PRIVACY__KEY_FILE": "new.key"}

    def opens(environment: dict[str, str]) -> bool:
        return "ann@example.com" in cli("outbox", "list", "--reveal", env=environment).stdout

    for _ in range(2):
        assert cli("key", "rotate", "--to", "new.key", env=old).returncode == 0
        assert opens(old)
        assert opens(new)
    done = cli("key", "rotate", "--finish", env=new)
    assert f"{key_id(KEY.reveal())} no longer does" in done.stdout
    assert opens(new)
    assert not opens(old)
    assert "as before" in cli("key", "rotate", "--finish", env=new).stdout
    (tmp_path / "bad.key").write_text("no key")
    assert "is not 64 hexadecimal digits" in cli("key", "rotate", "--to", "bad.key", env=new).stderr
    assert cli("key", "rotate", "--finish").returncode == 64
