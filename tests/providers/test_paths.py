# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bouncestream.errors import TooLarge
from bouncestream.providers._paths import MOST_STEPS, PATHS, TO_EVENTS, Reader, kept, read
from bouncestream.providers._request import WebhookRequest
from bouncestream.settings.shapes import Wrong


def reader(document: Any, query: str = "", **headers: str) -> Reader:
    return Reader(WebhookRequest("POST", CIMultiDict(headers), b"", query=query), document)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a", ("a",)),
        ("data.items[0].email", ("data", "items", 0, "email")),
        ("[1].b[-1]", (1, "b", -1)),
        ('["odd.key"].x["y z"]', ("odd.key", "x", "y z")),
        ("event-data.user_variables", ("event-data", "user_variables")),
        ("[*].msys[*]", (None, "msys", None)),
        ("", ()),
        ("body:a.b", ("a", "b")),
        ("header:X-Id", ("X-Id",)),
        ("query:type", ("type",)),
        ("urn:a", ("urn:a",)),
        (".".join("abcdefgh"), tuple("abcdefgh")),
    ],
)
def test_what_a_path_says(text: str, steps: tuple[Any, ...]) -> None:
    assert read(text).steps == steps


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (".".join("abcdefghi"), f"has more than {MOST_STEPS} steps"),
        ("a..b", "from character 2 on"),
        (".a", "from character 1 on"),
        ("a.", "from character 2 on"),
        ("a[x]", "from character 2 on"),
        ("a[0", "from character 2 on"),
        ("a[0]b", "from character 5 on"),
        ("header:X Id", "names no header"),
        ("query:", "names no parameter"),
        (5, "is a number, not text"),
    ],
)
def test_what_is_no_path(text: Any, why: str) -> None:
    with pytest.raises(Wrong) as caught:
        read(text)
    assert why in str(caught.value)


def test_what_an_option_takes() -> None:
    assert [path.text for path in PATHS.parse("a.b")] == ["a.b"]
    assert [path.text for path in PATHS.parse(["a", "header:X"])] == ["a", "header:X"]
    assert TO_EVENTS.parse("").steps == ()
    for value, why in (
        (["a[*]"], "only events"),
        ([], "is empty"),
        ("body:", "is empty"),
        ({"a": 1}, "not a list"),
    ):
        with pytest.raises(Wrong, match=why):
            PATHS.parse(value)
    with pytest.raises(Wrong, match="does not lead into the body"):
        TO_EVENTS.parse("header:X")


def test_values() -> None:
    at = reader({"root": {"at": 5}}, query="type=a&type=b", **{"X-Id": "7"})
    item = {"a": [{"b": "x"}], "text": '{"deep": [1, 2]}', "none": None}

    def found(path: str) -> Any:
        return at.value(item, read(path))

    assert found("a[0].b") == "x"
    assert found("a[-1].b") == "x"
    assert found("text.deep[1]") == 2, "JSON within a text is read"
    assert found("text") == '{"deep": [1, 2]}'
    assert found("body:root.at") == 5
    assert found("header:x-id") == "7"
    assert found("query:type") == "b"
    for nowhere in (
        "a.b",
        "a[5]",
        "a[0].b.c",
        "none.x",
        "nothing",
        "body:nothing",
        "header:x",
        "query:x",
        "text.x.y",
    ):
        assert found(nowhere) is None, nowhere


def test_events() -> None:
    users = {"users": [{"events": [1, 2]}, {"events": 3}, {}, "odd"], "one": {"x": 1}, "text": "[4, 5]"}
    at = reader(users)
    assert at.events(read("users[*].events"), 9) == [1, 2, 3]
    assert at.events(read("one"), 9) == [{"x": 1}]
    assert at.events(read("one[*]"), 9) == [1]
    assert at.events(read("text"), 9) == [4, 5]
    assert at.events(read("nothing"), 9) is None
    assert at.events(read("nothing[*]"), 9) == []
    assert at.events(read(""), 9) == [users]
    for path in ("", "[*]", "[*][*]"):
        with pytest.raises(TooLarge):
            reader([[0] * 6] * 6).events(read(path), 5)


def test_what_lies_beside_the_body_is_kept_and_found_again() -> None:
    paths = dict.fromkeys(map(read, ("header:X-Id", "query:type", "a", "body:b", "header:X-None", "query:none")))
    request = WebhookRequest(
        "POST", CIMultiDict({"X-Id": "7", "X-Other": "o"}), b"", query="type=bounce&key=secret"
    )
    stored = kept(request, paths)
    assert stored == {"X-Id": "7", "query:type": "bounce"}
    again = reader({}, **stored)
    assert [again.value({}, path) for path in paths] == ["7", "bounce", None, None, None, None]


@given(st.text(max_size=60))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        path = read(text)
    except Wrong:
        return
    assert len(path.steps) <= MOST_STEPS
    reader(json.loads('{"a": [1]}')).value([], path)
