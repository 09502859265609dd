# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import Kind
from tests.providers.case import ask, request, verify
from tests.providers.cases.mailersend import CASES, MAILERSEND, signed

CASE = CASES["mailersend"]
PROVIDER = providers.get("mailersend")

#: Its test when a webhook is saved, and the signature with its published secret (computed with node:crypto).
PING = b'{"type":"webhook.test","message":"This is a test webhook.","created_at":"2025-10-09T08:53:20.000000Z"}'
PING_SIGNATURE = "c8264fa5144faf1fb89399eb69b3e150c6379c6ed36efdfc6147da0224242cfb"
PUBLIC = "test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G"


def test_all_of_a_bounce_in_both_shapes() -> None:
    flat = MAILERSEND | {
        "data": {
            "id": "0000000000000000000000e1",
            "message_id": "0000000000000000000000e3",
            "email_id": "0000000000000000000000e2",
            "email": "person@example.org",
            "meta": {"reason": "Host or domain name not found"},
        }
    }
    for document in (MAILERSEND, flat):
        (event,) = ask(CASE, CASE.request(document)).events
        assert (event.kind, event.recipient) == (Kind.HARD, "person@example.org")
        assert event.diagnostic == "Host or domain name not found"
        assert (event.provider_event_id, event.message_id) == ("0000000000000000000000e2", "")
        assert event.occurred_at is not None


def test_the_servers_words_may_stand_in_either_text() -> None:
    morph = {"reason": "550 5.7.1 blocked by policy", "readable_reason": "The message was refused"}
    document = MAILERSEND | {"data": MAILERSEND["data"] | {"morph": morph}}
    (event,) = ask(CASE, CASE.request(document)).events
    assert (event.kind, event.enhanced_status) == (Kind.SOFT, "5.7.1")
    assert event.diagnostic == "550 5.7.1 blocked by policy; The message was refused"


@pytest.mark.parametrize("sort", ["activity.deferred", "activity.opened_unique", "sender_identity.verified"])
def test_what_is_no_event(sort: str) -> None:
    parsed = ask(CASE, CASE.request(MAILERSEND | {"type": sort}))
    assert (parsed.events, len(parsed.ignored)) == ((), 1)


def test_its_test_is_answered_though_everyone_knows_its_secret() -> None:
    asked = request(PING, {"Signature": PING_SIGNATURE})
    with pytest.raises(Unauthorized):
        verify(asked, CASE.settings)
    answer = PROVIDER.shake(asked, CASE.settings)
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize(
    "body",
    [b'{"type":"activity.hard_bounced","data":{"email":"person@example.org"}}', b'{"type":5}', b"[]", b"{", b""],
)
def test_nothing_else_is_let_in_by_the_public_secret(body: bytes) -> None:
    asked = request(body, signed(body, PUBLIC))
    with pytest.raises(Unauthorized):
        verify(asked, CASE.settings)
    assert PROVIDER.shake(asked, CASE.settings) is None
    assert PROVIDER.shake(replace(asked, body=PING), CASE.settings) is None


def test_slashes_are_signed_as_they_were_sent() -> None:
    body = (
        rb'{"type":"activity.hard_bounced","url":"https:\/\/hooks.example.net\/mailersend",'
        rb'"data":{"type":"hard_bounced"}}'
    )
    digest = "08cc2471ccdba9f2d5b55c1b6a775a50f24513edbb8eb2e57d2a50c1b49a45ad"
    hook = CASE.without(signing_secret=Secret("AbCdEf0123456789AbCdEf0123456789"))
    verify(request(body, {"Signature": digest}), hook)
    with pytest.raises(Unauthorized):
        verify(request(body.replace(rb"\/", b"/"), {"Signature": digest}), hook)
