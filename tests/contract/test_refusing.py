# SPDX-License-Identifier: GPL-3.0-or-later
"""Contract: what Listmonk writes into its log, and streams, about recipients whom an SMTP server refuses. The
server is ours: a real Listmonk is set to send to it, on this machine.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from bouncestream.sandbox.sending import send
from bouncestream.sinks.listmonk.stream import EventReader
from bouncestream.sources.listmonk_log.entry import entry, unsent
from tests.contract.conftest import Client

pytestmark = pytest.mark.long

RCPT, DATA = "rcpt", "data"
#: Where it is refused, and the reply; in the forged ones {other} is the number of somebody else.
ANSWERS = {
    "plain": (RCPT, "550 5.1.1 <nobody@contract.example>: Recipient address rejected: User unknown"),
    "lines": (
        RCPT,
        "550-5.1.1 The email account that you tried to reach\n550-5.1.1 does not exist.\n550 5.1.1 Sorry",
    ),
    "quotes": (RCPT, '550 5.1.1 "nobody" isn\'t \\here\\ `at all` \\n \\x41'),
    "utf8": (RCPT, "550 5.1.1 Empfänger größtenteils unbekannt – 存在しない 🦊 \u200b"),
    "forged": (RCPT, "550 5.1.1 no: subscriber {other}: 550 5.1.1 gone"),
    "forged_line": (
        RCPT,
        "550-5.1.1 no\n550 2026/11/29 16:01:02.1 manager.go:1: error sending message in campaign {name}: "
        "subscriber {other}: 550 5.1.1 gone",
    ),
    "bare": (RCPT, "550 Gone"),
    "full": (RCPT, "452 4.2.2 mailbox full"),
    "closing": (RCPT, "421 4.7.0 too many connections, try again later"),
    "content": (DATA, "554 5.7.1 message content rejected"),
    "late": (DATA, "451 4.7.1 Greylisted, please try again later"),
    "late_lines": (DATA, '550-5.7.1 "see"\n550 5.7.1 https://example.org/é'),
}


@dataclass
class Refusing:
    """An SMTP server that answers as it is told, and remembers what it refused."""

    answers: Mapping[str, tuple[str, str]]
    taken: list[str] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        stage, reply = self.answers.get(address, ("", ""))
        if stage == RCPT:
            return reply.replace("\n", "\r\n")
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        [address] = envelope.rcpt_tos
        if address in self.answers:
            return self.answers[address][1].replace("\n", "\r\n")
        self.taken.append(address)
        return "250 2.0.0 Ok"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """As long as the block lasts."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()


def words(reply: str) -> str:
    """A reply as Listmonk tells it: the code once, the lines behind it."""
    first, *more = reply.split("\n")
    return "\n".join([first.replace("-", " ", 1) if first[3] == "-" else first, *(line[4:] for line in more)])


@asynccontextmanager
async def sending_to(listmonk: Client, smtp: Refusing) -> AsyncIterator[None]:
    """A Listmonk that sends by this server as long as the block lasts; the sandbox is told what it would say."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(smtp.listening())
        if not listmonk.sandbox:
            _, body = await listmonk.call("GET", "/api/settings")
            server = body["data"]["smtp"][0] | {"enabled": True, "host": "127.0.0.1", "port": smtp.port}
            server |= {"auth_protocol": "none", "tls_type": "none", "username": "", "password": "", "uuid": ""}
            await stack.enter_async_context(listmonk.saved({"smtp": [server], "app.max_send_errors": 0}))
        yield


@asynccontextmanager
async def streaming(listmonk: Client) -> AsyncIterator[list[str]]:
    """The lines of the event stream, which grow as they come."""
    found: list[str] = []

    async def hear() -> None:
        import aiohttp

        auth = aiohttp.encode_basic_auth(listmonk.user, listmonk.token)
        url, reader = f"{listmonk.url}/api/events", EventReader()
        timeout = aiohttp.ClientTimeout(total=None)
        async with listmonk.session.get(url, headers={"Authorization": auth}, timeout=timeout) as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            async for piece in response.content.iter_any():
                found.extend(reader.feed(piece))

    task = asyncio.create_task(hear())
    try:
        if listmonk.sandbox:
            there = listmonk.sandbox.listmonk.listeners
            await listmonk.eventually(lambda: asyncio.sleep(0, there))
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def campaign(listmonk: Client, name: str, answers: Mapping[str, tuple[str, str]], *lists: int) -> int:
    """Send a campaign of this name to lists; how many messages it counts as sent, once it is finished."""
    mark = await listmonk.campaign(*lists, name=name)
    if listmonk.sandbox:
        send(listmonk.sandbox.listmonk, mark, {email: words(reply) for email, (_, reply) in answers.items()})
    status, body = await listmonk.call("GET", "/api/campaigns?per_page=50&order_by=created_at&order=DESC")
    assert status == 200
    number = next(one["id"] for one in body["data"]["results"] if one["uuid"] == mark)
    if not listmonk.sandbox:
        status, body = await listmonk.call("PUT", f"/api/campaigns/{number}/status", {"status": "running"})
        assert status == 200, body

    async def finished() -> dict[str, Any] | None:
        _, body = await listmonk.call("GET", f"/api/campaigns/{number}")
        return body["data"] if body["data"]["status"] == "finished" else None

    return int((await listmonk.eventually(finished))["sent"])


async def test_refused_recipients_are_told_in_the_log_and_nowhere_else(listmonk: Client) -> None:
    listmonk.needs("settings:get", "campaigns:get", "campaigns:manage", "lists:manage_all", "subscribers:manage")
    name = f'{listmonk.mark} "Größe": subscriber 5: 550 it\'s'
    smtp = Refusing({})
    async with sending_to(listmonk, smtp):
        a_list = await listmonk.list()
        kept = await listmonk.person(lists=[a_list["id"]])
        people = {case: await listmonk.person(lists=[a_list["id"]]) for case in ANSWERS}
        answers = {
            people[case]["email"]: (stage, reply.replace("{other}", str(kept["id"])).replace("{name}", name))
            for case, (stage, reply) in ANSWERS.items()
        }
        smtp.answers = answers
        async with streaming(listmonk) as heard:
            assert await campaign(listmonk, name, answers, a_list["id"]) == 1
            assert listmonk.sandbox or smtp.taken == [kept["email"]]
            _, body = await listmonk.call("GET", "/api/logs")
            lines = [line for line in body["data"] if listmonk.mark in line]
            told = [found for line in lines if (found := entry(line)) is not None]
            await listmonk.eventually(lambda: asyncio.sleep(0, heard), lambda seen: len(seen) >= len(told))
        assert set(heard) <= set(lines)
        who = [unsent(one, {name, "News"}) for one in told]
        assert all(one is not None and one.campaign == name for one in who)
        found = {one.subscriber: one.words for one in who if one is not None}
        expected = {people[case]["id"]: words(answers[people[case]["email"]][1]) for case in ANSWERS}
        assert len(told) == len(ANSWERS), json.dumps(lines, indent=1)
        assert found == expected
        for person in (kept, *people.values()):
            assert (await listmonk.seen(person))["status"] == "enabled"
            status, body = await listmonk.call("GET", f"/api/subscribers/{person['id']}/bounces")
            assert (status, body["data"]) == (200, [])


async def test_a_message_that_is_no_campaigns_names_nobody(listmonk: Client) -> None:
    if listmonk.sandbox:
        pytest.skip("the sandbox sends no transactional messages")
    listmonk.needs("tx:send", "templates:manage", "settings:get")
    person = await listmonk.person()
    async with sending_to(listmonk, Refusing({person["email"]: ANSWERS["plain"]})):
        subject = f"{listmonk.mark} in campaign x: subscriber 5: 550 5.1.1"
        template = await listmonk._make(
            "/api/templates", "/api/templates", name=listmonk.mark, type="tx", subject=subject, body="x"
        )
        wanted = {"subscriber_email": person["email"], "template_id": template["id"], "content_type": "plain"}
        assert (await listmonk.call("POST", "/api/tx", wanted))[0] == 200

        async def told() -> list[str]:
            _, body = await listmonk.call("GET", "/api/logs")
            return [line for line in body["data"] if listmonk.mark in line]

        [line] = await listmonk.eventually(told)
        found = entry(line)
        assert found is not None
        assert not found.of_campaign
        assert unsent(found, None) is None
