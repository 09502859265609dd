# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PostgreSQL of its own: made in a temporary folder, reached over loopback, killed, stopped and promoted.

Everybody on this machine may log in as `postgres` (trust). Nothing of it outlives `close`. A folder that `initdb`
has made is copied for each further server, as that takes a tenth of the time.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from bouncestream.cli.demo.dovecot import free_port

#: Seconds that a server may take to start, to end or to be promoted, on a machine that has much else to do.
PATIENCE = 90.0

_COMMON = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{folder}'
max_connections = 100
shared_buffers = 16MB
logging_collector = off
log_destination = stderr
lc_messages = 'C'
wal_level = replica
max_wal_senders = 5
hot_standby = on
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 100ms
min_wal_size = 32MB
"""
#: A machine that stays on loses nothing without fsync, whatever is killed; the tests need not wait for the disk.
_QUICK = """
fsync = off
full_page_writes = off
"""


@cache
def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, of the newest version, or the one that BOUNCESTREAM_POSTGRES names;
    None: not installed."""
    if told := os.environ.get("BOUNCESTREAM_POSTGRES"):
        return Path(told)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def needs_postgres(tool: str = "") -> None:
    """Skip loudly where it, or a `tool` such as pgbouncer, is not installed; in CI that is a failure."""
    missing = tool if tool and shutil.which(tool, path=program_path()) is None else ""
    if programs() is None:
        missing = "postgresql"
    if missing:
        message = f"{missing} is not installed (apt-get install {missing}): no real server was tried"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def program_path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def user() -> str | None:
    """Whom the servers run as: PostgreSQL and PgBouncer refuse root. None: as this process."""
    return "postgres" if os.geteuid() == 0 else None


def end_with_us() -> None:
    """Linux ends a server when whoever started it is killed (prctl, PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGQUIT))


def run(*command: str | Path, patience: float = PATIENCE, **options: object) -> str:
    """Run a command as that user to its end, within so many seconds; what it said. Raises AssertionError with its
    complaint."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=patience,
        cwd="/",
        **({"user": user(), "group": user(), "extra_groups": []} if user() else {}),  # type: ignore[call-overload]
        **options,
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return str(done.stdout)


def folder(prefix: str) -> Path:
    """A new folder of that user's, with a name short enough for a socket in it."""
    made = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    if (name := user()) is not None:
        entry = pwd.getpwnam(name)
        os.chown(made, entry.pw_uid, entry.pw_gid)
    return made


@cache
def _fresh() -> Path:
    """A folder as `initdb` makes it, which is copied for each server."""
    bin_ = programs()
    assert bin_ is not None
    made = folder("bouncestream-initdb-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    run(bin_ / "initdb", *options, "-D", made / "data")
    return made / "data"


class Cluster:
    """One server, primary or standby. `start` begins it; in the end `close` must be called.

    `quick`: without fsync, which is for tests that do not ask how safe it is. `settings`: lines of postgresql.conf.
    """

    def __init__(self, *settings: str, quick: bool = True, of: Cluster | None = None) -> None:
        bin_ = programs()
        assert bin_ is not None
        self._bin, self._quick = bin_, quick
        self.folder = folder("bouncestream-pg-")
        self.data = self.folder / "data"
        self.port = free_port()
        self.host = "127.0.0.1"
        self._process: subprocess.Popen[bytes] | None = None
        if of is None:
            run("cp", "-a", _fresh(), self.data)
        else:
            source = ["-h", str(of.folder), "-p", str(of.port), "-U", "postgres"]
            run(bin_ / "pg_basebackup", *source, "-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync")
            # else it would wait for a standby of its own once it is the primary
            run("sed", "-i", "/synchronous_standby_names/d", self.data / "postgresql.auto.conf")
        text = _COMMON.format(folder=self.folder) + (_QUICK if quick else "") + "\n".join(settings)
        run("tee", self.data / "postgresql.conf", input=text)

    # -- begin and end ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns once it answers; a standby once it may be read."""
        assert self._process is None
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self.data), "-p", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_us,
                cwd="/",
                **({"user": user(), "group": user(), "extra_groups": []} if user() else {}),  # type: ignore[call-overload]
            )
        self.until("SELECT true", "t")

    def stop(self, mode: str = "fast") -> None:
        """End it as `pg_ctl stop -m` does: `smart`, `fast`, or `immediate`, which is a crash that is told."""
        assert self._process is not None
        number = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode]
        self._process.send_signal(number)
        self._process.wait(PATIENCE)
        self._process = None

    def kill(self) -> None:
        """kill -9 of all of its processes at once, as when its machine dies."""
        assert self._process is not None
        self._signal(signal.SIGKILL)
        self._process.wait(PATIENCE)
        self._process = None

    def pause(self) -> None:
        """Stop all of its processes where they are (SIGSTOP): connections stay open and nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End it, in whichever state it is, and remove its files."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._signal(signal.SIGKILL)
            self._process.wait(PATIENCE)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """The end of what it logged, for when something went wrong."""
        path = self.folder / "log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def _signal(self, number: int) -> None:
        """A signal to its first process, then to those that this one has begun."""
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in [pid, *map(int, children)]:
            with suppress(ProcessLookupError):
                os.kill(each, number)

    # -- what is in it ---------------------------------------------------------------------------------------

    def url(self, database: str = "postgres", *others: Cluster, user: str = "postgres", **options: str) -> str:
        """The URL of a database, also with further hosts to try and with options of libpq."""
        hosts = ",".join(f"{each.host}:{each.port}" for each in (self, *others))
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"postgresql://{user}@{hosts}/{database}" + (f"?{query}" if query else "")

    def database(self, name: str = "") -> str:
        """Make an empty database; its name."""
        name = name or f"t{secrets.token_hex(6)}"
        self.psql(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def psql(self, sql: str, database: str = "postgres", *, port: int = 0, patience: float = PATIENCE) -> str:
        """Run statements with psql; the rows, a line for each, with | between the columns. `port`: of a pooler."""
        where = ["-h", self.host, "-p", str(port or self.port), "-U", "postgres", "-d", database]
        found = run(self._bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *where, "-c", sql, patience=patience)
        return found.removesuffix("\n")

    def until(self, sql: str, wanted: str, database: str = "postgres") -> None:
        """Until a query has that one answer. Raises AssertionError with its log."""
        found: object = None
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                raise AssertionError(f"PostgreSQL ended: {self.log()}")
            try:
                if (found := self.psql(sql, database)) == wanted:
                    return
            except AssertionError as error:
                found = error
            time.sleep(0.02)
        raise AssertionError(f"{sql!r} is {found!r}, not {wanted!r}: {self.log()}")

    # -- replication -----------------------------------------------------------------------------------------

    def standby(self, *, synchronous: bool, port: int = 0) -> Cluster:
        """A running standby of this server, on a port that is free unless it is told; with `synchronous`, each
        commit waits for its disk from now on."""
        other = Cluster(of=self, quick=self._quick)
        other.port = port or other.port
        try:
            if synchronous:
                self.psql("ALTER SYSTEM SET synchronous_standby_names = '*'")
                self.psql("SELECT pg_reload_conf()")
                self.until("SHOW synchronous_standby_names", "*")
            other.start()
            state = "sync_state = 'sync'" if synchronous else "state = 'streaming'"
            self.until(f"SELECT count(*) FROM pg_stat_replication WHERE {state}", "1")
        except BaseException:
            other.close()
            raise
        return other

    def hold_back(self) -> None:
        """Send nothing more to the standbys: what is committed from now on is lost with this server."""
        for pid in self.psql("SELECT pid FROM pg_stat_replication").split():
            os.kill(int(pid), signal.SIGSTOP)

    def promote(self) -> None:
        """Make this standby the primary; returns once it may be written to."""
        run(self._bin / "pg_ctl", "-D", self.data, "-W", "promote")
        self.until("SELECT pg_is_in_recovery()", "f")

    @property
    def version(self) -> int:
        """Its major version."""
        found = re.search(r"\d+", run(self._bin / "postgres", "--version"))
        assert found is not None
        return int(found[0])
