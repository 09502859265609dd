# SPDX-License-Identifier: GPL-3.0-or-later
"""Listmonk's answers as values: what they mean, and that everything else is a SinkError."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bouncestream.crypto.blank import Blank
from bouncestream.errors import SinkError, SinkRefused
from bouncestream.ports import ListedRow, PostOutcome
from bouncestream.sinks.listmonk import answers, permissions

UUID = "11111111-0000-4000-8000-00000000000a"


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (200, b'{"data": true}', PostOutcome.ACCEPTED),
        (200, b"<html>please log in</html>", PostOutcome.FOREIGN),
        (200, b'{"data": false}', PostOutcome.FOREIGN),
        (200, b'{"data": 1}', PostOutcome.FOREIGN),
        (200, b'{"data": true, "and": "more"}', PostOutcome.FOREIGN),
        (200, b"null", PostOutcome.FOREIGN),
        (204, b"", PostOutcome.DENIED),
        (200, b"", PostOutcome.FOREIGN),
        (302, b"", PostOutcome.FOREIGN),
        (400, b'{"message": "Invalid email."}', PostOutcome.REFUSED),
        (400, b"<html>Bad Request</html>", PostOutcome.DENIED),
        (401, b"", PostOutcome.DENIED),
        (403, b'{"message": "invalid API credentials"}', PostOutcome.DENIED),
        (404, b"<html>", PostOutcome.DENIED),
        (413, b"", PostOutcome.DENIED),
        (408, b"", PostOutcome.UNKNOWN),
        (429, b"", PostOutcome.BUSY),
        (500, b'{"message": "x"}', PostOutcome.UNKNOWN),
        (502, b"", PostOutcome.UNKNOWN),
        (503, b"", PostOutcome.UNKNOWN),
        (504, b"", PostOutcome.UNKNOWN),
    ],
)
def test_what_an_answer_means(status: int, content: bytes, said: PostOutcome) -> None:
    assert answers.answer(status, content).outcome is said


def test_retry_after() -> None:
    assert answers.answer(429, b"", "7").retry_after == 7.0
    assert answers.answer(503, b"", "Fri, 31 Dec 1999 23:59:59 GMT").retry_after is None
    for absurd in ("99999999", "9" * 5000, " 4000 "):
        assert answers.answer(429, b"", absurd).retry_after == 3600.0
    for odd in ("", "-5", "1e9", "nan", "inf", "٣", "7 s", "0x10", "²"):
        assert answers.answer(429, b"", odd).retry_after is None


def test_the_boot_id() -> None:
    assert answers.boot_id(b'<link href="/public/static/style.css?v=0123456789" />') == "0123456789"
    assert answers.boot_id(b"<html>another site</html>") == ""


@pytest.mark.parametrize(
    ("meta", "seen"),
    [
        ({"bridge": "b", "id": "e", "attempt": 2}, ListedRow("e", 2)),
        ('{"bridge": "b", "id": "e", "attempt": 2}', ListedRow("e", 2)),
        ({"bridge": "other", "id": "e", "attempt": 2}, ListedRow("", 0, ours=False)),
        ({"bridge": "b", "id": 7, "attempt": 2}, ListedRow("", 0, ours=False)),
        ({"bridge": "b", "id": "", "attempt": 2}, ListedRow("", 0, ours=False)),
        ({"bridge": "b", "id": "e" * 101, "attempt": 2}, ListedRow("", 0, ours=False)),
        ({"bridge": ["b"], "id": "e", "attempt": 2}, ListedRow("", 0, ours=False)),
        ({"bridge": "b", "id": "e", "attempt": "2"}, ListedRow("e", 1)),
        ({"bridge": "b", "id": "e", "attempt": True}, ListedRow("e", 1)),
        ({"bridge": "b", "id": "e", "attempt": -3}, ListedRow("e", 1)),
        ({"bridge": "b", "id": "e"}, ListedRow("e", 1)),
        ({}, ListedRow("", 0, ours=False)),
        (None, ListedRow("", 0, ours=False)),
        ("not json", ListedRow("", 0, ours=False)),
    ],
)
def test_rows_that_were_read_back(meta: object, seen: ListedRow) -> None:
    assert answers.seen({"id": 1, "meta": meta}, "b") == replace(seen, number=1)


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (
            {"id": 7, "subscriber_id": 5, "subscriber_uuid": UUID, "subscriber_status": "enabled"},
            (7, 5, UUID, "enabled"),
        ),
        ({"id": 7, "subscriber_id": 5, "subscriber_uuid": UUID.upper()}, (7, 5, UUID, "")),
        ({"id": "7", "subscriber_id": True, "subscriber_uuid": "x", "subscriber_status": "dead"}, (0, 0, "", "")),
        ({"subscriber_id": -1, "subscriber_uuid": None, "subscriber_status": ["enabled"]}, (0, 0, "", "")),
    ],
)
def test_of_whom_a_row_is(told: dict[str, object], seen: tuple[object, ...]) -> None:
    """Odd values prove nothing against the row: it is there."""
    found = answers.seen(told | {"meta": {"bridge": "b", "id": "e", "attempt": 2}}, "b")
    assert (found.event_id, found.ours) == ("e", True)
    assert (found.number, found.subscriber_id, found.subscriber_uuid, found.status) == seen


# -- the object under `data` --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"data"',
        b"{}",
        b'{"data": null}',
        b'{"data": []}',
        b'{"data": true}',
        b'{"data": NaN}',
        b'{"data": {"results": [}',
        b'{"data": {}} and more',
        b'\xef\xbb\xbf{"data": {}}',
        b'{"data": {"x": "\xff"}}',
        b'{"data": {"x": "\\ud800"}}',
        '{"data": {}}'.encode("utf-16"),
        b'{"data": ' + b"[" * 100_000,
        b'{"data": {"x": ' + b"[" * 2000 + b"]" * 2000 + b"}}",
        b'{"data": {"x": 1e999}}',
        b"<html>" + b"x" * 100_000,
    ],
)
def test_what_is_no_object_is_an_error_of_a_few_words(content: bytes) -> None:
    with pytest.raises(SinkError, match="the answer to /x is not from Listmonk") as told:
        answers.data("/x", 200, content)
    assert not isinstance(told.value, SinkRefused)
    assert len(str(told.value)) < 250


def test_an_answer_with_too_many_values_is_not_parsed() -> None:
    with pytest.raises(SinkError, match="too many values"):
        answers.data("/x", 200, b'{"data": {"x": [' + b"[]," * 1_000_000 + b"[]]}}")
    with pytest.raises(SinkError, match="too large"):
        answers.data("/x", 200, b'{"data": {}}', cut=True)


@pytest.mark.parametrize(
    ("status", "refused"), [(302, False), (400, True), (403, True), (404, True), (408, False), (429, False)]
)
def test_only_a_firm_no_is_a_refusal(status: int, refused: bool) -> None:
    with pytest.raises(SinkError) as told:
        answers.data("/x", status, b'{"message": "no"}')
    assert isinstance(told.value, SinkRefused) is refused


def test_the_words_of_an_answer_hold_no_secret_not_even_a_piece_at_the_end() -> None:
    token = "7hGq2LpZx9TvBn4KsWd8"
    blank = Blank(token, user="bridge")
    for before in range(95, 125):
        said = answers.answer(403, (b"x" * before) + token.encode() + b" forbidden", blank=blank).words
        assert not any(token[:n] in said for n in range(4, len(token)))
    told = answers.answer(403, orjson.dumps({"message": "y" * 290 + token}), blank=blank).words
    assert token[:4] not in told
    with pytest.raises(SinkRefused) as refused:
        answers.data("/x", 401, f"<b>{token}</b>".encode(), blank=blank)
    assert token not in str(refused.value)


# -- rows ---------------------------------------------------------------------------------------------------------


def page(rows: Any, total: Any = 1, number: int = 1, per_page: int = 3) -> answers.Page:
    return answers.bounces("/b", {"results": rows, "total": total}, label="l", page=number, per_page=per_page)


def ids(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


def test_pages() -> None:
    assert list(page(ids(1, 2), 2).rows) == [1, 2]
    assert page(ids(1, 2, 3), 5).total == 5
    assert list(page(ids(4, 5), 5, 2).rows) == [4, 5]
    assert page([], 0) == page(None, 0) == page([], 7, 3) == answers.Page({}, 0)
    assert page([{"id": 1, "source": "l", "unknown": [1]}]).total == 1


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        ("abc", 3),
        ({"a": 1}, 1),
        (5, 5),
        (True, 1),
        ([[1]], 1),
        ([None], 1),
        (["x"], 1),
        ([{}], 1),
        ([{"id": None}], 1),
        ([{"id": "1"}], 1),
        ([{"id": 1.5}], 1),
        ([{"id": True}], 1),
        ([{"id": [1]}], 1),
        ([{"id": -1}], 1),
        ([{"id": 0}], 1),
        ([{"id": 1e30}], 1),
        (ids(1, 1), 1),
        (ids(1, 1), 2),
        (ids(1), None),
        (ids(1), "1"),
        (ids(1), True),
        (ids(1), 0),
        (ids(1), -1),
        (ids(1), 2),  # it counts a row that it does not show
        (ids(1, 2), 1),
        (ids(1, 2, 3), 10**12),
        (ids(1, 2, 3), 61),  # more than twenty pages of three
        (ids(1, 2, 3, 4), 4),  # more than were asked for
        ([{"id": 1, "source": "another"}], 1),
        ([{"id": 1, "source": None}], 1),
    ],
)
def test_an_odd_page_is_an_error_and_never_an_empty_label(rows: Any, total: Any) -> None:
    with pytest.raises(SinkError, match="the answer to /b"):
        page(rows, total)


def test_results_that_are_missing_are_no_empty_list() -> None:
    with pytest.raises(SinkError):
        answers.bounces("/b", {"total": 0}, label="l", page=1)


# -- settings, profile, subscribers -------------------------------------------------------------------------------


def actions(**counts: Any) -> dict[str, Any]:
    return {"bounce.actions": {kind: {"count": count, "action": "none"} for kind, count in counts.items()}}


def test_counts_are_whole_or_not_known() -> None:
    assert answers.counts(actions(soft=2, hard=1, complaint=1)) == {"soft": 2, "hard": 1, "complaint": 1}
    assert answers.counts(actions(soft=2, hard=1)) == {"soft": 2, "hard": 1}
    assert answers.counts(actions(soft=1_000_000)) == {"soft": 1_000_000}
    for odd in (-5, 0, True, 1.0, "2", None, [2], 1e30):
        assert answers.counts(actions(soft=odd, hard=1, complaint=1)) is None
    for odd_settings in ({}, {"bounce.actions": []}, {"bounce.actions": "x"}, {"bounce.actions": {"soft": 2}}):
        assert answers.counts(odd_settings) is None


def test_the_version_is_a_short_text() -> None:
    assert answers.version({"version": "v6.2.0 (abc)"}) == "v6.2.0 (abc)"
    assert answers.version({}) == ""
    assert len(answers.version({"version": "v" * 5_000_000})) == 40
    assert "\x1b" not in answers.version({"version": "\x1b[31m"})
    for odd in (6, None, ["v6"], {"a": 1}):
        with pytest.raises(SinkError):
            answers.version({"version": odd})


def test_a_subscriber() -> None:
    row = {"id": 3, "uuid": "u", "email": "a@b.c", "status": "enabled", "lists": [{"id": 7}], "attribs": {"x": []}}
    (person,) = answers.people("/s", {"results": [row]})
    assert (person.id, person.uuid, person.email, person.status, person.lists) == (
        3,
        "u",
        "a@b.c",
        "enabled",
        {7: ""},
    )
    for key, odd in (
        ("id", None),
        ("id", "3"),
        ("id", [3]),
        ("uuid", None),
        ("email", 5),
        ("email", "x" * 600),
        ("status", None),
        ("status", ["enabled"]),
        ("lists", "abc"),
        ("lists", [None]),
        ("lists", [{"id": "x"}]),
        ("lists", [{"id": 1, "subscription_status": 2}]),
    ):
        with pytest.raises(SinkError, match="the answer to /s"):
            answers.people("/s", {"results": [row | {key: odd}]})


KEYS = (
    *("id", "results", "total", "meta", "source", "user_role", "permissions", "lists", "email", "uuid", "status"),
    *("version", "bounce.actions", "soft", "count", "bounce.enabled", "attempt", "bridge", "subscription_status"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["results", "total", "user_role", "version", "bounce.actions"]), JSON))
def test_any_json_is_a_value_or_a_sink_error(found: dict[str, Any]) -> None:
    for read in (
        lambda: [answers.seen(row, "b") for row in answers.bounces("/b", found, label="l", page=1).rows.values()],
        lambda: answers.people("/s", found),
        lambda: permissions.granted(found),
        lambda: answers.version(found),
        lambda: answers.counts(found),
        lambda: answers.processing(found),
    ):
        with suppress(SinkError):
            read()


@settings(deadline=None)
@given(st.integers(100, 999), st.binary(max_size=200), st.none() | st.text(max_size=12))
def test_any_bytes_are_an_answer(status: int, content: bytes, retry_after: str | None) -> None:
    answer = answers.answer(status, content, retry_after)
    assert answer.status == status
    assert answer.retry_after is None or 0 <= answer.retry_after <= 3600


@pytest.mark.parametrize(
    ("told", "read"), [(1100, 1100), (0, 0), (-1, None), (True, None), ("7", None), (None, None)]
)
def test_opens_and_clicks_of_a_campaign_are_optional(told: Any, read: int | None) -> None:
    row = {"id": 1, "uuid": UUID, "name": "News", "status": "finished", "sent": 9, "views": told, "clicks": told}
    page = {"results": [row, {**row, "views": 5} | {"clicks": 3}]}
    first, second = answers.campaigns("/api/campaigns", page)
    assert (first.views, first.clicks) == (read, read)
    assert (second.views, second.clicks) == (5, 3)
