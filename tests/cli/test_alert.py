# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from tests.alerts.receivers import hooks, mails
from tests.cli.conftest import Cli, write_config

pytestmark = pytest.mark.binary


def test_without_a_channel_it_says_so(cli: Cli, config: Path) -> None:
    done = cli("alert", "test")
    assert done.returncode == 1
    assert "no channel is configured" in done.stdout
    assert json.loads(cli("alert", "test", "--json").stdout) == {"channels": []}


async def test_each_channel_is_tried(cli: Cli, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = taken.getsockname()[1]
        async with hooks() as receiver:
            port = receiver.url.rpartition(":")[2]
            extra = (
                f'[alerts]\napprise = ["json://127.0.0.1:{port}/apprise/s3cret"]\n'
                f'[alerts.webhook]\nurl = "{receiver.url}/hook/s3cret"\n'
                f'[alerts.heartbeat]\nurl = "{receiver.url}/beat/s3cret"\n'
            )
            write_config(tmp_path, extra=extra)
            done = await asyncio.to_thread(cli, "alert", "test")
            assert (done.returncode, done.stdout) == (
                0,
                "✔ webhook: sent\n✔ apprise:json: sent\n✔ heartbeat: sent\n",
            )
            assert sorted(path for _, path, _, _ in receiver.requests) == [
                "/apprise/s3cret",
                "/beat/s3cret",
                "/hook/s3cret",
            ]
            email = f'[alerts.email]\nhost = "127.0.0.1"\nport = {closed}\ntls = "none"\nsender = "a@example.org"\n'
            write_config(tmp_path, extra=extra + email)
            done = await asyncio.to_thread(cli, "alert", "test", "--json")
            async with mails("none") as server:
                server.refused = {"gone@example.org"}
                email = email.replace(str(closed), str(server.port))
                email += 'recipients = ["a@example.org", "gone@example.org"]\n'
                write_config(tmp_path, extra=email)
                partly = await asyncio.to_thread(cli, "alert", "test")
    assert partly.returncode == 1
    assert partly.stdout.startswith("⚠ email: sent, but the server rejects 1 of 2 recipients: ")
    assert done.returncode == 1
    channels = {told["channel"]: (told["sent"], told["why"]) for told in json.loads(done.stdout)["channels"]}
    assert channels["email"] == (False, "connection refused")
    assert channels["webhook"] == (True, "")
    assert "s3cret" not in done.stdout + done.stderr
