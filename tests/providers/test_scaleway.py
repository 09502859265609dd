# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.errors import Unauthorized
from bouncestream.event import Kind
from bouncestream.providers._contract import Parsed
from bouncestream.providers.scaleway import HOSTS
from tests.providers import sns
from tests.providers.case import KEY, ask
from tests.providers.cases.scaleway import CASES, CERTIFICATE, SCALEWAY, signed

CASE = CASES["scaleway"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"


def parse(**fields: Any) -> Parsed:
    return ask(CASE, CASE.request(SCALEWAY | fields))


def test_all_of_a_bounce() -> None:
    headers = [{"key": "message-id", "value": "<id@host>"}, {"key": "X-Listmonk-Campaign", "value": CAMPAIGN}]
    (event,) = parse(email_headers=headers).events
    assert (event.kind, event.reason, event.campaign_uuid) == (Kind.HARD, "user_unknown", CAMPAIGN)
    assert (event.reply_code, event.enhanced_status, event.message_id) == ("550", "5.1.1", "<id@host>")
    assert event.provider_event_id == "7d1d2b0c-0005-4000-8000-000000000005"


@pytest.mark.parametrize(
    ("sort", "words", "kind"),
    [
        ("email_dropped", "5.1.1 User unknown", Kind.HARD),
        ("email_dropped", "5.7.1 rejected by policy", Kind.SOFT),
        ("email_spam", "5.7.1 message looks like spam", Kind.SOFT),
    ],
)
def test_classes(sort: str, words: str, kind: Kind) -> None:
    (event,) = parse(type=sort, email_response_message=words).events
    assert event.kind is kind


@pytest.mark.parametrize("sort", ["email_deferred", "blocklist_created", "unknown_type"])
def test_what_is_no_event(sort: str) -> None:
    assert parse(type=sort).events == ()


def test_what_scaleway_itself_refuses_is_kept() -> None:
    (event,) = parse(type="email_blocklisted").events
    assert event.reason == "provider_list"


def test_a_subscription_is_confirmed() -> None:
    confirmation = sns.message(KEY, "text", "SubscriptionConfirmation", SigningCertURL=CERTIFICATE)
    parsed = ask(CASE, CASE.request(CASE.encode(confirmation)))
    assert [visit.url for visit in parsed.visits] == [confirmation["SubscribeURL"]]


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://messaging.s3.fr-par.scw.cloud.evil.example/fr-par/sns/0123.pem",
        "https://evil.s3.fr-par.scw.cloud/fr-par/sns/0123.pem",
        "https://messaging.s3.fr-par.scw.cloud/fr-par/sns/../../x/0123.pem",
        "http://messaging.s3.fr-par.scw.cloud/fr-par/sns/0123.pem",
    ],
)
def test_certificates_of_others(url: str) -> None:
    with pytest.raises(Unauthorized, match="certificate URL"):
        ask(CASE, CASE.request(CASE.encode(signed(SCALEWAY, KEY, SigningCertURL=url))))


def test_the_hosts_that_are_asked() -> None:
    for host in ("messaging.s3.nl-ams.scw.cloud", "sns.mnq.fr-par.scaleway.com"):
        assert re.fullmatch(providers.get("scaleway").hosts, host)
    for host in ("messaging.s3.fr-par.scw.cloud.evil.example", "sns.mnq.evil.scaleway.com", "x.scaleway.com"):
        assert not re.fullmatch(HOSTS, host)
