# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PgBouncer before a server, in transaction mode: two transactions of one client may meet two sessions."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time

from bouncestream.cli.demo.dovecot import free_port
from tests.postgres import cluster
from tests.postgres.cluster import PATIENCE, Cluster

_CONFIG = """
[databases]
* = host=127.0.0.1 port={server} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool}
max_client_conn = {clients}
query_wait_timeout = {wait}
server_idle_timeout = 5
logfile = {folder}/log
"""


class PgBouncer:
    """Begun by `start`; in the end `close` must be called. `pool`: server sessions for each database; `clients`:
    how many it lets in; `wait`: seconds that one of them waits for a session, and is sent away then; `user`: as
    whom it connects, whoever asks."""

    def __init__(
        self, server: Cluster, *, pool: int = 4, clients: int = 200, wait: int = 120, user: str = "postgres"
    ) -> None:
        self._folder = cluster.folder("bouncestream-pgb-")
        self.port = free_port()
        values = {"server": server.port, "pool": pool, "clients": clients, "wait": wait, "user": user}
        text = _CONFIG.format(port=self.port, folder=self._folder, **values)
        cluster.run("tee", self._folder / "pgbouncer.ini", input=text)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it listens."""
        program = shutil.which("pgbouncer", path=cluster.program_path())
        assert program is not None
        name = cluster.user()
        self._process = subprocess.Popen(
            [program, "-q", str(self._folder / "pgbouncer.ini")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=cluster.end_with_us,
            cwd="/",
            **({"user": name, "group": name, "extra_groups": []} if name else {}),  # type: ignore[call-overload]
        )
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return
            except OSError:
                log = self._folder / "log"
                if self._process.poll() is not None or time.monotonic() > end:
                    said = log.read_text() if log.exists() else ""
                    raise AssertionError(f"PgBouncer did not start: {said}") from None
                time.sleep(0.01)

    def url(self, database: str) -> str:
        """The URL of a database behind it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def close(self) -> None:
        """End it and remove its files."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)
