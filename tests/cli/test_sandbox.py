# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import PATIENCE, Cli, Process, get

Spawn = Callable[..., Process]


def url_of(process: Process) -> str:
    return process.wait_for("listens on").split("listens on ")[1].split(",")[0]


def ask(url: str, body: str, credentials: str = "") -> object:
    request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})
    if credentials:
        request.add_header("Authorization", "Basic " + base64.b64encode(credentials.encode()).decode())
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return json.loads(response.read())


def test_it_is_a_listmonk_with_faults(spawn: Spawn, tmp_path: Path) -> None:
    (tmp_path / "people").write_text("ann@example.com\nbob@example.com,22222222-2222-4222-8222-222222222222\n")
    process = spawn(
        *("sandbox", "--listen", "127.0.0.1:0", "--user", "me", "--token", "my-own-token-of-16"),
        *("--subscribers", "people", "--version", "5.1", "--row-ms", "0"),
    )
    url = url_of(process)
    assert "v5.1.0" in process.output
    assert "2 subscribers" in process.output
    process.wait_for("Ctrl-C")
    assert 'token = "my-own-token-of-16"' in process.output
    body = '{"email": "ann@example.com", "type": "soft", "source": "test"}'
    assert ask(f"{url}/webhooks/bounce", body, "me:my-own-token-of-16") == {"data": True}
    assert ask(f"{url}/sandbox/fault", '{"fault": "restart"}') == {"data": True}
    state = json.loads(get(f"{url}/sandbox/state"))
    assert state["restarts"] == 1
    assert [person["email"] for person in state["subscribers"]] == ["ann@example.com", "bob@example.com"]
    assert process.end(signal.SIGINT) == 0


def test_without_a_file_it_makes_people_up(spawn: Spawn) -> None:
    process = spawn("sandbox", "--listen", "127.0.0.1:0")
    state = json.loads(get(f"{url_of(process)}/sandbox/state"))
    assert len(state["subscribers"]) == 10
    assert process.end() == 0


@pytest.mark.parametrize(
    "args",
    [
        ("--listen", "0.0.0.0:0"),
        ("--listen", "nowhere"),
        ("--version", "2"),
        ("--row-ms", "nan"),
        ("--row-ms", "-1"),
        ("--row-ms", "x"),
        ("--user", "a:b"),
        ("--token", ""),
        ("--subscribers", "missing"),
    ],
)
def test_wrong_usage_is_64(cli: Cli, args: tuple[str, ...]) -> None:
    done = cli("sandbox", *args)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr


def test_a_port_that_is_taken_is_told(cli: Cli, sandbox: str) -> None:
    done = cli("sandbox", "--listen", sandbox.removeprefix("http://"))
    assert done.returncode == 75
    assert "cannot listen" in done.stderr
