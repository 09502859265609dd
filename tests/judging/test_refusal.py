# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bouncestream.errors import Malformed
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.judging.refusal import CAUSES, LISTMONK_LOG, Refusal, judge, read
from bouncestream.policy import Rules
from bouncestream.ports import RawInput

AT = datetime(2026, 11, 29, 15, 1, 2, tzinfo=UTC)
CAMPAIGN, PERSON = "6d0ea59e-f4da-4d8b-b7ab-f5d1a2d8c0d1", "0a6c5e2e-8a3f-4be0-a8d3-0a9fb5e4b0f2"
WHOLE = Refusal(
    3, "550 5.1.1 <r@example.org>: User unknown", "News", CAMPAIGN, PERSON, "R@Example.org", AT, "2026-11-29"
)


def judged(words: str, **more: object) -> BounceEvent | str:
    refusal = Refusal(**{**{name: getattr(WHOLE, name) for name in Refusal.__slots__}, "words": words, **more})  # type: ignore[arg-type]
    found = judge(refusal, RawInput(LISTMONK_LOG, LISTMONK_LOG, AT, refusal.raw()), Rules())
    return found if isinstance(found, str) else found.events[0]


@pytest.mark.parametrize(
    ("words", "kind", "reason", "sure"),
    [
        ("550 5.1.1 <r@example.org>: Recipient address rejected: User unknown", Kind.HARD, "user_unknown", True),
        ("550 No such user here", Kind.HARD, "user_unknown", True),
        ("550 5.1.1 <r@auth.example>: User unknown; not 5.7.8", Kind.HARD, "user_unknown", True),
        ("550 Benutzer unbekannt", Kind.HARD, "user_unknown", True),
        ("550 Requested action not taken: mailbox unavailable", Kind.HARD, "user_unknown", False),
        (
            "550 5.1.2 <r@nowhere.example>: Recipient address rejected: Domain not found",
            Kind.HARD,
            "host_unknown",
            True,
        ),
        ("552 5.2.2 mailbox full", Kind.SOFT, "mailbox_full", True),
        ("550 5.2.1 account disabled", Kind.SOFT, "mailbox_disabled", True),
        ("550 Address is on the suppression list", Kind.SOFT, "suppressed", True),
        ("501 5.1.3 Bad recipient address syntax", Kind.SOFT, "protocol", True),
        ("501 5.1.3 Invalid address", Kind.HARD, "user_unknown", True),
    ],
)
def test_what_is_about_the_recipient(words: str, kind: Kind, reason: str, sure: bool) -> None:
    event = judged(words)
    assert isinstance(event, BounceEvent)
    assert (event.kind, event.reason, event.sure) == (kind, reason, sure)
    assert (event.recipient, event.subscriber_uuid, event.campaign_uuid) == ("r@example.org", PERSON, CAMPAIGN)
    assert (event.occurred_at, event.source, event.proof, event.hold) == (AT, LISTMONK_LOG, "", "")


@pytest.mark.parametrize("odd", ["'victim@example.org", "smtp=victim@example.org", "victim@example.org'"])
def test_a_refused_odd_address_is_nobody_elses(odd: str) -> None:
    event = judged("550 5.1.1 User unknown", address=odd)
    assert isinstance(event, BounceEvent)
    assert event.person == (PERSON if odd.endswith("'") else odd)


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("535 5.7.8 Error: authentication failed", "authentication"),
        ("530 5.7.0 Authentication required", "authentication"),
        ("550 5.7.8 Bad credentials", "authentication"),
        ("554 5.7.8 Username and Password not accepted", "authentication"),
        ("525 5.7.13 User account disabled", "authentication"),
        ("454 4.7.0 TLS not available", "temporary"),
        ("421 4.7.0 too many connections", "temporary"),
        ("450 4.7.1 rate limited", "rate"),
        ("450 4.1.1 unverified address: 550 5.1.1 User unknown", "temporary"),
        ("503 5.5.1 need RCPT command", "protocol"),
        ("552 5.3.4 Message size exceeds fixed limit", "size"),
        ("554 5.7.1 <r@example.org>: Relay access denied", "relaying"),
        ("553 5.1.8 Sender address rejected: Domain not found", "sender"),
        ("554 5.7.1 message content rejected as spam", "content"),
        ("554 5.7.1 Service unavailable; client host [192.0.2.1] blocked using zen.example.org", "reputation"),
        ("dial tcp 127.0.0.1:25: connect: connection refused", "connection"),
        ("lookup smtp.example.org: no such host", "connection"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "tls"),
        ("EOF", "connection"),
        ("", "connection"),
    ],
)
def test_what_is_nobodys_doing(words: str, cause: str) -> None:
    assert judged(words) == cause
    assert cause in CAUSES


def test_the_notice_of_the_same_refusal_is_the_same_event() -> None:
    event = judged(WHOLE.words)
    assert isinstance(event, BounceEvent)
    notice = BounceEvent(
        Kind.HARD, "r@example.org", "bounces", "mailbox", subscriber_uuid=PERSON, campaign_uuid=CAMPAIGN
    )
    assert set(identity_keys(event, b"s")) & set(identity_keys(notice, b"s"))


def test_without_the_campaign_the_day_tells_refusals_apart() -> None:
    def keys(words: str = WHOLE.words, **more: object) -> set[bytes]:
        event = judged(words, campaign_uuid="", **more)
        assert isinstance(event, BounceEvent)
        return set(identity_keys(event, b"s"))

    assert keys() == keys(words="550 5.1.1 other words")
    assert keys() != keys(day="2026-11-30")
    assert keys() != keys(campaign="Other")


def test_everybody_is_held() -> None:
    event = judged(WHOLE.words, everybody=True)
    assert isinstance(event, BounceEvent)
    assert event.hold == "operator"


def test_what_is_kept_is_judged_again() -> None:
    assert read(WHOLE.raw()) == WHOLE
    for odd in (b"", b"[]", b"{}", b'{"at": 5}', b'{"subscriber": 1, "words": "x", "at": "never"}', b"\xff"):
        with pytest.raises(Malformed):
            read(odd)
