# SPDX-License-Identifier: GPL-3.0-or-later
"""From a mail to its answers."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import pytest

from bouncestream.errors import StoreUnavailable
from bouncestream.judging import mail
from bouncestream.judging.mail import Judging
from bouncestream.metrics import SMTP_MAILS, Metrics
from bouncestream.sources.smtp.answers import BUSY, TAKEN, UNAVAILABLE
from bouncestream.sources.smtp.storing import Storing
from bouncestream.sources.smtp.trace import Letter
from bouncestream.sources.webhook.telling import Telling
from tests.mailserver.dovecot import dsn
from tests.sources.conftest import Clock
from tests.sources.smtp.conftest import TO, Kept


def storing(kept: Kept, **more: float) -> Storing:
    judging = Judging("mta", keeps_all=True)
    return Storing(judging, "mx", kept, Clock(), Metrics(), Telling(Clock(), "smtp"), **more)


def letter(content: bytes, *recipients: str) -> Letter:
    return Letter("", recipients or (TO,), content, "mx", "", "LMTP", datetime(2026, 11, 22, tzinfo=UTC))


async def test_each_recipient_gets_what_became_of_his_copy() -> None:
    kept = Kept(errors=[None, StoreUnavailable("no disk")])
    mails = storing(kept)
    assert await mails.take(letter(dsn("p1@example.com"), TO, "b@example.org")) == [TAKEN, UNAVAILABLE]
    assert kept.submissions[0].way == "mail listener mta"
    assert mails.metrics.get(SMTP_MAILS, "mta", "bounce") == 1
    assert mails.metrics.get(SMTP_MAILS, "mta", "not stored") == 1


async def test_an_outbox_that_hangs_is_not_waited_for_long() -> None:
    kept = Kept(gate=asyncio.Event())
    assert await storing(kept, patience=0.05).take(letter(dsn("p1@example.com"), TO, TO)) == [BUSY, BUSY]


async def test_a_large_mail_is_judged_beside_the_loop() -> None:
    kept = Kept()
    assert await storing(kept).take(letter(dsn("p1@example.com", size=100_000))) == [TAKEN]
    assert kept.submissions[0].events


async def test_a_bug_of_the_reader_sets_the_mail_aside(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(mail, "_read", broken)
    kept = Kept()
    with caplog.at_level(logging.ERROR):
        assert await storing(kept).take(letter(b"x")) == [TAKEN]
    assert kept.submissions[0].unreadable[0].why == "a bug in the mail parser: ZeroDivisionError"
    assert "the mail is quarantined" in caplog.text
