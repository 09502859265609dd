# SPDX-License-Identifier: GPL-3.0-or-later
"""`status` beside a bridge that runs, one that does not, and on odd outboxes; and alerts of a real `run`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bouncestream.alert import AlertState, Delivery, Notice, What
from bouncestream.outbox import alerts
from tests.alerts.receivers import hooks
from tests.cli.conftest import PATIENCE, Cli, Process, bounce, get, post, write_config
from tests.outbox import make
from tests.outbox.make import NOW, later

pytestmark = pytest.mark.binary

Spawn = Callable[..., Process]


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago: `status` has to know it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def configure(folder: Path, listmonk: str, port: int, extra: str = "") -> None:
    path = write_config(folder, listmonk, extra=extra)
    path.write_text(path.read_text().replace('"127.0.0.1:0"', f'"127.0.0.1:{port}"'))


def test_while_a_bridge_runs(spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path, port: int) -> None:
    configure(tmp_path, sandbox, port, '[alerts]\nevery = "100ms"\n[log]\nlevel = "debug"')
    bridge = spawn("run")
    bridge.wait_for(": ready")
    assert post(f"http://127.0.0.1:{port}/webhooks/sendamatic", bounce()) == 200
    bridge.wait_for("is verified")
    done = cli("status")
    assert done.returncode == 0, done.stdout
    for text in (
        "✔ the bridge: ready",
        "sendamatic",
        " s ago",
        "1 verified",
        "Listmonk v6.2.0",
        "none active",
    ):
        assert text in done.stdout
    told = json.loads(cli("status", "--json").stdout)
    assert set(told) == {"at", "running", "ready", "parts", "sources", "bridges", "outbox", "sink", "alerts"}
    assert (told["running"], told["ready"], told["sink"]["state"]) == (True, True, "green")
    source, refused = told["sources"]
    assert (source["name"], source["type"], source["day"], source["week"]) == ("sendamatic", "webhook", 1, 1)
    assert (refused["name"], refused["type"], refused["week"]) == ("listmonk_log", "log", 0)
    assert refused["state"] in ("green", None)
    assert told["outbox"]["states"]["verified"] == 1
    assert told["alerts"] == {"active": [], "last": [], "channels": []}

    # With a quarantined request it is not well.
    assert post(f"http://127.0.0.1:{port}/webhooks/sendamatic", b"{") == 200
    bridge.wait_for("quarantine, fired")
    metrics = get(f"http://127.0.0.1:{port}/metrics").decode()
    assert 'bouncestream_alert_active{rule="quarantine"} 1' in metrics
    done = cli("status")
    assert done.returncode == 1
    assert "⚠ quarantine since" in done.stdout
    assert "→ Inspect them: `bouncestream outbox list --quarantine`" in done.stdout
    assert bridge.end() == 0
    done = cli("status")
    assert done.returncode == 1
    assert "No bridge answers" in done.stdout
    assert "⚠ quarantine since" in done.stdout, "also what the last run knew"


def test_without_an_outbox_it_cannot_be_examined(cli: Cli, config: Path) -> None:
    done = cli("status")
    assert done.returncode == 3
    assert "There is no outbox" in done.stderr


def test_an_older_outbox_is_not_changed(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA user_version = 4")
    done = cli("status")
    assert done.returncode == 3
    assert "start `bouncestream run`" in done.stderr
    assert conn.execute("PRAGMA user_version").fetchone() == (4,)


def test_what_was_not_sent_is_shown(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    notice = Notice(1, NOW, What.FIRED, "error", "Dead letters", "text", "fix", "dead-letters", since=NOW)
    state = AlertState("dead-letters", "", "error", True, NOW, NOW, NOW, text="New dead letters: 3.", fix="replay")
    failing = Delivery(notice, "email", 4, later(60), error="no answer in time")
    make.submit(conn, make.event("held@example.com", hold="unproven"))
    alerts.save(conn, [state], [notice], [failing, Delivery(notice, "webhook", 1, None, NOW, sent=True)])
    done = cli("status")
    assert "⚠ email: 1 waiting: no answer in time" in done.stdout
    assert "✔ webhook: last sent 1 Mar" in done.stdout
    assert "✘ dead-letters since 1 Mar: New dead letters: 3." in done.stdout
    assert (
        "⚠ 1 held: nothing proves whom the mail is about\n  → bouncestream outbox list --state held" in done.stdout
    )
    assert json.loads(cli("status", "--json").stdout)["outbox"]["held"] == {"unproven": 1}
    told = json.loads(cli("status", "--json").stdout)["alerts"]
    assert [channel["waiting"] for channel in told["channels"]] == [1, 0]
    assert told["last"][0]["event"] == "fired"


def test_watch_shows_it_again_and_ends_with_ctrl_c(spawn: Spawn, config: Path, conn: sqlite3.Connection) -> None:
    process = spawn("status", "--watch", "--every", "0.1")
    for _ in range(3):
        process.wait_for("No bridge answers")
    assert process.end(signal.SIGINT) == 1
    assert "Traceback" not in process.output
    process = spawn("status", "--watch", "--json", "--every", "0.1")
    for _ in range(2):
        assert json.loads(process.wait_for("running"))["running"] is False


async def test_an_alert_of_a_real_run_goes_out_while_a_channel_hangs(
    spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path, port: int
) -> None:
    async with hooks() as stuck, hooks() as receiver:
        stuck.hang = True
        apprise = receiver.url.replace("http://", "json://")
        extra = f"""
[alerts]
apprise = ["{apprise}/apprise/s3cret", "{stuck.url.replace("http://", "json://")}/s3cret"]
every = "100ms"
[alerts.webhook]
url = "{stuck.url}/hook/s3cret"
[alerts.heartbeat]
url = "{receiver.url}/beat"
every = "200ms"
[log]
level = "debug"
"""
        configure(tmp_path, sandbox, port, extra)
        bridge = spawn("run")
        await asyncio.to_thread(bridge.wait_for, ": ready")
        hook = f"http://127.0.0.1:{port}/webhooks/sendamatic"
        assert await asyncio.to_thread(post, hook, b"{") == 200
        await asyncio.gather(stuck.until(2), receiver.until(1, "/apprise"), receiver.until(3, "/beat"))
        (body,) = receiver.bodies("/apprise/s3cret")
        assert body["title"].endswith("Input could not be parsed")

        # Two channels hang now: deliveries do not care.
        began = time.monotonic()
        assert await asyncio.to_thread(post, hook, bounce()) == 200
        await asyncio.to_thread(bridge.wait_for, "is verified")
        assert time.monotonic() - began < PATIENCE / 3
        assert len(receiver.bodies("/apprise/s3cret")) == 1
        memory = Path(f"/proc/{bridge.process.pid}/status").read_text()
        rss = int(memory.partition("VmRSS:")[2].split()[0])
        assert rss < 60_000, "Apprise is in no memory of ours"
        while _waiting(cli)["apprise:json"]:  # it has come in there, and is to be written down here
            await asyncio.sleep(0.05)
        began = time.monotonic()
        assert await asyncio.to_thread(bridge.end) == 0
        assert time.monotonic() - began < 8, "what hangs does not hold up the end either"
    assert "s3cret" not in bridge.output
    left = [pid for pid in os.listdir("/proc") if pid.isdigit() and _is_errand_of(int(pid), tmp_path)]
    assert left == []
    # What was not sent waits for the next run.
    assert _waiting(cli) == {"apprise:json": 0, "apprise:json#2": 1, "webhook": 1}


def _waiting(cli: Cli) -> dict[str, int]:
    """For each channel how many notices it has not sent yet."""
    told = json.loads(cli("status", "--json").stdout)
    return {channel["channel"]: channel["waiting"] for channel in told["alerts"]["channels"]}


def _is_errand_of(pid: int, folder: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text()
        environ = Path(f"/proc/{pid}/environ").read_text()
    except OSError:
        return False
    return "notify" in command and f"PWD={folder}" in environ
