# SPDX-License-Identifier: GPL-3.0-or-later
"""One bounce that comes by webhook and by mailbox is one event, whichever comes first; the graver report counts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.clock import SystemClock
from bouncestream.folders import FetchedMail, FolderKey, MailBatch
from bouncestream.health import Health
from bouncestream.judging.mail import Judging, read_mail
from bouncestream.metrics import Metrics
from bouncestream.outbox import delivery, operator
from bouncestream.outbox.db import Database
from bouncestream.outbox.intake import Intake
from bouncestream.outbox.operator import Listed
from bouncestream.ports import Move, Receipt, State, Submission
from bouncestream.providers import webhook
from bouncestream.providers._contract import WebhookRequest, parse
from tests.sources.mails import bounce

pytestmark = pytest.mark.binary

NOW = datetime.now(UTC)
HARD, SOFT = ("Hard bounce", "550 5.1.1 User unknown"), ("Soft bounce - Mailbox full", "452 4.2.2 Mailbox full")
BELIEVED = Judging("inbox", "accept")


def unmarked(mail: bytes) -> bytes:
    """Without Listmonk's headers: recipient and Message-ID tell which bounce it is."""
    return mail.replace(b"X-Listmonk-", b"X-Other-")


def bare(mail: bytes) -> bytes:
    """Without a Message-ID of the returned message either: only the report itself tells."""
    return unmarked(mail).replace(b"Message-ID: <0b5e.1@", b"X-Id: <0b5e.1@")


class Bridge:
    """An outbox with its intake, and the two ways in."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.intake = Intake(db, clock=SystemClock(), metrics=Metrics(), health=Health())
        self._uid = 0

    async def webhook(self, mail: bytes, kind: tuple[str, str] = HARD) -> Receipt:
        """Sendamatic reports the bounce, with the mail in its body."""
        bounce = {
            "bounce_type": kind[0],
            "reputation_score": True,
            "reason": kind[1],
            "original_recipient": "reader1@example.com",
            "body": mail.decode(),
        }
        body = json.dumps({"notification_type": "bounce", "bounce": bounce}).encode()
        settings = webhook(name="hook", provider="sendamatic")
        parsed = parse(providers.get("sendamatic"), WebhookRequest("POST", CIMultiDict(), body), settings, NOW)
        return await self.intake(Submission("hook", "sendamatic", parsed.events, parsed.unreadable, body))

    async def mailbox(self, mail: bytes, judging: Judging = BELIEVED) -> Receipt:
        """The mail itself arrives."""
        self._uid += 1
        returned = read_mail(mail, judging, NOW)
        mails = (FetchedMail(self._uid, returned.submission, returned.filing),)
        (receipt,) = await self.intake.mails(MailBatch(FolderKey("inbox", "INBOX", 1), self._uid, mails))
        return receipt

    async def rows(self) -> list[Listed]:
        return await self.db.read(lambda conn: operator.list_rows(conn)[::-1])

    async def deliver(self) -> None:
        """All that is due is posted and verified."""

        def move(conn: object) -> None:
            for claimed in delivery.claim(conn, now=datetime.now(UTC), limit=10):  # type: ignore[arg-type]
                for to in (State.POSTED, State.VERIFIED):
                    delivery.settle(conn, [Move(claimed.row, to, "done")], datetime.now(UTC))  # type: ignore[arg-type]

        await self.db.write(move)


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    db = await Database.open(tmp_path / "outbox.db")
    yield Bridge(db)
    await db.close()


@pytest.mark.parametrize("webhook_first", [True, False])
@pytest.mark.parametrize("known_by", [bytes, unmarked, bare])
async def test_by_both_ways_it_is_one_event(bridge: Bridge, known_by: object, webhook_first: bool) -> None:
    mail = known_by(bounce(1))  # type: ignore[operator]
    ways = [bridge.webhook, bridge.mailbox]
    first, second = ways if webhook_first else ways[::-1]
    assert await first(mail) == Receipt(accepted=1)
    assert await second(mail) == Receipt(duplicates=1)
    copy = b"Received: by another.example.org; Tue, 03 Nov 2026 12:00:00 +0000\n" + mail
    assert await bridge.mailbox(copy) == Receipt(duplicates=1)  # from another folder, after a migration
    (row,) = await bridge.rows()
    assert bool(row.event.subscriber_uuid) is (known_by is bytes)
    assert bool(row.event.message_id) is (known_by is not bare)
    assert (row.event.recipient, row.event.kind, row.event.source) == (
        "reader1@example.com",
        "hard",
        "hook" if webhook_first else "inbox",
    )


@pytest.mark.parametrize("known_by", [bytes, unmarked])
async def test_bounces_of_two_mails_are_two_events(bridge: Bridge, known_by: object) -> None:
    """The same person, the same words, another campaign."""
    one = known_by(bounce(1))  # type: ignore[operator]
    other = one.replace(b"0b5e.1@", b"0b5e.2@").replace(b"5d1f7a52", b"5d1f7a53")
    assert await bridge.webhook(one) == Receipt(accepted=1)
    assert await bridge.mailbox(other) == Receipt(accepted=1)


@pytest.mark.parametrize("told_before", [True, False])
@pytest.mark.parametrize("hard_by", ["webhook", "mailbox"])
@pytest.mark.parametrize("hard_first", [True, False])
async def test_soft_by_one_and_hard_by_the_other_is_told_as_hard(
    bridge: Bridge, hard_first: bool, hard_by: str, told_before: bool
) -> None:
    """`told_before`: the first report is in Listmonk already when the second one comes."""
    hard, soft = bounce(1), bounce(1, reason=SOFT[1])
    if hard_by == "webhook":
        reports = [lambda: bridge.webhook(soft, HARD), lambda: bridge.mailbox(soft)]
    else:
        reports = [lambda: bridge.mailbox(hard), lambda: bridge.webhook(hard, SOFT)]
    first, second = reports if hard_first else reports[::-1]
    await first()
    if told_before:
        await bridge.deliver()
    await second()
    await bridge.deliver()
    rows = await bridge.rows()
    assert {row.state for row in rows} == {State.VERIFIED}
    # Listmonk counts by kind: what it was told as soft it is told once more, as hard
    assert [row.event.kind for row in rows] == (["soft", "hard"] if told_before and not hard_first else ["hard"])


@pytest.mark.parametrize("unproven", ["soft", "hold"])
async def test_a_webhook_is_the_proof_that_a_mail_lacks(bridge: Bridge, unproven: str) -> None:
    mail = unmarked(bounce(1))
    await bridge.mailbox(mail, Judging("inbox", unproven))
    (row,) = await bridge.rows()
    assert (row.state, row.event.kind) == (("pending", "soft") if unproven == "soft" else ("held", "hard"))
    await bridge.webhook(mail)
    (row,) = await bridge.rows()
    assert (row.state, row.event.kind, row.held_for) == ("pending", "hard", "")


async def test_a_forged_mail_about_a_known_bounce_changes_nothing(bridge: Bridge) -> None:
    soft, hard = unmarked(bounce(1, reason=SOFT[1])), unmarked(bounce(1))
    await bridge.webhook(soft, SOFT)
    for unproven in ("soft", "hold"):
        await bridge.mailbox(hard, Judging("inbox", unproven))
    rows = await bridge.rows()
    assert (rows[0].state, rows[0].event.kind) == ("pending", "soft")
    assert all(row.state == "held" for row in rows[1:])
