# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailbox, on a real Dovecot: how soon a bounce is on the disk, how fast a backlog is read, what idling costs.

Dovecot shares the load's core. A mail counts as committed when another process sees its event in the outbox.
"""

from __future__ import annotations

import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from secrets import token_hex

from benchmarks.bridge import Bridge
from benchmarks.figures import Effort, Figure, Run, compare, interleave
from benchmarks.machine import SERVER_CORE, Broken, Process, python, scratch, watch
from benchmarks.openloop import percentile
from benchmarks.prepared import dsns
from tests.mailserver.dovecot import PASSWORD, USER, Dovecot

_MAILBOX = """
[mailboxes.{name}]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{user}"
password = "{password}"
start = "all"
"""

#: Mails for each event of another row's delivery: a backlog of 5,000 in a full run, and of 100,000.
BACKLOG, LONG_BACKLOG = 1, 20
#: Mails that are delivered one at a time, for each second of another row's load.
SINGLE = 50
#: Mailboxes that are idled in, and seconds for each second of another row's load.
BOXES, IDLE = 5, 15


def delivered(effort: Effort) -> list[Figure]:
    """From the moment at which a raw socket in IDLE hears of a mail until its event is committed."""
    number = max(10, int(effort.seconds * SINGLE))
    late: list[float] = []
    with ExitStack() as stack:
        dovecot, directory = stack.enter_context(_dovecot()), stack.enter_context(scratch())
        outbox = stack.enter_context(closing(_reader(stack.enter_context(_bridge(directory, dovecot)))))
        raw = stack.enter_context(closing(_Idling(dovecot.imap)))
        for stored, mail in enumerate(dsns(number)):
            time.sleep(0.05)  # until it is in IDLE again
            raw.begin()
            dovecot.deliver(mail)
            heard, committed = raw.until_heard_and(lambda stored=stored: _count(outbox) > stored)
            late.append((committed - heard) * 1000)
    p95 = percentile(late, 0.95)
    notes = [f"median {percentile(late, 0.5):.1f} ms, {number} mails, one at a time"]
    what = "mail committed after a raw IDLE hears of it, p95"
    # Both hear of it from Dovecot, each from a process of its own: ours may be the first, which is no minus.
    return [Figure(what, [max(p95, 0.01)], 30.0, at_least=False, unit="ms", notes=notes, counts_reps=False)]


def backlog(effort: Effort) -> list[Figure]:
    """A backlog of 4 KB reports, fetched, judged, committed, against imaplib and the standard library's parser."""
    number = effort.events * BACKLOG
    with _dovecot() as dovecot, scratch() as directory:
        dovecot.put(dsns(number))
        ours, theirs = interleave(
            effort.reps, partial(_read, directory, dovecot, number), partial(_plain, dovecot, number)
        )
    names = ("bouncestream", "imaplib in batches of 50, message_from_bytes, nothing kept")
    return [compare(f"backlog of {number:,} reports, to the disk", ours, theirs, 0.5, names)]


def sealed(effort: Effort) -> list[Figure]:
    """A backlog of 4 KB reports into a sealed outbox ([privacy] seal), against one in the open."""
    number = effort.events * BACKLOG
    seal = {"BOUNCESTREAM__PRIVACY__SEAL": "true", "BOUNCESTREAM__PRIVACY__KEY": token_hex(32)}
    with _dovecot() as dovecot, scratch() as directory:
        dovecot.put(dsns(number))
        ours, theirs = interleave(
            effort.reps,
            partial(_read, directory, dovecot, number, seal),
            partial(_read, directory, dovecot, number),
        )
    what = f"backlog of {number:,} reports, to the disk of a sealed outbox"
    return [compare(what, ours, theirs, 0.85, ("sealed", "in the open"))]


def long_backlog(effort: Effort) -> list[Figure]:
    """A long backlog: the most memory that it takes, and the rate."""
    number = effort.events * LONG_BACKLOG
    with _dovecot() as dovecot, scratch() as directory:
        dovecot.put(dsns(number))
        with _bridge(directory, dovecot) as bridge, closing(_reader(bridge)) as outbox:
            began = time.monotonic()
            _until(outbox, number, 60 + number / 100)
            rate = number / (time.monotonic() - began)
            peak = bridge.process.peak_memory()
    figure = Figure(
        f"memory at most while {number:,} mails are read",
        [peak],
        80.0,
        at_least=False,
        unit="MB",
        counts_reps=False,
    )
    figure.notes.append(f"{rate:,.0f} mails/s")
    return [figure]


def idling(effort: Effort) -> list[Figure]:
    """What five mailboxes that nothing happens in cost: memory and processor time, above a bridge without any."""

    def settled(bridge: Bridge, *, more: bool) -> None:
        opened = sum(n for name, n in bridge.metrics().items() if name.startswith("mailbox_connections"))
        if opened != (BOXES if more else 0):
            raise Broken(f"{opened:g} of {BOXES} mailboxes are open. {bridge.said()}")

    with _dovecot() as dovecot, scratch() as directory:
        begin = lambda more: _bridge(directory, dovecot, BOXES if more else 0)  # noqa: E731
        return _idle(effort, f"{BOXES} idle mailboxes", begin, settled, 10.0)


def listening(effort: Effort) -> list[Figure]:
    """What a listener for mail servers costs that nobody uses: memory and processor time, above none."""

    def settled(bridge: Bridge, *, more: bool) -> None:
        end = time.monotonic() + 20
        while more and not door.exists():
            if time.monotonic() > end:
                raise Broken(f"it does not listen on {door}. {bridge.said()}")
            time.sleep(0.05)

    with scratch() as directory:
        door = directory / "mta.sock"
        extra = f'[smtp.mta]\nlisten = "unix:{door}"\nrecipients = ["bounces@example.org"]\n'
        begin = lambda more: Bridge(directory, extra=extra if more else "")  # noqa: E731
        return _idle(effort, "an idle listener for mail servers", begin, settled, 2.0)


def _idle(
    effort: Effort, what: str, begin: Callable[[bool], Bridge], settled: Callable[..., None], megabytes: float
) -> list[Figure]:
    memory: list[float] = []
    cpu: list[float] = []
    for _ in range(min(effort.reps, 3)):
        found = []
        for more in (False, True):
            with begin(more) as bridge:
                bridge.until_quiet()
                settled(bridge, more=more)
                used, began = bridge.process.cpu_ns(), time.monotonic()
                time.sleep(effort.seconds * IDLE)
                share = (bridge.process.cpu_ns() - used) / 1e9 / (time.monotonic() - began)
                found.append((bridge.process.memory(), share * 100))
        memory.append(found[1][0] - found[0][0])
        cpu.append(max(0.0, found[1][1] - found[0][1]))
    return [
        Figure(f"{what}: more memory", memory, megabytes, at_least=False, unit="MB", counts_reps=False),
        Figure(f"{what}: more CPU", cpu, 0.1, at_least=False, unit="%", counts_reps=False),
    ]


# -- the contestants -----------------------------------------------------------------------------------------------


def _read(directory: Path, dovecot: Dovecot, number: int, env: dict[str, str] | None = None) -> Run:
    """From the moment at which it listens: a second of start is no part of reading."""
    with _bridge(directory, dovecot, env=env) as bridge, closing(_reader(bridge)) as outbox:
        began = time.monotonic()
        with watch(bridge.process) as watched:
            _until(outbox, number, 60 + number / 50)
        seconds = time.monotonic() - began
    return Run.of(number, seconds, watched)


def _plain(dovecot: Dovecot, number: int) -> Run:
    command = python("benchmarks.servers.plain_imap", dovecot.imap, USER, PASSWORD)
    began = time.monotonic()
    with Process(command, SERVER_CORE) as process:
        code = process.wait()
    if code:
        raise Broken(f"{' '.join(command)} ended with {code}")
    return Run(number / (time.monotonic() - began))


@contextmanager
def _dovecot() -> Iterator[Dovecot]:
    if shutil.which("dovecot") is None:
        raise Broken("Dovecot is not installed (apt-get install dovecot-imapd dovecot-lmtpd)")
    dovecot = Dovecot()
    try:
        dovecot.start()
        dovecot.mails()
        yield dovecot
    finally:
        dovecot.close()


def _bridge(directory: Path, dovecot: Dovecot, boxes: int = 1, env: dict[str, str] | None = None) -> Bridge:
    users = [USER, *(f"user{number}" for number in range(1, boxes))][:boxes]
    extra = "".join(
        _MAILBOX.format(name=f"box{number}", port=dovecot.imap, user=user, password=PASSWORD)
        for number, user in enumerate(users)
    )
    return Bridge(directory, extra=extra, env=env)


def _reader(bridge: Bridge) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{bridge.outbox}?mode=ro", uri=True, timeout=30)


def _count(outbox: sqlite3.Connection) -> int:
    return int(outbox.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()[0])


def _until(outbox: sqlite3.Connection, number: int, within: float) -> None:
    end = time.monotonic() + within
    while (count := _count(outbox)) < number:
        if time.monotonic() > end:
            raise Broken(f"only {count} of {number} mails were read within {within:g} s")
        time.sleep(0.005)


class _Idling:
    """A client in IDLE as thin as can be: a socket."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 30)
        self._file = self._socket.makefile("rb")
        self._file.readline()
        for command in (f"a LOGIN {USER} {PASSWORD}", "a SELECT INBOX"):
            self._ask(command, b"a ")

    def _ask(self, command: str, until: bytes) -> None:
        self._socket.sendall(command.encode() + b"\r\n")
        while not self._file.readline().startswith(until):
            pass

    def begin(self) -> None:
        self._ask("a SELECT INBOX", b"a ")
        self._ask("b IDLE", b"+")

    def until_heard_and(self, committed: object) -> tuple[float, float]:
        """When the push came, and when the event was seen in the outbox."""
        assert callable(committed)
        self._socket.setblocking(False)
        heard = seen = 0.0
        end = time.monotonic() + 30
        try:
            while not (heard and seen):
                if not heard:
                    with suppress(BlockingIOError):
                        heard = time.monotonic() if self._socket.recv(4096) else 0.0
                if not seen and committed():
                    seen = time.monotonic()
                time.sleep(0.0002)  # Dovecot needs this core too
                if time.monotonic() > end:
                    raise Broken("a mail was not heard of, or not committed, within 30 s")
        finally:
            self._socket.setblocking(True)
        self._ask("DONE", b"b ")
        return heard, seen

    def close(self) -> None:
        self._file.close()
        self._socket.close()
