# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import Parsed, read
from bouncestream.providers.sendamatic import CLASSES, PROVIDER
from tests.providers.case import KEY, NOW, request
from tests.providers.cases.sendamatic import CASES

CASE = CASES["sendamatic"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"

HEADERS = f"""\
From: News <news@sender.example>
To: person@example.com
Subject: November
Message-ID: <mail-1@mx.sendamatic.net>
X-Listmonk-Campaign: {CAMPAIGN}
X-Listmonk-Subscriber: {SUBSCRIBER}
"""


def dsn(
    status: str = "5.1.1",
    words: str = "550 5.1.1 <person@example.com>: user unknown",
    recipient: str = "person@example.com",
    action: str = "failed",
) -> str:
    return f"""\
From: MAILER-DAEMON@mx.example.com
Subject: Undelivered Mail Returned to Sender
Date: Fri, 20 Nov 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Fri, 20 Nov 2026 09:59:00 +0100

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--b1
Content-Type: text/rfc822-headers

{HEADERS}
--b1--
"""


AUTO_REPLY = """\
From: person@example.com
To: bounce@sender.example
Subject: Out of office
Auto-Submitted: auto-replied
Content-Type: text/plain

I am away until Monday.
"""


def parse(payload: Any, classes: dict[str, str] | None = None) -> Parsed:
    settings = replace(CASE.settings, classes=classes or {})
    return read(PROVIDER, CASE.request(json.dumps(payload).encode()), settings, NOW)


def bounce(bounce_type: str, classes: dict[str, str] | None = None, **fields: Any) -> Parsed:
    inner = {
        "reason": "",
        "bounce_type": bounce_type,
        "message_id": "<mail-1@mx.sendamatic.net>",
        "envelope_sender_id": "FEDCABC9-8765-4321-0FED-CBA987654321.1",
        "recipient": "person@example.com",
        "original_recipient": "person@example.com",
        "reputation_score": False,
        **fields,
    }
    return parse({"notification_type": "bounce", "bounce": inner}, classes)


def event(parsed: Parsed) -> BounceEvent:
    assert parsed.unreadable == ()
    (one,) = parsed.events
    return one


def test_the_sample_of_the_documentation() -> None:
    one = event(
        bounce(
            "Soft bounce - Mailbox full",
            reason="The email account that you tried to reach is over quota",
            original_recipient="Person@Example.com",
        )
    )
    assert (one.kind, one.recipient, one.message_id) == (
        Kind.SOFT,
        "person@example.com",
        "<mail-1@mx.sendamatic.net>",
    )
    assert one.reason == "mailbox_full"
    assert one.diagnostic == "The email account that you tried to reach is over quota"
    assert one.evidence == 'Sendamatic says "Soft bounce - Mailbox full" → soft'
    assert one.occurred_at is None
    assert one.stable_id is False


def test_everything_that_the_returned_mail_tells() -> None:
    one = event(bounce("Hard bounce", reputation_score=True, body=dsn()))
    assert one.kind is Kind.HARD
    assert (one.campaign_uuid, one.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert (one.enhanced_status, one.reply_code, one.reason) == ("5.1.1", "550", "user_unknown")
    assert "user unknown" in one.diagnostic
    assert one.occurred_at in (datetime(2026, 11, 20, 9, 0, tzinfo=UTC), datetime(2026, 11, 20, 8, 59, tzinfo=UTC))
    assert one.evidence == 'Sendamatic says "Hard bounce", reputation_score true → hard'


@pytest.mark.parametrize(
    ("bounce_type", "score", "kind"),
    [
        ("Hard bounce", True, Kind.HARD),
        ("Hard bounce", False, Kind.SOFT),
        ("Hard bounce", None, Kind.SOFT),
        ("Hard bounce", "true", Kind.HARD),
        ("Hard bounce", " True ", Kind.HARD),
        ("Hard bounce", 1, Kind.HARD),
        ("Hard bounce", "1", Kind.HARD),
        ("Hard bounce", 0, Kind.SOFT),
        ("Hard bounce", "0", Kind.SOFT),
        ("Hard bounce", "false", Kind.SOFT),
        ("Hard bounce", [True], Kind.SOFT),
        ("HARD BOUNCE - Whatever", True, Kind.HARD),
        ("Soft bounce - General", True, Kind.SOFT),
        ("Soft bounce - DNS failure", False, Kind.SOFT),
        ("Soft bounce - Mailbox full", False, Kind.SOFT),
        ("Soft bounce - Not in the list", False, Kind.SOFT),
        ("Mail block - Spam detected", True, Kind.SOFT),
        ("Mail block - Relay denied", False, Kind.SOFT),
        ("Suspension list", True, Kind.SOFT),
    ],
)
def test_the_table(bounce_type: str, score: Any, kind: Kind) -> None:
    assert event(bounce(bounce_type, reputation_score=score)).kind is kind
    # Our own reading of the mail does not change what the class decides.
    assert event(bounce(bounce_type, reputation_score=score, body=dsn())).kind is kind


@pytest.mark.parametrize(
    ("bounce_type", "body", "kind"),
    [
        ("Undetermined", dsn(), Kind.HARD),
        ("Undetermined", dsn("4.2.2", "452 4.2.2 mailbox full"), Kind.SOFT),
        ("General bounce", dsn(), Kind.HARD),
        ("General bounce", dsn("5.7.1", "550 5.7.1 message refused by policy"), Kind.SOFT),
        ("General bounce", AUTO_REPLY, Kind.SOFT),
    ],
)
def test_what_our_own_reading_decides(bounce_type: str, body: str, kind: Kind) -> None:
    one = event(bounce(bounce_type, body=body))
    assert one.kind is kind
    assert one.evidence.startswith(f'Sendamatic says "{bounce_type}", the mail itself')
    assert one.evidence.endswith(f" → {kind.value}")


@pytest.mark.parametrize("bounce_type", ["Undetermined", "Auto reply", "Challenge-response"])
def test_an_auto_reply_is_no_event(bounce_type: str) -> None:
    parsed = bounce(bounce_type, body=AUTO_REPLY)
    assert parsed.events == parsed.unreadable == ()
    (why,) = parsed.ignored
    assert why.startswith(f'Sendamatic says "{bounce_type}", the mail itself')


LETTERS = [
    "Jsem pryč do 10. listopadu.", "Wracam 10 listopada.", "November 10-én jövök vissza.",
    "Mă întorc pe 10 noiembrie.",
    "10 Kasım'da döneceğim.", "Palaan 10.11.", "Ich bin am 10. November wieder da.", "Je reviens le 10 novembre.",
    "Vuelvo el 10 de noviembre.", "Вернусь 10 ноября.", "Επιστρέφω στις 10 Νοεμβρίου.", "11月10日に戻ります。",
    "我11月10日回来。", "11월 10일에 돌아옵니다.",
]  # fmt: skip


@pytest.mark.parametrize("words", LETTERS)
def test_an_answer_by_the_recipient_needs_no_mark(words: str) -> None:
    body = (
        f"From: Pat <person@example.com>\nSubject: November\nContent-Type: text/plain; charset=utf-8\n\n{words}\n"
    )
    parsed = bounce("Undetermined", body=body)
    assert parsed.events == parsed.unreadable == ()
    assert parsed.ignored == ('Sendamatic says "Undetermined", the mail itself: a letter by the recipient',)
    assert bounce("Undetermined", body=body.replace("person@", "somebody@")).unreadable
    assert bounce("Undetermined", body=f"{body}\nYour mail was not delivered.\n").unreadable
    assert event(bounce("Undetermined", body=body, reason="550 5.1.1 user unknown")).kind is Kind.HARD


def test_an_answer_by_whom_his_mail_is_forwarded_to_is_known_by_its_words() -> None:
    body = "From: other@example.net\nSubject: November\n\nI am on leave.\n"
    assert bounce("Undetermined", body=body).ignored


def test_a_mail_that_is_still_tried_is_no_event() -> None:
    parsed = bounce("Undetermined", body=dsn("4.4.1", "421 4.4.1 timeout", action="delayed"))
    assert parsed.events == ()
    assert parsed.ignored


@pytest.mark.parametrize("body", ["", None, 5, "   "])
def test_without_a_mail_the_reason_is_judged(body: Any) -> None:
    assert event(bounce("General bounce", body=body)).kind is Kind.SOFT
    unknown = event(bounce("General bounce", body=body, reason="550 5.1.1 user unknown"))
    assert (unknown.kind, unknown.reason, unknown.enhanced_status) == (Kind.HARD, "user_unknown", "5.1.1")


@pytest.mark.parametrize("body", ["", None, "hello", "Subject: hi\n\nWe are closed.\n", "\x00\x01"])
def test_what_neither_of_us_can_classify_is_kept(body: Any) -> None:
    for reason in ("", "something odd happened"):
        parsed = bounce("Undetermined", body=body, reason=reason)
        assert parsed.events == parsed.ignored == ()
        (unreadable,) = parsed.unreadable
        assert unreadable.why == "neither Sendamatic nor bouncestream can classify it"
        assert b"Undetermined" in unreadable.part
        assert event(bounce("General bounce", body=body, reason=reason)).kind is Kind.SOFT
    for bounce_type in ("Undetermined", "General bounce"):
        one = event(bounce(bounce_type, body=body, reason="550 5.1.1 user unknown"))
        assert (one.kind, one.reason) == (Kind.HARD, "user_unknown")
        assert event(bounce(bounce_type, body=body, reason="452 4.2.2 mailbox full")).reason == "mailbox_full"


def test_a_failure_that_names_nobody_is_about_whom_sendamatic_names() -> None:
    body = "From: MAILER-DAEMON@mx.example.org\nSubject: Undelivered Mail\n\nYour mail could not be delivered.\n"
    one = event(bounce("Undetermined", body=body))
    assert (one.kind, one.recipient) == (Kind.SOFT, "person@example.com")


def test_mails_that_cannot_be_read_are_not_all_the_same() -> None:
    without_id = {"message_id": None, "body": "unreadable"}
    first, second = (event(bounce("Hard bounce", **without_id, reason=reason)) for reason in ("one", "two"))
    assert identity_keys(first, b"k") != identity_keys(second, b"k")
    again = event(bounce("Hard bounce", **without_id, reason="one"))
    assert identity_keys(first, b"k") == identity_keys(again, b"k")


def test_an_unknown_class_is_soft_and_noted() -> None:
    parsed = bounce("Something new", reputation_score=True)
    assert event(parsed).kind is Kind.SOFT
    assert event(parsed).evidence == 'Sendamatic says "Something new", not in the table of bounce types → soft'
    assert parsed.notes == ('"Something new" is not in the table of bounce types; treated as soft',)
    for nothing in ("", None, 5.5, {}):
        assert event(bounce(nothing)).kind is Kind.SOFT  # type: ignore[arg-type]


def test_the_configuration_overrides_every_line() -> None:
    for beginning in CLASSES:
        assert event(bounce(beginning.title(), {beginning.upper(): "complaint"})).kind is Kind.COMPLAINT
    classes = {"Mail block": "ignore", "Mail block - Relay": "hard", "Undetermined": "soft", "Hard bounce": "judge"}
    assert bounce("Mail block - Spam detected", classes).ignored == (
        'Sendamatic says "Mail block - Spam detected", ignored as configured',
    )
    assert event(bounce("Mail block - Relay denied", classes)).kind is Kind.HARD
    assert event(bounce("Undetermined", classes, body=AUTO_REPLY)).kind is Kind.SOFT
    full = dsn("4.2.2", "452 4.2.2 mailbox full")
    assert event(bounce("Hard bounce", classes, reputation_score=True, body=full)).kind is Kind.SOFT


def test_the_address_that_was_mailed_counts_not_the_one_behind_a_forwarding() -> None:
    one = event(
        bounce("General bounce", body=dsn(recipient="elsewhere@example.net"), recipient="elsewhere@example.net")
    )
    assert one.recipient == "person@example.com"
    assert one.kind is Kind.HARD
    assert one.evidence.endswith("; reported by elsewhere@example.net")


def test_who_it_was_when_they_do_not_say() -> None:
    assert event(bounce("Hard bounce", original_recipient=None)).recipient == "person@example.com"
    nobody = {"original_recipient": "", "recipient": "junk"}
    assert event(bounce("Hard bounce", **nobody, body=dsn())).recipient == "person@example.com"
    (unreadable,) = bounce("Hard bounce", **nobody).unreadable
    assert unreadable.why == "it names no recipient"
    assert b"Hard bounce" in unreadable.part


def test_one_report_twice_has_one_identity_even_without_ids() -> None:
    first = event(
        bounce("Hard bounce", message_id=None, body=dsn().replace(CAMPAIGN, "").replace("Message-ID", "X"))
    )
    again = event(
        bounce(
            "Hard bounce",
            message_id=None,
            envelope_sender_id="another",
            body=dsn().replace(CAMPAIGN, "").replace("Message-ID", "X"),
        )
    )
    assert first.fingerprint == again.fingerprint != b""
    assert identity_keys(first, b"k") == identity_keys(again, b"k")


def test_a_huge_mail_is_read_in_its_first_part_only() -> None:
    began = time.perf_counter()
    one = event(bounce("Hard bounce", reputation_score=True, body=dsn() + "x" * 5_000_000))
    assert one.campaign_uuid == CAMPAIGN
    assert time.perf_counter() - began < 2
    late = event(bounce("Hard bounce", body=dsn().replace("I'm sorry", "x" * 300_000)))
    assert late.campaign_uuid == ""


def test_the_object_in_other_shapes() -> None:
    inner = {"bounce_type": "Hard bounce", "recipient": "person@example.com"}
    for kind, key in (("bounce", "bounce"), ("BOUNCE", "Bounce"), ("Bounce", "bounce"), ("bounce ", "BOUNCE")):
        for value in (inner, [inner]):
            assert event(parse({"notification_type": kind, key: value, "meta": {}})).recipient == inner["recipient"]
    for wrong, shape in (("text", "a text"), ([inner, inner], "a list"), ([], "a list"), (5, "a number")):
        (unreadable,) = parse({"notification_type": "bounce", "bounce": wrong}).unreadable
        assert unreadable.why == f"bounce must be an object, not {shape}"


def test_an_unknown_type_is_named() -> None:
    (unreadable,) = parse({"notification_type": "delivered", "delivered": {}}).unreadable
    assert (unreadable.event_type, unreadable.why) == ("delivered", "this notification_type is unknown")
    (unreadable,) = parse({"bounce": {}}).unreadable
    assert unreadable.why == "notification_type is missing"


def test_bad_characters_in_the_mail() -> None:
    one = event(bounce("Hard bounce", body=dsn(words="550 5.1.1 caf\u00e9 \x00 \ud800 user unknown")))
    one.diagnostic.encode()
    assert "\x00" not in one.diagnostic
    assert one.campaign_uuid == CAMPAIGN


def test_the_header_is_the_configured_one_and_may_be_a_bearer() -> None:
    settings = replace(CASE.settings, header="X-My-Header")
    for good in (KEY, f" {KEY} ", f"Bearer {KEY}", f"bearer  {KEY}"):
        assert read(PROVIDER, request(CASE.good, {"x-my-header": good}), settings, NOW).events
    for bad in ({"X-Webhook-Secret": KEY}, {"X-My-Header": f"Basic {KEY}"}, {"X-My-Header": f"Bearer{KEY}"}, {}):
        with pytest.raises(Unauthorized):
            read(PROVIDER, request(CASE.good, bad), settings, NOW)


def test_its_own_hard_bounce_is_sure_and_our_reading_of_words_alone_is_not() -> None:
    words = "No such user here"
    assert event(bounce("Hard bounce", reputation_score=True, body="", reason=words)).sure
    assert not event(bounce("General bounce", body="", reason=words)).sure
    assert event(bounce("General bounce", body="", reason=f"550 5.1.1 {words}")).sure
