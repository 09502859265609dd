# SPDX-License-Identifier: GPL-3.0-or-later
"""bouncestream as operators run it: `python -m bouncestream run --config …`, pinned to its core."""

from __future__ import annotations

import re
import sqlite3
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType

from benchmarks.machine import LOAD_CORE, SERVER_CORE, SINK_TOKEN, SINK_USER, Broken, Process, free_port, python
from benchmarks.prepared import HEADER_SECRET, HMAC_SECRET

_CONFIG = """
[server]
listen = "127.0.0.1:{port}"
[brake]
hard = "{brake}"
[outbox]
path = "{outbox}"
[listmonk]
url = "http://127.0.0.1:{sink}"
user = "{user}"
token = "{token}"
[webhooks.generic]
provider = "generic"
hmac_secret = "{hmac}"
[webhooks.sendamatic]
provider = "sendamatic"
secret = "{header}"
[log]
level = "error"
"""


#: `[brake] hard`. With one that is never reached, all of its work is measured, and nothing is held.
BRAKE = "off"


class Bridge:
    """A running bouncestream. `sink`: the port of Listmonk; None: a closed port, where the relay finds nobody.
    `program`: what is run; None: this folder's. `psql`: asks the outbox on the server that `env` names."""

    def __init__(
        self,
        directory: Path,
        *,
        sink: int | None = None,
        env: dict[str, str] | None = None,
        outbox: Path | None = None,
        extra: str = "",
        program: list[str] | None = None,
        psql: Callable[[str], str] | None = None,
    ) -> None:
        self.port = free_port()
        self._psql = psql
        if outbox is None:
            outbox = directory / f"outbox-{self.port}.db"
        self.outbox = outbox
        config = directory / f"config-{self.port}.toml"
        config.touch(0o600)
        config.write_text(
            _CONFIG.format(
                brake=BRAKE,
                port=self.port,
                outbox=outbox,
                sink=sink or 1,  # nothing listens on port 1
                user=SINK_USER,
                token=SINK_TOKEN,
                hmac=HMAC_SECRET,
                header=HEADER_SECRET,
            )
            + extra
        )
        command = [*(program or python("bouncestream")), "run", "--config", str(config)]
        self._log = directory / f"log-{self.port}"
        self.process = Process(command, SERVER_CORE, env=env, output=self._log)
        self.started = self.process.listening(self.port)

    def metrics(self) -> dict[str, float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        found = re.findall(r"^bouncestream_(\S+) (\S+)$", text, re.MULTILINE)
        return {name: float(value) for name, value in found}

    def taken(self) -> int:
        """How many requests were answered 200, once none is in hand any more."""
        before = -1
        while True:
            found = self.metrics()
            answered = sum(
                int(value)
                for name, value in found.items()
                if name.startswith("webhook_requests_total{") and 'status="200"' in name
            )
            if answered == before and not found["intake_waiting_events"]:
                return answered
            before = answered
            time.sleep(0.05)

    def verified(self) -> int:
        return int(self.metrics().get('delivered_total{result="verified"}', 0))

    def until_verified(self, events: int, within: float) -> float:
        """Wait until so many events are verified; the moment (time.monotonic) when that was seen."""
        until = time.monotonic() + within
        while (verified := self.verified()) < events:
            if time.monotonic() > until:
                raise Broken(f"only {verified} of {events} events were verified within {within:g} s")
            time.sleep(0.05)  # each look costs it half a millisecond
        return time.monotonic()

    def until_quiet(self, within: float = 60.0) -> None:
        """Wait until it does next to nothing, for a second: after the start on a big outbox it looks for damage,
        which may use little processor time, as it waits for the disk."""
        until = time.monotonic() + within
        quiet = 0
        while quiet < 2:
            if time.monotonic() > until:
                raise Broken(f"bouncestream is still busy {within:g} s after its start. {self.said()}")
            used, read = self.process.cpu(), self.process.bytes_read()
            time.sleep(0.5)
            busy = self.process.cpu() - used > 0.05 or self.process.bytes_read() - read > 1 << 20
            quiet = 0 if busy else quiet + 1

    def stored(self, after_row: int = 0) -> int:
        """How many distinct events are on the disk. Call after `kill`: nothing is in its memory then."""
        rows, distinct = self._ask(
            f"SELECT count(*), count(DISTINCT message_id) FROM outbox WHERE id > {after_row}"
        )
        if rows != distinct:
            raise Broken(f"{rows} events are stored, of which only {distinct} are distinct")
        return rows

    def said(self) -> str:
        """The end of its log, for when something went wrong."""
        return self._log.read_text(errors="replace")[-1000:].strip()

    def newest_row(self) -> int:
        """The number of the newest event on the disk."""
        return self._ask("SELECT coalesce(max(id), 0) FROM outbox")[0]

    def _ask(self, query: str) -> list[int]:
        """The numbers of the one row of a query."""
        if self._psql is not None:
            return [int(value) for value in self._psql(query).split("|")]
        with closing(sqlite3.connect(f"file:{self.outbox}?mode=rw", uri=True)) as conn:
            return list(conn.execute(query).fetchone())

    def __enter__(self) -> Bridge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill() if kind is None else self.process.end()
        for suffix in ("", "-wal", "-shm", ".lock"):
            path = self.outbox.with_name(self.outbox.name + suffix)
            if kind is None and path.exists() and "outbox-" in path.name:
                path.unlink()


class Sink(Process):
    """The sandbox Listmonk on the load's core."""

    def __init__(self, directory: Path, readers: int, *, row_ms: float = 0.0, times: Path | None = None) -> None:
        self.port = free_port()
        args: list[object] = [self.port, readers, row_ms]
        if times is not None:
            args.append(times)
        command = python("benchmarks.servers.sink", *args)
        super().__init__(command, LOAD_CORE, output=directory / f"sink-{self.port}")
        self.listening(self.port)


class Other(Process):
    """What bouncestream is compared with, on the same core."""

    def __init__(self, directory: Path, name: str, *args: object, env: dict[str, str] | None = None) -> None:
        self.port = free_port()
        command = python(f"benchmarks.servers.{name}", self.port, *args)
        super().__init__(command, SERVER_CORE, env=env, output=directory / f"{name}-{self.port}")
        self.started = self.listening(self.port)
