# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that refuse a login or a folder, or want to know who asks: what a session and a mailbox make of it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bouncestream import __version__
from bouncestream.crypto.secret import Secret
from bouncestream.errors import (
    AuthFailed,
    ConnectionLost,
    FolderMissing,
    LoginBarred,
    MailboxError,
    ServerRefused,
    Throttled,
)
from bouncestream.health import Status
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox import rules
from tests.mailserver.liar import Liar
from tests.mailserver.reader import Reader, mailbox
from tests.mailserver.scripted import CAPABILITIES, Peer, Scripted
from tests.sources.mailbox.test_listener import bounce

PASSWORD = 'tiger"0123456789\\abcdef'
TOKEN = "ya29.a0AfH6SMBx-token_0123456789ABCDEFGHIJ"


async def connected(script: Callable[[Peer], Any], **settings: Any) -> Session:
    """A session that has selected INBOX; raises what it raises."""
    async with Scripted(script) as server:
        token = settings.pop("token", None)
        session = await Session.connect(mailbox(server.port, **settings), token=token)
        try:
            await session.select("INBOX")
        finally:
            await session.close()
        return session


async def error_of(script: Callable[[Peer], Any], **settings: Any) -> MailboxError:
    with pytest.raises(MailboxError) as caught:
        await connected(script, **settings)
    return caught.value


# -- ID ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["OK done", "NO I do not care", "BAD what"])
async def test_we_say_who_we_are_before_any_folder_where_the_server_asks(answer: str) -> None:
    asked: list[str] = []

    async def script(peer: Peer) -> None:
        await peer.greet(CAPABILITIES + " ID")
        asked.append(await peer.expect("ID", answer, 'ID ("name" "x")'))
        await peer.expect("SELECT", "OK done", "0 EXISTS")

    await connected(script)
    assert asked == [f'ID ("name" "bouncestream" "version" "{__version__}")']


async def test_nothing_is_said_where_nobody_asks() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet(CAPABILITIES)
        await peer.expect("SELECT", "OK done", "0 EXISTS")

    await connected(script)


async def test_a_folder_that_is_unsafe_is_tried_again_with_a_name() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet(CAPABILITIES)
        await peer.expect("SELECT", "NO SELECT Unsafe Login. Please contact kefu@188.example for help")
        await peer.expect("ID", "OK")
        await peer.expect("SELECT", "OK done", "0 EXISTS")

    await connected(script)


async def test_a_mailbox_that_needs_id_is_read(tmp_path: Path) -> None:
    server = Liar([bounce(1)], capabilities=CAPABILITIES + " ID")

    async def select(server: Liar, peer: Peer, rest: str) -> bool:
        if server.asked("ID "):
            return False
        peer.done("NO SELECT Unsafe Login.")
        return True

    server.lies["SELECT"] = select
    async with server.serve() as at, Reader(tmp_path, mailbox(at.port)) as reader:
        await reader.stored(1)
        await reader.listening()


# -- folders -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ("NO [NONEXISTENT] Unknown Mailbox", FolderMissing, "mailbox test"),
        ("NO [TRYCREATE] no", FolderMissing, "mailbox test"),
        ("NO Mailbox doesn't exist: Bounces", FolderMissing, "mailbox test"),
        ("NO [NOPERM] Permission denied", ServerRefused, "read access to that folder"),
        ("NO SELECT Unsafe Login.", LoginBarred, "website"),
        ("NO [UNAVAILABLE] backend", ServerRefused, "for now"),
        ("BAD User is authenticated but not connected.", ServerRefused, "for now"),
        ("NO [INUSE] mailbox is locked", Throttled, "because of a limit"),
        ("NO [LIMIT] too many requests", Throttled, "because of a limit"),
        ("NO SELECT failed", FolderMissing, "mailbox test"),  # and LIST does not show it
    ],
)
async def test_only_a_folder_that_is_not_there_is_missing(answer: str, kind: type, words: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        while True:
            command = await peer.command()
            if command.startswith("SELECT"):
                peer.done(answer)
            else:
                peer.done("OK", 'LIST () "/" INBOX', 'LIST () "/" Sent')

    async with Scripted(script) as server:
        session = await Session.connect(mailbox(server.port))
        with pytest.raises(MailboxError) as caught:
            await session.select("Bounces")
        await session.close()
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert answer.partition("] ")[2][:12] in str(caught.value)


async def test_a_folder_that_is_listed_is_not_missing() -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.expect("SELECT", "NO SELECT failed")
        await peer.expect("LIST", "OK", 'LIST () "/" INBOX', 'LIST () "/" Bounces')
        await peer.silence()

    async with Scripted(script) as server:
        session = await Session.connect(mailbox(server.port))
        with pytest.raises(ServerRefused, match="although it exists: SELECT failed"):
            await session.select("Bounces")
        await session.close()


# -- logins --------------------------------------------------------------------------------------------------------


async def test_throttling_is_no_word_about_the_password_and_waits_for_all_folders(tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        peer.say("* OK ready")
        await peer.expect("CAPABILITY", "OK done", f"CAPABILITY {CAPABILITIES}")
        await peer.expect("LOGIN", "NO [ALERT] Account exceeded command or bandwidth limits. (Failure)")
        await peer.silence()

    settings = mailbox(0, folders=("INBOX", "A", "B"), retry=30.0)
    async with Scripted(script) as server:
        settings = mailbox(server.port, folders=("INBOX", "A", "B"), retry=30.0)
        async with Reader(tmp_path, settings) as reader:
            await reader.told("server refused: ", Status.YELLOW)
            assert "throttles the login" in reader.state[1]
            assert "password" not in reader.state[1]
            await asyncio.sleep(1.0)
            assert len(server.peers) == 1


async def test_a_bye_that_says_too_many_is_throttling() -> None:
    async def script(peer: Peer) -> None:
        peer.say("* BYE [UNAVAILABLE] Too many connections from your address")
        await peer.silence()

    assert type(await error_of(script)) is Throttled


def test_the_wait_for_a_server_that_wants_less_doubles_up_to_half_an_hour() -> None:
    settings = mailbox(1, retry=60.0)
    assert [rules.throttle_wait(n, settings) for n in (1, 2, 3, 6, 100)] == [60.0, 120.0, 240.0, 1800.0, 1800.0]


# -- secrets -------------------------------------------------------------------------------------------------------


def shown_in(error: MailboxError, secret: str) -> bool:
    """Whether the secret, or twelve characters of how it went over the wire, can be read in what is said."""
    text = str(error)
    wires = [secret, secret.replace("\\", "\\\\").replace('"', '\\"')]
    for user in ("bounces",):
        for message in (
            f"\0{user}\0{secret}",
            f"user={user}\x01auth=Bearer {secret}\x01\x01",
            f"n,a={user},\x01host=127.0.0.1\x01port=1\x01auth=Bearer {secret}\x01\x01",
        ):
            wires.append(base64.b64encode(message.encode()).decode()[-40:-4])
    return any(wire[at : at + 16] in text for wire in wires for at in range(max(1, len(wire) - 16)))


@pytest.mark.parametrize("answer", ["NO you said {}", "BAD {} is not understood", "NO [ALERT] {0} {0}", "BYE {}"])
@pytest.mark.parametrize("auth", ["password", "plain", "xoauth2", "oauthbearer"])
async def test_a_server_that_echoes_the_login_tells_no_secret(answer: str, auth: str) -> None:
    secret = TOKEN if "oauth" in auth else PASSWORD

    async def script(peer: Peer) -> None:
        peer.say("* OK ready")
        capabilities = CAPABILITIES + (" LOGINDISABLED" if auth == "plain" else "")
        await peer.expect("CAPABILITY", "OK done", f"CAPABILITY {capabilities}")
        said = await peer.command()
        if answer.startswith("BYE"):
            peer.say(f"* {answer.format(said)}")
        else:
            peer.done(answer.format(said))
        await peer.silence()

    error = await error_of(
        script, auth="password" if auth == "plain" else auth, password=Secret(PASSWORD), token=TOKEN
    )
    assert isinstance(error, ConnectionLost if answer.startswith("BYE") else AuthFailed)
    assert "•••" in str(error)
    assert not shown_in(error, secret)


async def test_a_server_that_echoes_the_password_later_tells_no_secret() -> None:
    async def script(peer: Peer) -> None:
        peer.say("* OK ready")
        await peer.expect("CAPABILITY", "OK done", f"CAPABILITY {CAPABILITIES}")
        said = await peer.expect("LOGIN")
        await peer.expect("CAPABILITY", "OK done", f"CAPABILITY {CAPABILITIES}")
        await peer.expect("SELECT", f"NO after {said} nothing is opened")
        await peer.expect("LIST", "OK", f'LIST () "/" "{PASSWORD[:5]}"')

    error = await error_of(script, password=Secret(PASSWORD))
    assert "•••" in str(error)
    assert not shown_in(error, PASSWORD)
