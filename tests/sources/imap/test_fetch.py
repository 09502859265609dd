# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails that are fetched in a form that does not tell when they arrived, so that this is asked for by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bouncestream.errors import Throttled
from bouncestream.sources.imap.fetch import FORMS, Form
from bouncestream.sources.imap.replies import Fetched
from bouncestream.sources.imap.session import Session
from tests.mailserver.reader import mailbox
from tests.mailserver.scripted import Peer, Scripted

(UNDATED,) = (form for form in FORMS if not form.whole and not form.dated)
MAIL = b"1 FETCH (UID 7 BODY[HEADER] {14}\r\nSubject: a\r\n\r\n BODY[TEXT]<0> {1}\r\nb)"
AT = datetime(2026, 11, 22, 8, 0, 5, tzinfo=UTC)


async def fetched(answer: str, *told: str, form: Form = UNDATED) -> list[Fetched]:
    """The mail 7, with a server that answers so when it is asked for the time of its arrival."""

    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.expect("SELECT", "OK [READ-WRITE] done", "1 EXISTS", "OK [UIDVALIDITY 1] yes")
        await peer.expect("UID FETCH 7 (UID BODY", "OK done", MAIL)
        await peer.expect("UID FETCH 7 (UID INTERNALDATE)", answer, *told)
        await peer.silence()

    async with Scripted(script) as server:
        session = await Session.connect(mailbox(server.port))
        try:
            await session.select("INBOX")
            return await session.fetch([7], limit=100, form=form)
        finally:
            await session.close()


async def test_the_time_of_arrival_is_asked_for() -> None:
    (mail,) = await fetched("OK done", '1 FETCH (UID 7 INTERNALDATE "22-Nov-2026 08:00:05 +0000")')
    assert mail.arrived_at == AT


async def test_a_mail_without_a_time_of_arrival_is_a_mail() -> None:
    (mail,) = await fetched("NO never")
    assert mail.raw is not None
    assert mail.arrived_at is None


async def test_a_server_that_is_asked_too_often_is_left_alone() -> None:
    with pytest.raises(Throttled):
        await fetched("NO [LIMIT] too many requests")
