# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import Parsed
from bouncestream.providers._settings import proofs_of
from bouncestream.providers.ses import HOSTS, Ses
from tests.providers import sns
from tests.providers.case import KEY, OTHER, ask, verify
from tests.providers.cases.ses import CASES, SES_BOUNCE, SES_COMPLAINT, SES_FAILED, SES_MAIL

CASE = CASES["ses"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"
HEADERS = [
    {"name": "Message-ID", "value": "<id@host>"},
    {"name": "X-Listmonk-Campaign", "value": CAMPAIGN},
    {"name": "X-Listmonk-Subscriber", "value": SUBSCRIBER},
]
WHOLE = SES_MAIL | {"headers": HEADERS, "headersTruncated": False}


def parse(event: Any) -> Parsed:
    return ask(CASE, CASE.request(event))


def bounce(type: str, subtype: str, mail: Any = WHOLE, **person: Any) -> Parsed:
    people = [{"emailAddress": "person@example.org"} | person]
    said = {"bounceType": type, "bounceSubType": subtype, "bouncedRecipients": people, "feedbackId": "f"}
    return parse({"eventType": "Bounce", "mail": mail, "bounce": said})


def one(parsed: Parsed) -> BounceEvent:
    (event,) = parsed.events
    return event


def test_all_of_a_bounce() -> None:
    parsed = parse(SES_BOUNCE | {"mail": WHOLE})
    event = one(parsed)
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status, event.message_id) == ("550", "5.1.1", "<id@host>")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, tzinfo=UTC)
    assert event.evidence == 'Amazon SES says "Bounce/Permanent/General" → hard'
    assert parsed.notes == ()


@pytest.mark.parametrize(
    ("type_", "subtype", "person", "kind", "reason"),
    [
        ("Permanent", "NoEmail", {}, Kind.HARD, "undetermined"),
        ("Permanent", "General", {"status": "5.7.1"}, Kind.SOFT, "policy"),
        ("Permanent", "General", {"diagnosticCode": "smtp; 552 5.2.2 mailbox full"}, Kind.SOFT, "mailbox_full"),
        ("Permanent", "Suppressed", {"status": "5.1.1"}, Kind.HARD, "suppressed"),
        ("Permanent", "OnAccountSuppressionList", {"status": "5.1.1"}, Kind.HARD, "suppressed"),
        ("Permanent", "UnsubscribedRecipient", {}, Kind.UNSUBSCRIBE, "suppressed"),
        ("Permanent", "Novelty", {"status": "5.1.1"}, Kind.HARD, "user_unknown"),
        ("Transient", "General", {"status": "4.4.7"}, Kind.SOFT, "expired"),
        ("Transient", "General", {"diagnosticCode": "smtp; 550 5.4.4 Invalid domain"}, Kind.HARD, "host_unknown"),
        ("Transient", "MailboxFull", {}, Kind.SOFT, "mailbox_full"),
        ("Transient", "MessageTooLarge", {}, Kind.SOFT, "too_big"),
        ("Transient", "ContentRejected", {}, Kind.SOFT, "content"),
        ("Transient", "AttachmentRejected", {}, Kind.SOFT, "content"),
        ("Undetermined", "Undetermined", {}, Kind.SOFT, "undetermined"),
    ],
)
def test_bounces(type_: str, subtype: str, person: dict[str, Any], kind: Kind, reason: str) -> None:
    event = one(bounce(type_, subtype, **person))
    assert (event.kind, event.reason) == (kind, reason)


def test_a_vacation_notice_is_no_bounce() -> None:
    parsed = bounce("Transient", "General")  # SES files it here; a report of a mail server would have a code
    assert parsed.events == ()
    assert "automatic answer" in parsed.ignored[0]


def test_several_recipients_of_one_mail() -> None:
    people = [
        {"emailAddress": "Ada <Ada@Example.org>", **SES_FAILED},
        {"emailAddress": "bob@example.org", **SES_FAILED},
        {"emailAddress": "later@example.org", "action": "delayed", "status": "4.0.0"},
        {"emailAddress": "victim@example.net", **SES_FAILED},
        5,
    ]
    mail = WHOLE | {"destination": ["Ada <ada@example.org>", "bob@example.org", "later@example.org"]}
    parsed = parse(SES_BOUNCE | {"mail": mail, "bounce": {**SES_BOUNCE["bounce"], "bouncedRecipients": people}})
    first, second = parsed.events
    assert (first.recipient, second.recipient) == ("ada@example.org", "bob@example.org")
    assert {first.subscriber_uuid, second.subscriber_uuid} == {""}  # the header is of one of them at most
    assert not set(identity_keys(first, b"k")) & set(identity_keys(second, b"k"))
    assert len(parsed.ignored) == 1
    assert len(parsed.unreadable) == 2


def test_a_mail_to_several_of_whom_one_bounced_tells_no_person() -> None:
    event = one(bounce("Permanent", "General", WHOLE | {"destination": ["person@example.org", "b@example.org"]}))
    assert (event.campaign_uuid, event.subscriber_uuid) == ("", "")


def test_a_report_about_someone_else_is_about_whom_the_mail_was_sent_to() -> None:
    """A forwarding's target, or the victim of a forged report: SES takes it from the report's Final-Recipient."""
    event = one(bounce("Permanent", "General", WHOLE, emailAddress="victim@example.net", status="5.1.1"))
    assert event.recipient == "person@example.org"
    assert event.subscriber_uuid == SUBSCRIBER


def test_a_report_does_not_say_who_it_is_about_where_the_mail_was_sent_to_what_is_no_address() -> None:
    parsed = bounce("Permanent", "General", WHOLE | {"destination": ["odd\u200b@stranger.example"]})
    assert (parsed.events, [part.why for part in parsed.unreadable]) == (
        (),
        ["the mail was sent to what is no address"],
    )


def test_a_mail_whose_destination_is_not_told() -> None:
    event = one(bounce("Permanent", "General", {"headers": HEADERS}, status="5.1.1"))
    assert (event.recipient, event.subscriber_uuid) == ("person@example.org", SUBSCRIBER)


def test_tags_will_do_where_headers_were_cut_off() -> None:
    tags = {"ses:source-ip": ["192.0.2.1"], "listmonk_campaign": [CAMPAIGN], "other": [SUBSCRIBER]}
    event = one(bounce("Permanent", "General", SES_MAIL | {"headers": [], "tags": tags}))
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, "")


def test_missing_headers_are_told() -> None:
    (note,) = parse(SES_BOUNCE).notes
    assert "original headers" in note


@pytest.mark.parametrize("more", [{}, {"complaintFeedbackType": "abuse"}, {"complaintFeedbackType": "other"}])
def test_complaints(more: dict[str, Any]) -> None:
    event = one(parse(SES_COMPLAINT | {"complaint": {**SES_COMPLAINT["complaint"], **more}}))
    assert (event.kind, event.reason) == (Kind.COMPLAINT, "complaint")


def test_a_complaint_of_before() -> None:
    said = {**SES_COMPLAINT["complaint"], "complaintSubType": "OnAccountSuppressionList"}
    event = one(parse(SES_COMPLAINT | {"complaint": said}))
    assert (event.kind, event.reason) == (Kind.COMPLAINT, "suppressed")


@pytest.mark.parametrize(
    "event",
    [
        SES_COMPLAINT | {"complaint": {**SES_COMPLAINT["complaint"], "complaintFeedbackType": "not-spam"}},
        SES_COMPLAINT | {"complaint": {**SES_COMPLAINT["complaint"], "complaintFeedbackType": "auth-failure"}},
        {"eventType": "Subscription", "mail": SES_MAIL, "subscription": {"newTopicPreferences": {}}},
        {"eventType": "DeliveryDelay", "mail": SES_MAIL, "deliveryDelay": {}},
        {"eventType": "Delivery", "mail": SES_MAIL},
        {"eventType": "Rendering Failure"},
        {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have …"},
    ],
)
def test_what_is_no_event(event: dict[str, Any]) -> None:
    parsed = parse(event)
    assert (parsed.events, parsed.unreadable) == ((), ())
    assert len(parsed.ignored) == 1


def test_a_text_is_a_test() -> None:
    said = sns.message(KEY, "Successfully validated SNS topic for Amazon SES event publishing.")
    parsed = ask(CASE, CASE.request(json.dumps(said).encode()))
    assert (parsed.events, parsed.unreadable, len(parsed.ignored)) == ((), (), 1)


@pytest.mark.parametrize(
    ("event", "why", "type_"),
    [
        ({"eventType": "Novelty"}, "is unknown", "Novelty"),
        ({"AlarmName": "another service"}, "notificationType and eventType are missing", ""),
        (SES_BOUNCE | {"bounce": {"bounceType": "Permanent"}}, "no recipient", ""),
        (
            SES_BOUNCE | {"bounce": {"bounceType": "New", "bouncedRecipients": [SES_FAILED]}},
            "is unknown",
            "Bounce/New",
        ),
    ],
)
def test_what_cannot_be_read(event: dict[str, Any], why: str, type_: str) -> None:
    (trouble,) = parse(event).unreadable
    assert why in trouble.why
    assert trouble.event_type.startswith(type_)


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_the_signature(version: str) -> None:
    said = sns.message(KEY, json.dumps(SES_BOUNCE), SignatureVersion=version, Subject="Amazon SES Email Event")
    assert ask(CASE, CASE.request(json.dumps(said).encode())).events


def test_a_subscription_to_our_topic_is_confirmed() -> None:
    said = sns.message(KEY, "You have chosen …", "SubscriptionConfirmation")
    parsed = ask(CASE, CASE.request(json.dumps(said).encode()))
    assert [visit.url for visit in parsed.visits] == [said["SubscribeURL"]]
    assert parsed.events == ()


def test_the_end_of_a_subscription_is_not_undone() -> None:
    said = sns.message(KEY, "You have chosen …", "UnsubscribeConfirmation")
    parsed = ask(CASE, CASE.request(json.dumps(said).encode()))
    assert parsed.visits == ()
    assert "has ended" in parsed.notes[0]


def test_another_topic_is_not_confirmed_even_by_who_has_the_secret_path() -> None:
    said = json.dumps(sns.message(OTHER, "You have chosen …", "SubscriptionConfirmation")).encode()
    with pytest.raises(Unauthorized, match="topic"):
        verify(CASE.request(said), CASE.settings, CASE.fetched)
    parsed = ask(CASE, CASE.bare(said), CASE.without(unverified=True))
    assert parsed.visits == ()
    assert sns.topic(OTHER) in parsed.notes[0]


def test_raw_messages_need_the_secret_path_and_no_topics() -> None:
    hook = CASE.without(path_secret=Secret(KEY))
    asked = CASE.bare()
    asked.headers["x-amz-sns-rawdelivery"] = "true"  # type: ignore[index]
    with pytest.raises(Unauthorized, match="raw message delivery"):
        verify(asked, CASE.settings)
    with pytest.raises(Unauthorized):
        ask(CASE, asked, hook)
    assert ask(CASE, asked, CASE.without(unverified=True)).events


@pytest.mark.parametrize(
    "region",
    ["us-east-1", "eu-central-1", "ap-southeast-5", "us-gov-west-1", "mx-central-1"],
)
def test_hosts(region: str) -> None:
    certificates = proofs_of(Ses)["topics"].certificates  # type: ignore[attr-defined]
    assert re.fullmatch(HOSTS, f"sns.{region}.amazonaws.com")
    assert certificates.fullmatch(f"https://sns.{region}.amazonaws.com/SimpleNotificationService-{'0a' * 16}.pem")
    assert not certificates.fullmatch(f"https://sns.{region}.amazonaws.com/x/SimpleNotificationService-0a.pem")


@pytest.mark.parametrize("host", ["sns.cn-north-1.amazonaws.com.cn", "sns.eusc-de-east-1.amazonaws.eu"])
def test_hosts_of_other_clouds(host: str) -> None:
    assert re.fullmatch(HOSTS, host)


@pytest.mark.parametrize(
    "host",
    [
        "sns.s3-eu-west-1.amazonaws.com",  # the bucket "sns" of whoever has it
        "sns.s3.amazonaws.com",
        "sns.eu-central-1.amazonaws.com.evil.example",
        "sns.eu-central-1.amazonaws.com:8443",
        "evil.sns.eu-central-1.amazonaws.com",
        "sns.eu-central-1.amazonawsXcom",
        "email.eu-central-1.amazonaws.com",
    ],
)
def test_no_other_hosts(host: str) -> None:
    assert not re.fullmatch(HOSTS, host)


@pytest.mark.parametrize(
    "topic", ["bounces", "arn:aws:sns:eu-central-1:123456789012:bounces:0a1b2c3d-0000-4000-8000-000000000000"]
)
def test_a_topic_that_is_none(topic: str) -> None:
    proof = proofs_of(Ses)["topics"]
    assert "copy the ARN" in proof.fault((sns.topic(KEY), topic))
    assert proof.fault((sns.topic(KEY), "arn:aws-cn:sns:cn-north-1:123456789012:bounces.fifo")) == ""
