# SPDX-License-Identifier: GPL-3.0-or-later
"""`dashboard` beside an outbox, and the dashboard of `run`."""

from __future__ import annotations

import re
import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests.cli.conftest import PATIENCE, Cli, Process, bounce, post, write_config
from tests.outbox import make

pytestmark = pytest.mark.binary

Spawn = Callable[..., Process]
TOKEN = "a-token-of-nobody-1"


def opener(url: str, token: str) -> Callable[[str], str]:
    """A browser that is logged in."""
    made = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    form = urllib.parse.urlencode({"token": token}).encode()
    with made.open(f"{url}/login", form, timeout=PATIENCE) as answer:
        assert answer.url == f"{url}/"

    def get(path: str) -> str:
        with made.open(url + path, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    return get


def test_it_opens_beside_an_outbox_with_a_token_for_this_run(
    spawn: Spawn, config: Path, conn: sqlite3.Connection
) -> None:
    make.submit(conn, make.event("reader@example.com"))
    config.write_text(config.read_text() + '[dashboard]\nlisten = "127.0.0.1:0"\n')
    process = spawn("dashboard")
    url = process.wait_for("The dashboard is at").split("The dashboard is at ")[1]
    token = process.wait_for("Token for this run: ").split(": ")[1]
    page = opener(url, token)("/")
    assert "No bridge is running" in page
    assert "r•••@example.com" in page
    with pytest.raises(urllib.error.HTTPError):
        opener(url, "another-token-of-nobody")
    assert process.end() == 0
    assert "Traceback" not in process.output


def test_run_shows_it_with_what_it_knows_of_itself(spawn: Spawn, sandbox: str, tmp_path: Path) -> None:
    extra = f'[dashboard]\nlisten = "127.0.0.1:0"\ntoken = "{TOKEN}"\n[log]\nlevel = "debug"'
    write_config(tmp_path, sandbox, extra=extra)
    bridge = spawn("run")
    hooks = re.findall(r"listening on (\S+)", bridge.wait_for(": listening on"))[0]
    url = bridge.wait_for("the dashboard listens on").split("the dashboard listens on ")[1]
    get = opener(url, TOKEN)
    assert "not proven yet" in get("/")
    assert post(f"{hooks}/webhooks/sendamatic", bounce()) == 200
    bridge.wait_for("is verified")
    page = get("/")
    assert "All works" in page
    assert "proven" in page
    assert "Listmonk v6.2.0" in page
    assert bridge.end() == 0
    assert "Traceback" not in bridge.output


def test_a_place_that_is_taken_or_an_outbox_that_is_not_there_is_told(
    spawn: Spawn, cli: Cli, config: Path, tmp_path: Path
) -> None:
    done = cli("dashboard")
    assert done.returncode == 3
    assert "There is no outbox" in done.stderr
    make.connect(tmp_path / "outbox.db").close()
    config.write_text(config.read_text() + '[dashboard]\nlisten = "127.0.0.1:0"\n')
    process = spawn("dashboard")
    port = process.wait_for("The dashboard is at").rpartition(":")[2]
    before, _, after = config.read_text().rpartition("127.0.0.1:0")
    config.write_text(f"{before}127.0.0.1:{port}{after}")
    done = cli("dashboard")
    assert done.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Next: if the bridge shows it already" in done.stderr
