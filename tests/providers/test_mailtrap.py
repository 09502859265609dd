# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import Unauthorized
from bouncestream.event import BounceEvent, Kind
from tests.providers.case import as_json, ask, request, verify
from tests.providers.cases.mailtrap import CASES, MAILTRAP

CASE = CASES["mailtrap"]


def one(**fields: object) -> BounceEvent:
    (event,) = ask(CASE, CASE.request({"events": [MAILTRAP | fields]})).events
    return event


@pytest.mark.parametrize(
    ("fields", "kind", "reason"),
    [
        ({}, Kind.HARD, "user_unknown"),
        ({"bounce_category": "spam", "response_code": 555, "response": "[CS01] rejected"}, Kind.SOFT, None),
        ({"bounce_category": "new", "response": "5.1.1 User unknown"}, Kind.HARD, "user_unknown"),
        ({"bounce_category": "new", "response": "5.7.1 by policy"}, Kind.SOFT, "policy"),
        ({"bounce_category": None, "response": "no words that we know"}, Kind.SOFT, None),
        ({"event": "soft bounce", "response": "4.2.2 over quota", "response_code": 452}, Kind.SOFT, "mailbox_full"),
        ({"event": "reject", "reason": "In suppression list. Reason: hard bounce"}, Kind.HARD, "suppressed"),
        ({"event": "reject", "reason": "In suppression list. Reason: spam"}, Kind.COMPLAINT, "suppressed"),
        ({"event": "reject", "reason": "List. Reason: unsubscription"}, Kind.UNSUBSCRIBE, "suppressed"),
    ],
)
def test_classes(fields: dict[str, object], kind: Kind, reason: str | None) -> None:
    event = one(**fields)
    assert event.kind is kind
    assert reason is None or event.reason == reason


def test_what_mailtrap_itself_refuses_without_a_known_reason() -> None:
    (event,) = ask(CASE, CASE.request({"events": [MAILTRAP | {"event": "reject", "reason": "limit"}]})).events
    assert event.reason == "provider_list"


def test_what_is_no_event() -> None:
    assert ask(CASE, CASE.request({"events": [MAILTRAP | {"event": "suspension"}]})).events == ()


def test_json_lines_and_a_bad_one_among_them() -> None:
    lines = b"\n".join([as_json(MAILTRAP), b"{bad", as_json(MAILTRAP | {"event": "spam", "event_id": "2"})])
    parsed = ask(CASE, CASE.request(lines))
    assert [event.kind for event in parsed.events] == [Kind.HARD, Kind.COMPLAINT]
    assert [one.part for one in parsed.unreadable] == [b"{bad"]


def test_a_public_vector() -> None:
    """Of the tests of Mailtrap's SDKs."""
    body = (
        b'{"event":"delivery","sending_stream":"transactional","category":"welcome",'
        b'"message_id":"a8b1d8f6-1f8d-4a3c-9b2e-1a2b3c4d5e6f","email":"recipient@example.com",'
        b'"event_id":"f1e2d3c4-b5a6-7890-1234-567890abcdef","timestamp":1716070000}'
    )
    headers = {"Mailtrap-Signature": "6d262e2611cd09be1f948382b5c611d63b0e585c4c9c5e40139d6ac3876d5433"}
    hook = CASE.without(signing_secret=Secret("8d9a3c0e7f5b2d4a6c1e9f8b3a7d5c2e"))
    verify(request(body, headers), hook)
    with pytest.raises(Unauthorized):
        verify(request(body + b" ", headers), hook)
