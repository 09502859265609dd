# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes → an accepted bounce, or the refusal. What a real one says is in tests/contract."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.sandbox.posted import Bounce, Refused, read_bounce

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def accepted_or_refused(raw: bytes) -> None:
    """Any other exception is a bug."""
    with contextlib.suppress(Refused):
        assert isinstance(read_bounce(raw, NOW), Bounce)


@given(st.binary())
def test_any_bytes_are_accepted_or_refused(raw):
    accepted_or_refused(raw)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.fixed_dictionaries(
        {"email": st.just("a@example.com") | VALUES, "type": st.just("soft") | VALUES},
        optional=dict.fromkeys(("subscriber_uuid", "campaign_uuid", "source", "meta", "created_at"), VALUES),
    )
)
def test_any_json_is_accepted_or_refused(body):
    accepted_or_refused(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("2025-01-02T03:04:05Z", datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2025-01-02T03:04:05+02:00", datetime(2025, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2025-01-02T03:04:05.1234567Z", datetime(2025, 1, 2, 3, 4, 5, 123457, tzinfo=UTC)),
        ("2025-01-02T03:04:05.9999999Z", datetime(2025, 1, 2, 3, 4, 5, 999999, tzinfo=UTC)),
    ],
)
def test_times(text, seen):
    raw = json.dumps({"email": "a@example.com", "type": "soft", "created_at": text}).encode()
    assert read_bounce(raw, NOW).created_at == seen


@pytest.mark.parametrize("text", ["", "2025-01-02", "2025-01-02T03:04:05", "2025-13-02T03:04:05Z", "now"])
def test_times_that_are_none(text):
    raw = json.dumps({"email": "a@example.com", "type": "soft", "created_at": text}).encode()
    with pytest.raises(Refused, match="parsing time"):
        read_bounce(raw, NOW)


def test_deep_and_poisonous():
    deep = '{"email":"a@example.com","type":"soft","meta":' + "[" * 900 + '"\\u0000"' + "]" * 900 + "}"
    assert read_bounce(deep.encode(), NOW).poison
    for raw in (b'{"a":' + b"[" * 100_000, b'{"email":"a@example.com","type":"soft","meta":NaN}'):
        with pytest.raises(Refused):
            read_bounce(raw, NOW)


def test_bytes_that_are_no_utf8_are_lost_later():
    raw = b'{"email":"a@example.com","type":"soft","meta":{"x":"\xff"}}'
    assert "UTF8" in read_bounce(raw, NOW).poison
