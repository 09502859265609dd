# SPDX-License-Identifier: GPL-3.0-or-later
"""The cheap checks: against a TLS proxy with a certificate of a local authority, and in a running bridge."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from bouncestream.config.listmonk_db import ListmonkDb
from bouncestream.config.model import Config, Listmonk, Server
from bouncestream.crypto.secret import Secret
from bouncestream.doctor import background, quick
from bouncestream.doctor.finding import CHEAP, Finding, Level
from bouncestream.sandbox import ApiUser, Sandbox, SandboxSettings
from tests.alerts.receivers import hooks
from tests.cli.conftest import TOKEN, Process, spawn, write_config
from tests.net.servers import unused

__all__ = ["spawn"]


class Door:
    """A proxy with TLS before a Listmonk. Its certificate and its answers can be changed at any time."""

    def __init__(self, folder: Path, behind: str) -> None:
        self.authority = trustme.CA()
        self.bundle = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.bundle))
        self._behind = behind.rpartition("//")[2].split(":")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.itself = b""  #: an answer of its own, to everything
        self.url = ""
        self.asked = 0
        self.certificate(days=80)

    def certificate(self, days: int) -> None:
        """From the next handshake on: one that ends in so many days, of the 90 that it had."""
        ends = datetime.now(UTC) + timedelta(days=days, hours=1)
        made = self.authority.issue_cert("localhost", not_before=ends - timedelta(days=90), not_after=ends)
        made.configure_cert(self._context)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._on, "127.0.0.1", 0, ssl=self._context)
        self.url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()

    async def _on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            if self.itself:
                writer.write(self.itself)
            else:
                behind, onward = await asyncio.open_connection(self._behind[0], int(self._behind[1]))
                first, rest = head.split(b"\r\n", 1)
                onward.write(first + b"\r\nConnection: close\r\n" + rest)
                writer.write(await behind.read())
                onward.close()
            await writer.drain()
        writer.close()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings()) as running:
        yield running


@pytest.fixture
async def door(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    door = Door(tmp_path, sandbox.url)
    monkeypatch.setenv("SSL_CERT_FILE", str(door.bundle))
    monkeypatch.setattr(quick, "PAUSE", 0.05)
    async with door.open():
        yield door


def config(sandbox: Sandbox, public: str = "", hooks: str = "") -> Config:
    return Config(
        listmonk=Listmonk(url=sandbox.url, user="bridge", token=Secret(TOKEN), public_url=public),
        server=Server(public_url=hooks),
    )


async def test_all_is_well(door: Door, sandbox: Sandbox) -> None:
    assert await quick.quick(config(sandbox, door.url)) == []
    assert door.asked == 1, "one probe"


async def test_a_certificate_that_was_not_renewed(door: Door, sandbox: Sandbox) -> None:
    door.certificate(days=9)
    (found,) = await quick.quick(config(sandbox, door.url))
    assert (found.id, found.level) == ("tls-expires-soon", Level.WARNING)
    assert "in 9 days" in found.seen
    door.certificate(days=-2)
    assert "tls-expired" in [one.id for one in await quick.quick(config(sandbox, door.url))]


async def test_the_webhooks_address_is_looked_at_too(door: Door, sandbox: Sandbox) -> None:
    door.certificate(days=9)
    (found,) = await quick.quick(config(sandbox, hooks=door.url))
    assert found.id == "tls-expires-soon"
    assert door.asked == 0, "only its certificate"


async def test_what_cannot_be_looked_at_is_told_and_no_alert(door: Door, sandbox: Sandbox) -> None:
    with unused() as taken:
        nowhere = f"https://127.0.0.1:{taken.getsockname()[1]}"
        (found,) = await quick.quick(config(sandbox, hooks=nowhere))
    assert (found.id, found.level, found.evidence) == ("not-examined", Level.INFO, {"unknown": ["tls-"]})
    assert found.seen == "could not be examined: certificate"


async def test_a_proxy_that_keeps_the_pixel_to_itself(door: Door, sandbox: Sandbox) -> None:
    door.itself = b"HTTP/1.1 403 Forbidden\r\nServer: nginx\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    (found,) = await quick.quick(config(sandbox, door.url))
    assert (found.id, found.level) == ("pixel-blocked", Level.ERROR)
    assert found.fix


async def test_a_hiccup_wakes_nobody(door: Door, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    door.certificate(days=9)
    look = quick._look

    async def once(config: Config) -> object:
        found = await look(config)
        door.certificate(days=80)
        return found

    monkeypatch.setattr(quick, "_look", once)
    assert await quick.quick(config(sandbox, door.url)) == []


async def test_a_permission_that_was_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    users = {"bridge": ApiUser("bridge", TOKEN, frozenset({"webhooks:post_bounce"}))}
    monkeypatch.setattr(quick, "PAUSE", 0.05)
    async with Sandbox(SandboxSettings(users=users)) as sandbox:
        found = await quick.quick(config(sandbox))
    ids = [one.id for one in found]
    assert "permission-read" in ids
    assert all(one.level is not Level.INFO for one in found)
    assert all(one.id.startswith("permission-") for one in found), "the sandbox's own root URL is private: let be"


@pytest.mark.process
async def test_a_permission_that_delivery_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounces go into the tables; the process of its own is told so."""
    users = {"bridge": ApiUser("bridge", TOKEN, frozenset({"webhooks:post_bounce"}))}
    async with Sandbox(SandboxSettings(users=users)) as sandbox:
        by_api = config(sandbox)
        into_tables = replace(by_api, listmonk_db=ListmonkDb(enabled=True))
        for wanted, missed in ((by_api, True), (into_tables, False)):
            found = {one.id for one in await background.quick(wanted)}
            assert ("permission-read" in found, "permission-manage" in found) == (missed, True)


async def test_a_listmonk_that_is_away_is_told_by_the_relay(door: Door) -> None:
    gone = Listmonk(url="http://127.0.0.1:1", user="bridge", token=Secret(TOKEN))
    (found,) = await quick.quick(Config(listmonk=gone))
    assert (found.id, found.level, found.evidence["unknown"]) == ("not-examined", Level.INFO, sorted(CHEAP))
    door.certificate(days=9)
    known = Config(listmonk=replace(gone, public_url=door.url))
    assert {one.id: one.evidence.get("unknown") for one in await quick.quick(known)} == {
        "tls-expires-soon": None,
        "not-examined": ["permission-", "pixel-"],
    }


async def test_a_listmonk_that_is_away_for_a_moment_mends_nothing(
    door: Door, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.certificate(days=9)
    wrong, looks = config(sandbox, door.url), [quick._look, _away_look]

    async def in_turn(_: Config) -> object:
        return await looks.pop(0)(wrong)

    monkeypatch.setattr(quick, "_look", in_turn)
    assert [one.evidence["unknown"] for one in await quick.quick(wrong)] == [["permission-", "tls-"]]


async def _away_look(_: Config) -> tuple[list[Finding], set[str]]:
    return [], {"permission-", "tls-"}


async def test_it_never_raises_and_ends_in_time(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    async def fails(config: Config) -> None:
        raise KeyError("surprise")

    async def hangs(config: Config) -> None:
        await asyncio.sleep(60)

    assert quick.ALL < 30
    for work in (fails, hangs):
        monkeypatch.setattr(quick, "_look", work)
        monkeypatch.setattr(quick, "ALL", 0.1)
        (found,) = await quick.quick(config(sandbox))
        assert (found.id, found.level) == ("not-examined", Level.WARNING)


@pytest.mark.process
async def test_in_a_process_of_its_own(door: Door, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    door.certificate(days=9)
    (found,) = await background.quick(config(sandbox, door.url))
    assert (found.id, found.level) == ("tls-expires-soon", Level.WARNING)
    assert found.evidence["host"] == "localhost"
    door.certificate(days=80)
    assert await background.quick(config(sandbox, door.url)) == []
    for where, name, value in (
        (background, "PATIENCE", 0.01),
        (sys, "executable", "/bin/false"),
        (sys, "executable", "/"),
    ):
        with monkeypatch.context() as broken:
            broken.setattr(where, name, value)
            (found,) = await background.quick(config(sandbox, door.url))
            assert found.id == "not-examined"


@pytest.mark.process
def test_it_brings_little_into_the_bridge() -> None:
    """What examines is only loaded in the process of its own."""
    code = (
        "import sys, bouncestream.app; before = set(sys.modules); import bouncestream.doctor.background; "
        "print(*set(sys.modules) - before)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(said) == {f"bouncestream.doctor{name}" for name in ("", ".background", ".finding")}


async def test_a_running_bridge_tells_of_it_and_when_it_is_over(
    spawn: Callable[..., Process], door: Door, sandbox: Sandbox, tmp_path: Path
) -> None:
    door.certificate(days=9)
    async with hooks() as receiver:
        extra = f'[alerts]\nevery = "100ms"\nchecks = "200ms"\n[alerts.webhook]\nurl = "{receiver.url}/hook"\n'
        path = write_config(tmp_path, sandbox.url, extra=extra)
        text = path.read_text().replace("[listmonk]\n", f'[listmonk]\npublic_url = "{door.url}"\n')
        path.write_text(text)
        began = time.monotonic()
        spawn("run", "--config", str(path), env={"SSL_CERT_FILE": str(door.bundle)})
        await receiver.until(1, "/hook")
        (first,) = receiver.bodies()
        assert (first["event"], first["rule"], first["subject"]) == ("fired", "doctor", "tls-expires-soon")
        assert first["level"] == "warning"
        assert "in 9 days" in str(first)
        door.certificate(days=80)
        await receiver.until(2, "/hook")
        assert receiver.events()[-1] == ("resolved", "doctor")
        assert time.monotonic() - began < 30
