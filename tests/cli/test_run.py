# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream run` as a real process, between a sandbox process and whoever posts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.cli.run import _run_with_signals
from bouncestream.ports import Unreadable
from tests.cli.conftest import PATIENCE, SECRET, Cli, Process, bounce, environment, post, write_config
from tests.outbox import make
from tests.sources.mails import fixture

pytestmark = pytest.mark.binary

Spawn = Callable[..., Process]


def started(process: Process) -> str:
    """The URL of its webhook, once it is ready."""
    line = process.wait_for("listening on")
    process.wait_for(": ready")
    return line.split("listening on ")[1] + "/webhooks/sendamatic"


def states(cli: Cli) -> dict[str, int]:
    found: dict[str, int] = json.loads(cli("outbox", "stats", "--json").stdout)["states"]
    return {state: count for state, count in found.items() if count}


def test_a_bounce_reaches_listmonk(spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox, extra='[log]\nlevel = "debug"')
    bridge = spawn("run", "--config", "config.toml")
    url = started(bridge)
    assert post(url, bounce()) == 200
    assert post(url, bounce(), "a-wrong-secret-of-good-length") == 401
    bridge.wait_for("is verified")
    assert ("runs as root" in bridge.output) == (os.geteuid() == 0)
    assert states(cli) == {"verified": 1}
    assert bridge.end() == 0
    assert "account: 1 in by sendamatic (1 hard), 1 recorded, 1 request refused" in bridge.output
    assert "stopped" in bridge.output
    assert "reader1@" not in bridge.output
    assert SECRET not in bridge.output


def test_a_second_run_of_the_same_outbox_is_75(spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    started(spawn("run"))
    done = cli("run")
    assert done.returncode == 75
    assert "Another `bouncestream run`" in done.stderr


def test_a_dry_run_posts_nothing_and_its_events_can_be_replayed(
    spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path
) -> None:
    write_config(tmp_path, sandbox, extra='[log]\nlevel = "debug"')
    bridge = spawn("run", "--dry-run")
    assert post(started(bridge), bounce()) == 200
    # the next command writes beside it, and waits for its turn; the drop is a commit of its own
    for _ in range(200):
        if states(cli) == {"dropped": 1}:
            break
    row = json.loads(cli("outbox", "list", "--json").stdout)
    assert (row["state"], row["attempt"]) == ("dropped", 0)
    assert row["why"].startswith("dry run")
    assert bridge.end() == 0
    assert cli("outbox", "replay", "--from-dry-run").returncode == 0
    bridge = spawn("run")
    started(bridge)
    bridge.wait_for("is verified")
    assert states(cli) == {"verified": 1}


def test_a_replay_beside_a_running_bridge_is_noticed(spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox, extra='[log]\nlevel = "debug"')
    dry = spawn("run", "--dry-run")
    assert post(started(dry), bounce("reader2@example.com")) == 200
    assert dry.end() == 0
    bridge = spawn("run")
    url = started(bridge)
    if states(cli) == {"pending": 1}:  # the dry run was ended before it could drop it
        bridge.wait_for("is verified")
    else:
        assert cli("outbox", "replay", "--from-dry-run").returncode == 0
        bridge.wait_for("is verified")
    assert post(url, b'{"notification_type"') == 200
    done = cli("outbox", "replay", "--quarantine")
    assert done.returncode == 1
    assert "is still unreadable" in done.stdout


def test_sighup_reloads_what_can_be(spawn: Spawn, sandbox: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, sandbox)
    bridge = spawn("run", env={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    url = started(bridge)
    other = "another-webhook-secret-of-good-length"

    config.write_text(config.read_text().replace(SECRET, other).replace("127.0.0.1:0", "127.0.0.1:1"))
    bridge.process.send_signal(signal.SIGHUP)
    assert "webhooks.sendamatic.secret" in bridge.wait_for("reloaded: ")
    assert "restart if one has changed" in bridge.wait_for("secrets that systemd handed over")
    assert bridge.wait_for("not applied: ").endswith(
        "not applied: server.listen. Next: restart bouncestream for these"
    )
    assert post(url, bounce()) == 401
    assert post(url, bounce(), other) == 200

    public = 'listen = "127.0.0.1:1"\npublic_url = "https://bounces.example.org"'
    config.write_text(config.read_text().replace('listen = "127.0.0.1:1"', public))
    bridge.process.send_signal(signal.SIGHUP)
    assert bridge.wait_for("reloaded: ").endswith("reloaded: server.public_url"), "the checks use it at once"

    config.write_text(config.read_text().replace('127.0.0.1:1"\npublic', '127.0.0.1:0"\npublic'))
    bridge.process.send_signal(signal.SIGHUP)
    assert "no setting" in bridge.wait_for("reloaded: "), "it listens there as from the start"

    config.write_text(config.read_text().replace("sendamatic", "no-such"))
    bridge.process.send_signal(signal.SIGHUP)
    assert "provider" in bridge.wait_for("not reloaded: ")
    bridge.wait_for("stays in force")
    assert post(url, bounce(), other) == 200
    assert bridge.end() == 0
    assert other not in bridge.output


def test_it_tells_systemd(spawn: Spawn, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        bridge = spawn("run", env={"NOTIFY_SOCKET": str(tmp_path / "notify"), "JOURNAL_STREAM": "1:2"})
        assert systemd.recv(1000).startswith(b"READY=1\n")
        assert bridge.end() == 0
        assert systemd.recv(1000) == b"STOPPING=1"
    assert bridge.lines
    assert all(line.startswith("<") for line in bridge.lines)


def test_warnings_of_the_configuration_are_logged_as_json_too(spawn: Spawn, sandbox: str, tmp_path: Path) -> None:
    extra = '[webhooks.open]\nprovider = "generic"\nunverified = true\n[log]\nformat = "json"'
    write_config(tmp_path, sandbox, extra=extra)
    bridge = spawn("run")
    line = json.loads(bridge.wait_for("is not verified"))
    assert line["level"] == "warning"
    assert "webhooks.open" in line["message"]
    bridge.wait_for('"ready"')
    assert bridge.end(signal.SIGINT) == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_outbox_that_cannot_be_written_is_75(cli: Cli, config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text().replace(f"{tmp_path}/outbox.db", "/proc/outbox.db"))
    assert cli("run").returncode == 75


def test_an_outbox_in_a_missing_directory_is_78_in_words(cli: Cli, config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text().replace(f"{tmp_path}/outbox.db", f"{tmp_path}/no/outbox.db"))
    done = cli("run")
    assert done.returncode == 78
    assert "does not exist" in done.stderr


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")
def test_an_early_sighup_does_not_end_it(spawn: Spawn, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    code = (
        "import os, signal, sys; sys.argv = ['bouncestream', 'run', '--help']\n"
        "from bouncestream import __main__\n"
        "assert not {'asyncio', 'aiohttp', 'argparse', 'bouncestream.cli'} & set(sys.modules)\n"
        "code = __main__.main()\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    bridge = spawn("run")
    end = time.monotonic() + PATIENCE
    while (
        time.monotonic() < end
    ):  # until it ignores or handles it; the runtime of a single file handles all, at first
        launcher = (
            Path(f"/proc/{bridge.process.pid}/exe").resolve()
            == Path(os.environ.get("BOUNCESTREAM_PROGRAM", "")).resolve()
        )
        caught = {
            line.split()[0]: int(line.split()[1], 16)
            for line in Path(f"/proc/{bridge.process.pid}/status").read_text().splitlines()
            if line.startswith(("SigIgn", "SigCgt"))
        }
        if caught and (caught["SigIgn:"] if launcher else sum(caught.values())) & 1:
            break
    for _ in range(20):
        bridge.process.send_signal(signal.SIGHUP)
        time.sleep(0.02)
    bridge.wait_for(": ready")
    assert bridge.end() == 0


def test_an_early_sigterm_is_quiet(spawn: Spawn, sandbox: str, tmp_path: Path) -> None:
    write_config(tmp_path, sandbox)
    for wait in (0.0, 0.05, 0.1, 0.2, 0.3):
        bridge = spawn("run")
        time.sleep(wait)
        assert bridge.end() in (0, -signal.SIGTERM)
        assert "Traceback" not in bridge.output


def test_after_an_upgrade_what_is_unidentified_is_judged_again_once(
    spawn: Spawn, cli: Cli, sandbox: str, tmp_path: Path
) -> None:
    write_config(tmp_path, sandbox)
    mail = fixture("postfix_unknown_user").replace(b"reader@example.com", b"reader1@example.com")
    with closing(make.connect(tmp_path / "outbox.db")) as conn:
        unreadable = Unreadable("nobody was named", unidentified=True, fingerprint=b"1" * 32)
        make.submit(conn, unreadable=(unreadable,), raw=mail, source="bounces", provider="mailbox")
    bridge = spawn("run")
    bridge.wait_for("judged 1 unidentified bounce mails again: 1 identified, 0 not bounces, 0 unchanged")
    assert sum(states(cli).values()) == 1
    assert bridge.end() == 0
    again = spawn("run")
    started(again)
    assert again.end() == 0
    assert "unidentified" not in again.output


def test_names_that_nobody_answers_for_take_no_thread_from_large_requests() -> None:
    """Where DNS is dead each look-up holds a thread for half a minute, and there were six: a webhook of 60 KB
    waited for as long."""
    answered = threading.Event()

    class Bridge:
        stopping = False

        async def run(self, ready: object) -> None:
            lookups = [asyncio.ensure_future(asyncio.to_thread(answered.wait)) for _ in range(40)]
            try:
                async with asyncio.timeout(PATIENCE):
                    await asyncio.to_thread(int)
            finally:
                answered.set()
                await asyncio.gather(*lookups)

    asyncio.run(_run_with_signals(Bridge(), lambda: None))  # type: ignore[arg-type]
