# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import re
import socket
import sqlite3
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import SECRET, TOKEN, Cli, Done, Process, bounce, post, write_config
from tests.outbox import make

pytestmark = pytest.mark.binary

Spawn = Callable[..., Process]


def ids(done: Done) -> set[str]:
    """The findings that are not well."""
    assert max(map(len, done.stdout.splitlines())) <= 160, done.stdout
    return set(re.findall(r"\[([a-z]+-[a-z-]+)\]$", done.stdout, re.MULTILINE))


def words(done: Done) -> str:
    return " ".join(done.stdout.split())


def order(sandbox: str, fault: str) -> None:
    with urllib.request.urlopen(f"{sandbox}/sandbox/fault", json.dumps({"fault": fault}).encode(), timeout=30):
        pass


def test_all_is_well(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox, times="")
    done = cli("check")
    assert done.returncode == 0, done.stdout
    assert "All is well." in done.stdout
    assert ids(done) == set()
    for text in ("Listmonk v6.2.0", "webhooks:post_bounce", "X-Webhook-Secret", "creates it", "soft 2"):
        assert text in done.stdout
    assert SECRET not in done.stdout
    assert TOKEN not in done.stdout
    assert not (tmp_path / "outbox.db").exists(), "check changes nothing"


def test_a_listmonk_that_does_not_answer_could_not_be_examined(cli: Cli, config: Path) -> None:
    done = cli("check")
    assert done.returncode == 3
    assert "listmonk-unreachable" in ids(done)
    assert "✘ http://127.0.0.1:1 does not answer: connection refused" in done.stdout
    assert "→ start Listmonk" in done.stdout


def test_faults_of_listmonk_come_with_their_fix(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    for fault, ident, text, code in (
        ("processing_off", "bounces-processing-off", "Enable bounce processing", 1),
        ("webhooks_off", "bounces-webhooks-off", "Enable bounce webhooks", 1),
        ("html_200", "listmonk-foreign", "point [listmonk] url at Listmonk itself", 1),
        ("db_away", "listmonk-broken", "database", 3),
    ):
        order(sandbox, fault)
        done = cli("check")
        assert done.returncode == code, done.stdout
        assert ident in ids(done), done.stdout
        assert text in words(done)
        order(sandbox, "clear")


def test_a_wrong_token_is_told(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, sandbox)
    config.write_text(config.read_text().replace(TOKEN, "not-the-token-of-it"))
    done = cli("check")
    assert done.returncode == 1
    assert "listmonk-token" in ids(done)
    assert "in Listmonk: Admin, Users" in words(done)
    assert "not-the-token-of-it" not in done.stdout


def test_warnings_make_it_not_all_well(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox, extra='[webhooks.open]\nprovider = "generic"\nunverified = true\n')
    done = cli("check")
    assert done.returncode == 1
    assert "config-risky" in ids(done)
    assert "⚠ webhooks.open is not verified" in done.stdout
    assert "anyone can post to it" in done.stdout


def test_without_webhooks_nothing_can_come_in(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, sandbox)
    config.write_text(config.read_text().split("[webhooks")[0])
    done = cli("check")
    assert done.returncode == 1
    assert "bridge-no-source" in ids(done)
    assert "No event can arrive." in done.stdout


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
    assert "✔ bouncestream is running and healthy" in done.stdout
    assert f"✔ http://127.0.0.1:{port}/webhooks/sendamatic: a signed test of 1,200,000 bytes arrived" in words(done)
    order(sandbox, "processing_off")
    post(f"http://127.0.0.1:{port}/webhooks/sendamatic", bounce())
    bridge.wait_for("listmonk is red")
    done = cli("check")
    assert done.returncode == 1
    assert "bounces-processing-off" in ids(done), done.stdout
    order(sandbox, "clear")
    done = cli("check")  # it posts again by itself, not at once
    assert ids(done) <= {"bridge-part"}
    assert "bridge-part" not in ids(done) or "✘ listmonk of the running bouncestream does not work" in done.stdout


def test_a_taken_port_and_a_foreign_address(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, sandbox)
    text = config.read_text()
    config.write_text(text.replace("127.0.0.1:0", sandbox.removeprefix("http://")))
    done = cli("check")
    assert done.returncode == 1
    assert "bridge-port-taken" in ids(done)
    config.write_text(text.replace("127.0.0.1:0", "192.0.2.1:8025"))
    done = cli("check")
    assert "bridge-cannot-listen" in ids(done)
    assert "this machine does not have that address" in done.stdout


def test_the_outbox_is_looked_into(cli: Cli, sandbox: str, tmp_path: Path, conn: sqlite3.Connection) -> None:
    write_config(tmp_path, sandbox)
    make.submit(conn, make.event(hold="unproven"))
    (tmp_path / "outbox.db").chmod(0o644)
    done = cli("check")
    assert done.returncode == 1
    assert "outbox-open" in ids(done)
    assert "1 events held back" in done.stdout
    assert "chmod 600" in done.stdout
    (tmp_path / "outbox.db").chmod(0o600)
    assert "holds 1 events" in cli("check").stdout


def test_what_is_no_outbox_could_not_be_examined(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    (tmp_path / "outbox.db").write_bytes(b"not a database at all" * 100)
    done = cli("check")
    assert done.returncode == 3
    assert "outbox-unreadable" in ids(done)
    assert "damaged" in done.stdout


def test_a_missing_directory_comes_with_its_fix(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, sandbox)
    config.write_text(config.read_text().replace(f"{tmp_path}/outbox.db", f"{tmp_path}/no/outbox.db"))
    done = cli("check")
    assert done.returncode == 1
    assert "outbox-place" in ids(done)
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
    assert "outbox-place" in ids(done)
    assert f"the outbox, {tmp_path}/outbox.db, is a directory" in words(done)
    assert f'path = "{tmp_path}/outbox.db/outbox.db"' in done.stdout
    assert "chmod" not in done.stdout


def test_it_foresees_that_run_will_not_take_a_new_outbox(
    cli: Cli, spawn: Spawn, sandbox: str, tmp_path: Path
) -> None:
    """Listmonk holds what the outbox told that is gone now; once `run` refused it, it was too late for `check`."""
    config = write_config(tmp_path, sandbox)
    subscribers = {"email": "ann@example.com", "type": "soft", "source": "sendamatic 2026-11-01"}
    told = subscribers | {"meta": {"bridge": "another-outbox", "id": "x", "attempt": 1}}
    request = urllib.request.Request(
        f"{sandbox}/webhooks/bounce",
        json.dumps(told | {"email": "reader1@example.com", "meta": json.dumps(told["meta"])}).encode(),
        {"Authorization": "Basic " + base64.b64encode(f"bridge:{TOKEN}".encode()).decode()},
    )
    with urllib.request.urlopen(request, timeout=30):
        pass
    done = cli("check")
    assert done.returncode == 1
    assert "outbox-former" in ids(done), done.stdout
    assert "bouncestream run --new-outbox" in words(done)
    config.write_text(config.read_text().replace("webhooks.sendamatic", "webhooks.renamed"))
    assert "outbox-former" not in ids(cli("check"))


def test_the_channels_of_the_alerts_are_tried_and_nothing_is_sent(cli: Cli, sandbox: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        good = f'[alerts]\napprise = ["json://127.0.0.1:1/path"]\n[alerts.webhook]\nurl = "http://127.0.0.1:{port}/x"\n'
        write_config(tmp_path, sandbox, extra=good, times="")
        done = cli("check")
        assert done.returncode == 0, done.stdout
        assert "webhook, apprise:json work" in words(done)
        connection, _ = silent.accept()
        with connection:
            connection.settimeout(10)
            assert connection.recv(100) == b""
    bad = '[alerts]\napprise = ["nonsense://very-secret-part"]\n[alerts.email]\nhost = "127.0.0.1"\nport = 1\n'
    write_config(tmp_path, sandbox, extra=bad + 'sender = "a@example.org"\n', times="")
    done = cli("check")
    assert done.returncode == 1
    assert ids(done) == {"alerts-channel"}
    assert "✘ apprise:nonsense does not work: Apprise cannot use the URL" in words(done)
    assert "✘ email does not work" in words(done)
    assert "→ correct [alerts] apprise" in words(done)
    assert "very-secret-part" not in done.stdout
