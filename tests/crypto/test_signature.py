# SPDX-License-Identifier: GPL-3.0-or-later
import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from bouncestream.crypto.location import Field, Header
from bouncestream.crypto.proof import Missing
from bouncestream.crypto.secret import Secret
from bouncestream.crypto.signature import Hmac, standard_webhooks
from bouncestream.errors import Unauthorized
from bouncestream.providers._request import WebhookRequest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
KEY = Secret("a-key-of-good-length")
OURS = Hmac(
    signature=Header("X-Signature", prefix="sha256="),
    message="{timestamp}.{body}",
    timestamp=Header("X-Timestamp"),
    window=300,
)


def sign(key: Secret, at: int, body: bytes) -> str:
    return "sha256=" + OURS.sign(key, body, timestamp=str(at))


def request(body: bytes, headers: Mapping[str, str | None]) -> WebhookRequest:
    return WebhookRequest("POST", CIMultiDict({k: v for k, v in headers.items() if v is not None}), body)


def verify(
    key: Secret, timestamp: str | None, signature: str | None, body: bytes, now: datetime, proof: Hmac = OURS
) -> None:
    asked = request(body, {"X-Timestamp": timestamp, "X-Signature": signature})
    if not proof.inside:
        assert proof.head(request(b"", asked.headers), key, None, now) is False
    assert proof.body(asked, key, None, now, {}) is None


def test_the_vector_of_the_readme() -> None:
    # printf '1700000000.{"kind":"hard"}' | openssl dgst -sha256 -hmac a-key-of-good-length
    signed = sign(KEY, 1700000000, b'{"kind":"hard"}')
    assert signed == "sha256=" + VECTOR
    verify(KEY, "1700000000", signed, b'{"kind":"hard"}', datetime.fromtimestamp(1700000000, UTC))


VECTOR = "be0caadef44a454ae8a356f101a3733d26748788df1eb1bde984e12d000d0b87"


@given(st.binary(max_size=200))
def test_what_was_signed_verifies(body: bytes) -> None:
    verify(KEY, str(AT), sign(KEY, AT, body), body, NOW)
    verify(KEY, f" {AT} ", sign(KEY, AT, body).upper(), body, NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_the_window_is_300_seconds_either_way(seconds: int) -> None:
    signed = sign(KEY, AT, b"x")
    verify(KEY, str(AT), signed, b"x", NOW + timedelta(seconds=seconds))
    with pytest.raises(Unauthorized, match="replay or a wrong clock"):
        verify(KEY, str(AT), signed, b"x", NOW + timedelta(seconds=seconds + (1 if seconds > 0 else -1)))


def test_what_no_body_could_make_right_is_refused_before_there_is_one() -> None:
    good = "sha256=" + "0" * 64

    def claim(timestamp: str | None, signature: str | None) -> bool:
        return OURS.head(request(b"", {"X-Timestamp": timestamp, "X-Signature": signature}), KEY, None, NOW)

    assert claim(str(AT), good) is False
    for timestamp, signature in (
        (None, good),
        (str(AT), None),
        (str(AT), "sha256=00"),
        ("soon", good),
        ("1", good),
    ):
        with pytest.raises(Unauthorized):
            claim(timestamp, signature)


def test_either_key_serves_while_one_replaces_the_other() -> None:
    both = Secret("the-new-key-of-all", "a-key-of-good-length")
    verify(both, str(AT), sign(KEY, AT, b"x"), b"x", NOW)
    verify(both, str(AT), sign(both, AT, b"x"), b"x", NOW)


@pytest.mark.parametrize("offered", ["right at first", "right at last", "wrong"])
def test_a_signature_is_compared_in_constant_time_with_that_of_every_key(
    monkeypatch: pytest.MonkeyPatch, offered: str
) -> None:
    """Neither `==`, whose time tells how many characters are right, nor an end at the first key that fits."""
    other = Secret("the-new-key-of-all")
    both = Secret("a-key-of-good-length", "the-new-key-of-all")
    theirs = {
        "right at first": sign(KEY, AT, b"x"),
        "right at last": sign(other, AT, b"x"),
        "wrong": "sha256=" + "0" * 64,
    }
    ours = [bytes.fromhex(sign(key, AT, b"x")[7:]) for key in (KEY, other)]
    compared = []

    class Watched(bytes):
        """Of a type whose equality is not for use."""

        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            raise AssertionError("compared with ==")

        __hash__ = bytes.__hash__

    def noted(ours: bytes, theirs: bytes) -> bool:
        compared.append(bytes(ours))
        return hmac.compare_digest(ours, theirs)

    def digest(*args: object) -> bytes:
        return Watched(hmac.digest(*args))  # type: ignore[arg-type]

    monkeypatch.setattr("bouncestream.crypto.signature.hmac", SimpleNamespace(compare_digest=noted, digest=digest))
    if offered == "wrong":
        with pytest.raises(Unauthorized, match="wrong signature"):
            verify(both, str(AT), theirs[offered], b"x", NOW)
    else:
        verify(both, str(AT), theirs[offered], b"x", NOW)
    assert compared == ours


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


# -- the other shapes -------------------------------------------------------------------------------------------


def test_nothing_sent_is_missing_and_something_unreadable_is_not() -> None:
    with pytest.raises(Missing):
        verify(KEY, str(AT), None, b"x", NOW)
    with pytest.raises(Missing):
        verify(KEY, None, sign(KEY, AT, b"x"), b"x", NOW)
    with pytest.raises(Unauthorized, match="unreadable signature") as told:
        verify(KEY, str(AT), "sha1=00", b"x", NOW)
    assert not isinstance(told.value, Missing)


def test_standard_webhooks_with_the_vector_of_its_test_suites() -> None:
    """Public: secret and signature stand in the suites of Svix and Standard Webhooks."""
    key = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    proof = standard_webhooks("svix")
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = {
        "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "svix-timestamp": "1614265330",
        "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    body = b'{"test": 2432232314}'
    assert proof.body(request(body, headers), key, None, at, {}) is None
    assert proof.sign(key, body, timestamp="1614265330", id=headers["svix-id"]) == headers["svix-signature"][3:]
    rotated = headers | {"svix-signature": f"v1,{b64encode(bytes(32)).decode()} {headers['svix-signature']}"}
    assert proof.body(request(body, rotated), key, None, at, {}) is None
    for name, wrong in (("svix-id", "msg_other"), ("svix-timestamp", "1614265331"), ("svix-signature", "v2,AAAA")):
        with pytest.raises(Unauthorized):
            proof.body(request(body, headers | {name: wrong}), key, None, at, {})
    assert proof.fault(key) == ""
    assert "base64" in proof.fault(Secret("whsec_is not base64 at all"))
    for half in ("whsec_", "whsec_MfKQ9r8G"):  # what a careless copy leaves; with an empty key anyone can sign
        assert "copy the whole secret" in proof.fault(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", half))


def test_a_part_of_a_header_and_several_of_it() -> None:
    proof = Hmac(
        signature=Header("X-Sig", prefix="v1=", separator=","),
        message="{timestamp}.{body}",
        timestamp=Header("X-Sig", prefix="t=", separator=","),
        window=300,
    )
    good = proof.sign(KEY, b"x", timestamp=str(AT))
    for sent in (f"t={AT},v1={good}", f"t={AT}, v1={'0' * 64}, v1={good}"):
        assert proof.body(request(b"x", {"X-Sig": sent}), KEY, None, NOW, {}) is None
    for sent in (f"t={AT + 1},v1={good}", f"v1={good}", f"t={AT}", f"t={AT},v1={'0' * 64}"):
        with pytest.raises(Unauthorized):
            proof.body(request(b"x", {"X-Sig": sent}), KEY, None, NOW, {})


def test_a_signature_within_the_json() -> None:
    proof = Hmac(
        signature=Field("signature", "signature"),
        message="{timestamp}{id}",
        timestamp=Field("signature", "timestamp"),
        id=Field("signature", "token"),
    )
    assert proof.inside
    assert not OURS.inside
    good = proof.sign(KEY, b"", timestamp="1529006854", id="a8ce0edb")
    signed = {"timestamp": "1529006854", "token": "a8ce0edb", "signature": good}

    def prove(said: object) -> None:
        asked = request(orjson.dumps(said), {})
        assert proof.head(request(b"", {}), KEY, None, NOW) is False
        assert proof.body(asked, KEY, None, NOW, {}) is None
        assert asked.json() is asked.json()  # read once, and handed on

    prove({"signature": signed})
    prove({"signature": signed | {"timestamp": 1529006854}})
    for wrong in ({"signature": signed | {"token": "b"}}, {"signature": "x"}, {}, {"signature": {}}, [], 5):
        with pytest.raises(Unauthorized):
            prove(wrong)


def test_a_time_in_milliseconds() -> None:
    verify(KEY, str(AT * 1000), "sha256=" + OURS.sign(KEY, b"x", timestamp=str(AT * 1000)), b"x", NOW)
    later = str((AT + 301) * 1000)
    with pytest.raises(Unauthorized, match="replay"):
        verify(KEY, later, "sha256=" + OURS.sign(KEY, b"x", timestamp=later), b"x", NOW)


def test_a_self_test_is_signed_as_the_provider_would_where_that_can_be_told() -> None:
    key = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    sent = standard_webhooks("svix").sample(key, None, b"body", NOW)
    assert standard_webhooks("svix").body(request(b"body", sent), key, None, NOW, {}) is None
    both_in_one = Hmac(signature=Header("sig", prefix="v1="), timestamp=Header("sig", prefix="t="))
    assert both_in_one.sample(KEY, None, b"body", NOW) == {}
    assert Hmac(signature=Field("signature")).sample(KEY, None, b"body", NOW) == {}
