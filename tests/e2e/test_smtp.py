# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream run` behind a real Postfix: from a refused recipient to a row in Listmonk, with kills between."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from bouncestream.sandbox import Sandbox
from tests.e2e.program import Program
from tests.e2e.test_mail_run import until_part
from tests.mailserver.dovecot import dsn
from tests.mailserver.lmtp import lmtp
from tests.mailserver.postfix import Postfix, needs_postfix
from tests.packages.program import is_built

#: Where `wrapped` may end while a mail is taken.
STEPS = ("handed over", "written", "stored", "answered")
LISTENER = """
[mail]
own_domains = ["lists.example.org"]
[smtp.mta]
listen = "unix:{path}"
recipients = ["bounces@lists.example.org", "b+*@lists.example.org"]
socket_group = "{group}"
unproven = "accept"
"""


class _Refuses:
    """A mail server that knows nobody."""

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, _envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"


@pytest.fixture
async def refusing() -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(_Refuses(), hostname="mx.example.com", loop=loop), "127.0.0.1", 0
    )
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
def path(program: Program) -> Iterator[Path]:
    """Where the listener is: a short path, which Postfix's user can reach."""
    with tempfile.TemporaryDirectory(prefix="bouncestream-smtp-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "mta.sock"


@pytest.fixture
async def postfix(path: Path, refusing: int, program: Program) -> AsyncIterator[Postfix]:
    needs_postfix()
    server = Postfix(f"lmtp:unix:{path}", refusing=refusing)
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        await asyncio.to_thread(server.close)


def configure(program: Program, path: Path, group: str = "postfix") -> None:
    program.config.write_text(program.config.read_text() + LISTENER.format(path=path, group=group))


def letter(number: int) -> bytes:
    """A mail of a newsletter's."""
    return (
        f"From: News <news@lists.example.org>\r\nTo: <p{number}@example.com>\r\nSubject: News\r\n"
        f"Message-ID: <{number}.news@lists.example.org>\r\nDate: Sun, 22 Nov 2026 08:00:00 +0000\r\n\r\nNews.\r\n"
    ).encode()


@pytest.mark.process
async def test_what_postfix_cannot_deliver_is_a_verified_bounce(
    program: Program, sandbox: Sandbox, postfix: Postfix, path: Path, session: aiohttp.ClientSession
) -> None:
    configure(program, path)
    await program.start()
    await until_part(session, program, "smtp:mta", "listening on")
    await asyncio.to_thread(postfix.send, "bounces@lists.example.org", ["p1@example.com"], letter(1))
    await program.settled({"verified": 1})
    (row,) = sandbox.state()["rows"]
    assert (row["email"], row["type"]) == ("p1@example.com", "hard")
    async with asyncio.timeout(20):
        while postfix.queued():
            await asyncio.sleep(0.05)
    async with session.get(program.url + "/metrics") as response:
        assert 'bouncestream_smtp_mails_total{source="mta",result="bounce"} 1\n' in await response.text()
    assert await program.stop() == 0
    assert not path.exists()
    assert "p1@" not in "\n".join(line for line in program.lines if "debug" not in line)


@pytest.mark.process
async def test_postfix_hears_of_each_recipient_by_itself(
    program: Program, postfix: Postfix, path: Path, session: aiohttp.ClientSession
) -> None:
    """Three recipients in one transaction of LMTP, of whom one is refused: Postfix tells the sender of that one."""
    configure(program, path)
    await program.start()
    await until_part(session, program, "smtp:mta", "listening on")
    mail = b"From: joe@example.com\r\nSubject: Re: News\r\nMessage-ID: <1@joe>\r\n\r\nPlease call me.\r\n"
    to = [f"{name}@lists.example.org" for name in ("bounces", "nobody", "b+x")]
    await asyncio.to_thread(postfix.send, "bounces@lists.example.org", to, mail)
    async with asyncio.timeout(30):
        while postfix.queued() or not program.query("SELECT 1 FROM unidentified"):
            await asyncio.sleep(0.05)
    log = postfix.log()
    assert log.count("status=sent (250 2.0.0 stored)") == 3  # the two, and the report about the third
    assert log.count("550 5.1.1 no such recipient here") == 1
    kept = program.query("SELECT why FROM unidentified ORDER BY id")
    assert any(why.startswith("no bounce") for (why,) in kept)
    assert await program.stop() == 0


async def die_at(program: Program, step: str, mail: Callable[[], Awaitable[object]]) -> None:
    """Start it to end at a step of `wrapped`, which a mail brings about."""
    program.environment["BOUNCESTREAM_TEST_KILL"] = step
    await program.start()
    await mail()
    assert await program.died(30), step
    await program.kill()
    del program.environment["BOUNCESTREAM_TEST_KILL"]


@pytest.mark.process
@pytest.mark.skipif(is_built(), reason="a built program does not end by itself")
async def test_killed_at_each_step_between_data_and_its_answer_it_has_each_mail_once(
    program: Program, sandbox: Sandbox, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    """Each mail comes again, as from a mail server, until all of it is answered."""
    path = tmp_path / "mta.sock"
    configure(program, path, group="")
    to = ["bounces@lists.example.org", "b+x@lists.example.org"]
    answers: list[list[str]] = []

    async def deliver(mail: bytes) -> None:
        await until_part(session, program, "smtp:mta", "listening on")
        async with lmtp(str(path)) as client:
            answers.append(await client.deliver(mail, to))

    bounce, reply = dsn("p1@example.com"), b"From: joe@example.com\r\nSubject: Re: News\r\n\r\nPlease call me.\r\n"
    for step in STEPS:
        await die_at(program, step, partial(deliver, bounce))
    await die_at(program, "stored", partial(deliver, reply))
    await program.start()
    await deliver(bounce)
    await deliver(reply)
    none, one, both = ["", ""], ["250 2.0.0 stored", ""], ["250 2.0.0 stored"] * 2
    assert answers == [none, none, none, one, none, both, both]
    await program.settled({"verified": 1})
    assert [row["email"] for row in sandbox.state()["rows"]] == ["p1@example.com"]
    assert program.query("SELECT count(*) FROM unidentified") == [(1,)]
    assert await program.stop() == 0


@pytest.mark.process
@pytest.mark.long
@pytest.mark.timeout(400)
async def test_kills_between_data_and_its_answer_lose_nothing_and_double_nothing(
    program: Program, sandbox: Sandbox, postfix: Postfix, path: Path
) -> None:
    """At random, and at each step."""
    configure(program, path)
    bounces, kills, chance = 40, 5, random.Random(17)
    await program.start()
    sending = asyncio.create_task(
        asyncio.to_thread(
            lambda: [
                postfix.send("bounces@lists.example.org", [f"p{n}@example.com"], letter(n)) for n in range(bounces)
            ]
        )
    )
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        await program.kill()
        await program.start()
    await program.kill()
    for step in () if is_built() else STEPS:
        await die_at(program, step, partial(asyncio.sleep, 0))
    await program.start()
    await sending
    await program.settled({"verified": bounces}, 120)
    async with asyncio.timeout(60):
        while postfix.queued():
            await asyncio.sleep(0.1)
    rows = sandbox.state()["rows"]
    assert sorted(row["email"] for row in rows) == sorted(f"p{n}@example.com" for n in range(bounces))
    assert program.query("SELECT count(*) FROM unidentified") == [(0,)]
    assert await program.stop() == 0
