# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent to Listmonk, and what it may be asked for."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.sinks.listmonk import payload
from tests.sinks.listmonk.make import claimed

UUID = "11111111-1111-4111-8111-111111111111"


def sent(**fields: object) -> dict[str, object]:
    body: dict[str, object] = orjson.loads(payload.body(claimed(**fields), "bridge1"))  # type: ignore[arg-type]
    return body


def test_the_whole_body() -> None:
    body = sent(campaign_uuid=UUID, reason="user unknown", enhanced_status="5.1.1", diagnostic="550 no such user")
    assert body == {
        "email": "p1@example.com",
        "type": "hard",
        "source": "ses 2026-03-01",
        "campaign_uuid": UUID,
        "created_at": "2026-03-01T12:00:00.000+00:00",
        "meta": {
            "bridge": "bridge1",
            "id": "event-1",
            "attempt": 1,
            "reason": "user unknown",
            "status": "5.1.1",
            "diagnostic": "550 no such user",
        },
    }


def test_the_uuid_is_sent_only_where_no_address_is_known_or_the_address_alone_is_not_found() -> None:
    assert "subscriber_uuid" not in sent(subscriber_uuid=UUID)
    assert sent(subscriber_uuid=UUID, recipient="")["subscriber_uuid"] == UUID
    known_by_uuid = sent(subscriber_uuid=UUID, address_form="uuid")
    assert known_by_uuid["subscriber_uuid"] == UUID
    assert "email" not in known_by_uuid


def test_the_unicode_form_of_a_domain() -> None:
    assert sent(recipient="a@xn--bcher-kva.example", address_form="unicode")["email"] == "a@bücher.example"
    assert sent(recipient="a@xn--strae-oqa.example", address_form="unicode")["email"] == "a@straße.example"


@pytest.mark.parametrize("campaign", ["not-a-uuid", "00000000-0000-0000-0000-000000000000", "x" * 36])
def test_a_malformed_campaign_would_lose_the_bounce_and_is_left_out(campaign: str) -> None:
    assert "campaign_uuid" not in sent(campaign_uuid=campaign)


@given(st.text(alphabet=st.characters(), max_size=400), st.text(alphabet=st.characters(), max_size=80))
def test_any_text_makes_a_body_that_listmonk_can_store(diagnostic: str, reason: str) -> None:
    body = payload.body(
        claimed(diagnostic=diagnostic, reason=reason, recipient=f"a{reason}@example.com"), "bridge1"
    )
    meta = orjson.loads(body)["meta"]
    assert len(orjson.dumps(meta)) <= payload.META_LIMIT
    assert meta["id"] == "event-1"
    assert b"\\u0000" not in body


@pytest.mark.parametrize(
    "address",
    [
        "a'; SELECT pg_sleep(5); --@example.com",
        'a"b@example.com',
        "a\\b@example.com",
        "a\x00b@example.com",
        "%query%@example.com",
        "a b@example.com",
        "ä@example.com",
        "a%order%@example.com",
        "a@example.com'",
        "no-at-sign",
        "a@" + "x" * 300,
    ],
)
def test_only_plain_addresses_enter_a_query(address: str) -> None:
    assert not payload.is_plain(address)


def test_quotes_are_doubled() -> None:
    assert payload.is_plain("o'brien@example.com")
    assert payload.quoted(["o'brien@example.com", "b@example.com"]) == "'o''brien@example.com', 'b@example.com'"


def test_same_address_folds_case_and_idna() -> None:
    assert payload.same_address("A@Bücher.example", "a@xn--bcher-kva.example")
    assert not payload.same_address("a@example.com", "b@example.com")
    assert payload.same_address("A@Straße.example", "a@xn--strae-oqa.example")
    assert not payload.same_address("a@straße.example", "a@strasse.example")  # two domains
    assert not payload.same_address("groß@example.com", "gross@example.com")
