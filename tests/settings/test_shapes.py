# SPDX-License-Identifier: GPL-3.0-or-later
from contextlib import suppress
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.settings import shapes
from bouncestream.settings.shapes import Shape, Wrong, address_of

ALL = [value for value in vars(shapes).values() if isinstance(value, Shape)] + [
    shapes.whole(1, 9),
    shapes.choice("a", "b"),
    shapes.words_table("a", "b"),
]


@pytest.mark.parametrize(
    ("shape", "written", "value"),
    [
        (shapes.DURATION, "20ms", 0.02),
        (shapes.DURATION, "10s", 10.0),
        (shapes.DURATION, "1.5m", 90.0),
        (shapes.DURATION, "2 h", 7200.0),
        (shapes.DURATION, "30d", 2592000.0),
        (shapes.DURATION, "1w", 604800.0),
        (shapes.DELAY, "0s", 0.0),
        (shapes.SIZE, "10MiB", 10 * 2**20),
        (shapes.SIZE, "10MB", 10**7),
        (shapes.SIZE, 4096, 4096),
        (shapes.URL, "https://a.example/x/", "https://a.example/x"),
        (shapes.URL, "", ""),
        (shapes.LISTEN, "127.0.0.1:0", "127.0.0.1:0"),
        (shapes.LISTEN, "[::1]:8025", "[::1]:8025"),
        (shapes.SOCKET, "unix:/run/b/mta.sock", "unix:/run/b/mta.sock"),
        (shapes.SOCKET, "[::1]:24", "[::1]:24"),
        (shapes.MODE, "0660", 0o660),
        (shapes.MODE, "666", 0o666),
        (shapes.RECIPIENTS, ["Bounces@Example.org", "b+*@example.org"], ("bounces@example.org", "b+*@example.org")),
        (
            shapes.NETWORKS,
            ["10.0.0.1", "10.0.0.1", "10.1.2.3/8"],
            (ip_network("10.0.0.1"), ip_network("10.0.0.0/8")),
        ),
        (shapes.NETWORKS, "10.0.0.1, ::1", (ip_network("10.0.0.1"), ip_network("::1"))),
        (
            shapes.NETWORKS,
            ["::ffff:192.0.2.0/120", "::ffff:0:0/96"],
            (ip_network("192.0.2.0/24"), ip_network("0.0.0.0/0")),
        ),
        (shapes.PATTERNS, ["bounce+*@Example.org"], ("bounce+*@example.org",)),
        (
            shapes.OWN_ADDRESSES,
            ["Unsub+*@Example.org", "leave@example.org"],
            ("unsub+*@example.org", "leave@example.org"),
        ),
        (shapes.HEADER, "Authorization", "Authorization"),
        (shapes.TRUTH, True, True),
        (shapes.TRUTH, "FALSE", False),
        (shapes.whole(1, 9), 9, 9),
        (shapes.choice("a", "b"), "A", "a"),
        (shapes.words_table("a"), {"Some class": "a"}, {"Some class": "a"}),
    ],
)
def test_what_is_taken(shape: Shape, written: Any, value: Any) -> None:
    assert shape.parse(written) == value


@pytest.mark.parametrize(
    ("shape", "written"),
    [
        (shapes.DURATION, "10"),
        (shapes.DURATION, 10),
        (shapes.DURATION, "0s"),
        (shapes.DURATION, "-1s"),
        (shapes.DURATION, "1 day"),
        (shapes.DURATION, "forever"),
        (shapes.SIZE, "10"),
        (shapes.SIZE, "2TiB"),
        (shapes.SIZE, True),
        (shapes.SIZE, "5GiB"),
        (shapes.URL, "example.org"),
        (shapes.URL, "ftp://example.org"),
        (shapes.URL, "https://u:p@example.org"),
        (shapes.URL, "https://"),
        (shapes.URL, "https://[::1"),
        (shapes.URL, "https://a b"),
        (shapes.LISTEN, "8025"),
        (shapes.LISTEN, "127.0.0.1:99999"),
        (shapes.LISTEN, "::1:8025"),
        (shapes.NETWORKS, ["localhost"]),
        (shapes.NETWORKS, 5),
        (shapes.PATTERNS, ["bounce@example.org"]),
        (shapes.OWN_ADDRESSES, ["example.org"]),
        (shapes.OWN_ADDRESSES, ["unsub@*.example.org"]),
        (shapes.OWN_ADDRESSES, ["un*sub+*@example.org"]),
        (shapes.OWN_ADDRESSES, ["a@b@example.org"]),
        (shapes.OWN_ADDRESSES, ["Leave <leave@example.org>"]),
        (shapes.HEADER, "X Secret"),
        (shapes.TRUTH, "yes"),
        (shapes.TRUTH, 1),
        (shapes.whole(1, 9), 10),
        (shapes.whole(1, 9), "x"),
        (shapes.whole(1, 9), True),
        (shapes.choice("a", "b"), "c"),
        (shapes.words_table("a"), {"x": "b"}),
        (shapes.words_table("a"), []),
        (shapes.TEXT, "a\x1b[2Jb"),
        (shapes.TEXT, ""),
    ],
)
def test_what_is_refused(shape: Shape, written: Any) -> None:
    with pytest.raises(Wrong):
        shape.parse(written)


@pytest.mark.parametrize(
    ("shape", "text", "value"),
    [
        (shapes.whole(1, 9), "7", 7),
        (shapes.TRUTH, "true", True),
        (shapes.DURATION, "5m", 300.0),
        (shapes.NETWORKS, '["10.0.0.0/8"]', (ip_network("10.0.0.0/8"),)),
        (shapes.NETWORKS, "", ()),
        (shapes.words_table("a"), '{ "Mail block" = "a" }', {"Mail block": "a"}),
    ],
)
def test_what_the_environment_may_hold(shape: Shape, text: str, value: Any) -> None:
    assert shape.from_text(text) == value


@given(
    st.sampled_from(ALL),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    ),
)
def test_anything_is_taken_or_refused(shape: Shape, value: Any) -> None:
    with suppress(Wrong):
        shape.parse(value)


@given(st.sampled_from(ALL), st.text())
def test_any_text_of_the_environment_is_taken_or_refused(shape: Shape, text: str) -> None:
    with suppress(Wrong):
        shape.from_text(text)


def test_a_public_key_is_pasted_as_it_is_shown() -> None:
    pem = "-----BEGIN PUBLIC KEY-----\nMFkw\n EwYH+/=\n-----END PUBLIC KEY-----\n"
    assert shapes.PUBLIC_KEYS.parse([pem, "MFkwEwYH+/="]) == ("MFkwEwYH+/=",)
    for wrong in ([5], [""], 5):
        with pytest.raises(Wrong):
            shapes.PUBLIC_KEYS.parse(wrong)


def test_the_address_of_listen() -> None:
    assert address_of("127.0.0.1:80") == ("127.0.0.1", 80)
    assert address_of("[::1]:80") == ("::1", 80)
    assert address_of(":80") == (None, 80)
