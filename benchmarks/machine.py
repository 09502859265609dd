# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine: two cores with a job each, processes pinned to them, and how busy these were."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"

_CORES = sorted(os.sched_getaffinity(0))
#: What is measured has one core, the load and the sink share another. On a machine with one core nothing counts.
SERVER_CORE, LOAD_CORE = _CORES[-1], _CORES[0]
TWO_CORES = len(_CORES) > 1

#: Above that, the load generator may be what was measured.
BUSY_LIMIT = 0.8

SINK_USER, SINK_TOKEN = "bench", "a-token-for-the-benchmarks"

_TICK = os.sysconf("SC_CLK_TCK")


class Broken(Exception):
    """A measurement that cannot be trusted, or could not be made; the message says why."""


class Process:
    """A program on one core. It ends with the `with` block."""

    def __init__(
        self, argv: Sequence[str], core: int, *, env: dict[str, str] | None = None, output: Path | None = None
    ) -> None:
        self.argv = list(argv)
        self.began = time.monotonic()
        with open(output or os.devnull, "ab") as sink:
            self._popen = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd=HERE.parent,
                env={**os.environ, **(env or {})},
                # before exec, so that each thread inherits it; safe here, as this program has one thread
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
        self._output = output

    @property
    def pid(self) -> int:
        return self._popen.pid

    def cpu(self) -> float:
        """Seconds of processor time that all its threads have used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def memory(self) -> float:
        """Resident megabytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def bytes_read(self) -> int:
        """From files and sockets, the page cache included."""
        return int(Path(f"/proc/{self.pid}/io").read_text().split()[1])

    def listening(self, port: int, within: float = 30.0) -> float:
        """Wait until it takes connections; seconds since it was started."""
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return time.monotonic() - self.began
            except OSError:
                pass
            if self._popen.poll() is not None or time.monotonic() - self.began > within:
                said = self._output.read_text(errors="replace")[-2000:] if self._output else ""
                raise Broken(f"{' '.join(self.argv)} did not listen. {said}".strip())
            time.sleep(0.002)

    def wait(self) -> int:
        """Until it has ended by itself; its exit code."""
        return self._popen.wait()

    def kill(self) -> None:
        """As a crash would."""
        self._popen.kill()
        self._popen.wait()

    def end(self) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Run this process there for a while."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def python(module: str, *args: object) -> list[str]:
    return [sys.executable, "-m", module, *map(str, args)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory on the disk of the project: /tmp may be memory, where an fsync costs nothing."""
    RESULTS.mkdir(exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix="work-", dir=RESULTS))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass
class Watch:
    """How busy the cores were while something ran: `with watch(server, sink) as w: …`."""

    seconds: float = 0.0
    server: float = 0.0  #: processor seconds of what was measured
    load: float = 0.0  #: of the load and the sink, the harness included
    foreign: float = 0.0  #: share of the server's core that others took

    @property
    def busy(self) -> float:
        """Share of the load's core."""
        return self.load / self.seconds if self.seconds else 0.0


@contextmanager
def watch(server: Process, *beside: Process) -> Iterator[Watch]:
    found = Watch()
    began = time.monotonic()
    server_before, load_before, core_before = server.cpu(), _load(beside), _core(SERVER_CORE)
    yield found
    found.seconds = time.monotonic() - began
    found.server = server.cpu() - server_before
    found.load = _load(beside) - load_before
    found.foreign = max(0.0, _core(SERVER_CORE) - core_before - found.server) / found.seconds


def _load(beside: Sequence[Process]) -> float:
    used = sum(process.cpu() for process in beside)
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):  # the children: each wrk that has ended
        usage = resource.getrusage(who)
        used += usage.ru_utime + usage.ru_stime
    return used


def _core(core: int) -> float:
    """Seconds of user, nice and system time on a core, of whatever process."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            return sum(map(int, line.split()[1:4])) / _TICK
    return 0.0


def fdatasync_p99(directory: Path, rounds: int = 400) -> float:
    """Seconds: the 99th percentile of appending 4 KB and fdatasync, alone, on the disk of the outbox."""
    path = directory / "fdatasync"
    times = []
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(rounds):
            began = time.perf_counter()
            os.write(file, b"x" * 4096)
            os.fdatasync(file)
            times.append(time.perf_counter() - began)
    finally:
        os.close(file)
        path.unlink()
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]


def slow_disk(directory: Path) -> dict[str, str] | None:
    """The environment that adds 5 ms to each fsync; None: there is no C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    shim = directory / "slow_fsync.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(shim), str(HERE / "slow_fsync.c"), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"slow_fsync.c does not compile: {done.stderr.strip()}")
    return {"LD_PRELOAD": str(shim)}


def about() -> dict[str, object]:
    """What the figures were made on."""
    import platform
    import sqlite3

    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "kernel": platform.release(),
        "processor": model.partition(":")[2].strip(),
        "cores": len(_CORES),
        "load_before": os.getloadavg()[0],
    }
