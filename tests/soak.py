# SPDX-License-Identifier: GPL-3.0-or-later
"""`make soak`: an hour of 50 events a second on the real program, with hostile clients and forged mails beside it.

python -m tests.soak [SECONDS]. First a calm while, then everything. It holds when the memory stays within 10 MB
after the warm-up, the p99 of the answer is at most twice that of the calm or 100 ms, whichever is larger, each
event that was answered 200 has exactly one row in the sandbox Listmonk, and no forged mail blocklists anybody.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import sys
import tempfile
import time
import urllib.request
import uuid
from asyncio.subprocess import DEVNULL, PIPE, Process, create_subprocess_exec
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hostile import post

ROOT = Path(__file__).parents[1]
TOKEN, SECRET, SINK = "the-token-of-the-soak", "the-secret-of-the-soak", "sandbox-token-of-bridge"

RATE = 50.0  #: events a second
SENDERS = 8  #: connections of the honest sender
MAILS = 10  #: forged mails of one import
VICTIMS = 50  #: whom they are about

#: What has to hold.
MOST_GROWTH, MOST_SLOWER, LEAST_P99 = 10.0, 2.0, 0.100

CONFIG = """
[server]
listen = "127.0.0.1:{port}"
[outbox]
path = "{folder}/outbox.db"
[listmonk]
url = "http://127.0.0.1:{sink}"
token = "{token}"
user = "bridge"
[webhooks.shop]
provider = "generic"
token = "{webhook_token}"
[webhooks.signed]
provider = "generic"
hmac_secret = "{webhook_secret}"
[webhooks.mail]
provider = "sendamatic"
secret = "{webhook_secret}"
[brake]
hard = "off"
"""

FORGED = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net
To: bounces@example.com
Subject: Undelivered Mail Returned to Sender
Message-ID: <{mark}@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

550 5.1.1 User unknown
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {victim}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: text/rfc822-headers

From: letter@example.com
To: {victim}
Message-ID: <{mark}@example.com>
X-Listmonk-Campaign: {campaign}
X-Listmonk-Subscriber: {subscriber}

--b--
"""


@dataclass(frozen=True)
class Sample:
    """The program at one moment."""

    at: float  #: seconds since the storm began
    rss: float  #: MB
    files: int
    cpu: float  #: seconds of processor time so far


@dataclass
class Told:
    """All that was measured."""

    calm: list[float] = field(default_factory=list)  #: seconds until the answer, of each event
    storm: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)  #: of the storm
    warm_up: float = 0.0
    acknowledged: int = 0
    again: int = 0  #: requests that were not answered 200 and sent again
    lost: int = 0
    doubled: int = 0
    unsettled: int = 0
    blocklisted: int = 0  #: of those whom forged mails were about


def percentile(values: Sequence[float], share: float) -> float:
    """0.0 where there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def growth(samples: Sequence[Sample], warm_up: float) -> tuple[float, float]:
    """The lowest and the highest memory after the warm-up, MB."""
    sizes = [sample.rss for sample in samples if sample.at >= warm_up]
    return (min(sizes), max(sizes)) if sizes else (0.0, float("inf"))


def judge(told: Told) -> list[tuple[bool, str]]:
    """What has to hold, each with the figures in words."""
    low, high = growth(told.samples, told.warm_up)
    calm, storm = percentile(told.calm, 0.99), percentile(told.storm, 0.99)
    allowed = max(MOST_SLOWER * calm, LEAST_P99)
    return [
        (
            bool(told.acknowledged),
            f"{told.acknowledged:,} events were answered 200, {told.again} only when sent again",
        ),
        (high - low <= MOST_GROWTH, f"memory after {told.warm_up:.0f} s of warm-up: {low:.1f} to {high:.1f} MB"),
        (
            storm <= allowed,
            f"p99 of the answer: {storm * 1e3:.1f} ms, calm {calm * 1e3:.1f} ms, allowed {allowed * 1e3:.0f} ms",
        ),
        (not told.lost, f"{told.lost} lost"),
        (not told.doubled, f"{told.doubled} doubled"),
        (not told.unsettled, f"{told.unsettled} not settled"),
        (not told.blocklisted, f"{told.blocklisted} blocklisted by forged mails"),
    ]


class Sender:
    """The honest one: events at fixed times, each sent again until it is answered 200, as an ESP does."""

    def __init__(self, port: int, told: Told) -> None:
        self.port = port
        self.told = told
        self.acknowledged: set[int] = set()
        self.sent = 0

    async def send(self, seconds: float, latencies: list[float]) -> None:
        """`RATE` events a second. A latency runs from when an event was due."""
        loop = asyncio.get_running_loop()
        began, first = loop.time() + 0.1, self.sent
        number = int(seconds * RATE)
        self.sent += number
        await asyncio.gather(
            *(
                self._lane(range(first + lane, first + number, SENDERS), began, first, latencies)
                for lane in range(SENDERS)
            )
        )

    async def _lane(self, numbers: range, began: float, first: int, latencies: list[float]) -> None:
        loop = asyncio.get_running_loop()
        stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for number in numbers:
            due = began + (number - first) / RATE
            await asyncio.sleep(due - loop.time())
            while number not in self.acknowledged:
                try:
                    async with asyncio.timeout(30):
                        if stream is None:
                            stream = await asyncio.open_connection("127.0.0.1", self.port)
                        if await _ask(*stream, number):
                            self.acknowledged.add(number)
                            continue
                except (OSError, asyncio.IncompleteReadError, TimeoutError):
                    pass
                if stream is not None:
                    stream[1].close()
                    stream = None
                self.told.again += 1
                await asyncio.sleep(0.2)
            latencies.append(loop.time() - due)
        if stream is not None:
            stream[1].close()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
    event = {
        "kind": ("hard", "soft", "complaint")[number % 3],
        "recipient": f"soak{number}@example.com",
        "message_id": f"<{number}@soak.example.com>",
        "diagnostic": "550 5.1.1 no such user " + "x" * (number % 700),
    }
    body = json.dumps(event).encode()
    writer.write(post("/webhooks/shop", len(body), f"Authorization: Bearer {TOKEN}") + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return answer.startswith(b"HTTP/1.1 200 ")


def look(pid: int, began: float) -> Sample:
    """The memory (VmRSS), files and processor time of a process, from /proc."""
    status = Path(f"/proc/{pid}/status").read_text()
    rss = int(status.partition("VmRSS:")[2].split()[0]) / 1024
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return Sample(time.monotonic() - began, rss, len(os.listdir(f"/proc/{pid}/fd")), cpu)


async def watch(pid: int, told: Told, seconds: float) -> None:
    """A sample a second, a line a minute."""
    began = time.monotonic()
    every = min(60.0, max(10.0, seconds / 10))
    seen, told_at = 0, look(pid, began)
    while True:
        await asyncio.sleep(1)
        told.samples.append(now := look(pid, began))
        if now.at - told_at.at < every:
            continue
        some, seen = told.storm[seen:], len(told.storm)
        sizes = [sample.rss for sample in told.samples if sample.at > told_at.at]
        print(
            f"{now.at / 60:5.1f} min: {len(some):,} answered, p50 {percentile(some, 0.5) * 1e3:.1f} ms,"
            f" p99 {percentile(some, 0.99) * 1e3:.1f} ms, most {max(some, default=0) * 1e3:.0f} ms;"
            f" memory {min(sizes):.1f} to {max(sizes):.1f} MB, {now.files} files,"
            f" {(now.cpu - told_at.cpu) / (now.at - told_at.at):.1%} of a core; {told.again} sent again",
            flush=True,
        )
        told_at = now


async def forge(folder: Path, config: Path, rng: random.Random) -> None:
    """Every half a minute an import of forged mails, while the program runs."""
    while True:
        mails = folder / "forged"
        mails.mkdir(exist_ok=True)
        for number in range(MAILS):
            text = FORGED.format(
                mark=rng.randbytes(12).hex(),
                victim=f"soak-victim{rng.randrange(VICTIMS)}@example.com",
                campaign=uuid.UUID(bytes=rng.randbytes(16), version=4),
                subscriber=uuid.UUID(bytes=rng.randbytes(16), version=4),
            )
            (mails / f"{number}.eml").write_text(text)
        argv = (sys.executable, "-m", "bouncestream", "import", str(mails), "--config", str(config))
        done = await create_subprocess_exec(*argv, cwd=ROOT, stdout=DEVNULL, stderr=PIPE)
        _, said = await done.communicate()
        if done.returncode:
            print(f"the import ended with {done.returncode}: {said.decode(errors='replace')[-300:]}", flush=True)
        await asyncio.sleep(30)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def running(log: Path, port: int | None, *words: str) -> AsyncIterator[Process]:
    """A program of ours, from when it listens until SIGTERM; its log is kept in the folder."""
    with log.open("ab") as file:
        process = await create_subprocess_exec(sys.executable, "-m", *words, cwd=ROOT, stdout=PIPE, stderr=file)
    try:
        async with asyncio.timeout(60):
            while port is not None:
                assert process.returncode is None, log.read_text()[-2000:]
                with contextlib.suppress(OSError):
                    (await asyncio.open_connection("127.0.0.1", port))[1].close()
                    break
                await asyncio.sleep(0.05)
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            said, _ = await asyncio.wait_for(process.communicate(), 30)
            if said.startswith(b"{"):
                print(f"hostile clients: {said.decode().strip()}", flush=True)
        except TimeoutError:
            process.kill()
            await process.wait()


def unsettled(outbox: Path) -> int:
    """Events that are on their way."""
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True, timeout=10)) as conn:
        query = "SELECT coalesce(sum(events), 0) FROM by_state WHERE state IN ('pending', 'claimed', 'posted')"
        return int(conn.execute(query).fetchone()[0])


def count(state: dict[str, Any], acknowledged: set[int], told: Told) -> None:
    """Hold what was acknowledged against the rows of the sandbox."""
    rows = Counter(row["email"] for row in state["rows"])
    for number in acknowledged:
        found = rows[f"soak{number}@example.com"]
        told.lost += found == 0
        told.doubled += found > 1
    told.acknowledged = len(acknowledged)
    told.blocklisted = sum(
        person["status"] == "blocklisted" and person["email"].startswith("soak-victim")
        for person in state["subscribers"]
    )


def read_state(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/sandbox/state", timeout=120) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


async def soak(seconds: float, folder: Path) -> Told:
    """All of it, of which the calm takes a sixth, at most two minutes."""
    calm = min(120.0, seconds / 6)
    told = Told(warm_up=min(600.0, (seconds - calm) / 3))
    sink, port = free_port(), free_port()
    readers = folder / "readers"
    with readers.open("w") as file:
        file.writelines(f"soak{number}@example.com\n" for number in range(int(seconds * RATE) + SENDERS))
        file.writelines(f"soak-victim{number}@example.com\n" for number in range(VICTIMS))
    config = folder / "config.toml"
    config.touch(0o600)
    names = {"token": SINK, "webhook_token": TOKEN, "webhook_secret": SECRET}
    config.write_text(CONFIG.format(port=port, folder=folder, sink=sink, **names))
    listmonk = ("bouncestream", "sandbox", "--listen", f"127.0.0.1:{sink}", "--subscribers", str(readers))
    program = ("bouncestream", "run", "--config", str(config))
    async with running(folder / "sandbox.log", sink, *listmonk), running(folder / "log", port, *program) as process:
        sender = Sender(port, told)
        await sender.send(calm, told.calm)
        print(f"calm: {len(told.calm):,} events, p99 {percentile(told.calm, 0.99) * 1e3:.1f} ms", flush=True)
        async with running(folder / "hostile.log", None, "tests.hostile", str(port)):
            beside = [
                asyncio.create_task(watch(process.pid, told, seconds)),
                asyncio.create_task(forge(folder, config, random.Random(1))),
            ]
            await sender.send(seconds - calm, told.storm)
            for task in beside:
                task.cancel()
            for ended in await asyncio.gather(*beside, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended
        until = time.monotonic() + 180
        while (left := unsettled(folder / "outbox.db")) and time.monotonic() < until:
            await asyncio.sleep(0.5)
        told.unsettled = left
        count(await asyncio.to_thread(read_state, sink), sender.acknowledged, told)
    return told


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else 3600.0
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        told = asyncio.run(soak(seconds, Path(folder)))
        size = (Path(folder) / "log").stat().st_size
    verdicts = judge(told)
    for good, text in verdicts:
        print(f"{'PASS' if good else 'FAIL'}  {text}")
    print(f"      {size / 1024:.0f} KB of log; {len(told.samples)} samples")
    return 0 if all(good for good, _ in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
