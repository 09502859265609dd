# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's self-test proves the way in, and nothing else can be made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import Kind
from bouncestream.providers._request import WebhookRequest
from bouncestream.providers.generic import SIGNED
from bouncestream.sources.webhook import selftest

SECRET, OTHER = Secret("a-secret-of-the-selftest"), Secret("another-secret-altogether")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOOK = providers.webhook("shop", "generic", hmac_secret=SECRET)


def check(sent: Mapping[str, str], body: bytes, secrets: list[Secret], now: datetime) -> None:
    asked = WebhookRequest("POST", CIMultiDict(sent), body)
    selftest.claim(replace(asked, body=b""), now)
    selftest.check(asked, secrets, now)


def test_each_secret_of_a_webhook_will_do() -> None:
    sent = selftest.headers(HOOK, SECRET, NOW, b"body")
    check(sent, b"body", [OTHER, SECRET], NOW)


@pytest.mark.parametrize(
    ("body", "secrets", "later"),
    [
        (b"other", [SECRET], 0),
        (b"body", [OTHER], 0),
        (b"body", [], 0),
        (b"body", [SECRET], 301),
    ],
)
def test_what_does_not_fit_is_refused(body: bytes, secrets: list[Secret], later: int) -> None:
    sent = selftest.headers(HOOK, SECRET, NOW, b"body")
    with pytest.raises(Unauthorized):
        check(sent, body, secrets, NOW + timedelta(seconds=later))


def test_it_is_no_signature_of_an_event() -> None:
    sent = selftest.headers(HOOK, SECRET, NOW, b"[]")
    as_event = {"X-Bouncestream-Timestamp": sent[selftest.HEADER], selftest.SIGNATURE: sent[selftest.SIGNATURE]}
    with pytest.raises(Unauthorized):
        SIGNED.body(WebhookRequest("POST", CIMultiDict(as_event), b"[]"), SECRET, None, NOW, {})


def test_only_one_body_makes_an_event() -> None:
    mark = "0" * 32
    made = selftest.event(selftest.asking_for(mark), "shop", "generic")
    assert made is not None
    assert (made.kind, made.recipient, made.source) == (Kind.SOFT, f"doctor-{mark}@bouncestream.invalid", "shop")
    for body in (b"selftest", b"event ", b"event " + b"g" * 32, b"event " + b"0" * 33, b"x" * 10**6):
        assert selftest.event(body, "shop", "generic") is None


@pytest.mark.parametrize(
    ("provider", "option", "header"),
    [
        ("generic", "token", "Authorization"),
        ("generic", "hmac_secret", "X-Bouncestream-Signature"),
        ("sendamatic", "secret", "X-Webhook-Secret"),
        ("postmark", "password", "Authorization"),
    ],
)
def test_it_is_signed_as_the_provider_would_and_tells_what_was_lost(
    provider: str, option: str, header: str
) -> None:
    hook = providers.webhook("shop", provider, **{option: SECRET})
    sent = CIMultiDict(selftest.headers(hook, SECRET, NOW, b"body"))
    assert SECRET.reveal() not in str(dict(sent))
    assert header in sent
    assert selftest.lost(WebhookRequest("POST", sent, b"body"), hook, NOW) == ""
    del sent[header]
    assert selftest.lost(WebhookRequest("POST", sent, b"body"), hook, NOW).startswith("no ")


@pytest.mark.parametrize(
    ("provider", "option", "header"),
    [
        ("generic", "token", "Authorization"),
        ("sendamatic", "secret", "X-Webhook-Secret"),
        ("postmark", "password", "Authorization"),
    ],
)
def test_a_proxy_that_sends_a_header_of_its_own_instead_is_noticed(provider: str, option: str, header: str) -> None:
    hook = providers.webhook("shop", provider, **{option: SECRET})
    sent = CIMultiDict(selftest.headers(hook, SECRET, NOW, b"body"))
    sent[header] = "Basic cHJveHk6aXRzIG93bg=="
    told = f"the header {header} has another value"
    assert selftest.lost(WebhookRequest("POST", sent, b"body"), hook, NOW) == told


def test_a_changed_body_is_noticed_where_it_is_signed() -> None:
    sent = CIMultiDict(selftest.headers(HOOK, SECRET, NOW, b"body"))
    assert selftest.lost(WebhookRequest("POST", sent, b"bod"), HOOK, NOW) == "wrong signature"
