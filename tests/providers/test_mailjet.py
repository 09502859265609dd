# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bouncestream.event import BounceEvent, Kind, identity_keys
from bouncestream.providers._contract import Parsed
from tests.providers.case import ask
from tests.providers.cases.mailjet import CASES, MAILJET

CASE = CASES["mailjet"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"
PAYLOAD = f'{{"listmonk_campaign":"{CAMPAIGN}","listmonk_subscriber":"{SUBSCRIBER}"}}'


def parse(*items: Any) -> Parsed:
    return ask(CASE, CASE.request(list(items)))


def one(**fields: Any) -> BounceEvent:
    (event,) = parse(MAILJET | fields).events
    return event


@pytest.mark.parametrize("sent", [{"Payload": PAYLOAD}, {"customcampaign": CAMPAIGN, "CustomID": SUBSCRIBER}])
def test_all_of_a_bounce(sent: dict[str, str]) -> None:
    event = one(**sent)
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.reply_code, event.enhanced_status) == ("550", "5.1.1")
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.occurred_at == datetime(2026, 11, 22, 11, 33, 11, tzinfo=UTC)
    assert event.provider_event_id == str(MAILJET["MessageID"])


def test_a_custom_id_alone_is_not_taken_for_a_campaign() -> None:
    assert (one(CustomID=SUBSCRIBER).campaign_uuid, one(CustomID=SUBSCRIBER).subscriber_uuid) == ("", SUBSCRIBER)


def test_two_reports_of_one_mail_are_one_event() -> None:
    soft = one(hard_bounce=False, error="quota exceeded", time=1795347000)
    assert set(identity_keys(soft, b"k")) & set(identity_keys(one(), b"k"))


def test_without_uuids_the_same_report_is_known_by_its_content() -> None:
    again = dict(reversed(MAILJET.items()))
    assert identity_keys(one(), b"k") == identity_keys(parse(again).events[0], b"k")
    assert identity_keys(one(), b"k") != identity_keys(one(MessageID=13792286917004337), b"k")


@pytest.mark.parametrize(
    ("hard", "error", "comment", "kind", "reason"),
    [
        (True, "user unknown", "", Kind.HARD, "user_unknown"),
        (True, "invalid domain", "", Kind.HARD, "host_unknown"),
        (True, "content blocked", "550 no", Kind.SOFT, "content"),
        (True, "blacklisted", "", Kind.SOFT, "blocklisted"),
        (True, "policy issue", "550 5.7.1 policy", Kind.SOFT, "policy"),
        (True, "", "", Kind.HARD, "undetermined"),
        (False, "quota exceeded", "", Kind.SOFT, "mailbox_full"),
        (False, "connection issue", "", Kind.SOFT, "network"),
    ],
)
def test_bounces(hard: bool, error: str, comment: str, kind: Kind, reason: str) -> None:
    event = one(hard_bounce=hard, error=error, comment=comment)
    assert (event.kind, event.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("user unknown", Kind.HARD),
        ("no mail host", Kind.HARD),
        ("spam reporter", Kind.COMPLAINT),
        ("duplicate in campaign", None),
        ("", None),
    ],
)
def test_blocked(error: str, kind: Kind | None) -> None:
    parsed = parse(MAILJET | {"event": "blocked", "error": error, "comment": ""})
    assert [event.kind for event in parsed.events] == ([kind] if kind else [])
    assert len(parsed.ignored) == (0 if kind else 1)


@pytest.mark.parametrize("error", ["preblocked", "blacklisted", "typofix"])
def test_what_mailjet_itself_refuses(error: str) -> None:
    assert one(event="blocked", error=error, comment="").reason == "provider_list"


@pytest.mark.parametrize("item", [{"error": "greylisted", "hard_bounce": False}, {"event": "open"}])
def test_what_is_no_event(item: dict[str, Any]) -> None:
    parsed = parse(MAILJET | item)
    assert (len(parsed.events), len(parsed.ignored)) == (0, 1)


def test_events_of_a_second_together_with_a_bad_one() -> None:
    parsed = parse(MAILJET | {"event": "sent"}, {"event": "novelty"}, {}, MAILJET)
    assert (len(parsed.events), len(parsed.ignored)) == (1, 1)
    assert [trouble.event_type for trouble in parsed.unreadable] == ["novelty", ""]
