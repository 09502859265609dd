# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.oauth import plan
from bouncestream.crypto.secret import Secret
from bouncestream.errors import LoginRefused, TokenError
from bouncestream.sources.oauth import flows
from bouncestream.sources.oauth.flows import Tokens, Wait, read_device, read_poll, read_tokens

GOOGLE = plan(
    Mailbox(
        name="g",
        user="bounces@example.com",
        auth="xoauth2",
        oauth_provider="google",
        oauth_client_id="id",
        oauth_client_secret=Secret("s3cret"),
    )
)
MICROSOFT = plan(Mailbox(name="m", user="b@example.com", oauth_provider="microsoft", oauth_client_id="id"))


def answer(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def test_the_example_of_rfc_7636() -> None:
    # Appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert flows.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_where_the_person_goes_at_google() -> None:
    url = flows.authorize_url(GOOGLE, "http://127.0.0.1:4711/", "state", "verifier")
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://accounts.google.com/o/oauth2/v2/auth"
    query = {name: values for name, (values,) in parse_qs(parts.query).items()}
    assert query.pop("code_challenge") == flows.challenge("verifier")
    assert query == {
        "response_type": "code",
        "client_id": "id",
        "redirect_uri": "http://127.0.0.1:4711/",
        "scope": "https://mail.google.com/",
        "state": "state",
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
        "login_hint": "bounces@example.com",
    }


def test_what_microsoft_is_asked() -> None:
    scope = "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
    assert flows.device_form(MICROSOFT) == {"client_id": "id", "scope": scope}
    assert flows.refresh_form(MICROSOFT, "r")["scope"] == scope
    assert "scope" not in flows.refresh_form(GOOGLE, "r")
    assert flows.refresh_form(GOOGLE, "r")["client_secret"] == "s3cret"


def test_tokens() -> None:
    body = answer(access_token="at", token_type="bearer", expires_in="3599", refresh_token="rt")
    assert read_tokens(200, body) == Tokens("at", 3599.0, "rt")
    assert read_tokens(200, answer(access_token="at", refresh_token=7)) == Tokens("at", flows.UNSAID_LIFE, "")
    assert "at" not in repr(Tokens("at", 1.0, "rt")).replace("Tokens", "")


@pytest.mark.parametrize("life", [None, -1, True, "soon", "nan", float("1e999"), [], "1e999"])
def test_an_odd_lifetime_is_taken_for_a_short_one(life: object) -> None:
    body = json.dumps({"access_token": "at", "expires_in": life}).replace("Infinity", "1e400").encode()
    try:
        assert read_tokens(200, body).lifetime == flows.UNSAID_LIFE
    except TokenError:
        assert life == float("inf")  # JSON has no such number


def test_an_endless_lifetime_is_not_believed() -> None:
    assert read_tokens(200, answer(access_token="at", expires_in=10**12)).lifetime == flows.LONGEST_LIFE


@pytest.mark.parametrize("code", ["invalid_grant", "interaction_required", "consent_required", "login_required"])
def test_a_permission_that_is_gone_names_the_command(code: str) -> None:
    with pytest.raises(LoginRefused, match="Next: run `bouncestream mailbox login b`"):
        read_tokens(400, answer(error=code), command="`bouncestream mailbox login b`")


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        ("invalid_client", "oauth_client_secret"),
        ("unauthorized_client", "oauth_flow"),
        ("invalid_scope", "oauth_scope"),
        ("unsupported_grant_type", "oauth_flow"),
        ("access_denied", "allow it"),
    ],
)
def test_a_wrong_registration_names_what_to_check(code: str, fix: str) -> None:
    with pytest.raises(LoginRefused, match=fix):
        read_tokens(401, answer(error=code))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"<html>"),
        (503, answer(error="temporarily_unavailable")),
        (500, answer(error="server_error", error_description="x")),
        (502, answer(error="invalid_request")),
        (429, b""),
        (404, b"[]"),
        (200, b"{}"),
        (200, answer(access_token=7)),
        (200, answer(access_token="")),
        (200, answer(access_token="a b")),
        (200, answer(access_token="a\r\nA1 LOGOUT")),
        (400, answer(error={"a": 1})),
        (400, answer(error="never_heard_of")),
    ],
)
def test_all_else_is_taken_for_temporary(status: int, body: bytes) -> None:
    with pytest.raises(TokenError):
        read_tokens(status, body)


def test_a_token_of_another_type_is_refused() -> None:
    with pytest.raises(LoginRefused, match="mac"):
        read_tokens(200, answer(access_token="x", token_type="mac"))


def test_secrets_that_a_provider_repeats_are_not_told() -> None:
    text = "\x1b[31mno:\r\ns3cret/x and s3cret%2Fx of person@example.com " + "e" * 80
    with pytest.raises(LoginRefused) as caught:
        read_tokens(400, answer(error="invalid_grant", error_description=text), secrets=["s3cret/x"], command="x")
    told = str(caught.value)
    assert "s3cret" not in told
    assert "person" not in told
    assert "e" * 40 not in told
    assert told.isprintable()


def test_a_device_code() -> None:
    body = answer(device_code="d", user_code="AB-CD", verification_url="https://example.com/e", interval="0")
    code = read_device(200, body)
    assert (code.user_code, code.uri, code.lifetime, code.interval) == ("AB-CD", "https://example.com/e", 600, 1)
    assert "AB-CD" not in repr(code)
    with pytest.raises(LoginRefused, match="oauth_client_id"):
        read_device(400, answer(error="invalid_client"))
    with pytest.raises(TokenError):
        read_device(200, answer(device_code="d"))


def test_polls() -> None:
    assert read_poll(400, answer(error="authorization_pending")) == Wait()
    assert read_poll(400, answer(error="slow_down")) == Wait(slower=True)
    assert isinstance(read_poll(200, answer(access_token="a")), Tokens)
    with pytest.raises(LoginRefused, match="expired"):
        read_poll(400, answer(error="expired_token"), command="x")
    with pytest.raises(LoginRefused, match="allow it"):
        read_poll(400, answer(error="authorization_declined"), command="x")


def test_a_redirect_is_believed_with_our_state_only() -> None:
    assert flows.redirected({"code": "c", "state": "s"}, "s") == "c"
    assert flows.redirected({"code": "c", "state": "t"}, "s") is None
    assert flows.redirected({"code": "c"}, "s") is None
    assert flows.redirected({"state": "s"}, "s") is None
    assert flows.redirected({"error": "access_denied", "state": "\ud800"}, "s") is None
    with pytest.raises(LoginRefused, match="allow it"):
        flows.redirected({"error": "access_denied", "state": "s"}, "s")
    with pytest.raises(LoginRefused, match="server_error"):
        flows.redirected({"error": "server_error", "state": "s"}, "s")


TEXT = st.text(st.sampled_from("aZ0 -\r\n\x1b\u202e\ud800ä@.<"), max_size=80)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | TEXT | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "error",
        "error_description",
        "device_code",
        "user_code",
        "verification_uri",
        "interval",
    ]
)


OBJECTS = st.dictionaries(NAMES, JSON).map(lambda made: json.dumps(made).encode())


@given(st.integers(100, 599), st.binary(max_size=60) | OBJECTS)
def test_any_answer_is_read_or_refused(status: int, body: bytes) -> None:
    for read in (read_tokens, read_poll, read_device):
        told = ""
        try:
            read(status, body)
        except (TokenError, LoginRefused) as error:
            told = str(error)
        assert told.isprintable()
