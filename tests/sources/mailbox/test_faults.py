# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes on servers and lines that fail: each failure has its named state and its own patience, loses nothing,
repeats nothing. And the promises of the loop, each of them broken on purpose once.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import StoreUnavailable
from bouncestream.folders import MailBatch
from bouncestream.health import Status
from bouncestream.ports import Receipt
from bouncestream.sources.imap.session import Session
from bouncestream.sources.mailbox import fetching, filing, rules
from bouncestream.sources.mailbox.folder import Folder
from tests.mailserver.dovecot import Dovecot, letter
from tests.mailserver.proxy import Proxy
from tests.mailserver.reader import Reader, mailbox
from tests.mailserver.scripted import Peer, Scripted
from tests.sources.mailbox.test_listener import bounce, dovecot_with, people

#: An IMAP push on its own, as Dovecot sends it in IDLE.
PUSH = re.compile(rb"(\* \d+ (EXISTS|RECENT)\r\n)+\Z")


async def delivered(dovecot: Dovecot, *mails: bytes) -> None:
    await asyncio.to_thread(dovecot.deliver, *mails)


# -- lines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["reset", "drop", "kill -9", "freeze"])
async def test_a_line_that_breaks_is_made_again(dovecot: Dovecot, proxy: Proxy, tmp_path: Path, fault: str) -> None:
    dovecot.deliver(bounce(1))
    async with Reader(tmp_path, mailbox(proxy.port, timeout=0.5, idle=1.0)) as reader:
        await reader.stored(1)
        await reader.listening()
        if fault == "kill -9":
            await asyncio.to_thread(dovecot.restart)
        elif fault == "freeze":
            proxy.frozen = True
        else:
            getattr(proxy, fault)()
        await reader.told("connection lost: ")
        if fault == "freeze":
            await reader.told("connection lost: ", Status.RED)
            proxy.frozen = False
        await delivered(dovecot, bounce(2))
        await reader.stored(2)
        await reader.listening()


async def test_a_slow_line_is_only_slow(dovecot: Dovecot, proxy: Proxy, tmp_path: Path) -> None:
    dovecot.deliver(*(bounce(n) for n in range(20)), bounce(20, size=200_000))
    proxy.rate, proxy.delay = 400_000, 0.02
    async with Reader(tmp_path, mailbox(proxy.port, timeout=2.0)) as reader:
        await reader.stored(21)
        await reader.listening()
        assert "mailbox_failures_total{" not in reader.metrics.render()


async def test_a_server_that_is_not_there_is_asked_less_and_less_often(tmp_path: Path) -> None:
    async with (
        Scripted(lambda peer: asyncio.sleep(0)) as server,
        Reader(tmp_path, mailbox(server.port, retry=10.0)) as reader,
    ):
        await reader.told("connection lost: ", Status.RED)
        assert len(server.peers) == 3
        await asyncio.sleep(1.0)
        assert len(server.peers) <= 4


# -- refusals ------------------------------------------------------------------------------------------------------


async def test_a_refused_login_is_red_and_not_repeated_by_any_folder(
    dovecot: Dovecot, proxy: Proxy, tmp_path: Path
) -> None:
    dovecot.deliver(bounce(1))
    settings = mailbox(
        proxy.port, password=Secret("wrong-password"), folders=("INBOX", "A", "B"), retry_login=300.0, retry=0.05
    )
    async with Reader(tmp_path, settings) as reader:
        await reader.told("login refused: ", Status.RED)
        assert "AUTHENTICATIONFAILED" in reader.state[1]
        assert "b•••" in reader.state[1] or "bounces" in reader.state[1]
        assert "wrong-password" not in reader.state[1]
        await asyncio.sleep(1.0)
        assert proxy.connections == 1
        # the right password, and a reload
        right = replace(settings, password=Secret("secret"), folders=("INBOX",))
        reader.mailboxes.reload(replace(reader.config, mailboxes=MappingProxyType({"bounces": right})))
        await reader.stored(1)
        await reader.listening()


async def test_refused_logins_wait_longer_each_time(dovecot: Dovecot, proxy: Proxy, tmp_path: Path) -> None:
    settings = mailbox(proxy.port, password=Secret("wrong-password"), retry_login=0.2, retry=0.01)
    async with Reader(tmp_path, settings) as reader:
        await reader.told("login refused: ", Status.RED)
        await asyncio.sleep(3.0)
        # each refusal takes some tenths of a second itself; the waits are 0.2, 0.4, 0.8, 1.6 s
        assert 2 <= proxy.connections <= 5


async def test_a_certificate_that_proves_nothing_is_red(dovecot: Dovecot, tmp_path: Path) -> None:
    settings = mailbox(dovecot.imaps, host="localhost", tls="implicit", retry_login=300.0)
    async with Reader(tmp_path, settings) as reader:
        await reader.told("certificate refused: ", Status.RED)


async def test_a_folder_that_is_missing_or_goes_away_is_red_until_it_is_there(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    async with Reader(tmp_path, mailbox(dovecot.imap, folders=("Bounces",), idle=0.5)) as reader:
        await reader.told("folder missing: ", Status.RED)
        dovecot.append(bounce(1), "Bounces")
        await reader.stored(1)
        await reader.listening()
        with dovecot.client() as client:
            client.rename("Bounces", "Elsewhere")
        await reader.told("folder missing: ", Status.RED)
        dovecot.append(bounce(2), "Bounces")
        await reader.stored(2)


async def test_a_folder_of_three_is_missing(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.deliver(bounce(1))
    async with Reader(tmp_path, mailbox(dovecot.imap, folders=("A", "INBOX"))) as reader:
        await reader.stored(1)
        await reader.told("folder missing: ", Status.RED)


# -- what servers say ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(1, 10))
async def test_bye_at_any_point(dovecot: Dovecot, proxy: Proxy, tmp_path: Path, at: int) -> None:
    dovecot.deliver(bounce(1), letter(), bounce(2))
    chunks = 0

    def bye(data: bytes) -> bytes:
        nonlocal chunks
        chunks += 1
        return b"* BYE not now\r\n" if chunks == at else data

    proxy.edit = bye
    async with Reader(tmp_path, mailbox(proxy.port, after="move")) as reader:
        await reader.stored(2)
        await reader.until(lambda: len(dovecot.mails()) == 1)
        await reader.listening()
        assert reader.recipients == people(1, 2)
        assert len(dovecot.mails("Processed")) == 2


@pytest.mark.parametrize("lie", [b"1", b"2", b"4000", b"4294967295", b""])
async def test_a_uidnext_that_is_wrong(dovecot: Dovecot, proxy: Proxy, tmp_path: Path, lie: bytes) -> None:
    dovecot.deliver(bounce(1), bounce(2))
    said = b"UIDNEXT " + lie if lie else b"XNEXT 1"
    proxy.edit = lambda data: re.sub(rb"UIDNEXT \d+", said, data)
    async with Reader(tmp_path, mailbox(proxy.port, idle=0.5)) as reader:
        await reader.stored(2)
        for number in (3, 4):
            await delivered(dovecot, bounce(number))
            await reader.stored(number)
        assert reader.recipients == people(1, 2, 3, 4)


async def test_three_thousand_mails_expunged_at_once(dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.put([*(letter(n) for n in range(3000)), bounce(1)])
    async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
        await reader.stored(1, 60)
        await reader.listening(60)
        with dovecot.client() as client:
            client.select("INBOX")
            client.store("1:3000", "+FLAGS.SILENT", "(\\Deleted)")
            client.expunge()
        await delivered(dovecot, bounce(2))
        await reader.stored(2)
        await reader.listening()
        assert "mailbox_failures_total{" not in reader.metrics.render()


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INUSE", "LIMIT"])
async def test_no_with_a_code_that_says_later(tmp_path: Path, code: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        while True:
            await peer.expect("SELECT", f"NO [{code}] later")

    async with Scripted(script) as server, Reader(tmp_path, mailbox(server.port)) as reader:
        await reader.told("server refused: ", Status.RED)
        assert code in reader.state[1]


async def test_mails_that_the_server_refuses_for_now_are_not_blamed(
    dovecot: Dovecot, proxy: Proxy, tmp_path: Path
) -> None:
    dovecot.deliver(bounce(1))
    refusing = True
    proxy.edit = lambda data: (
        re.sub(rb"(?s)\* 1 FETCH .*\r\n(\S+) OK Fetch", rb"\1 NO [UNAVAILABLE] Fetch", data) if refusing else data
    )
    async with Reader(tmp_path, mailbox(proxy.port)) as reader:
        await reader.told("server refused: ", Status.RED)
        await asyncio.sleep(1.0)
        refusing = False
        await reader.stored(1)
        assert reader.query("SELECT count(*) FROM quarantined") == [(0,)]


async def test_a_mail_that_is_not_given_is_set_aside_after_three_tries(
    dovecot: Dovecot, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "TRIES_SPAN", 1.0)
    dovecot.deliver(*(bounce(n) for n in range(4)))
    body = re.compile(rb"(?s)(\* 2 FETCH \(UID 2) [^\r]*\{\d+\}\r\n.*?\r\n\)\r\n(?=\* |\w+ OK )")
    proxy.edit = lambda data: body.sub(rb"\1 BODY[] NIL)\r\n", data)  # in whatever form it is asked for
    async with Reader(tmp_path, mailbox(proxy.port)) as reader:
        await reader.until(lambda: "mail unreadable: " in reader.state[1])
        await reader.stored(3)
        assert reader.recipients == people(0, 2, 3)
        assert reader.query("SELECT count(*) FROM quarantined") == [(1,)]


# -- IDLE that cannot be relied on ---------------------------------------------------------------------------------


@pytest.mark.process
async def test_without_idle_it_is_polled(tmp_path: Path) -> None:
    with dovecot_with("imap_capability = IMAP4rev1 SASL-IR UIDPLUS MOVE\n") as dovecot:
        async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
            await reader.told("polling: INBOX: IDLE is missing", Status.YELLOW)
            await delivered(dovecot, bounce(1))
            await reader.stored(1)


@pytest.mark.parametrize("answer", ["NO", "BAD"])
async def test_an_idle_that_is_refused_is_polled(tmp_path: Path, answer: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        while True:
            command = await peer.command()
            if command.startswith("SELECT"):
                peer.done("OK [READ-WRITE] x", "0 EXISTS", "OK [UIDVALIDITY 1] x", "OK [UIDNEXT 1] x")
            elif command == "IDLE":
                peer.done(f"{answer} not here")
            else:
                peer.done("OK", "SEARCH")

    async with Scripted(script) as server, Reader(tmp_path, mailbox(server.port)) as reader:
        await reader.told("polling: INBOX: IDLE reports no new mails", Status.YELLOW)
        assert len(server.peers) == 1
        looks = len(server.peers[0].lines)
        await reader.until(lambda: len(server.peers[0].lines) > looks + 3)


async def test_a_server_that_cuts_every_idle_off_is_polled(dovecot: Dovecot, proxy: Proxy, tmp_path: Path) -> None:
    proxy.edit = lambda data: b"* BYE no idling\r\n" if data.startswith(b"+ idling") else data
    async with Reader(tmp_path, mailbox(proxy.port)) as reader:
        await reader.told("polling: INBOX: IDLE reports no new mails", Status.YELLOW)
        await delivered(dovecot, bounce(1))
        await reader.stored(1)


async def test_an_idle_that_tells_nothing_is_replaced_and_then_polled(
    dovecot: Dovecot, proxy: Proxy, tmp_path: Path
) -> None:
    idles = 0

    def mute(data: bytes) -> bytes:
        nonlocal idles
        idles += data.startswith(b"+ idling")
        return b"" if PUSH.fullmatch(data) else data

    proxy.edit = mute
    async with Reader(tmp_path, mailbox(proxy.port, idle=1.0)) as reader:
        await reader.until(lambda: idles)
        await delivered(dovecot, bounce(1))
        await reader.stored(1)
        before = idles
        await reader.until(lambda: idles > before)
        await delivered(dovecot, bounce(2))
        await reader.stored(2)
        await reader.until(lambda: 'why="deaf"' in reader.metrics.render())
        await reader.told("polling: INBOX: IDLE reports no new mails", Status.YELLOW)
        await delivered(dovecot, bounce(3))
        await reader.stored(3)


# -- the proof -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("canary", [True, False])
async def test_a_connection_that_hears_is_proven(dovecot: Dovecot, tmp_path: Path, canary: bool) -> None:
    dovecot.deliver(letter())
    async with Reader(tmp_path, mailbox(dovecot.imap, canary=canary, prove=0.3, after="move")) as reader:
        await reader.until(lambda: 'proofs_total{mailbox="bounces",result="heard"} 3' in reader.metrics.render())
        await reader.until(lambda: len(dovecot.mails()) == 1)
        assert 'result="deaf"' not in reader.metrics.render()
        await reader.listening()
    assert 'connections_total{mailbox="bounces"} 1\n' not in reader.metrics.render()
    # our own mail is none of those that are counted, kept or moved
    assert 'mails_total{mailbox="bounces",result="no bounce"} 1\n' in reader.metrics.render()
    assert reader.query("SELECT count(*) FROM quarantine") == [(0,)]
    assert dovecot.mails("Unidentified") == []


@pytest.mark.parametrize("canary", [True, False])
async def test_a_connection_that_hears_nothing_turns_red_and_is_replaced(
    dovecot: Dovecot, proxy: Proxy, tmp_path: Path, canary: bool
) -> None:
    deaf = False
    proxy.edit = lambda data: b"" if deaf and PUSH.fullmatch(data) else data
    seen: list[tuple[Status, str]] = []
    async with Reader(tmp_path, mailbox(proxy.port, canary=canary, prove=0.5, timeout=1.0)) as reader:
        await reader.listening()
        deaf = True
        if not canary:
            await delivered(dovecot, bounce(1))
        await reader.until(lambda: seen.append(reader.state) or seen[-1][1].startswith("deaf: "))  # type: ignore[func-returns-value]
        assert seen[-1][0] is Status.RED
        deaf = False
        await reader.until(lambda: seen.append(reader.state) or seen[-1][0] is Status.GREEN)  # type: ignore[func-returns-value]
        if not canary:
            await reader.stored(1)
        await reader.until(lambda: not any(b"X-Bouncestream-Canary" in mail for mail in dovecot.mails()))


async def test_a_canary_that_was_left_behind_is_removed_and_nothing_else(dovecot: Dovecot, tmp_path: Path) -> None:
    async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
        mark = reader.mailboxes._mark
    lost = b"From: a@example.org\r\nX-Bouncestream-Canary: " + mark.encode() + b"\r\n\r\nx\r\n"
    forged = b"From: b@example.org\r\nX-Bouncestream-Canary: " + b"0" * 32 + b"\r\n\r\nx\r\n"
    dovecot.append(lost)
    dovecot.append(forged, flags="\\Deleted")
    async with Reader(tmp_path, mailbox(dovecot.imap, canary=True, prove=0.3)) as reader:
        await reader.until(lambda: len(dovecot.mails()) == 1)
    assert b"b@example.org" in dovecot.mails()[0]


async def test_a_second_connection_that_is_not_possible_is_told(dovecot: Dovecot, tmp_path: Path) -> None:
    async with Proxy(dovecot.imap) as proxy, Reader(tmp_path, mailbox(proxy.port, prove=0.2)) as reader:
        await reader.listening()
        proxy.refuse = True
        await reader.told("unproven: ", Status.YELLOW)
        proxy.refuse = False
        await reader.listening()


# -- sabotage ------------------------------------------------------------------------------------------------------

Scenario = Callable[[Dovecot, Path], Awaitable[None]]


async def never_moved_before_it_is_stored(dovecot: Dovecot, tmp_path: Path) -> None:
    """The intake is refused: then no mail may have moved."""

    class Refusing:
        def __init__(self, intake: object) -> None:
            self.intake = intake
            self.refused = 0

        async def mails(self, batch: MailBatch) -> list[Receipt]:
            if batch.mails and self.refused < 3:
                self.refused += 1
                raise StoreUnavailable("not now")
            receipts: list[Receipt] = await self.intake.mails(batch)  # type: ignore[attr-defined]
            return receipts

    dovecot.deliver(bounce(1))
    async with Reader(tmp_path, mailbox(dovecot.imap, after="move"), emit=Refusing) as reader:
        await reader.told("not stored")
        assert len(dovecot.mails()) == 1, "a mail was moved, and its event is nowhere"
        await reader.until(lambda: len(dovecot.mails("Processed")) == 1)
        assert reader.recipients == people(1)


async def heard_although_it_came_before_idle(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sabotage: bool
) -> None:
    """A mail that arrives after the SELECT before IDLE is heard of: nothing was said in between."""
    real = Folder._wait
    arrived = asyncio.Event()

    async def wait(self: Folder, session: Session) -> bool:
        if not arrived.is_set():
            arrived.set()
            await delivered(dovecot, bounce(2))
            if sabotage:
                await session.store([1], "\\Seen")
        return await real(self, session)

    monkeypatch.setattr(Folder, "_wait", wait)
    dovecot.deliver(bounce(1))
    async with Reader(tmp_path, mailbox(dovecot.imap)) as reader:
        await arrived.wait()
        await reader.stored(2, 4)


async def found_although_idle_was_silent(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sabotage: bool
) -> None:
    """A push that is lost costs one IDLE's time, no more: what is new is looked for, not taken from pushes."""
    if sabotage:
        real = Folder._catch_up

        async def trusting(self: Folder, session: Session, before: Any) -> Any:
            if before is not None and not heard[-1]:
                await session.select(self.wire_name)
                return before, False
            return await real(self, session, before)

        heard: list[bool] = [True]
        idle = Session.idle

        async def listening(self: Session, seconds: float) -> bool:
            heard.append(await idle(self, seconds))
            return heard[-1]

        monkeypatch.setattr(Folder, "_catch_up", trusting)
        monkeypatch.setattr(Session, "idle", listening)
    async with Proxy(dovecot.imap) as proxy:
        proxy.edit = lambda data: b"" if PUSH.fullmatch(data) else data
        async with Reader(tmp_path, mailbox(proxy.port, idle=0.5)) as reader:
            await reader.listening()
            await delivered(dovecot, bounce(1))
            await reader.stored(1, 4)


async def watermark_and_events_are_one(dovecot: Dovecot, tmp_path: Path, sabotage: bool) -> None:
    """A crash at any point of the commit leaves the mail unread, or read with its event."""

    class Crashing:
        def __init__(self, intake: object) -> None:
            self.intake = intake
            self.crashed = False

        async def mails(self, batch: MailBatch) -> list[Receipt]:
            if batch.mails and not self.crashed:
                self.crashed = True
                if sabotage:
                    await self.intake.mails(replace(batch, mails=()))  # type: ignore[attr-defined]
                raise StoreUnavailable("the power went")
            receipts: list[Receipt] = await self.intake.mails(batch)  # type: ignore[attr-defined]
            return receipts

    dovecot.deliver(bounce(1), bounce(2))
    async with Reader(tmp_path, mailbox(dovecot.imap), emit=Crashing) as reader:
        await reader.stored(2, 4)


async def test_no_mail_is_moved_before_its_event_is_committed(dovecot: Dovecot, tmp_path: Path) -> None:
    await never_moved_before_it_is_stored(dovecot, tmp_path)


async def test_sabotage_a_mark_before_the_commit_is_noticed(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fetching.Reading._store

    async def early(self: fetching.Reading, fetched: Any, *args: Any) -> None:
        if fetched:
            await filing._in_made_folder(self._session, [mail.uid for mail in fetched], "Processed")
        await real(self, fetched, *args)

    monkeypatch.setattr(fetching.Reading, "_store", early)
    with pytest.raises(AssertionError, match="its event is nowhere"):
        await never_moved_before_it_is_stored(dovecot, tmp_path)


@pytest.mark.parametrize("sabotage", [False, True], ids=["as it is", "sabotage: STORE between SELECT and IDLE"])
async def test_a_mail_between_select_and_idle_is_heard(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sabotage: bool
) -> None:
    await fails_if(sabotage, heard_although_it_came_before_idle(dovecot, tmp_path, monkeypatch, sabotage))


@pytest.mark.parametrize("sabotage", [False, True], ids=["as it is", "sabotage: trust in push contents"])
async def test_a_lost_push_loses_no_mail(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sabotage: bool
) -> None:
    await fails_if(sabotage, found_although_idle_was_silent(dovecot, tmp_path, monkeypatch, sabotage))


@pytest.mark.parametrize("sabotage", [False, True], ids=["as it is", "sabotage: watermark outside the transaction"])
async def test_the_watermark_is_committed_with_the_events(dovecot: Dovecot, tmp_path: Path, sabotage: bool) -> None:
    await fails_if(sabotage, watermark_and_events_are_one(dovecot, tmp_path, sabotage))


async def fails_if(sabotage: bool, scenario: Awaitable[None]) -> None:
    """The promise holds, and whoever breaks it is noticed."""
    if not sabotage:
        await scenario
        return
    with pytest.raises(AssertionError, match="it never came true"):
        await scenario
