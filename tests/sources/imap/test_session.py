# SPDX-License-Identifier: GPL-3.0-or-later
"""The IMAP session against a server that says exact bytes (what a real one does not do on command), and against a
real Dovecot: TLS, logins, folders with odd names.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import (
    AuthFailed,
    CertificateRefused,
    ConnectionLost,
    FolderMissing,
    LoginBarred,
    MailboxError,
    ServerRefused,
    Throttled,
)
from bouncestream.sources.imap.replies import Fetched
from bouncestream.sources.imap.session import Session
from tests.mailserver.dovecot import Dovecot, dsn, letter
from tests.mailserver.proxy import Proxy
from tests.mailserver.reader import mailbox
from tests.mailserver.scripted import CAPABILITIES, Peer, Scripted

#: What a call may take until it has failed, where nothing makes it wait; far above what it takes.
AT_ONCE = 3.0


@asynccontextmanager
async def talking(script: Callable[[Peer], Any], **settings: Any) -> AsyncIterator[Session]:
    """A session that is logged in, with a server that goes on with `script`."""

    async def whole(peer: Peer) -> None:
        await peer.greet()
        await script(peer)

    async with Scripted(whole) as server:
        session = await Session.connect(mailbox(server.port, **settings))
        try:
            yield session
        finally:
            await session.close()


async def selected(peer: Peer) -> None:
    await peer.expect("SELECT", "OK [READ-WRITE] done", "5 EXISTS", "OK [UIDVALIDITY 7] x", "OK [UIDNEXT 6] x")


# -- pitfalls ------------------------------------------------------------------------------------------------------


async def test_three_thousand_lines_in_one_segment_while_in_idle(caplog: pytest.LogCaptureFixture) -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.command()
        peer.say("+ idling")
        peer.say(*(f"* {n} EXPUNGE" for n in range(3000)))
        assert await peer.line() == "DONE"
        peer.done()

    async with talking(script) as session:
        await session.select("INBOX")
        assert await session.idle(20)
    assert not caplog.records


async def test_a_push_in_the_segment_that_ends_idle_costs_nothing_but_a_look() -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.command()
        peer.say("+ idling")
        assert await peer.line() == "DONE"
        peer.done("OK done", "6 EXISTS")
        await selected(peer)

    async with talking(script) as session:
        await session.select("INBOX")
        assert not await session.idle(0.1)
        assert (await session.select("INBOX")).exists == 5


async def test_a_sign_of_life_is_no_news() -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.command()
        peer.say("+ idling", "* OK Still here")
        assert await peer.line() == "DONE"
        peer.done()

    async with talking(script) as session:
        await session.select("INBOX")
        assert not await session.idle(0.2)


async def listen_for_ever(session: Session) -> None:
    while True:
        await session.idle(60)


@pytest.mark.parametrize("end", ["abort", "eof", "bye", "garbage"])
async def test_a_connection_that_ends_in_idle_is_noticed_at_once(end: str) -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.command()
        peer.say("+ idling")
        await peer.writer.drain()
        if end == "abort":
            peer.abort()
        elif end == "eof":
            peer.writer.write_eof()
        elif end == "bye":
            peer.say("* BYE shutting down")
        else:
            peer.say("Z9 OK whose answer is this?")
        await peer.silence()

    async with talking(script) as session:
        await session.select("INBOX")
        began = time.monotonic()
        with pytest.raises(ConnectionLost):
            await listen_for_ever(session)  # a BYE is news at first
        assert time.monotonic() - began < AT_ONCE
        with pytest.raises(ConnectionLost):
            await session._sure("NOOP")


async def test_a_server_that_ends_idle_by_itself_is_no_hang() -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.command()
        peer.say("+ idling")
        peer.done()
        await peer.expect("NOOP")

    async with talking(script) as session:
        await session.select("INBOX")
        assert not await session.idle(60)
        await session._sure("NOOP")


@pytest.mark.parametrize("answer", ["NO not here", "BAD what?"])
async def test_idle_that_is_refused(answer: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.expect("IDLE", answer)
        await peer.expect("NOOP")

    async with talking(script) as session:
        with pytest.raises((ServerRefused, ConnectionLost)):
            await session.idle(60)


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.select("INBOX"),
        lambda s: s.search("ALL"),
        lambda s: s.fetch([1, 2], limit=100),
        lambda s: s.store([1], "\\Seen"),
        lambda s: s.copy([1], "X"),
        lambda s: s.move([1], "X"),
        lambda s: s.expunge([1]),
        lambda s: s.append("INBOX", b"x"),
        lambda s: s.create("X"),
        lambda s: s.folders(),
        lambda s: s.status("INBOX"),
        lambda s: s._sure("NOOP"),
        lambda s: s.idle(60),
    ],
)  # fmt: skip
async def test_a_silent_server_is_given_up_whatever_was_asked(call: Callable[[Session], Any]) -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.silence()

    async with talking(script, timeout=0.3) as session:
        await session.select("INBOX")
        began = time.monotonic()
        with pytest.raises(ConnectionLost, match=r"did not answer [A-Z]+ within 0\.3 s"):
            await call(session)
        assert time.monotonic() - began < AT_ONCE
        with pytest.raises(ConnectionLost):  # and it is not used again
            await session._sure("NOOP")


async def test_an_answer_that_keeps_coming_has_more_time() -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.command()
        for byte in b"* 1 FETCH (UID 1 BODY[]<0> {5}\r\nhello)\r\n":
            peer.writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
        peer.done()

    async with talking(script, timeout=0.3) as session:
        await session.select("INBOX")
        assert await session.fetch([1], limit=5) == [Fetched(1, b"hello", None)]


async def test_a_trickle_without_end_is_given_up() -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.command()
        while True:
            peer.say("* 1 EXPUNGE")
            await peer.writer.drain()
            await asyncio.sleep(0.02)

    async with talking(script, timeout=0.1) as session:
        await session.select("INBOX")
        with pytest.raises(ConnectionLost):
            await session.fetch([1], limit=5)


async def test_a_call_that_is_cancelled_leaves_no_answer_for_the_next_one() -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.silence()

    async with talking(script) as session:
        await session.select("INBOX")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await session.search("ALL")
        with pytest.raises(ConnectionLost):
            await session._sure("NOOP")


async def test_mails_of_others_are_not_taken_for_ours() -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.expect(
            "UID FETCH 1:2",
            "OK done",
            b"9 FETCH (UID 99 BODY[]<0> {3}\r\nbad)",
            b'1 FETCH (UID 1 INTERNALDATE "22-Nov-2026 06:00:05 +0000" BODY[]<0> {3}\r\none)',
        )

    async with talking(script) as session:
        await session.select("INBOX")
        at = datetime(2026, 11, 22, 6, 0, 5, tzinfo=UTC)
        assert await session.fetch([1, 2], limit=3) == [Fetched(1, b"one", at)]


async def test_searching_asks_for_no_character_set_and_fetching_marks_nothing_as_read() -> None:
    asked: list[str] = []

    async def script(peer: Peer) -> None:
        await selected(peer)
        asked.append(await peer.expect("UID SEARCH", "OK done", "SEARCH 3 4"))
        asked.append(await peer.expect("UID FETCH"))

    async with talking(script) as session:
        await session.select("INBOX")
        assert await session.search("UID 3:*") == [3, 4]
        assert await session.fetch([3, 4], limit=262_144) == []
    assert asked == ["UID SEARCH UID 3:*", "UID FETCH 3:4 (UID INTERNALDATE BODY.PEEK[]<0.262144>)"]


async def test_nothing_is_expunged_without_uidplus() -> None:
    async def script(peer: Peer) -> None:
        await peer.silence()

    async def whole(peer: Peer) -> None:
        await peer.greet(CAPABILITIES.replace("UIDPLUS ", ""))
        await script(peer)

    async with Scripted(whole) as server:
        session = await Session.connect(mailbox(server.port))
        with pytest.raises(ServerRefused, match="UIDPLUS"):
            await session.expunge([1])
        await session.close()
        assert not any("EXPUNGE" in line for line in server.peers[0].lines)


# -- greetings and logins ------------------------------------------------------------------------------------------


async def refusal(script: Callable[[Peer], Any], token: str | None = None, **settings: Any) -> MailboxError:
    async with Scripted(script) as server:
        began = time.monotonic()
        with pytest.raises(MailboxError) as caught:
            await Session.connect(mailbox(server.port, **settings), token=token)
        assert time.monotonic() - began < AT_ONCE
        return caught.value


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (b"* BYE too busy\r\n", "too busy"),
        (b"220 mail.example.org ESMTP\r\n", "its greeting is: 220"),
        (b"\x15\x03\x01\x00\x02\x02\x50\r\n", "its greeting is"),
        (b"", "no greeting within"),
        (None, "closed"),
    ],
    ids=["BYE", "SMTP", "TLS", "silence", "closed"],
)
async def test_what_is_no_greeting(greeting: bytes | None, words: str) -> None:
    async def script(peer: Peer) -> None:
        if greeting is None:
            return
        peer.writer.write(greeting)
        await peer.silence()

    error = await refusal(script, timeout=0.5)
    assert isinstance(error, ConnectionLost)
    assert words in str(error)


def login(answer: str, capabilities: str = CAPABILITIES) -> Callable[[Peer], Any]:
    async def script(peer: Peer) -> None:
        peer.say("* OK ready")
        await peer.expect("CAPABILITY", "OK done", f"CAPABILITY {capabilities}")
        await peer.command()
        peer.done(answer)
        await peer.silence()

    return script


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", AuthFailed),
        ("NO LOGIN failed.", AuthFailed),
        ("NO [EXPIRED] password", LoginBarred),
        ("BAD User is authenticated but not connected.", LoginBarred),
        ("NO [UNAVAILABLE] Temporary authentication failure.", ServerRefused),
        ("NO [LIMIT] Too many", Throttled),
        ("BAD too many requests, slow down", Throttled),
        ("NO [ALERT] Too many simultaneous connections. (Failure)", Throttled),
    ],
)
async def test_refused_logins(answer: str, kind: type[MailboxError]) -> None:
    error = await refusal(login(answer))
    assert type(error) is kind
    assert "secret" not in str(error)
    if kind is AuthFailed:
        assert "Next: check mailboxes.bounces.user and password" in str(error)


@pytest.mark.parametrize("auth", ["xoauth2", "oauthbearer"])
@pytest.mark.parametrize("at_once", [True, False])
async def test_a_refused_token_is_a_refusal_and_no_time_out(auth: str, at_once: bool) -> None:
    said: list[str] = []

    async def script(peer: Peer) -> None:
        peer.say("* OK ready")
        capabilities = CAPABILITIES if at_once else CAPABILITIES.replace("SASL-IR ", "")
        await peer.expect("CAPABILITY", "OK done", f"CAPABILITY {capabilities}")
        words = (await peer.command()).split()
        if not at_once:
            peer.say("+ ")
            words.append(await peer.line())
        said.extend(words)
        challenge = base64.b64encode(json.dumps({"status": "401", "scope": "mail"}).encode()).decode()
        peer.say(f"+ {challenge}")
        said.append(await peer.line())
        peer.done("NO [AUTHENTICATIONFAILED] no")
        await peer.silence()

    error = await refusal(script, token="a-token-that-is-old", auth=auth)
    assert isinstance(error, AuthFailed)
    assert "(401)" in str(error)
    assert "bouncestream mailbox login bounces" in str(error)
    assert "a-token" not in str(error)
    assert said[:2] == ["AUTHENTICATE", auth.upper()]
    message = base64.b64decode(said[2]).decode()
    assert "auth=Bearer a-token-that-is-old\x01\x01" in message
    assert message.startswith("user=bounces\x01" if auth == "xoauth2" else "n,a=bounces,\x01host=127.0.0.1\x01")
    assert said[3] == ("" if auth == "xoauth2" else "AQ==")


async def test_a_mechanism_that_the_server_lacks_is_told_before_anything_secret_is_sent() -> None:
    error = await refusal(login("OK", "IMAP4rev1 AUTH=PLAIN"), token="t", auth="xoauth2")
    assert isinstance(error, AuthFailed)
    assert "it offers PLAIN" in str(error)


async def test_where_login_is_disabled_plain_takes_its_place() -> None:
    said: list[str] = []

    async def script(peer: Peer) -> None:
        peer.say("* OK ready")
        await peer.expect("CAPABILITY", "OK done", "CAPABILITY IMAP4rev1 SASL-IR LOGINDISABLED AUTH=PLAIN")
        said.append(await peer.command())
        peer.done("OK")
        await peer.expect("CAPABILITY", "OK done", f"CAPABILITY {CAPABILITIES}")

    async with Scripted(script) as server:
        session = await Session.connect(mailbox(server.port, password=Secret("pässword")))
        await session.close()
    assert said == ["AUTHENTICATE PLAIN " + base64.b64encode("\0bounces\0pässword".encode()).decode()]


async def test_capabilities_are_asked_for_again_after_the_login() -> None:
    async def script(peer: Peer) -> None:
        peer.say("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready")
        await peer.expect("CAPABILITY", "OK done", "CAPABILITY IMAP4rev1")
        await peer.expect("LOGIN", "OK [CAPABILITY IMAP4rev1 IDLE MOVE] Logged in")
        await peer.expect("CAPABILITY", "OK done", "CAPABILITY IMAP4rev1 IDLE UIDPLUS")

    async with Scripted(script) as server:
        session = await Session.connect(mailbox(server.port))
        assert session.capabilities == {"IMAP4REV1", "IDLE", "UIDPLUS"}
        await session.close()


async def test_names_and_passwords_are_quoted() -> None:
    said: list[str] = []

    async def script(peer: Peer) -> None:
        peer.say("* OK ready")
        await peer.expect("CAPABILITY", "OK done", f"CAPABILITY {CAPABILITIES}")
        said.append(await peer.expect("LOGIN"))
        await peer.expect("CAPABILITY", "OK done", f"CAPABILITY {CAPABILITIES}")
        said.append(await peer.expect("CREATE"))
        await peer.expect("SUBSCRIBE")

    async with Scripted(script) as server:
        session = await Session.connect(mailbox(server.port, user="an n", password=Secret('a"b\\c')))
        await session.create("My Zurück")
        await session.close()
    assert said == ['LOGIN "an n" "a\\"b\\\\c"', 'CREATE "My Zur&APw-ck"']


async def test_a_line_break_in_a_name_is_no_command() -> None:
    async def script(peer: Peer) -> None:
        await selected(peer)
        await peer.expect('UID COPY 1 "x\\"&AA0ACg-A1 DELETE INBOX"')
        await peer.expect("NOOP")

    async with talking(script) as session:
        await session.select("INBOX")
        await session.copy([1], 'x"\r\nA1 DELETE INBOX')
        await session._sure("NOOP")


async def test_the_log_is_silent_whatever_happens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await refusal(login("NO [AUTHENTICATIONFAILED] no"))
        await refusal(login("NO no"), token="a-token-of-good-length", auth="xoauth2")
    assert not [record for record in caplog.records if "asyncio" not in record.name]


# -- STARTTLS ------------------------------------------------------------------------------------------------------


async def test_starttls_that_is_not_offered_sends_no_password() -> None:
    async def script(peer: Peer) -> None:
        peer.say("* OK ready")
        await peer.expect("CAPABILITY", "OK done", "CAPABILITY IMAP4rev1 AUTH=PLAIN")
        await peer.silence()

    error = await refusal(script, tls="starttls")
    assert isinstance(error, CertificateRefused)


async def test_preauth_before_starttls_is_refused() -> None:
    async def script(peer: Peer) -> None:
        peer.say("* PREAUTH welcome")
        await peer.expect("CAPABILITY", "OK done", "CAPABILITY IMAP4rev1 STARTTLS")
        await peer.silence()

    assert isinstance(await refusal(script, tls="starttls"), CertificateRefused)


@pytest.mark.parametrize("more", ["A0 OK x", "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2", "* 1 EXISTS"])
async def test_what_is_smuggled_in_before_tls_ends_the_connection(more: str) -> None:
    async def script(peer: Peer) -> None:
        peer.say("* OK ready")
        await peer.expect("CAPABILITY", "OK done", "CAPABILITY IMAP4rev1 STARTTLS")
        await peer.command()
        peer.say(f"{peer.tag} OK begin", more)
        await peer.silence()

    error = await refusal(script, tls="starttls")
    assert isinstance(error, (ConnectionLost, CertificateRefused))
    assert "data was injected" in str(error)


# -- a real server -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
@pytest.mark.parametrize("auth", ["password", "plain"])
async def test_every_way_in(dovecot: Dovecot, tls: str, auth: str) -> None:
    port = dovecot.imaps if tls == "implicit" else dovecot.imap
    ca_file = str(dovecot.ca_file)
    session = await Session.connect(mailbox(port, host="localhost", tls=tls, auth=auth, ca_file=ca_file))
    assert session.has("MOVE")
    assert not session.has("STARTTLS")
    await session.select("INBOX")
    await session.close()


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_certificate_of_nobody_we_know_is_refused(dovecot: Dovecot, tls: str) -> None:
    port = dovecot.imaps if tls == "implicit" else dovecot.imap
    with pytest.raises(CertificateRefused, match="ca_file"):
        await Session.connect(mailbox(port, host="localhost", tls=tls))
    with pytest.raises(CertificateRefused, match="cannot be used"):
        await Session.connect(mailbox(port, host="localhost", tls=tls, ca_file="/nowhere/ca.pem"))


async def test_a_certificate_of_another_host_is_refused(dovecot: Dovecot) -> None:
    settings = mailbox(dovecot.imaps, host="ip6-localhost", tls="implicit", ca_file=str(dovecot.ca_file))
    with pytest.raises((CertificateRefused, ConnectionLost)) as caught:
        await Session.connect(settings)
    if "could not be reached" not in str(caught.value):
        assert isinstance(caught.value, CertificateRefused)


async def test_a_wrong_password_and_nobody_there(dovecot: Dovecot) -> None:
    with pytest.raises(AuthFailed, match="AUTHENTICATIONFAILED"):
        await Session.connect(mailbox(dovecot.imap, password=Secret("wrong-password")))
    dovecot.kill()
    with pytest.raises(ConnectionLost, match=r"could not be reached|is lost"):
        await Session.connect(mailbox(dovecot.imap))


async def test_folders_and_mails_of_a_real_server(dovecot: Dovecot) -> None:
    session = await Session.connect(mailbox(dovecot.imap))
    odd = 'Zurück & "so" \\ weiter 台北'
    await session.create(odd)
    await session.create(odd)  # is there already
    assert set(await session.folders()) == {"INBOX", odd}
    with pytest.raises(FolderMissing, match="no-such"):
        await session.select("no-such")
    mail = dsn("p@example.org", size=400_000)
    named = await session.append("INBOX", mail, "\\Seen")
    again = await session.append("INBOX", letter())
    found = await session.select("INBOX")
    assert (named, again) == ((found.uidvalidity, 1), (found.uidvalidity, 2))
    assert (found.exists, found.uidnext, found.keywords) == (2, 3, True)
    (whole,) = await session.fetch([1], limit=262_144)
    assert whole.raw == mail[:262_144]
    assert whole.arrived_at is not None
    assert abs((whole.arrived_at - datetime.now(UTC)).total_seconds()) < 60
    assert (await session.status("INBOX"))["UIDNEXT"] == 3
    await session.store([1], "\\Flagged $Mine")
    assert (await session.flags([1, 2]))[1] >= {"\\Flagged", "$Mine", "\\Seen"}
    await session.move([1], odd)
    with pytest.raises(ServerRefused) as caught:
        await session.copy([2], "no-such")
    assert caught.value.code == "TRYCREATE"
    assert await session.search("ALL") == [2]
    await session.store([2], "\\Deleted")
    await session.expunge([2])
    assert await session.search("ALL") == []
    assert (await session.select(odd)).exists == 1
    await session.close()


async def test_idle_hears_a_delivery(dovecot: Dovecot) -> None:
    session = await Session.connect(mailbox(dovecot.imap))
    await session.select("INBOX")
    listening = asyncio.create_task(session.idle(20))
    await asyncio.to_thread(dovecot.deliver, letter())
    assert await listening
    assert not await session.idle(0.1)
    await session.close()


@pytest.mark.parametrize("fault", ["kill", "reset", "drop"])
async def test_a_real_connection_that_breaks_is_noticed_at_once(dovecot: Dovecot, proxy: Proxy, fault: str) -> None:
    session = await Session.connect(mailbox(proxy.port))
    await session.select("INBOX")
    listening = asyncio.create_task(session.idle(60))
    await asyncio.sleep(0.05)
    assert session.idling
    began = time.monotonic()
    if fault == "kill":
        dovecot.kill()
    else:
        getattr(proxy, fault)()
    with pytest.raises(ConnectionLost):
        await listening
    assert time.monotonic() - began < AT_ONCE
    await session.close()
