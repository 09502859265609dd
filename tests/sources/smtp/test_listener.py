# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening: the limit of connections, the end in order, reloads, and what stands in the way."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
import trustme

from bouncestream.config.model import Config, Mail
from bouncestream.health import Status
from bouncestream.sources.smtp import listener
from bouncestream.sources.smtp.listener import SmtpListeners
from tests.mailserver.dovecot import dsn
from tests.mailserver.lmtp import lmtp
from tests.sources.smtp.conftest import TO, Begin, Kept, Running, config


async def test_above_the_limit_a_connection_is_told_421(begin: Begin) -> None:
    running = await begin(max_connections=1)
    async with lmtp(running.where) as first:
        reader, writer = await asyncio.open_connection(*running.where)
        assert (await reader.read()).startswith(b"421 4.3.2")
        writer.close()
        assert (await first.say("NOOP")).startswith("250")
    async with asyncio.timeout(10):
        while running.one._sessions:
            await asyncio.sleep(0.01)
    async with lmtp(running.where) as again:
        assert (await again.say("NOOP")).startswith("250")


async def test_at_the_end_who_waits_is_told_and_a_mail_that_comes_in_is_finished(
    begin: Begin, tmp_path: Path
) -> None:
    running = await begin(listen=f"unix:{tmp_path}/mta.sock")
    path = running.one.settings.path
    async with lmtp(path) as idle, lmtp(path) as busy:
        await busy.begin([TO])
        ending = asyncio.create_task(running.listeners.stop(20.0))
        assert (await idle.answer()).startswith("421 4.3.2")
        assert not Path(path).exists()
        busy.send(dsn("p1@example.com") + b".\r\n")
        assert await busy.answer() == "250 2.0.0 stored"
        assert (await busy.answer()).startswith("421 4.3.2")
        await ending
    assert len(running.kept.submissions) == 1


async def test_a_mail_that_does_not_end_in_time_is_cut_off_unanswered(begin: Begin) -> None:
    running = await begin()
    async with lmtp(running.where) as client:
        await client.begin([TO])
        client.send(b"Subject: x\r\n")
        await running.listeners.stop(0.1)
        assert (await client.answer()).startswith("421 4.3.2")
    assert not running.kept.submissions


async def test_a_reload_changes_recipients_at_once_and_a_listener_by_another(begin: Begin, tmp_path: Path) -> None:
    running = await begin(recipients=())
    async with lmtp(running.where) as client:
        assert (await client.say("MAIL FROM:<>")).startswith("250")
        assert (await client.say("RCPT TO:<b+x@example.org>")).startswith("550")
        same = replace(config(recipients=()), mail=Mail(verp=("b+*@example.org",), unsubscribe=("u@example.org",)))
        running.listeners.reload(same)
        assert (await client.say("RCPT TO:<b+x@example.org>")).startswith("250")
        assert (await client.say("RCPT TO:<u@example.org>")).startswith("250")
        running.listeners.reload(config(listen=f"unix:{tmp_path}/mta.sock"))
        assert (await client.answer()).startswith("421")
    async with asyncio.timeout(10):
        await running.one.listening.wait()
    async with lmtp(running.where) as client:
        assert (await client.say("NOOP")).startswith("250")
    running.listeners.reload(Config())
    async with asyncio.timeout(10):
        while "smtp:mta" in running.listeners.health.parts:
            await asyncio.sleep(0.01)


async def test_the_same_address_may_be_taken_over_at_a_reload(begin: Begin, tmp_path: Path) -> None:
    running = await begin(listen=f"unix:{tmp_path}/mta.sock")
    running.listeners.reload(config(listen=f"unix:{tmp_path}/mta.sock", max_recipients=1))
    async with asyncio.timeout(10):
        await running.one.listening.wait()
    async with lmtp(running.where) as client:
        assert (await client.begin([TO, TO]))[1].startswith("452")


async def test_what_stands_in_the_way_is_told_and_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        begun = Running(SmtpListeners(*_parts(), grace=1.0, chance=lambda: 0.999), Kept(), _parts()[1])
        begun.listeners.reload(config(listen=f"127.0.0.1:{port}"))
        part = "smtp:mta"
        async with asyncio.timeout(10):
            while part not in begun.listeners.health.parts:
                await asyncio.sleep(0.01)
        told = begun.listeners.health.parts[part]
        assert told.state is Status.RED
        assert f"cannot listen on 127.0.0.1:{port}" in told.why
    async with asyncio.timeout(20):
        await begun.one.listening.wait()
    assert begun.listeners.health.parts[part].state is Status.GREEN
    await begun.listeners.stop(1.0)


def _parts() -> tuple[object, ...]:
    from bouncestream.health import Health
    from bouncestream.metrics import Metrics
    from bouncestream.sources.webhook.budget import Budget
    from tests.sources.conftest import Clock

    return Kept(), Budget(1 << 20), Clock(), Health(), Metrics()


async def test_a_socket_that_is_gone_is_made_again(begin: Begin, tmp_path: Path) -> None:
    running = await begin(listen=f"unix:{tmp_path}/mta.sock")
    running.one.look = 0.01
    running.listeners._tasks["mta"].cancel()
    await asyncio.gather(running.listeners._tasks["mta"], return_exceptions=True)
    running.one._close_doors()
    running.one.listening.clear()
    task = asyncio.create_task(running.one.run())
    await running.one.listening.wait()
    running.one.listening.clear()
    Path(running.one.settings.path).unlink()
    async with asyncio.timeout(10):
        await running.one.listening.wait()
    async with lmtp(running.where) as client:
        assert (await client.say("NOOP")).startswith("250")
    task.cancel()


async def test_a_certificate_is_read_again_at_a_reload_and_a_bad_one_is_not_taken(
    begin: Begin, tmp_path: Path, caplog: object
) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    first, second = (trustme.CA().issue_cert("localhost") for _ in range(2))
    first.cert_chain_pems[0].write_to_path(str(cert))
    first.private_key_pem.write_to_path(str(key))
    settings = {"protocol": "smtp", "tls_cert": str(cert), "tls_key": str(key)}
    running = await begin(**settings)
    before = running.one.tls
    second.cert_chain_pems[0].write_to_path(str(cert))
    running.listeners.reload(config(**settings))  # the key is of the other one
    async with lmtp(running.where, "EHLO x") as client:
        assert "STARTTLS" in await client.say("EHLO x")
    second.private_key_pem.write_to_path(str(key))
    running.listeners.reload(config(**settings))
    assert running.one.tls is before
    assert MappingProxyType({"mta": running.one.settings}) == config(**settings).smtp


async def test_a_connection_that_cannot_be_begun_is_told(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """asyncio says nothing of it: on Python 3.11.2 every connection was cut off in silence."""

    def broken(*_: object) -> None:
        raise TypeError

    running = await begin()
    monkeypatch.setattr(listener, "LmtpSession", broken)
    reader, writer = await asyncio.open_connection(*running.where)
    assert (await reader.read()).startswith(b"421 ")
    writer.close()
    assert "a bug in a connection: TypeError" in caplog.text


async def test_a_certificate_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    begun = SmtpListeners(*_parts(), grace=1.0)
    begun.reload(config(tls_cert=str(tmp_path / "none"), tls_key=str(tmp_path / "none")))
    async with asyncio.timeout(10):
        while "smtp:mta" not in begun.health.parts:
            await asyncio.sleep(0.01)
    assert "cannot be used: No such file" in begun.health.parts["smtp:mta"].why
    await begun.stop(1.0)
