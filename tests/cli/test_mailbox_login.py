# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli import mailbox_stage as stage
from tests.cli.conftest import Cli, Process, environment
from tests.killed import COUNTED
from tests.mailserver.dovecot import Dovecot
from tests.mailserver.oauth import dovecot_with_oauth
from tests.sources.oauth.server import CLIENT_SECRET

Spawn = Callable[..., Process]


@pytest.fixture
def provider() -> Iterator[stage.Provider]:
    with stage.provider() as running:
        yield running


@pytest.fixture
def dovecot(provider: stage.Provider) -> Iterator[Dovecot]:
    with dovecot_with_oauth(provider.url) as server:
        yield server


def token_file(folder: Path) -> Path:
    return folder / "outbox.db.bounces.token"


def refresh_token(folder: Path) -> str:
    kept: str = json.loads(token_file(folder).read_text())["refresh_token"]
    return kept


def test_with_a_code_that_is_entered_elsewhere(
    cli: Cli, provider: stage.Provider, dovecot: Dovecot, tmp_path: Path
) -> None:
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", dovecot.imap, "device"))
    provider.order(device=["authorization_pending"])
    done = cli("mailbox", "login", "bounces")
    assert done.returncode == 0, done.stdout + done.stderr
    for text in (f"{provider.url}/enter", "WDJB-MJHT", "is stored in", "accepts the login of b•••@example.test"):
        assert text in done.stdout
    assert "\x1b" not in done.stdout
    assert stat.S_IMODE(token_file(tmp_path).stat().st_mode) == 0o600
    good = provider.order()["good_refresh"]
    assert [refresh_token(tmp_path)] == good, "the try has rotated it once more"
    for secret in (*good, CLIENT_SECRET, "device-code"):
        assert secret not in done.stdout + done.stderr
    assert not list(tmp_path.glob("*.new"))

    # Everything else now works without a person.
    assert cli("mailbox", "test", "bounces").returncode == 0
    provider.order(revoke=True)
    done = cli("mailbox", "test", "bounces")
    assert done.returncode == 1
    assert "✘ bounces: The permission is invalid or has expired: invalid_grant" in done.stdout
    assert "→ run `bouncestream mailbox login bounces`" in done.stdout


def address_in(process: Process) -> str:
    process.wait_for("Open this address")
    return process.wait_for("http://")


def test_with_a_browser_that_comes_back(
    spawn: Spawn, provider: stage.Provider, dovecot: Dovecot, tmp_path: Path
) -> None:
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", dovecot.imap, "loopback"))
    process = spawn("mailbox", "login", "bounces")
    url = address_in(process)
    hint = process.wait_for("ssh -L")
    port = re.search(r"-L (\d+):127\.0\.0\.1:\1 ", hint)
    assert port
    assert f"127.0.0.1%3A{port[1]}%2F" in url
    with urllib.request.urlopen(url, timeout=30) as page:
        assert "Thank you" in page.read().decode()
    process.wait_for("accepts the login of b•••@example.test")
    assert process.process.wait(30) == 0
    assert refresh_token(tmp_path) in provider.order()["good_refresh"]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def test_with_an_address_that_is_pasted(provider: stage.Provider, dovecot: Dovecot, tmp_path: Path) -> None:
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", dovecot.imap, "loopback"))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bouncestream", "mailbox", "login", "bounces"],
        cwd=tmp_path,
        env=environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        url = next(line for line in lines if line.startswith("http://")).strip()
        next(line for line in lines if "paste that page's address" in line)
        try:
            urllib.request.build_opener(NoRedirect).open(url, timeout=30)
        except urllib.error.HTTPError as redirect:
            with redirect:
                os.write(ours, redirect.headers["Location"].encode() + b"\n")
        said = process.stdout.read()
        assert process.wait(30) == 0, said
        assert "is stored in" in said
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]
        os.close(ours)
        os.close(theirs)


def mailbox_part(url: str) -> dict[str, str]:
    """What /readyz says of the mailbox."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=30) as answer:
            said = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            said = error.read()
    parts: dict[str, dict[str, str]] = json.loads(said)["parts"]
    return next((part for name, part in parts.items() if name.startswith("mailbox:")), {})


def test_a_running_bridge_notices_a_login(
    cli: Cli, spawn: Spawn, sandbox: str, provider: stage.Provider, dovecot: Dovecot, tmp_path: Path
) -> None:
    path = stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", dovecot.imap, "device"))
    path.write_text(path.read_text().replace("http://127.0.0.1:1", sandbox))
    run = spawn("run")
    url = run.wait_for("listening on").split("listening on ")[1]
    run.wait_for("Next: run `bouncestream mailbox login bounces`")
    part = mailbox_part(url)
    assert part["state"] == "red"
    assert "The mailbox bounces has no OAuth login yet" in part["why"]
    assert cli("mailbox", "login", "bounces").returncode == 0
    run.wait_for("mailbox:bounces is green")
    assert mailbox_part(url)["state"] == "green"

    # Its refresh token is taken back, and the connection ends: red, with the command to run.
    provider.order(revoke=True)
    dovecot.restart()
    run.wait_for("mailbox:bounces is red")
    assert "Next: run `bouncestream mailbox login bounces`" in mailbox_part(url)["why"]
    assert cli("mailbox", "login", "bounces").returncode == 0
    run.wait_for("mailbox:bounces is green")
    assert run.end() == 0
    for secret in (*provider.order()["good_refresh"], CLIENT_SECRET):
        assert secret not in run.output


@pytest.mark.process
def test_ctrl_c_gives_up(spawn: Spawn, provider: stage.Provider, tmp_path: Path) -> None:
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", 1, "loopback"))
    process = spawn("mailbox", "login", "bounces")
    process.wait_for("Ctrl-C cancels")
    assert process.end(signal.SIGINT) == 130
    assert not token_file(tmp_path).exists()


def test_an_application_of_its_own(cli: Cli, provider: stage.Provider, dovecot: Dovecot, tmp_path: Path) -> None:
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", dovecot.imap, "client"))
    done = cli("mailbox", "login", "bounces")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing needs to be stored" in done.stdout
    assert not token_file(tmp_path).exists()
    stage.write(
        tmp_path,
        stage.by_token(provider, "127.0.0.1", dovecot.imap, "client", oauth_client_secret="wrong-one"),
    )
    done = cli("mailbox", "login", "bounces")
    assert done.returncode == 1
    assert "Next: check oauth_client_id and oauth_client_secret" in done.stderr
    assert "wrong-one" not in done.stderr


def test_a_mail_server_that_is_away_is_no_fault_of_the_permission(
    cli: Cli, provider: stage.Provider, tmp_path: Path
) -> None:
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", 1, "device"))
    done = cli("mailbox", "login", "bounces")
    assert done.returncode == 3
    assert "is stored in" in done.stdout
    assert "✘ bounces: 127.0.0.1:1 could not be reached: connection refused [mailbox-unreachable]" in done.stdout
    assert refresh_token(tmp_path) in provider.order()["good_refresh"]


def test_a_provider_that_is_away_could_not_be_examined(cli: Cli, provider: stage.Provider, tmp_path: Path) -> None:
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", 1, "device"))
    provider.order(fault="500")
    done = cli("mailbox", "login", "bounces")
    assert done.returncode == 3
    assert "answered 500" in done.stderr


def test_a_permission_that_would_end_within_the_hour_is_refused(cli: Cli, tmp_path: Path) -> None:
    with stage.provider(offline=False) as provider:
        stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", 1, "device"))
        done = cli("mailbox", "login", "bounces")
    assert done.returncode == 1
    assert "offline_access" in done.stderr
    assert not token_file(tmp_path).exists()


def test_what_cannot_be_kept_is_not_asked_for(cli: Cli, provider: stage.Provider, tmp_path: Path) -> None:
    path = stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", 1, "device"))
    path.write_text(path.read_text().replace("/outbox.db", "/missing/outbox.db"))
    done = cli("mailbox", "login", "bounces")
    assert done.returncode == 3
    assert "missing does not exist. Next: create it" in done.stderr
    assert not provider.order()["asked"]


def test_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    stage.write(tmp_path, stage.settings("bounces", host="localhost", user="b", password="x"))
    done = cli("mailbox", "login", "bounce")
    assert done.returncode == 64
    assert "there are: bounces" in done.stderr
    done = cli("mailbox", "login", "bounces")
    assert done.returncode == 64
    assert "logs in with a password" in done.stderr
    assert cli("mailbox", "login", "bounces", "--port", "70000").returncode == 64


def test_a_kill_between_rotation_and_use_loses_nothing(
    cli: Cli, spawn: Spawn, provider: stage.Provider, dovecot: Dovecot, tmp_path: Path
) -> None:
    """The provider takes an old refresh token for stolen and then revokes all: the new one must be on the disk
    before anything is done with what came with it."""
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", dovecot.imap, "device"))
    assert cli("mailbox", "login", "bounces").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.settimeout(30)
        for _ in range(3):
            stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", deaf.getsockname()[1], "device"))
            before = refresh_token(tmp_path)
            process = spawn("mailbox", "test", "bounces")
            peer, _address = deaf.accept()  # it has its token now, and is about to use it
            process.end(signal.SIGKILL)
            peer.close()
            assert refresh_token(tmp_path) != before
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", dovecot.imap, "device"))
    done = cli("mailbox", "test", "bounces")
    assert done.returncode == 0, done.stdout


#: Runs a command, and kills it -9 at the n-th of the calls that a refresh makes to keep the new token.
KILLED = f"""{COUNTED}\
os.fsync, Path.rename = counted(os.fsync), counted(Path.rename)
from bouncestream.cli import main
sys.exit(main(["mailbox", "test", "bounces"]))
"""
#: fsync of the rehearsal, fsync of the new file, rename, fsync of the directory.
STEPS = 4


@pytest.mark.parametrize("step", range(1, STEPS + 2))
def test_a_kill_at_any_step_leaves_a_whole_file(
    cli: Cli, provider: stage.Provider, tmp_path: Path, step: int
) -> None:
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", 1, "device"))
    cli("mailbox", "login", "bounces")
    before = refresh_token(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(step)], cwd=tmp_path, env=environment(), capture_output=True, timeout=60
    )
    assert done.returncode == (-signal.SIGKILL if step <= STEPS else 3), done.stderr
    after = refresh_token(tmp_path)
    good = provider.order()["good_refresh"]
    if step == 1:
        assert after == before
        assert after in good, "nothing was asked before it was known that the answer can be kept"
    elif step <= 3:
        assert after == before
        assert len(good) == 1, "the answer was on its way: only a strict provider has forgotten the old one"
    else:
        assert after != before
        assert after in good


def test_many_at_once_keep_the_file_good(
    cli: Cli, provider: stage.Provider, dovecot: Dovecot, tmp_path: Path
) -> None:
    stage.write(tmp_path, stage.by_token(provider, "127.0.0.1", dovecot.imap, "device"))
    assert cli("mailbox", "login", "bounces").returncode == 0
    command = [sys.executable, "-m", "bouncestream", "mailbox", "test", "bounces"]
    running = [
        subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    assert [refresh_token(tmp_path)] == provider.order()["good_refresh"]
