# SPDX-License-Identifier: GPL-3.0-or-later
"""A job in a process of its own: bounded in time and size, and gone with whoever waits for it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bouncestream import program
from bouncestream.net import child
from bouncestream.net.child import ChildFailed, run

pytestmark = pytest.mark.process

ROOT = str(Path(__file__).parents[2])
SECRET = "s3cret-of-the-order"


Job = Callable[[str], None]


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    """Lets a few lines of Python be the program; `do(order)` in them is the job."""

    def write(code: str) -> None:
        code = f"import os, sys, time\nfrom bouncestream.net import child\n{code}\nsys.exit(child.serve(do))"
        monkeypatch.setattr(program, "again", lambda: ([sys.executable, "-c", code], {"PYTHONPATH": ROOT}))

    return write


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def gone(pid: int) -> None:
    async with asyncio.timeout(30):
        while alive(pid):
            await asyncio.sleep(0.01)


async def test_an_order_and_its_answer(job: Job) -> None:
    job("def do(order): return {'got': order, 'args': sys.argv[1:], 'cwd': os.getcwd()}")
    answer = await run("a-job", {"n": 1, "text": "ü"}, within=60)
    assert answer == {"got": {"n": 1, "text": "ü"}, "args": ["_job", "a-job"], "cwd": "/"}


async def test_a_secret_is_in_no_list_of_processes_and_no_setting_of_ours_is_handed_on(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUNCESTREAM_LISTMONK_TOKEN", SECRET)
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ca.pem")
    seen = "[open('/proc/self/cmdline').read(), dict(os.environ), open('/proc/self/environ').read()]"
    job(f"def do(order): return {seen}")
    command, environ, seen = await run("a-job", {"token": SECRET}, within=60)
    assert SECRET not in command + seen
    assert environ["SSL_CERT_FILE"] == "/etc/ca.pem"
    assert not {name for name in environ if name.startswith(("BOUNCESTREAM", "NOTIFY"))}


async def test_what_a_library_prints_is_no_part_of_the_answer(job: Job) -> None:
    job("def do(order):\n    print('hello')\n    os.write(1, b'there')\n    return 'done'")
    assert await run("a-job", None, within=60) == "done"


async def test_what_takes_too_long_is_killed_with_what_it_started(job: Job, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    job(
        "import subprocess\n"
        "def do(order):\n"
        "    other = subprocess.Popen(['sleep', '600'])\n"
        f"    open({str(pids)!r} + '.new', 'w').write(f'{{os.getpid()}} {{other.pid}}')\n"
        f"    os.rename({str(pids)!r} + '.new', {str(pids)!r})\n"
        "    time.sleep(600)"
    )
    for within in (1, 5, 25):  # until the machine had time to start it
        with pytest.raises(TimeoutError):
            await run("a-job", None, within=within)
        if pids.exists():
            break
    mine, its = map(int, pids.read_text().split())
    assert not alive(mine)
    await gone(its)


async def test_it_ends_with_whoever_waits_for_it(job: Job, tmp_path: Path) -> None:
    began = tmp_path / "began"
    job(f"def do(order):\n    open({str(began)!r}, 'w').write(str(os.getpid()))\n    time.sleep(600)")
    task = asyncio.create_task(run("a-job", None, within=600))
    while not (began.exists() and began.read_text()):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not alive(int(began.read_text()))


async def test_only_so_much_is_read(job: Job) -> None:
    job("def do(order):\n    return 'x' * (64 << 20)")
    with pytest.raises(ChildFailed, match="wrote more than 1 MiB"):
        await run("a-job", None, within=60)


async def test_a_full_pipe_does_not_keep_it_waiting(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio reads no more of a pipe whose bytes nobody takes, and then does not see its end either."""
    job("def do(order):\n    return 'x' * (64 << 20)")
    read = asyncio.StreamReader.read
    monkeypatch.setattr(child, "LIMIT", 1)

    async def late(self: Any, size: int) -> bytes:
        while not self._paused and not self.at_eof():
            await asyncio.sleep(0)
        return await read(self, size)

    monkeypatch.setattr(asyncio.StreamReader, "read", late)
    async with asyncio.timeout(30):
        with pytest.raises(ChildFailed, match="wrote more"):
            await run("a-job", None, within=60)


async def test_what_fails_is_told(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    for code, why in (
        ("def do(order): raise ValueError('with a secret')", "failed \\(exit code 1\\)"),
        ("os.kill(os.getpid(), 9)", "failed \\(exit code -9\\)"),
        ("print('no JSON', flush=True); os._exit(0)", "failed \\(exit code 0\\)"),
    ):
        job(code)
        with pytest.raises(ChildFailed, match=f"^{why}$"):
            await run("a-job", None, within=60)
    for unknown in (None, ""):
        monkeypatch.setattr(sys, "executable", unknown)
        with pytest.raises(ChildFailed, match="does not know the path"):
            await run("a-job", None, within=60)
    monkeypatch.setattr(program, "again", lambda: (["/nowhere/python"], {}))
    with pytest.raises(ChildFailed, match="cannot be started"):
        await run("a-job", None, within=60)


async def test_an_order_that_nobody_reads_is_no_failure_of_ours(job: Job) -> None:
    job("os._exit(3)")
    with pytest.raises(ChildFailed, match="exit code 3"):
        await run("a-job", "x" * (8 << 20), within=60)


def test_it_ends_by_itself_when_whoever_started_it_is_gone() -> None:
    code = (
        "import signal; from bouncestream.net import child; child._GRACE = 0; child.serve(lambda _: signal.pause())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b'{"within": 0.5, "order": 1}', timeout=60, check=False
    )
    assert done.returncode == -signal.SIGALRM
    assert child._GRACE > 0


def test_a_job_that_does_not_exist_is_refused() -> None:
    command = [sys.executable, "-m", "bouncestream", child.COMMAND, "no-such-job"]
    done = subprocess.run(command, input=b"{}", capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert b"there is no job 'no-such-job'" in done.stderr


def test_the_command_is_hidden() -> None:
    done = subprocess.run([sys.executable, "-m", "bouncestream", "--help"], capture_output=True, check=True)
    assert child.COMMAND.encode() not in done.stdout
