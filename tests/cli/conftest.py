# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands as real processes: run to their end, or started and waited for by what they print."""

from __future__ import annotations

import os
import queue
import signal
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.forking import Done, Forks
from tests.outbox import make
from tests.packages.program import command, is_built
from tests.running import running

ROOT = Path(__file__).parents[2]
SECRET = "a-webhook-secret-of-good-length"
TOKEN = "sandbox-token-of-bridge"
PATIENCE = 30.0

Cli = Callable[..., Done]


def environment(**extra: str) -> dict[str, str]:
    """Ours, without anything that changes how a command behaves."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("BOUNCESTREAM", "JOURNAL", "NOTIFY"))}
    return clean | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | extra


class Process:
    """A command that goes on running."""

    def __init__(self, *args: str, cwd: Path, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [*command(), *args],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, text: str) -> str:
        """The next line that holds `text`."""
        end = time.monotonic() + PATIENCE
        while True:
            line = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            if line is None:
                raise AssertionError("it ended without " + repr(text) + "\n" + "\n".join(self.lines))
            self.lines.append(line)
            if text in line:
                return line

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal it, and wait for its end."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        while (line := self._queue.get_nowait()) is not None:
            self.lines.append(line)
        self._queue.put(None)
        return code

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(autouse=True)
def one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most sentences are one line, so that a test finds them; `test_width` looks at lines of 80."""
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """This folder's program, imported."""
    yield from running(Forks(environ=environment()))


@pytest.fixture
def cli(tmp_path: Path, request: pytest.FixtureRequest) -> Cli:
    """Run a command to its end."""
    forks: Forks | None = None if is_built() else request.getfixturevalue("forks")

    def run(*args: str, stdin: str | None = None, env: dict[str, str] | None = None) -> Done:
        whole = environment(**(env or {}))
        if forks is not None and forks.fits(whole):
            done = forks.run(args, cwd=tmp_path, env=whole, stdin=stdin, timeout=60)
        else:
            done = subprocess.run(
                [*command(), *args],
                cwd=tmp_path,
                env=whole,
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                text=True,
                timeout=60,
            )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start commands that go on running; they are gone after the test."""
    started: list[Process] = []

    def start(*args: str, env: dict[str, str] | None = None) -> Process:
        started.append(Process(*args, cwd=tmp_path, env=environment(**(env or {}))))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture
def sandbox(spawn: Callable[..., Process]) -> str:
    """The URL of a `bouncestream sandbox`."""
    process = spawn("sandbox", "--listen", "127.0.0.1:0")
    return process.wait_for("listens on").split("listens on ")[1].split(",")[0]


#: Times that a test can await; `check` warns about them.
QUICK = """[relay.verify]
margin = "500ms"
grace = "5s"
pulse = "100ms"
"""


def write_config(
    folder: Path, listmonk: str = "http://127.0.0.1:1", *, extra: str = "", public: str = "", times: str = QUICK
) -> Path:
    """A configuration with a Sendamatic webhook, on any free port."""
    path = folder / "config.toml"
    path.write_text(
        f"""
[server]
listen = "127.0.0.1:0"
{f'public_url = "{public}"' if public else ""}
[outbox]
path = "{folder}/outbox.db"
[listmonk]
url = "{listmonk}"
user = "bridge"
token = "{TOKEN}"
{times}
[webhooks.sendamatic]
provider = "sendamatic"
secret = "{SECRET}"
{extra}
"""
    )
    path.chmod(0o600)
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose Listmonk does not exist."""
    return write_config(tmp_path)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The outbox of that configuration."""
    with closing(make.connect(tmp_path / "outbox.db")) as conn:
        yield conn


def bounce(address: str = "reader1@example.com", kind: str = "Hard bounce") -> bytes:
    """A webhook body of Sendamatic's."""
    return (
        f'{{"notification_type": "bounce", "bounce": {{"bounce_type": "{kind}", "reputation_score": true, '
        f'"reason": "550 5.1.1 <{address}> unknown", "original_recipient": "{address}", '
        f'"message_id": "<{address}.1>"}}}}'
    ).encode()


def post(url: str, body: bytes, secret: str = SECRET) -> int:
    """POST a webhook; the status of the answer."""
    request = urllib.request.Request(url, body, {"X-Webhook-Secret": secret, "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def get(url: str) -> bytes:
    """The body of a GET."""
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        body: bytes = response.read()
        return body
