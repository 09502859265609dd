# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import socket
import sqlite3
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import SECRET, TOKEN, Cli, Process, bounce, post, write_config
from tests.outbox import make

Spawn = Callable[..., Process]


def order(sandbox: str, fault: str) -> None:
    with urllib.request.urlopen(f"{sandbox}/sandbox/fault", json.dumps({"fault": fault}).encode(), timeout=30):
        pass


def test_all_is_well(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox, times="")
    done = cli("check")
    assert done.returncode == 0, done.stdout
    assert "All is well." in done.stdout
    for text in ("Listmonk v6.2.0", "webhooks:post_bounce", "X-Webhook-Secret", "makes it", "GiB free"):
        assert text in done.stdout
    assert SECRET not in done.stdout
    assert TOKEN not in done.stdout
    assert not (tmp_path / "outbox.db").exists(), "check changes nothing"


def test_a_listmonk_that_does_not_answer_could_not_be_examined(cli: Cli, config: Path) -> None:
    done = cli("check")
    assert done.returncode == 3
    assert "✘ Listmonk at http://127.0.0.1:1 cannot be asked" in done.stdout
    assert "→ start Listmonk" in done.stdout


def test_faults_of_listmonk_come_with_their_fix(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    for fault, words, code in (
        ("processing_off", "Enable bounce processing", 1),
        ("webhooks_off", "Enable bounce webhooks", 1),
        ("html_200", "something else answers", 1),
        ("db_away", "database", 3),
    ):
        order(sandbox, fault)
        done = cli("check")
        assert done.returncode == code, done.stdout
        assert words in done.stdout
        order(sandbox, "clear")


def test_a_wrong_token_is_told(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, sandbox)
    config.write_text(config.read_text().replace(TOKEN, "not-the-token-of-it"))
    done = cli("check")
    assert done.returncode == 1
    assert "check [listmonk] user and token" in done.stdout
    assert "not-the-token-of-it" not in done.stdout


def test_warnings_make_it_not_all_well(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox, extra='[webhooks.open]\nprovider = "generic"\nunverified = true\n')
    done = cli("check")
    assert done.returncode == 1
    assert "⚠ webhooks.open is not verified" in done.stdout
    assert "anyone can post to it" in done.stdout


def test_without_webhooks_nothing_can_come_in(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, sandbox)
    config.write_text(config.read_text().split("[webhooks")[0])
    done = cli("check")
    assert done.returncode == 1
    assert "no webhook is configured" in done.stdout


def test_a_running_bridge_is_seen_and_its_troubles_too(
    cli: Cli, spawn: Spawn, sandbox: str, tmp_path: Path
) -> None:
    config = write_config(tmp_path, sandbox, times="")
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port = made.getsockname()[1]
    public = f'listen = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"'
    config.write_text(config.read_text().replace('listen = "127.0.0.1:0"', public))
    bridge = spawn("run")
    bridge.wait_for("listmonk is green")
    done = cli("check")
    assert done.returncode == 0, done.stdout
    assert "a bridge answers on" in done.stdout
    assert "reaches the bridge" in done.stdout
    order(sandbox, "processing_off")
    post(f"http://127.0.0.1:{port}/webhooks/sendamatic", bounce())
    bridge.wait_for("listmonk is red")
    done = cli("check")
    assert "listmonk of the running bridge is red" in done.stdout, done.stdout


def test_a_taken_port_and_a_foreign_address(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, sandbox)
    text = config.read_text()
    config.write_text(text.replace("127.0.0.1:0", sandbox.removeprefix("http://")))
    done = cli("check")
    assert done.returncode == 1
    assert "something else listens" in done.stdout
    config.write_text(text.replace("127.0.0.1:0", "192.0.2.1:8025"))
    assert "not one of this machine" in cli("check").stdout


def test_the_outbox_is_looked_into(cli: Cli, sandbox: str, tmp_path: Path, conn: sqlite3.Connection) -> None:
    write_config(tmp_path, sandbox)
    make.submit(conn, make.event(hold="unproven"))
    (tmp_path / "outbox.db").chmod(0o644)
    done = cli("check")
    assert done.returncode == 1
    assert "holds 1 events" in done.stdout
    assert "1 events held back" in done.stdout
    assert "chmod 600" in done.stdout


def test_what_is_no_outbox_could_not_be_examined(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    (tmp_path / "outbox.db").write_bytes(b"not a database at all" * 100)
    done = cli("check")
    assert done.returncode == 3
    assert "damaged" in done.stdout


def test_a_missing_directory_comes_with_its_fix(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, sandbox)
    config.write_text(config.read_text().replace(f"{tmp_path}/outbox.db", f"{tmp_path}/no/outbox.db"))
    done = cli("check")
    assert done.returncode == 1
    assert "install -d -m 700" in done.stdout


def test_all_problems_of_the_configuration_at_once(cli: Cli, tmp_path: Path) -> None:
    config = write_config(tmp_path, extra="nonsense = 1\n[webhooks.x]\n")
    config.write_text(config.read_text().replace("500ms", "soon"))
    done = cli("check")
    assert (done.returncode, done.stdout) == (78, "")
    for text in ("nonsense", "margin", "webhooks.x"):
        assert text in done.stderr


def test_a_directory_is_no_outbox(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    (tmp_path / "outbox.db").mkdir(mode=0o755)
    done = cli("check")
    assert done.returncode == 1
    assert f"the outbox, {tmp_path}/outbox.db, is a directory" in done.stdout
    assert f'path = "{tmp_path}/outbox.db/outbox.db"' in done.stdout
    assert "chmod" not in done.stdout
