# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bouncestream.config.load import load
from bouncestream.crypto.sealed import key_id
from tests.cli.conftest import TOKEN, Cli
from tests.cli.init.test_command import PUBLIC, answers

pytestmark = pytest.mark.binary


@pytest.mark.parametrize("how", ["asked", "option", "yes"])
def test_a_key_is_made_that_lies_apart_from_the_outbox(cli: Cli, sandbox: str, tmp_path: Path, how: str) -> None:
    for folder in ("home", "data"):
        (tmp_path / folder).mkdir()
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    arguments = ["init", "--outbox", "data/outbox.db" if how == "yes" else "outbox.db"]
    if how == "asked":
        given = answers(sandbox, "bridge", TOKEN, "sendamatic", PUBLIC, "", "", "", seal="2")
    else:
        seal = "home/bridge.key" if how == "option" else "yes"
        arguments += [
            "--yes",
            "--listmonk-url",
            sandbox,
            "--token-file",
            "token",
            "--user",
            "bridge",
            "--seal",
            seal,
        ]
        given = ""
    home = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": ""}
    done = cli(*arguments, stdin=given, env=home)
    assert done.returncode == 0, done.stdout + done.stderr
    key = {
        "asked": tmp_path / "home/.config/bouncestream/privacy.key",
        "option": tmp_path / "home/bridge.key",
        "yes": tmp_path / "privacy.key",
    }[how]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    config = load(tmp_path / "config.toml", {})
    assert config.privacy.seal
    assert config.privacy.key is not None
    assert config.privacy.key.reveal() == key.read_text().strip()
    assert not [one for one in config.warnings if "privacy" in one]
    assert key_id(key.read_text().strip()) in done.stdout
    assert "Back up, each for itself:" in done.stdout
    assert key.read_text().strip() not in done.stdout
    before = key.read_text()
    again = cli(*arguments, "--force", stdin=given, env=home)
    assert "is there already, and stays" in " ".join(again.stdout.split()), again.stdout + again.stderr
    assert key.read_text() == before


def test_a_key_beside_the_outbox_is_refused(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/key").write_text("no key\n")
    arguments = (
        "init",
        "--yes",
        "--listmonk-url",
        sandbox,
        "--token-file",
        "token",
        "--user",
        "bridge",
        "--outbox",
        "o.db",
    )
    for file, words in (
        ("./bridge.key", "lies in the folder of the outbox"),
        ("no/such/key", "does not exist"),
        ("odd/key", "is not 64 hexadecimal digits"),
        ("perhaps", "neither"),
    ):
        done = cli(*arguments, "--seal", file)
        assert done.returncode == 64
        assert words in done.stderr
    assert not (tmp_path / "config.toml").exists()
    assert not (tmp_path / "bridge.key").exists()
