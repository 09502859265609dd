# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import pytest

from bouncestream import providers
from bouncestream.errors import Unauthorized
from bouncestream.event import Kind
from tests.providers.case import ask, request, verify
from tests.providers.cases.mailpace import CASES, MAILPACE

CASE = CASES["mailpace"]
PROVIDER = providers.get("mailpace")
CAMPAIGN = "11111111-2222-4333-8444-555555555555"


def test_all_of_a_bounce() -> None:
    payload = MAILPACE["payload"] | {"tags": ["x", CAMPAIGN]}  # type: ignore[operator]
    (event,) = ask(CASE, CASE.request(MAILPACE | {"payload": payload})).events
    assert (event.kind, event.campaign_uuid) == (Kind.HARD, CAMPAIGN)
    assert (event.provider_event_id, event.message_id) == ("1", "")  # the Message-ID is MailPace's


def test_several_recipients() -> None:
    payload = MAILPACE["payload"] | {"to": "a@example.org, b@example.org"}  # type: ignore[operator]
    parsed = ask(CASE, CASE.request(MAILPACE | {"payload": payload}))
    assert [event.recipient for event in parsed.events] == ["a@example.org", "b@example.org"]


@pytest.mark.parametrize("name", ["email.deferred", "email.spam", "email.delivered"])
def test_what_is_no_event(name: str) -> None:
    assert ask(CASE, CASE.request(MAILPACE | {"event": name})).events == ()


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
def test_what_is_refused_is_answered_with_200_or_the_webhook_would_be_disabled(method: str) -> None:
    asked = replace(CASE.bare(), method=method)
    with pytest.raises(Unauthorized):
        verify(asked, CASE.settings)
    answer = PROVIDER.shake(asked, CASE.settings)
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"")


def test_a_vector() -> None:
    """Made with node:crypto and the private key of RFC 8032's form whose bytes are 00 to 1f."""
    body = b'{"event":"email.bounced","payload":{"to":"ada@example.com"}}'
    signature = "Yb14rE7jbu63Hu771vCA+22NzUZcUGp/pYjMB97uJv38Ps7q+pvw73zMWx3+iV4Xk6lm0s98okc7dLN14reiCA=="
    key = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    assert len(b64decode(key)) == 32
    hook = CASE.without(domain_keys=(key,))
    verify(request(body, {"X-MailPace-Signature": signature}), hook)
    with pytest.raises(Unauthorized):
        verify(request(body + b" ", {"X-MailPace-Signature": signature}), hook)
