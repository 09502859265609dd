# SPDX-License-Identifier: GPL-3.0-or-later
"""What a connection is told, whoever is at its other end."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from pathlib import Path

import pytest
import trustme

from bouncestream.errors import MailsWait, StoreBusy
from bouncestream.sources.smtp.session import _Hooks
from tests.mailserver.dovecot import dsn
from tests.mailserver.lmtp import lmtp
from tests.sources.smtp.conftest import TO, Begin

REPLY = b"From: joe@example.net\r\nMessage-ID: <1@joe>\r\nSubject: Re: News\r\n\r\nPlease call me.\r\n"
SMTP = "EHLO client.example.org"


def test_aiosmtpd_may_read_each_member_of_what_it_asks() -> None:
    """With the slots of a dataclass that is an error in Python 3.11.2, which Debian 12 has."""
    assert "__slots__" not in vars(_Hooks)


async def test_lmtp_answers_for_each_recipient_that_was_taken(begin: Begin) -> None:
    running = await begin()
    running.kept.errors = [None, StoreBusy("full"), MailsWait("no room")]
    to = [TO, "b+1@example.org", "nobody@example.org", "b+2@example.org"]
    async with lmtp(running.where) as client:
        answers = await client.begin(to)
        assert [one[:9] for one in answers] == ["250 2.1.5", "250 2.1.5", "550 5.1.1", "250 2.1.5"]
        client.send(dsn("p1@example.com") + b".\r\n")
        assert [(await client.answer())[:9] for _ in range(3)] == ["250 2.0.0", "451 4.3.2", "452 4.3.1"]
        assert (await client.say("NOOP")).startswith("250 2.0.0")  # no answer too many
    (stored,) = running.kept.submissions
    assert stored.events[0].recipient == "p1@example.com"
    assert stored.raw.startswith(b"Return-Path: <>\r\nDelivered-To: bounces@example.org\r\nReceived: from client")


async def test_smtp_answers_once_and_takes_a_mail_for_all_or_for_none(begin: Begin) -> None:
    running = await begin(protocol="smtp")
    running.kept.errors = [None, StoreBusy("full")]
    async with lmtp(running.where, SMTP) as client:
        mail = dsn("p1@example.com")
        (answer,) = await client.deliver(mail, [TO, "b+1@example.org"], each=False)
        assert answer.startswith("451 4.3.2")
        (answer,) = await client.deliver(mail, [TO, "b+1@example.org"], each=False)
        assert answer == "250 2.0.0 stored"
        assert (await client.say("QUIT")).startswith("221 2.0.0")


async def test_the_answer_comes_after_the_commit_and_not_before(begin: Begin) -> None:
    running = await begin()
    running.kept.gate = asyncio.Event()
    async with lmtp(running.where) as client:
        await client.begin([TO])
        client.send(dsn("p1@example.com") + b".\r\n")
        await running.kept.entered.wait()
        with pytest.raises(TimeoutError):
            await client.answer(0.2)
        running.kept.gate.set()
        assert await client.answer() == "250 2.0.0 stored"


async def test_a_persons_reply_is_kept_and_not_bounced(begin: Begin) -> None:
    running = await begin()
    async with lmtp(running.where) as client:
        assert await client.deliver(REPLY, [TO], "joe@example.net") == ["250 2.0.0 stored"]
    (kept,) = running.kept.submissions
    assert not kept.events
    assert kept.unreadable[0].unidentified
    assert kept.raw.endswith(REPLY)


async def test_the_same_mail_is_known_again_and_another_is_not(begin: Begin) -> None:
    running = await begin()
    bare = b"\r\nno header at all\r\n"
    async with lmtp(running.where) as client:
        for mail in (REPLY, REPLY, bare, bare, bare + b"more\r\n"):
            await client.deliver(mail, [TO])
    marks = [one.unreadable[0].fingerprint for one in running.kept.submissions]
    assert marks[0] == marks[1]
    assert marks[2] == marks[3]
    assert len({*marks}) == 3
    assert all(marks)


async def test_a_mail_that_is_too_large_is_refused_and_the_next_one_is_taken(begin: Begin) -> None:
    running = await begin(max_size=20_000)
    async with lmtp(running.where) as client:
        assert (await client.say("MAIL FROM:<> SIZE=30000")).startswith("552 ")
        (answer,) = await client.deliver(b"Subject: x\r\n\r\n" + b"y" * 30_000 + b"\r\n", [TO])
        assert answer.startswith("552 5.3.4")
        assert await client.deliver(REPLY, [TO]) == ["250 2.0.0 stored"]
    assert running.refused("size") == 1


async def test_a_line_of_any_length_is_no_fault(begin: Begin) -> None:
    running = await begin()
    async with lmtp(running.where) as client:
        mail = b"Subject: x\r\n\r\n" + b"<p>" * 50_000 + b"\r\n"
        assert await client.deliver(mail, [TO]) == ["250 2.0.0 stored"]
    assert running.kept.submissions[0].raw.endswith(mail)


async def test_a_line_without_end_ends(begin: Begin) -> None:
    running = await begin(max_size=10_000)
    async with lmtp(running.where) as client:
        await client.begin([TO])
        for _ in range(60):
            client.send(b"z" * 10_000)
        assert (await client.answer())[:9] in ("552 5.3.4", "")  # it may be lost with the connection
    assert running.refused("size") == 1
    assert running.budget.used == 0


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n"])
@pytest.mark.parametrize("protocol", ["lmtp", "smtp"])
async def test_a_smuggled_mail_is_refused_with_the_one_that_carries_it(
    begin: Begin, end: bytes, protocol: str
) -> None:
    """CVE-2023-51764 and its like: what another server took for one mail are two here, or the other way round."""
    running = await begin(protocol=protocol)
    hidden = b"MAIL FROM:<>\r\nRCPT TO:<b+victim=example.com@example.org>\r\nDATA\r\n" + dsn("victim@example.com")
    async with lmtp(running.where, SMTP if protocol == "smtp" else "LHLO x") as client:
        await client.begin([TO])
        client.send(REPLY + b"text" + end + hidden + b".\r\n")
        assert (await client.answer()).startswith("550 5.5.2")
        assert await client.answer() == ""
    assert not running.kept.submissions
    assert running.refused("disputed end") == 1


async def test_commands_that_come_together_are_answered_in_turn(begin: Begin) -> None:
    running = await begin()
    async with lmtp(running.where) as client:
        client.send(b"MAIL FROM:<>\r\nRCPT TO:<bounces@example.org>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n")
        assert [(await client.answer())[:3] for _ in range(4)] == ["250", "250", "550", "354"]
        client.send(REPLY + b".\r\nMAIL FROM:<>\r\nRCPT TO:<bounces@example.org>\r\nDATA\r\n")
        assert [(await client.answer())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        client.send(REPLY + b".\r\nQUIT\r\n")
        assert [(await client.answer())[:3] for _ in range(2)] == ["250", "221"]
    assert len(running.kept.submissions) == 2


async def test_ten_thousand_recipients_are_too_many(begin: Begin) -> None:
    running = await begin(max_recipients=10)
    async with lmtp(running.where) as client:
        assert (await client.say("MAIL FROM:<>")).startswith("250 ")
        client.send(b"RCPT TO:<bounces@example.org>\r\n" * 10_000)
        told = []
        while answer := await client.answer():
            told.append(answer[:9])
    assert told[:10] == ["250 2.1.5"] * 10
    assert {*told[10:]} <= {"452 4.5.3", "421 4.7.0"}  # the last ones may be lost with the connection
    assert len(told) < 300
    assert running.refused("commands") == 1


async def test_a_client_that_reads_nothing_is_cut_off(begin: Begin) -> None:
    running = await begin(timeout=0.5)
    async with lmtp(running.where) as client:
        for _ in range(2000):
            client.send(b"NONSENSE OF A CLIENT\r\n" * 500)
            if running.refused("timeout") or not running.one._sessions:
                break
            await asyncio.sleep(0.01)
        async with asyncio.timeout(10):
            while running.one._sessions:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "before", [b"", b"MAIL FROM:<>\r\nRCPT TO:<bounces@example.org>\r\nDATA\r\nSubject: x\r\n"]
)
async def test_who_is_slow_is_cut_off(begin: Begin, before: bytes) -> None:
    running = await begin(timeout=0.3)
    async with lmtp(running.where) as client:
        client.send(before)
        dripping = asyncio.create_task(_drip(client.writer))
        told = [""]
        while answer := await client.answer():
            told.append(answer[:9])
        dripping.cancel()
    assert told[-1] == "421 4.4.2"
    assert running.refused("timeout") == 1
    assert running.budget.used == 0


async def _drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"a")
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "line",
    [
        b"MAIL FROM:<\x00@x>",
        b"MAIL FROM:<\xff\xfe@x.example>",
        b"\x00\x00\x00",
        b"RCPT TO:<" + b"a" * 3000 + b"@x>",
        b"MAIL FROM:<>\x00",
        b"VRFY " + b"(" * 1000,
        b"MAIL FROM:" + b"<" * 500,
        b"MAIL FROM:<a@b> SIZE=-1",
        b"MAIL FROM:<a@b> AUTH=<>",
        b"",
    ],
)
async def test_no_command_harms(begin: Begin, line: bytes) -> None:
    running = await begin()
    async with lmtp(running.where) as client:
        assert (await client.say(line))[:1] in "245"
        assert (await client.say("RSET")).startswith("250 2.0.0")
        assert await client.deliver(REPLY, [TO]) == ["250 2.0.0 stored"]


async def test_nul_and_8_bit_are_kept_as_they_came(begin: Begin) -> None:
    running = await begin()
    mail = b"Subject: \xff\x00\r\n\r\n\x00\x80\xff\r\n"
    async with lmtp(running.where) as client:
        assert await client.deliver(mail, [TO]) == ["250 2.0.0 stored"]
    assert running.kept.submissions[0].raw.endswith(mail)


@pytest.mark.parametrize(
    "command", ["AUTH PLAIN AGEAYg==", "EXPN staff", "HELP", "STARTTLS", "TURN", "HELO x", "EHLO x"]
)
async def test_what_is_not_offered_is_not_done(begin: Begin, command: str) -> None:
    running = await begin()
    async with lmtp(running.where) as client:
        offered = await client.say("LHLO x")
        assert "AUTH" not in offered
        assert "HELP" not in offered
        assert "STARTTLS" not in offered
        assert {"250-PIPELINING", "250 ENHANCEDSTATUSCODES"} <= {*offered.splitlines()}
        assert (await client.say(command))[:2] in ("50", "45")


async def test_a_bounce_to_an_address_with_other_letters_is_taken(begin: Begin) -> None:
    running = await begin(recipients=("b+*@bücher.example",))
    async with lmtp(running.where) as client:
        assert (await client.say("MAIL FROM:<> SMTPUTF8 BODY=8BITMIME SIZE=1000")).startswith("250")
        assert (await client.say("RCPT TO:<b+jörg=example.com@bücher.example>")).startswith("250")
        assert (await client.say("DATA")).startswith("354")
        client.send(REPLY + b".\r\n")
        assert await client.answer() == "250 2.0.0 stored"
    assert "b+jörg=example.com@bücher.example".encode() in running.kept.submissions[0].raw


async def test_bodies_count_in_the_budget_and_who_finds_no_room_comes_again(begin: Begin) -> None:
    running = await begin(budget=100_000)
    half = b"Subject: x\r\n\r\n" + (b"y" * 998 + b"\r\n") * 60
    async with lmtp(running.where) as first, lmtp(running.where) as second:
        await first.begin([TO])
        first.send(half)
        async with asyncio.timeout(10):
            while running.budget.used < 40_000:
                await asyncio.sleep(0.01)
        await second.begin([TO])
        second.send(half + b".\r\n")
        assert await second.answer() == "250 2.0.0 stored"
        first.send(b".\r\n")  # it was waited for longest, so it made room
        assert (await first.answer()).startswith("451 4.3.2")
        assert await first.deliver(REPLY, [TO]) == ["250 2.0.0 stored"]
    assert running.budget.used == 0
    assert running.refused("busy") == 1


async def test_starttls_with_the_given_files(begin: Begin, tmp_path: Path) -> None:
    authority = trustme.CA()
    pair = authority.issue_cert("localhost")
    pair.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    pair.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    running = await begin(protocol="smtp", tls_cert=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "key.pem"))
    context = ssl.create_default_context()
    authority.configure_trust(context)

    def talk() -> None:
        with smtplib.SMTP("127.0.0.1", running.one.port, timeout=20) as smtp:
            smtp._host = "localhost"  # type: ignore[attr-defined]
            smtp.starttls(context=context)
            smtp.ehlo()
            assert "auth" not in smtp.esmtp_features
            assert "starttls" not in smtp.esmtp_features
            assert smtp.sendmail("", [TO], dsn("p1@example.com")) == {}

    await asyncio.to_thread(talk)
    assert b"with ESMTPS;" in running.kept.submissions[0].raw


async def test_a_client_that_breaks_off_leaves_nothing(begin: Begin) -> None:
    running = await begin()
    async with lmtp(running.where) as client:
        await client.begin([TO])
        client.send(dsn("p1@example.com"))
    async with asyncio.timeout(10):
        while running.one._sessions:
            await asyncio.sleep(0.01)
    assert not running.kept.submissions
    assert running.budget.used == 0
