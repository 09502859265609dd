# SPDX-License-Identifier: GPL-3.0-or-later
"""The event: what makes two reports the same one, and what is made of the texts that reports bring."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.event import (
    DIAGNOSTIC_LIMIT,
    NEWEST,
    OLDEST,
    BounceEvent,
    Kind,
    Proof,
    believable,
    clean_message_id,
    clean_uuid,
    clip,
    identity_keys,
    new_id,
)

SECRET = b"the key of this database"
CAMPAIGN, ANN, BOB = (f"{digit * 8}-1111-4111-8111-111111111111" for digit in "123")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def event(recipient: str = "ann@example.com", kind: Kind = Kind.HARD, **fields: object) -> BounceEvent:
    return BounceEvent(kind, recipient, "hook", "generic", **fields)  # type: ignore[arg-type]


def keys(one: BounceEvent, secret: bytes = SECRET) -> set[bytes]:
    return set(identity_keys(one, secret))


#: The marks that one report brings beside its person: one for each of the four identity keys.
MARKS: dict[str, dict[str, object]] = {
    "campaign": {"campaign_uuid": CAMPAIGN},
    "Message-ID": {"message_id": "<1@x>"},
    "event id": {"provider_event_id": "7", "stable_id": True},
    "payload": {"fingerprint": b"the same body"},
}


@pytest.mark.parametrize("mark", MARKS)
def test_two_people_never_share_a_key(mark: str) -> None:
    """A provider gives one id to a report about several people, and one body may name them all: whoever came second
    would be taken for a duplicate of the first, and be lost."""
    ann, bob = (
        event(subscriber_uuid=ANN, **MARKS[mark]),
        event("bob@example.com", subscriber_uuid=BOB, **MARKS[mark]),
    )
    assert not keys(ann) & keys(bob)
    assert keys(ann) == keys(ann)


@pytest.mark.parametrize("mark", MARKS)
def test_two_people_who_are_known_by_their_uuids_alone_share_none_either(mark: str) -> None:
    ann, bob = event("", subscriber_uuid=ANN, **MARKS[mark]), event("", subscriber_uuid=BOB, **MARKS[mark])
    assert not keys(ann) & keys(bob)


@pytest.mark.parametrize("mark", MARKS)
def test_the_groups_share_no_key_and_hard_and_soft_are_one(mark: str) -> None:
    of = {kind: keys(event(kind=kind, subscriber_uuid=ANN, **MARKS[mark])) for kind in Kind}
    assert of[Kind.HARD] == of[Kind.SOFT]
    assert not of[Kind.HARD] & of[Kind.COMPLAINT]
    assert not (of[Kind.HARD] | of[Kind.COMPLAINT]) & of[Kind.UNSUBSCRIBE]


def test_keys_are_the_databases_own_and_most_telling_first() -> None:
    full = event(subscriber_uuid=ANN, **{name: value for mark in MARKS.values() for name, value in mark.items()})
    found = identity_keys(full, SECRET)
    assert found[0] in keys(event("", subscriber_uuid=ANN, campaign_uuid=CAMPAIGN))
    assert found[1] in keys(event(message_id=" 1@X "))
    assert found[2] in keys(event(provider_event_id="7", stable_id=True))
    assert len(found) == 3, "the payload serves only where nothing else does"
    assert {len(key) for key in found} == {16}
    assert not set(found) & keys(full, b"the key of another one")


def test_ids_that_change_with_each_try_and_those_of_another_provider_join_nothing() -> None:
    stable = event(provider_event_id="7", stable_id=True)
    assert not keys(stable) & keys(event(provider_event_id="7"))
    other = BounceEvent(Kind.HARD, "ann@example.com", "hook", "other", provider_event_id="7", stable_id=True)
    assert not keys(stable) & keys(other)


def test_who_is_told() -> None:
    assert not event(subscriber_uuid=ANN).by_uuid, "a webhook's word is proven by its secret"
    assert event(subscriber_uuid=ANN, proof=Proof.UUID).by_uuid
    assert event("", subscriber_uuid=ANN, proof=Proof.NONE).by_uuid
    assert not event(subscriber_uuid=ANN, proof=Proof.ADDRESS).by_uuid


def test_a_hard_bounce_is_graver_than_a_soft_one() -> None:
    assert Kind.HARD.gravity > Kind.SOFT.gravity


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f" {ANN.upper()}\n", ANN),
        ("00000000-0000-0000-0000-000000000000", ""),
        (ANN[:-1], ""),
        (ANN + "0", ""),
        (ANN.replace("-", ""), ""),
        (ANN.replace("1", "١"), ""),
        (None, ""),
        (7, ""),
    ],
)
def test_only_a_well_formed_uuid_is_one(text: object, clean: str) -> None:
    assert clean_uuid(text) == clean


def test_a_message_id_is_compared_without_its_wrapping() -> None:
    assert clean_message_id(" <A.b@\r\n X.org> ") == "a.b@x.org"


@given(st.text(), st.integers(0, 60))
def test_a_clipped_text_is_storable_and_never_longer(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert len(clipped.encode()) <= limit
    assert "\x00" not in clipped
    if "\x00" not in text and len(text.encode()) <= limit:
        assert clipped == text


def test_no_character_is_cut_in_two() -> None:
    assert clip("ü" * 3, 5) == "üü"
    assert clip("a\udcffb") == "a?b"
    assert len(clip("a" * 5000)) == DIAGNOSTIC_LIMIT


def test_a_time_far_from_the_receipt_is_not_believed() -> None:
    second = timedelta(seconds=1)
    for good in (NOW - OLDEST, NOW, NOW + NEWEST):
        assert believable(good, NOW)
    for bad in (None, NOW - OLDEST - second, NOW + NEWEST + second):
        assert not believable(bad, NOW)


def test_ids_are_uuids_of_version_7_that_sort_by_time() -> None:
    at = int(NOW.timestamp() * 1000)
    made = [new_id(at + number) for number in range(100)]
    assert made == sorted(made)
    assert len({new_id(at) for _ in range(100)}) == 100
    for text in made:
        read = uuid.UUID(text)
        assert (read.version, read.variant, str(read)) == (7, uuid.RFC_4122, text)
    assert uuid.UUID(made[5]).int >> 80 == at + 5
