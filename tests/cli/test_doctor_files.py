# SPDX-License-Identifier: GPL-3.0-or-later
"""`doctor mail` and `doctor logs` as an operator calls them."""

from __future__ import annotations

import asyncio
import fcntl
import gzip
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from bouncestream.sandbox import Sandbox, SandboxSettings
from tests.cli.conftest import ROOT, TOKEN, Cli, environment, write_config
from tests.doctor.logs.test_logs import GOOD, line
from tests.doctor.logs.test_logs import PIXEL as LOGGED
from tests.doctor.logs.test_logs import S as SUBSCRIBER
from tests.doctor.received_mails import HTML, PIXEL, READER, ZERO, letter
from tests.doctor.received_mails import ROOT as NEWS

ANONYMOUS = LOGGED.replace(SUBSCRIBER, ZERO)


class Listening:
    """A sandbox in a thread of its own, as the commands are processes that a test waits for."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings

    def __enter__(self) -> str:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._sandbox = Sandbox(self._settings)
        return asyncio.run_coroutine_threadsafe(self._sandbox.start(), self._loop).result(30)

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._sandbox.close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()


FIELDS = {"id", "level", "topic", "seen", "why", "fix", "evidence"}


def named(folder: Path, public_url: str) -> Path:
    path = write_config(folder)
    text = path.read_text().replace("[listmonk]", f'[listmonk]\npublic_url = "{public_url}"')
    path.write_text(text)
    return path


def test_mail_exit_codes_and_json(cli: Cli, tmp_path: Path) -> None:
    for html, code in ((HTML, 0), (HTML.replace(PIXEL, PIXEL * 2), 1), (HTML.replace(PIXEL, ""), 2)):
        (tmp_path / "letter.eml").write_bytes(letter(html))
        done = cli("doctor", "mail", "letter.eml", "--json")
        assert done.returncode == code, done.stdout
        findings = json.loads(done.stdout)["findings"]
        assert findings
        assert all(finding.keys() == FIELDS for finding in findings)
    done = cli("doctor", "mail", "missing.eml", "--json")
    assert done.returncode == 3
    assert [one["id"] for one in json.loads(done.stdout)["findings"]] == ["mail-unreadable"]
    assert cli("doctor", "mail").returncode == 64
    assert cli("doctor", "mail", ".").returncode == 3


def test_people_read_words(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_bytes(
        letter(HTML.replace(PIXEL, ""), return_path="<b@evil\x1b[31m.example.com>")
    )
    done = cli("doctor", "mail", "letter.eml")
    assert done.returncode == 2
    assert "\x1b" not in done.stdout
    for text in (
        "Pixel",
        "✘ There is no pixel in the HTML. [mail-pixel-missing]",
        "why: ",
        "{{ TrackView }}",
        "✔ ",
    ):
        assert text in done.stdout


def test_the_configuration_tells_the_public_address(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_bytes(letter())
    (tmp_path / "elsewhere").mkdir()
    config = named(tmp_path / "elsewhere", "https://letters.example.com")
    done = cli("doctor", "mail", "letter.eml", "--config", str(config), "--json")
    told = {one["id"]: one for one in json.loads(done.stdout)["findings"]}
    assert done.returncode == 2
    assert "https://letters.example.com" in told["mail-root-other"]["seen"]
    named(tmp_path / "elsewhere", NEWS)
    assert cli("doctor", "mail", "letter.eml", "--config", str(config)).returncode == 0


def test_listmonk_is_asked_where_the_configuration_does_not_tell(cli: Cli, tmp_path: Path, sandbox: str) -> None:
    (tmp_path / "letter.eml").write_bytes(letter())
    config = write_config(tmp_path, sandbox)
    done = cli("doctor", "mail", "letter.eml", "--config", str(config), "--json")
    told = {one["id"]: one for one in json.loads(done.stdout)["findings"]}
    assert sandbox.split("//")[1] in told["mail-root-other"]["seen"]
    assert TOKEN not in done.stdout + done.stderr


def test_a_configuration_that_is_named_must_be_right_and_another_may_be_wrong(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_bytes(letter())
    (tmp_path / "config.toml").write_text("nonsense = [")
    assert cli("doctor", "mail", "letter.eml").returncode == 0
    assert cli("doctor", "mail", "letter.eml", "--config", "config.toml").returncode == 78
    assert cli("doctor", "logs", "letter.eml", "--config", "gone.toml").returncode == 78
    assert cli("doctor", "mail", "letter.eml", env={"BOUNCESTREAM_CONFIG": "config.toml"}).returncode == 78


def test_logs_exit_codes_and_json(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(GOOD)
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(GOOD.encode()))
    done = cli("doctor", "logs", "access.log", "access.log.1.gz", "--json")
    assert done.returncode == 0
    told = {one["id"]: one for one in json.loads(done.stdout)["findings"]}
    assert all(one.keys() == FIELDS for one in told.values())
    assert told["logs-pixel-ok"]["evidence"]["requests"] == 2
    done = cli("doctor", "logs", "-", "--json", stdin=GOOD + line("/track/open", 404))
    assert done.returncode == 1
    assert cli("doctor", "logs", "-", stdin=GOOD + line(status=502) * 3).returncode == 2
    for arguments in (("missing.log",), ("access.log", "missing.log"), (".",)):
        done = cli("doctor", "logs", *arguments)
        assert done.returncode == 3
        assert "logs-unreadable" in done.stdout
    assert cli("doctor", "logs").returncode == 64


def test_logs_compare_the_host(cli: Cli, tmp_path: Path) -> None:
    config = named(tmp_path, "https://letters.example.com")
    entry = {
        "request": {"method": "GET", "host": "news.example.com", "uri": PIXEL.split('"')[1].removeprefix(NEWS)}
    }
    (tmp_path / "caddy.log").write_text(json.dumps(entry | {"status": 200}) + "\n")
    done = cli("doctor", "logs", "caddy.log", "--config", str(config))
    assert done.returncode == 1
    assert "letters.example.com" in done.stdout


def test_a_large_mail_is_read_in_bounds(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "large.eml").write_bytes(letter() + b"<p>x</p>\r\n" * (4 << 20))
    done = cli("doctor", "mail", "large.eml", "--json")
    assert done.returncode == 1
    assert "mail-cut" in {one["id"] for one in json.loads(done.stdout)["findings"]}


def on_terminal(*arguments: str, cwd: Path) -> str:
    """What standard error shows when it is a terminal."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command = [sys.executable, "-m", "bouncestream", *arguments]
    env = environment(TERM="xterm")
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=follower) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                data = os.read(leader, 65536)
            except OSError:  # the other side was closed
                break
            if not data:
                break
            shown += data
        process.wait(60)
    os.close(leader)
    return shown.decode("utf-8", "replace")


def test_a_bar_is_drawn_on_a_terminal_for_large_files_only(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "large.log").write_text(GOOD * 30_000)
    (tmp_path / "small.log").write_text(GOOD)
    assert "MiB" in on_terminal("doctor", "logs", "large.log", cwd=tmp_path)
    assert on_terminal("doctor", "logs", "small.log", cwd=tmp_path) == ""
    assert cli("doctor", "logs", "large.log").stderr == ""


@pytest.mark.process
def test_nothing_heavy_is_loaded(tmp_path: Path) -> None:
    """60 MB for logs of any size: aiohttp and rich alone would take a third of that."""
    (tmp_path / "access.log").write_text(GOOD)
    code = (
        "import sys; from bouncestream.cli import main; main(['doctor', 'logs', 'access.log']); "
        "print(sorted({'aiohttp', 'rich', 'aiosqlite'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
    assert ROOT


def test_listmonk_tells_the_privacy_switches(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_bytes(letter(HTML.replace(PIXEL, "")))
    (tmp_path / "zero.eml").write_bytes(letter(HTML.replace(READER, ZERO)))
    (tmp_path / "access.log").write_text(GOOD + line(ANONYMOUS) * 5)

    def told(*words: str) -> dict[str, str]:
        done = cli("doctor", *words, "--config", str(tmp_path / "config.toml"), "--json")
        return {one["id"]: one["level"] for one in json.loads(done.stdout)["findings"]}

    for version in ("6.2", "4.1"):  # before 6 the switches are in the settings
        for saved in ({"privacy.disable_tracking": True}, {"privacy.individual_tracking": True}):
            if version == "4.1" and "privacy.disable_tracking" in saved:
                continue  # that one came with 6.1
            with Listening(SandboxSettings(version=version, saved={"app.root_url": NEWS} | saved)) as url:
                named(tmp_path, NEWS)
                write_config(tmp_path, url)
                if "privacy.disable_tracking" in saved:
                    assert told("mail", "letter.eml")["mail-tracking-disabled"] == "warning"
                else:
                    assert "mail-pixel-missing" in told("mail", "letter.eml")
                    assert told("mail", "zero.eml")["mail-pixel-anonymous"] == "warning"
                    assert told("logs", "access.log")["logs-anonymous"] == "warning"
