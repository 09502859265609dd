# SPDX-License-Identifier: GPL-3.0-or-later
"""A start without the outbox that was there before: nothing is acknowledged until it is back."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bouncestream.cli.exits import NOT_EXAMINED
from tests.cli.conftest import PATIENCE, Cli, Process, bounce, environment, post, write_config
from tests.cli.test_run import started, states
from tests.sources.mails import bounce as mailed

Spawn = Callable[..., Process]


def configured(folder: Path, listmonk: str) -> str:
    """With a fixed port, so that the commands find it; the URL of its webhook."""
    path = write_config(folder, listmonk, extra='[log]\nlevel = "debug"')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = path.read_text().replace('listen = "127.0.0.1:0"', f'listen = "127.0.0.1:{port}"')
    path.write_text(text.replace(f"{folder}/outbox.db", f"{folder}/box/outbox.db"))
    (folder / "box").mkdir()
    return f"http://127.0.0.1:{port}/webhooks/sendamatic"


def ready(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url.replace("/webhooks/sendamatic", "/readyz"), timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def run_once(spawn: Spawn, url: str) -> None:
    """A first run that tells Listmonk of one bounce."""
    bridge = spawn("run")
    started(bridge)
    assert post(url, bounce()) == 200
    bridge.wait_for("is verified")
    assert bridge.end() == 0


def test_until_the_outbox_is_back_everybody_is_told_to_come_again(
    spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path
) -> None:
    url = configured(tmp_path, sandbox)
    run_once(spawn, url)
    (tmp_path / "box").rename(tmp_path / "away")
    bridge = spawn("run")
    bridge.wait_for("waiting for the outbox")
    assert post(url, bounce("reader2@example.com")) == 503
    code, told = ready(url)
    assert code == 503
    assert "is missing, but it existed before" in json.loads(told)["parts"]["outbox"]["why"]
    done = cli("status")
    assert done.returncode == 3
    assert "is missing, but it existed before" in done.stderr
    done = cli("doctor", "--json")
    found = {one["id"]: one["level"] for one in json.loads(done.stdout)["findings"]}
    assert found["outbox-lost"] == found["bridge-part"] == "error"
    assert "bridge-ok" not in found
    done = cli("check")
    assert done.returncode == 1
    assert "--new-outbox" in done.stdout
    done = cli("outbox", "stats")
    assert (done.returncode, "check [outbox] path and its disk" in done.stderr) == (3, True)
    bridge.process.send_signal(signal.SIGHUP)
    bridge.wait_for("not reloaded: waiting for the outbox. Next: if the configuration has changed, restart")
    (tmp_path / "away").rename(tmp_path / "box")
    bridge.wait_for("is back")
    bridge.wait_for(": ready")
    assert post(url, bounce("reader2@example.com")) == 200
    assert bridge.end() == 0


def test_it_can_be_stopped_while_it_waits(spawn: Spawn, sandbox: str, tmp_path: Path) -> None:
    url = configured(tmp_path, sandbox)
    run_once(spawn, url)
    shutil.rmtree(tmp_path / "box")
    bridge = spawn("run")
    bridge.wait_for("waiting for the outbox")
    assert bridge.end() == 0
    assert not (tmp_path / "box").exists()


def test_an_import_makes_no_outbox_in_the_place_of_the_missing_one(
    spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path
) -> None:
    url = configured(tmp_path, sandbox)
    run_once(spawn, url)
    (tmp_path / "box").rename(tmp_path / "away")
    (tmp_path / "box").mkdir()
    (tmp_path / "one.eml").write_bytes(mailed(1))
    done = cli("import", "one.eml", "--since", "all")
    assert (done.returncode, done.stdout) == (NOT_EXAMINED, "")
    assert "is missing, but it existed before" in done.stderr
    assert "Next: mount its disk" in done.stderr
    assert not list((tmp_path / "box").iterdir())
    (tmp_path / "box").rmdir()
    (tmp_path / "away").rename(tmp_path / "box")
    assert cli("import", "one.eml", "--since", "all").returncode == 0


def test_a_new_outbox_is_made_when_told(spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path) -> None:
    url = configured(tmp_path, sandbox)
    run_once(spawn, url)
    shutil.rmtree(tmp_path / "box")
    (tmp_path / "box").mkdir()
    bridge = spawn("run", "--new-outbox")
    started(bridge)
    assert post(url, bounce("reader2@example.com")) == 200
    assert bridge.end() == 0
    bridge = spawn("run")
    started(bridge)
    assert post(url, bounce("reader3@example.com")) == 200
    assert bridge.end() == 0


def test_listmonk_remembers_the_outbox_that_is_missing(
    spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path
) -> None:
    url = configured(tmp_path, sandbox)
    bridge = spawn("run")
    started(bridge)
    assert post(url, bounce()) == 200
    for _ in range(600):
        if states(cli) == {"verified": 1}:
            break
    assert bridge.end() == 0
    shutil.rmtree(tmp_path / "box")
    (tmp_path / "box").mkdir()
    (tmp_path / "config.toml.outbox").unlink()  # as in a container that lost its volume
    for _ in range(2):  # also at the next start
        bridge = spawn("run")
        started(bridge)
        assert post(url, bounce("reader2@example.com")) == 503
        code, told = ready(url)
        assert code == 503
        why = json.loads(told)["parts"]["outbox"]["why"]
        assert "bounces that another outbox delivered under our source names (sendamatic)" in why
        assert bridge.end() == 0
    bridge = spawn("run", "--new-outbox")
    started(bridge)
    assert post(url, bounce("reader2@example.com")) == 200
    bridge.wait_for("is verified")
    assert states(cli) == {"verified": 1}
    assert bridge.end() == 0
    bridge = spawn("run")
    started(bridge)
    assert post(url, bounce("reader3@example.com")) == 200


def test_started_in_a_folder_that_is_gone_it_knows_its_way(spawn: Spawn, tmp_path: Path) -> None:
    config = write_config(tmp_path)
    gone = tmp_path / "gone"
    script = f"mkdir {gone}; cd {gone}; rmdir {gone}; exec {sys.executable} -m bouncestream"
    for command, code, words in (
        ("run", 78, "/etc/bouncestream/config.toml: there is no such file"),
        (f"status -c {config}", 3, f"There is no outbox at {tmp_path}/outbox.db"),
    ):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{script} {command}"],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
        assert "no longer exists, so bouncestream continues in /" in done.stderr
        assert words in done.stderr


def test_a_relative_path_from_another_folder_is_not_another_outbox(
    spawn: Spawn, sandbox: str, tmp_path: Path
) -> None:
    config = write_config(tmp_path, sandbox)
    config.write_text(config.read_text().replace(f"{tmp_path}/outbox.db", "outbox.db"))
    bridge = spawn("run", "--config", "config.toml")
    started(bridge)
    assert bridge.end() == 0
    (tmp_path / "else").mkdir()
    other = Process("run", "--config", str(config), cwd=tmp_path / "else", env=environment())
    try:
        other.wait_for("waiting for the outbox")
        assert f"until now it was {tmp_path}/outbox.db which still exists" in other.output
        assert other.end() == 0
    finally:
        other.close()
    assert list((tmp_path / "else").iterdir()) == []
