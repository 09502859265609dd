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
from tests.providers.cases import CASES, KEY, NOW, request

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

REPORT = """\
Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <news@sender.example>
Original-Rcpt-To: <reported@example.com>
Arrival-Date: Thu, 19 Nov 2026 08:00:00 +0000
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
    assert parsed.trouble == ()
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
    assert one.evidence.startswith(f'Sendamatic says "{bounce_type}", our reading of the mail')
    assert one.evidence.endswith(f" → {kind.value}")


@pytest.mark.parametrize("bounce_type", ["Undetermined", "Auto reply", "Challenge-response"])
def test_an_auto_reply_is_no_event(bounce_type: str) -> None:
    parsed = bounce(bounce_type, body=AUTO_REPLY)
    assert parsed.events == parsed.trouble == ()
    (why,) = parsed.ignored
    assert why.startswith(f'Sendamatic says "{bounce_type}", our reading of the mail')


def test_a_mail_that_is_still_tried_is_no_event() -> None:
    parsed = bounce("Undetermined", body=dsn("4.4.1", "421 4.4.1 timeout", action="delayed"))
    assert parsed.events == ()
    assert parsed.ignored


@pytest.mark.parametrize("body", ["", None, 5, "   "])
def test_without_a_mail_the_reason_is_judged(body: Any) -> None:
    assert event(bounce("Undetermined", body=body)).kind is Kind.SOFT
    unknown = event(bounce("General bounce", body=body, reason="550 5.1.1 user unknown"))
    assert (unknown.kind, unknown.reason, unknown.enhanced_status) == (Kind.HARD, "user_unknown", "5.1.1")


def test_an_unknown_class_is_soft_and_noted() -> None:
    parsed = bounce("Something new", reputation_score=True)
    assert event(parsed).kind is Kind.SOFT
    assert event(parsed).evidence == 'Sendamatic says "Something new", not in the table of bounce types → soft'
    assert parsed.notes == ('"Something new" is not in the table of bounce types; taken as soft',)
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
    (trouble,) = bounce("Hard bounce", **nobody).trouble
    assert trouble.why == "it names no recipient"
    assert b"Hard bounce" in trouble.part


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


def complaint(**fields: Any) -> Parsed:
    inner = {"description": "This is an Abuse Report", "message_id": "<mail-1@mx.sendamatic.net>", **fields}
    return parse({"notification_type": "complaint", "complaint": inner})


def test_a_complaint() -> None:
    one = event(complaint(report=REPORT, original=HEADERS + "\nHello\n"))
    assert (one.kind, one.recipient) == (Kind.COMPLAINT, "reported@example.com")
    assert (one.campaign_uuid, one.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert one.diagnostic == "This is an Abuse Report"
    assert one.evidence == "Sendamatic says complaint → complaint" or one.evidence == "Sendamatic says complaint"
    assert one.occurred_at == datetime(2026, 11, 19, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ({"original_recipient": "a@example.com", "recipient": "b@example.com", "report": REPORT}, "a@example.com"),
        ({"recipient": "b@example.com", "report": REPORT, "original": HEADERS}, "b@example.com"),
        ({"report": REPORT, "original": HEADERS}, "reported@example.com"),
        ({"report": "Feedback-Type: abuse\n", "original": HEADERS}, "person@example.com"),
        ({"report": "", "original": HEADERS}, "person@example.com"),
        ({"report": REPORT.replace("\n", "\r\n"), "original": ""}, "reported@example.com"),
        ({"report": REPORT}, "reported@example.com"),
    ],
)
def test_who_complained_in_this_order(fields: dict[str, str], recipient: str) -> None:
    assert event(complaint(**fields)).recipient == recipient


def test_a_complaint_of_nobody_is_kept() -> None:
    headers = HEADERS.replace("To: person@example.com", "To: a@example.com, b@example.com")
    unnamed = event(complaint(report="Feedback-Type: abuse\n", original=headers))
    assert (unnamed.recipient, unnamed.subscriber_uuid) == ("", SUBSCRIBER)
    parsed = complaint(report="Feedback-Type: abuse\n", original=headers.replace("X-Listmonk", "X-Other"))
    assert parsed.events == ()
    assert parsed.trouble[0].why == "it names no recipient"


def test_not_spam_is_no_complaint() -> None:
    parsed = complaint(report=REPORT.replace("abuse", "not-spam"), original=HEADERS)
    assert parsed.events == ()
    assert parsed.ignored == ("the report says that the mail is not spam",)


@pytest.mark.parametrize("name", ["unsubscribe", "unsubscription", "Unsubscribed"])
def test_an_unsubscription_under_any_name(name: str) -> None:
    for inner_name in (name, "data"):
        one = event(
            parse(
                {
                    "notification_type": name,
                    inner_name: {"recipient": "Person@example.com", "message_id": "<m@h>", "list_id": "<news.x>"},
                }
            )
        )
        assert (one.kind, one.recipient, one.message_id) == (Kind.UNSUBSCRIBE, "person@example.com", "<m@h>")
        assert one.evidence == "Sendamatic says unsubscribed, list <news.x>"
    flat = event(parse({"notification_type": name, "recipient": "person@example.com"}))
    assert flat.recipient == "person@example.com"


def test_an_unknown_type_is_named() -> None:
    (trouble,) = parse({"notification_type": "delivered", "delivered": {}}).trouble
    assert (trouble.event_type, trouble.why) == ("delivered", "this notification_type is not known")
    (trouble,) = parse({"bounce": {}}).trouble
    assert trouble.why == "notification_type is missing"


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
