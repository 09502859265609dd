# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.errors import Malformed
from bouncestream.providers._fields import (
    canonical,
    dig,
    fingerprint,
    header,
    joined,
    load_json,
    moment,
    needed,
    text,
    to_text,
    uuids,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON)
def test_a_value_has_one_canonical_form(value: object) -> None:
    assert canonical(value) == canonical(value)
    if isinstance(value, dict):
        assert fingerprint(value) == fingerprint(dict(reversed(value.items())))


@given(st.binary(max_size=200), st.text(max_size=60))
def test_any_bytes_are_json_or_malformed(body: bytes, content_type: str) -> None:
    try:
        load_json(body, {"Content-Type": content_type})
    except Malformed as error:
        assert str(error).startswith("the body is")  # noqa: PT017


@given(
    st.binary(max_size=200), st.sampled_from(["utf-8", "rot13", "base64", "zip", "idna", "punycode", "utf-7", "x"])
)
def test_any_charset_gives_a_text(body: bytes, charset: str) -> None:
    assert isinstance(to_text(body, {"Content-Type": f"text/plain; charset={charset}"}), str)


def test_a_charset_that_a_stranger_names_costs_no_more_than_another() -> None:
    """Punycode takes the square of the length: 10 MB, sent by anyone where a proof is in the body, hours."""
    body = b"{-" + b"ab1" * 100
    for name in ("punycode", "unicode_escape", "no-such-codec"):
        assert to_text(body, {"Content-Type": f"application/json; charset={name}"}) == body.decode()
        with pytest.raises(Malformed):
            load_json(body, {"Content-Type": f"application/json; charset={name}"})


@given(st.floats() | st.integers() | st.text() | st.none() | st.booleans())
def test_a_moment_is_in_utc_or_none(value: object) -> None:
    at = moment(value)
    assert at is None or at.utcoffset() is not None


@given(st.text(), st.integers(1, 50))
def test_a_text_fits_and_can_be_stored(value: str, limit: int) -> None:
    got = text(value, limit)
    assert len(got.encode()) <= limit
    assert "\x00" not in got


@pytest.mark.parametrize(
    ("value", "expected"), [(5, "5"), (5.5, "5.5"), (True, ""), (None, ""), ([], ""), (" x ", "x")]
)
def test_what_counts_as_text(value: object, expected: str) -> None:
    assert text(value) == expected


CAMPAIGN = "11111111-2222-4333-8444-555555555555"
SUBSCRIBER = "66666666-7777-4888-8999-aaaaaaaaaaaa"


@pytest.mark.parametrize(
    "metadata",
    [
        {"listmonk_campaign": CAMPAIGN, "listmonk_subscriber": SUBSCRIBER},
        {"X-Listmonk-Campaign": CAMPAIGN.upper(), "x-listmonk-subscriber": f" {SUBSCRIBER} "},
        {"Listmonk_campaign": CAMPAIGN, "LISTMONK-SUBSCRIBER": SUBSCRIBER},
        {"listmonkCampaign": CAMPAIGN, "listmonk_subscriber_uuid": SUBSCRIBER},
        [
            {"name": "X-Listmonk-Campaign", "value": CAMPAIGN},
            {"name": "X-Listmonk-Subscriber", "value": SUBSCRIBER},
        ],
        [{"key": "X-Listmonk-Campaign", "value": CAMPAIGN}, {"key": "X-Listmonk-Subscriber", "value": SUBSCRIBER}],
        f'{{"listmonk_campaign": "{CAMPAIGN}", "listmonk_subscriber": "{SUBSCRIBER}"}}',
        (None, {"metadata": {"listmonk_campaign": CAMPAIGN}}, {"listmonk_subscriber": SUBSCRIBER}),
        [CAMPAIGN, {"listmonk_subscriber": SUBSCRIBER}],
        {"listmonk_campaign": [CAMPAIGN], "listmonk_subscriber": [SUBSCRIBER], "another-tag": [SUBSCRIBER]},
    ],
)
def test_uuids_are_found_in_every_spelling(metadata: object) -> None:
    assert uuids(metadata) == (CAMPAIGN, SUBSCRIBER)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "",
        5,
        {},
        [],
        "{",
        "[" * 5000,
        {"listmonk_campaign": "x"},
        {"campaign": CAMPAIGN},
        {"order": [CAMPAIGN]},
        {"orders": {"all": [CAMPAIGN, SUBSCRIBER]}},
        {"name": 5, "value": 6},
    ],
)
def test_nothing_else_is_taken_for_one(metadata: object) -> None:
    assert uuids(metadata) == ("", "")


def test_digging_ends_where_the_way_ends() -> None:
    value = {"a": [{"b": 1}]}
    assert dig(value, "a", 0, "b") == 1
    assert dig(value, "a", -1, "b") == 1
    assert dig(value, "a", 1) is None
    assert dig(value, "a", "b") is None
    assert dig(value, "x", "y") is None
    assert dig(None, "x") is None


def test_words_are_joined_without_the_missing_ones() -> None:
    assert joined("bounce", None, " blocked ", "", 5, ["x"], {}) == "bounce/blocked/5"
    assert joined() == ""


def test_a_header_is_found_in_any_case_and_form() -> None:
    assert header({"message-ID": "<a@b>"}, "Message-ID") == "<a@b>"
    assert header([None, {"name": 5}, {"name": "message-id", "value": "<a@b>"}], "Message-ID") == "<a@b>"
    assert header([{"key": "Message-ID", "value": "<a@b>"}], "Message-ID") == "<a@b>"
    for nothing in (None, "Message-ID", 5, [], {}, {"other": "x"}, [["Message-ID", "<a@b>"]]):
        assert header(nothing, "Message-ID") is None


@pytest.mark.parametrize("event", [{}, {"type": None}, {"type": " "}, {"type": ["bounce"]}])
def test_a_word_that_each_event_has_is_asked_for(event: dict[str, object]) -> None:
    assert needed({"type": " bounce "}, "type") == "bounce"
    with pytest.raises(Malformed, match=r"^type is missing$"):
        needed(event, "type")
