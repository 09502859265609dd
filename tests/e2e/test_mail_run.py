# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream run` with a mailbox: from a delivered mail to a row in Listmonk, as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from typing import Any

import aiohttp
import pytest

from bouncestream.sandbox import Sandbox
from tests.e2e.program import ROOT, Program, event, post
from tests.mailserver.dovecot import PASSWORD, Dovecot, dsn
from tests.mailserver.scripted import Peer, Scripted

MAILBOX = """
[mailboxes.{name}]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "bounces"
password = "{password}"
after = "move"
unproven = "accept"
timeout = "2s"
retry = "200ms"
"""


def configure(program: Program, port: int, name: str = "inbox") -> None:
    text = MAILBOX.format(name=name, port=port, password=PASSWORD)
    program.config.write_text(program.config.read_text() + text)


def bounce(number: int, **fields: Any) -> bytes:
    """A mail about the same bounce as `event` with this number."""
    return dsn(f"p{number}@example.com", number=number, message_id=f"{number}@example.com", **fields)


async def parts(session: aiohttp.ClientSession, program: Program) -> dict[str, dict[str, str]]:
    async with session.get(program.url + "/readyz") as response:
        found: dict[str, dict[str, str]] = (await response.json())["parts"]
        return found


async def until_part(session: aiohttp.ClientSession, program: Program, name: str, words: str) -> dict[str, str]:
    async with asyncio.timeout(30):
        while True:
            part = (await parts(session, program)).get(name, {"why": ""})
            if words in part["why"]:
                return part
            await asyncio.sleep(0.05)


@pytest.mark.binary
async def test_a_bounce_mail_reaches_listmonk_and_its_place(
    program: Program, sandbox: Sandbox, dovecot: Dovecot, session: aiohttp.ClientSession
) -> None:
    configure(program, dovecot.imap)
    await program.start()
    await until_part(session, program, "mailbox:inbox", "listening to INBOX")
    await asyncio.to_thread(dovecot.deliver, bounce(1))
    await program.settled({"verified": 1})
    (row,) = sandbox.state()["rows"]
    assert (row["email"], row["type"]) == ("p1@example.com", "hard")
    async with asyncio.timeout(20):
        while dovecot.mails():
            await asyncio.sleep(0.05)
    assert len(dovecot.mails("Processed")) == 1
    async with session.get(program.url + "/metrics") as response:
        assert 'bouncestream_mailbox_mails_total{mailbox="inbox",result="bounce"} 1\n' in await response.text()
    assert await program.stop() == 0
    assert "p1@" not in "\n".join(program.lines)
    assert PASSWORD not in "\n".join(line for line in program.lines if "secret" in line)


@pytest.mark.binary
async def test_a_reload_takes_a_mailbox_in_and_out(
    program: Program, dovecot: Dovecot, session: aiohttp.ClientSession
) -> None:
    before = program.config.read_text()
    await program.start()
    assert "mailbox:inbox" not in await parts(session, program)
    configure(program, dovecot.imap)
    assert program.process is not None
    program.process.send_signal(signal.SIGHUP)
    await until_part(session, program, "mailbox:inbox", "listening to INBOX")
    program.config.write_text(before)
    program.process.send_signal(signal.SIGHUP)
    async with asyncio.timeout(20):
        while "mailbox:inbox" in await parts(session, program):
            await asyncio.sleep(0.05)
    assert await program.stop() == 0


@pytest.mark.binary
@pytest.mark.process
async def test_a_server_that_hangs_holds_up_neither_the_start_nor_the_end(
    program: Program, sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    async def silent(peer: Peer) -> None:
        await peer.silence()

    async with Scripted(silent) as server:
        configure(program, server.port)
        await program.start()
        assert (await post(session, program, event(1)))["accepted"] == 1
        part = await until_part(session, program, "mailbox:inbox", "connection lost: ")
        assert "no greeting within 2 s" in part["why"]
        async with asyncio.timeout(8):
            assert await program.stop() == 0


@pytest.mark.parametrize("first", ["webhook", "mailbox"])
async def test_one_bounce_by_both_ways_is_one_event(
    program: Program, sandbox: Sandbox, dovecot: Dovecot, session: aiohttp.ClientSession, first: str
) -> None:
    configure(program, dovecot.imap)
    await program.start()

    async def by_mail() -> None:
        await asyncio.to_thread(dovecot.deliver, bounce(1))
        async with asyncio.timeout(20):
            while not dovecot.mails("Processed"):
                await asyncio.sleep(0.05)

    if first == "webhook":
        assert (await post(session, program, event(1)))["accepted"] == 1
        await by_mail()
    else:
        await by_mail()
        assert (await post(session, program, event(1)))["duplicates"] == 1
    await program.settled({"verified": 1})
    assert len(sandbox.state()["rows"]) == 1


@pytest.mark.parametrize("first", ["webhook", "mailbox"])
async def test_a_soft_one_by_one_way_and_a_hard_one_by_the_other_is_told_as_hard(
    program: Program, sandbox: Sandbox, dovecot: Dovecot, session: aiohttp.ClientSession, first: str
) -> None:
    configure(program, dovecot.imap)
    await program.start()
    soft = {"status": "4.2.2", "words": "452 4.2.2 mailbox full"}
    if first == "webhook":
        await post(session, program, event(1, kind="soft"))
        await asyncio.to_thread(dovecot.deliver, bounce(1))
    else:
        await asyncio.to_thread(dovecot.deliver, bounce(1, **soft))
        async with asyncio.timeout(20):
            while not dovecot.mails("Processed"):
                await asyncio.sleep(0.05)
        await post(session, program, event(1))
    async with asyncio.timeout(30):
        while "hard" not in [row["type"] for row in sandbox.state()["rows"]]:
            await asyncio.sleep(0.05)
    assert [row["type"] for row in sandbox.state()["rows"]].count("hard") == 1


@pytest.mark.wrapped
async def test_a_mail_that_takes_the_process_down_is_set_aside_in_the_end(
    program: Program, dovecot: Dovecot, session: aiohttp.ClientSession
) -> None:
    configure(program, dovecot.imap)
    dovecot.deliver(bounce(1))
    program.environment["BOUNCESTREAM_TEST_KILL"] = "fetched"  # whatever is fetched is deadly
    deaths = 0
    while True:
        await program.start(ready=False)
        if not await program.died(within=5):
            break
        deaths += 1
        assert deaths < 40
        await program.kill()
    assert deaths > 3
    await until_part(session, program, "mailbox:inbox", "its mails cannot be read, quarantined in a row: 1")
    ((why,),) = program.query("SELECT why FROM quarantined")
    assert "could not be fetched or read in" in why
    del program.environment["BOUNCESTREAM_TEST_KILL"]
    await program.kill()
    await program.start()
    await asyncio.to_thread(dovecot.deliver, bounce(2))
    await program.settled({"verified": 1})
    await until_part(session, program, "mailbox:inbox", "listening to INBOX")
    assert len(dovecot.mails()) == 1  # it stays where it is


@pytest.mark.process
def test_without_a_mailbox_its_libraries_are_not_even_imported() -> None:
    code = "import sys, bouncestream.app, bouncestream.cli.run; sys.exit('aioimaplib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
