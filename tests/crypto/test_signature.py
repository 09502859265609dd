# SPDX-License-Identifier: GPL-3.0-or-later
import hmac
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import claim, prove, sign, verify
from bouncestream.errors import Unauthorized

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
KEY = Secret("a-key-of-good-length")


def test_the_vector_of_the_readme() -> None:
    # printf '1700000000.{"kind":"hard"}' | openssl dgst -sha256 -hmac a-key-of-good-length
    signed = sign(KEY, 1700000000, b'{"kind":"hard"}')
    assert signed == "sha256=" + VECTOR
    verify(KEY, "1700000000", signed, b'{"kind":"hard"}', datetime.fromtimestamp(1700000000, UTC))


VECTOR = "be0caadef44a454ae8a356f101a3733d26748788df1eb1bde984e12d000d0b87"


@given(st.binary(max_size=200))
def test_what_was_signed_verifies(body: bytes) -> None:
    verify(KEY, str(AT), sign(KEY, AT, body), body, NOW)
    verify(KEY, f" {AT} ", sign(KEY, AT, body).upper().replace("SHA256", "sha256"), body, NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_the_window_is_300_seconds_either_way(seconds: int) -> None:
    signed = sign(KEY, AT, b"x")
    verify(KEY, str(AT), signed, b"x", NOW + timedelta(seconds=seconds))
    with pytest.raises(Unauthorized, match="replay, or a clock"):
        verify(KEY, str(AT), signed, b"x", NOW + timedelta(seconds=seconds + (1 if seconds > 0 else -1)))


def test_what_no_body_could_make_right_is_refused_before_there_is_one() -> None:
    good = "sha256=" + "0" * 64
    claim(str(AT), good, NOW)
    for timestamp, signature in (
        (None, good),
        (str(AT), None),
        (str(AT), "sha256=00"),
        ("soon", good),
        ("1", good),
    ):
        with pytest.raises(Unauthorized):
            claim(timestamp, signature, NOW)


def test_either_key_serves_while_one_replaces_the_other() -> None:
    both = Secret("the-new-key-of-all", "a-key-of-good-length")
    verify(both, str(AT), sign(KEY, AT, b"x"), b"x", NOW)
    verify(both, str(AT), sign(both, AT, b"x"), b"x", NOW)


@pytest.mark.parametrize("offered", ["right at first", "right at last", "wrong"])
def test_a_signature_is_compared_in_constant_time_with_that_of_every_key(
    monkeypatch: pytest.MonkeyPatch, offered: str
) -> None:
    """Neither `==`, whose time tells how many characters are right, nor an end at the first key that fits."""
    compared = []

    def noted(ours: str, theirs: str) -> bool:
        compared.append((ours, theirs))
        return hmac.compare_digest(ours, theirs)

    monkeypatch.setattr(
        "bouncestream.crypto.signature.hmac", SimpleNamespace(compare_digest=noted, digest=hmac.digest)
    )
    other = Secret("the-new-key-of-all")
    both = Secret("a-key-of-good-length", "the-new-key-of-all")
    theirs = {
        "right at first": sign(KEY, AT, b"x"),
        "right at last": sign(other, AT, b"x"),
        "wrong": "sha256=" + "0" * 64,
    }
    if offered == "wrong":
        with pytest.raises(Unauthorized, match="wrong signature"):
            verify(both, str(AT), theirs[offered], b"x", NOW)
    else:
        verify(both, str(AT), theirs[offered], b"x", NOW)
    assert compared == [(sign(key, AT, b"x"), theirs[offered]) for key in (KEY, other)]


def test_a_signature_is_never_compared_by_equality() -> None:
    class Watched(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            raise AssertionError(f"compared with == to {other!r}")

        __hash__ = str.__hash__

    prove(KEY, str(AT), Watched(sign(KEY, AT, b"x")), b"x")
    with pytest.raises(Unauthorized):
        prove(KEY, str(AT), Watched(sign(KEY, AT, b"y")), b"x")


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [
        (None, sign(KEY, AT, b"x")),
        (str(AT), None),
        (str(AT), ""),
        (str(AT), sign(KEY, AT, b"y")),
        (str(AT + 1), sign(KEY, AT, b"x")),
        (str(AT), sign(Secret("another-key-at-all"), AT, b"x")),
        (str(AT), sign(KEY, AT, b"x")[7:]),
        (str(AT), sign(KEY, AT, b"x").replace("sha256", "sha1")),
        (str(AT), "sha256=" + "ü" * 64),
        (f"{AT}.0", sign(KEY, AT, b"x")),
        ("٣" * 10, sign(KEY, AT, b"x")),
        ("1" * 5000, sign(KEY, AT, b"x")),
        ("-1", sign(KEY, AT, b"x")),
        ("\udcff", "\udcff"),
    ],
)
def test_all_else_is_unauthorized(timestamp: str | None, signature: str | None) -> None:
    with pytest.raises(Unauthorized):
        verify(KEY, timestamp, signature, b"x", NOW)


@given(st.none() | st.text(), st.none() | st.text(), st.binary(max_size=50))
def test_junk_is_unauthorized_and_nothing_else(timestamp: str | None, signature: str | None, body: bytes) -> None:
    with pytest.raises(Unauthorized):
        verify(KEY, timestamp, signature, body, NOW)
