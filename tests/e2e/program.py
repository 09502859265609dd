# SPDX-License-Identifier: GPL-3.0-or-later
"""The real program as a process of its own: started, posted to, killed, and its outbox looked at from outside."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from bouncestream.crypto.secret import Secret
from tests.packages.program import command

ROOT = Path(__file__).parents[2]
#: Seconds that a start may take, on a machine that has much else to do.
PATIENCE = 120
TOKEN = "a-token-for-the-tests-of-the-whole"
#: An address of `event`, or a Message-ID. A keyed digest may end in an @, before its domain, which stays open.
_ADDRESS = re.compile(rb"[p<]\d+@example\.com")
#: The key of a sealed outbox.
KEY = Secret("b3a91c5e07d24f68c1e5f9370a8d6b42e7f1903c5ad8264b9e0c7f13d5a82b64")

CONFIG = """
[server]
listen = "127.0.0.1:{port}"
[outbox]
path = "{folder}/outbox.db"
[listmonk]
url = "{listmonk}"
user = "{user}"
token = "{token}"
[relay]
batch_size = 50
linger = "2ms"
[relay.verify]
post_timeout = "{post_timeout}"
margin = "{margin}"
grace = "{grace}"
pulse = "100ms"
[webhooks.shop]
provider = "generic"
token = "{webhook_token}"
[webhooks.mail]
provider = "sendamatic"
secret = "{webhook_token}"
[brake]
hard = "{brake}"
[log]
level = "debug"
"""


class Program:
    """`bouncestream run` on a fixed port, so that a restart answers at the same address."""

    def __init__(self, folder: Path, listmonk: str, port: int, **settings: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.config = folder / "config.toml"
        values = {
            "user": "bridge",
            "token": "sandbox-token-of-bridge",
            "margin": "1s",
            "grace": "4s",
            "brake": "off",
            "post_timeout": "2s",
        } | settings
        text = CONFIG.format(port=port, folder=folder, listmonk=listmonk, webhook_token=TOKEN, **values)
        self.config.write_text(text)
        self.config.chmod(0o600)
        self.environment: dict[str, str] = {"BOUNCESTREAM_TEST_GAP": "0.3"}
        self.prefix: Sequence[str] = ()
        self.process: asyncio.subprocess.Process | None = None
        self.lines: list[str] = []
        self._reader: asyncio.Task[None] | None = None

    def seal(self) -> None:
        """From the next start on the outbox is sealed."""
        self.environment |= {"BOUNCESTREAM__PRIVACY__SEAL": "true", "BOUNCESTREAM__PRIVACY__KEY": KEY.reveal()}

    def addresses(self) -> set[str]:
        """The files in its folder that hold an address of `event`, deleted ones that it still has open too."""
        files = list(self.folder.iterdir())
        if self.process is not None:
            files += Path(f"/proc/{self.process.pid}/fd").iterdir()
        found = set()
        for file in files:
            with suppress(FileNotFoundError):  # closed or removed since
                name = f"open: {file.readlink()}" if file.is_relative_to("/proc") else str(file)
                if file.is_file() and _ADDRESS.search(file.read_bytes()):
                    found.add(name)
        return found

    async def start(self, *, ready: bool = True) -> None:
        """Returns once it listens; with `ready` false at once."""
        self.process = await asyncio.create_subprocess_exec(
            *self.prefix,
            *command("tests.e2e.wrapped"),
            "run",
            "--config",
            str(self.config),
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        listens = asyncio.Event()
        self._reader = asyncio.create_task(self._read(listens))
        if ready:
            async with asyncio.timeout(PATIENCE):
                await listens.wait()

    async def died(self, within: float) -> bool:
        """Whether it ends by itself within so many seconds."""
        assert self.process is not None
        try:
            await asyncio.wait_for(self.process.wait(), within)
        except TimeoutError:
            return False
        return True

    async def _read(self, ready: asyncio.Event) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode().rstrip())
            if self.lines[-1].endswith("ready"):
                ready.set()

    async def kill(self) -> None:
        """kill -9."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: int) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(30):
            code = await self.process.wait()
        if self._reader:
            await self._reader
        self.process = None
        return code

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the outbox from outside, as an operator would with the sqlite3 command."""
        with closing(sqlite3.connect(f"file:{self.folder}/outbox.db?mode=ro", uri=True, timeout=5)) as conn:
            return conn.execute(sql).fetchall()

    def states(self) -> dict[str, int]:
        return dict(self.query("SELECT state, events FROM by_state WHERE events > 0"))

    async def settled(self, wanted: dict[str, int], seconds: float = 60) -> None:
        """Until the outbox stands as wanted; there is no signal across processes but its own answer."""
        try:
            async with asyncio.timeout(seconds):
                while self.states() != wanted:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            why = self.query("SELECT state, attempt, why, count(*) FROM outbox GROUP BY 1, 2, 3 ORDER BY 4 LIMIT 9")
            raise AssertionError(f"{self.states()} is not {wanted}: {why}\n" + "\n".join(self.lines[-9:])) from None


def event(number: int, **fields: Any) -> dict[str, Any]:
    """A generic event about person so-and-so."""
    return {
        "kind": "hard",
        "recipient": f"p{number}@example.com",
        "message_id": f"<{number}@example.com>",
        "diagnostic": "550 5.1.1 no such user",
    } | fields


async def post(session: aiohttp.ClientSession, program: Program, body: Any, within: float = 10) -> dict[str, int]:
    """One request to the generic webhook; its receipt. Raises aiohttp.ClientError unless it was answered 200, and
    TimeoutError when it was not answered within so many seconds."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    async with session.post(
        program.url + "/webhooks/shop",
        data=orjson.dumps(body),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=within),
    ) as response:
        response.raise_for_status()
        receipt: dict[str, int] = orjson.loads(await response.read())
        return receipt
