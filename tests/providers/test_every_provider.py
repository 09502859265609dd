# SPDX-License-Identifier: GPL-3.0-or-later
"""What every provider must hold to, whatever it is sent: events, or a refusal that is documented."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed, TooLarge, Unauthorized
from bouncestream.event import DIAGNOSTIC_LIMIT, identity_keys
from bouncestream.providers._contract import Parsed, WebhookRequest, admit, prove, read, verify
from tests.providers.cases import CASES, KEY, NOW, OTHER, Case, request

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text()
    | st.sampled_from(["1e999", "\x00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def ask(case: Case, asked: WebhookRequest) -> Parsed:
    return read(providers.get(case.settings.provider), asked, case.settings, NOW)


def check(parsed: Parsed, case: Case) -> None:
    """What holds for all events, so that no row is refused by the database or by Listmonk."""
    for event in parsed.events:
        assert (event.source, event.provider) == (case.settings.name, case.settings.provider)
        assert event.recipient or event.subscriber_uuid
        assert event.evidence
        assert event.occurred_at is None or event.occurred_at.utcoffset() is not None
        for text in (event.recipient, event.diagnostic, event.reason, event.message_id, event.evidence):
            assert "\x00" not in text
            assert len(text.encode("utf-8")) <= DIAGNOSTIC_LIMIT
        marked = (event.campaign_uuid and event.subscriber_uuid) or event.message_id.strip("<> ") or event.stable_id
        assert event.fingerprint or marked
        assert identity_keys(event, b"key")
    for unreadable in parsed.unreadable:
        assert unreadable.why


def test_every_provider_has_a_case() -> None:
    assert {case.settings.provider for case in CASES.values()} == set(providers.names())


@pytest.mark.parametrize("name", providers.names())
def test_it_says_what_it_is(name: str) -> None:
    provider = providers.get(name)
    assert provider.name == name
    assert provider.summary
    assert provider.busy in (429, 503)
    settings_of_some = {"secret", "header", "token", "hmac_secret", "classes"}
    assert provider.takes <= settings_of_some


def test_no_other_provider_exists() -> None:
    with pytest.raises(LookupError):
        providers.get("_contract")
    with pytest.raises(LookupError):
        providers.get("os")


@every
def test_a_good_request(case: Case) -> None:
    parsed = ask(case, case.request(case.good))
    check(parsed, case)
    assert [event.recipient for event in parsed.events] == ["person@example.org"]
    assert parsed.unreadable == ()


@every
def test_two_secrets_are_valid_at_once(case: Case) -> None:
    both = replace(case, settings=case.with_secret(OTHER, KEY))
    assert ask(both, both.request(case.good, KEY)).events
    assert ask(both, both.request(case.good, OTHER)).events


@every
@pytest.mark.parametrize("secret", [OTHER, KEY[:-1], KEY + "x", KEY.upper(), "x", "\udcff", "\x00"])
def test_a_wrong_secret(case: Case, secret: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        ask(case, case.request(case.good, secret))
    assert KEY not in str(caught.value)


@every
def test_the_proof_needs_nothing_decompressed(case: Case) -> None:
    asked = case.request(case.good)
    verify(providers.get(case.settings.provider), replace(asked, body=b"", sent=case.good), case.settings, NOW)


@every
def test_only_a_proof_that_needs_the_body_waits_for_it(case: Case) -> None:
    provider = providers.get(case.settings.provider)
    asked = case.request(case.good)
    proven = admit(provider, replace(asked, body=b""), case.settings, NOW)
    if not proven:
        prove(provider, asked, case.settings, NOW)
    with pytest.raises(Unauthorized):
        prove(provider, replace(asked, body=asked.body + b" "), case.settings, NOW)
    for headers in ({}, dict.fromkeys(case.proof(case.good, KEY), "")):
        with pytest.raises(Unauthorized):
            admit(provider, request(b"", headers), case.settings, NOW)


@every
def test_no_secret_at_all(case: Case) -> None:
    with pytest.raises(Unauthorized):
        ask(case, request(case.good))


@every
def test_an_empty_secret(case: Case) -> None:
    headers = dict.fromkeys(case.proof(case.good, KEY), "")
    with pytest.raises(Unauthorized):
        ask(case, request(case.good, headers))


@every
def test_a_webhook_whose_secrets_are_not_set_lets_nobody_in(case: Case) -> None:
    bare = replace(case.settings, **{case.key: None})  # type: ignore[arg-type]
    with pytest.raises(Unauthorized):
        ask(replace(case, settings=bare), case.request(case.good))
    open_to_all = replace(case, settings=replace(bare, unverified=True))
    assert ask(open_to_all, request(case.good)).events


@every
def test_the_secret_in_the_path_is_needed_beside_the_other(case: Case) -> None:
    both = replace(case, settings=replace(case.settings, path_secret=Secret(OTHER)))
    good = case.request(case.good)
    assert ask(both, replace(good, path_secret=OTHER)).events
    for wrong in (good, replace(good, path_secret=KEY), replace(request(case.good), path_secret=OTHER)):
        with pytest.raises(Unauthorized):
            ask(both, wrong)
    alone = replace(both, settings=replace(both.settings, **{case.key: None}))  # type: ignore[arg-type]
    assert ask(alone, replace(request(case.good), path_secret=OTHER)).events


@every
@pytest.mark.parametrize("ip", ["192.0.2.9", "", "junk", "2001:db8::1"])
def test_another_address(case: Case, ip: str) -> None:
    from ipaddress import ip_network

    only = replace(case, settings=replace(case.settings, allow_ips=(ip_network("192.0.2.1"),)))
    assert ask(only, replace(case.request(case.good), remote_ip="192.0.2.1")).events
    with pytest.raises(Unauthorized):
        ask(only, replace(case.request(case.good), remote_ip=ip))


@every
@SLOW
@given(body=st.binary(max_size=300))
def test_junk_bytes(case: Case, body: bytes) -> None:
    with contextlib.suppress(Malformed, TooLarge):
        check(ask(case, case.request(body)), case)


@every
@SLOW
@given(value=JUNK)
def test_junk_json(case: Case, value: Any) -> None:
    with contextlib.suppress(Malformed, TooLarge):
        check(ask(case, case.request(json.dumps(value).encode())), case)


@every
@SLOW
@given(data=st.data())
def test_a_good_request_with_junk_in_it(case: Case, data: st.DataObject) -> None:
    """Every field, one after the other, becomes something else."""
    payload = json.loads(case.good)
    inner = next((value for value in payload.values() if isinstance(value, dict)), payload)
    known = [
        *payload, *inner, "body", "report", "original", "reason", "recipient", "diagnostic", "occurred_at",
        "reply_code", "enhanced_status", "message_id", "provider_event_id", "campaign_uuid", "subscriber_uuid",
    ]  # fmt: skip
    for _ in range(data.draw(st.integers(1, 4))):
        target = data.draw(st.sampled_from([payload, inner]))
        target[data.draw(st.sampled_from(known))] = data.draw(JUNK)
    with contextlib.suppress(Malformed, TooLarge):
        check(ask(case, case.request(json.dumps(payload).encode())), case)


@every
@SLOW
@given(headers=st.dictionaries(st.text(min_size=1), st.text(), max_size=4), body=st.binary(max_size=50))
def test_junk_headers(case: Case, headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(Unauthorized):
        ask(case, request(body, headers))
    with contextlib.suppress(Malformed, TooLarge, Unauthorized):
        check(ask(case, case.request(body, **{k: v for k, v in headers.items() if k != "self"})), case)


@every
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"null",
        b"5",
        b'"text"',
        b"[" * 100_000,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b"\xff\xfe{\x00",
        b"NaN",
        b"1" * 5000,
        b"\x1f\x8b\x08\x00",
        b"a=b&c=d",
    ],
    ids=range(12),
)
def test_what_cannot_be_read(case: Case, body: bytes) -> None:
    try:
        parsed = ask(case, case.request(body))
    except Malformed as error:
        assert str(error)  # noqa: PT017
    else:
        assert parsed.events == ()
        assert parsed.unreadable


@every
@pytest.mark.parametrize(
    ("content_type", "encode"),
    [
        ("application/json; charset=utf-16", lambda text: text.encode("utf-16")),
        ("application/json; charset=latin-1", lambda text: text.encode("latin-1")),
        ("application/json", lambda text: b"\xef\xbb\xbf" + text.encode()),
        ("application/json; charset=x-unknown", lambda text: text.encode()),
        ("application/json; charset=base64", lambda text: text.encode()),
        ("text/plain", lambda text: text.encode()),
        ("", lambda text: text.encode()),
    ],
)
def test_charsets(case: Case, content_type: str, encode: Any) -> None:
    body = encode(case.good.decode())
    parsed = ask(case, case.request(body, **{"Content-Type": content_type}))
    assert [event.recipient for event in parsed.events] == ["person@example.org"]


@every
def test_unknown_fields_are_ignored(case: Case) -> None:
    payload = json.loads(case.good)
    payload |= {"id": "x", "source": "y", "provider": "z", "received_at": 1, "raw": "r", "new": {"deep": [1]}}
    before = ask(case, case.request(case.good)).events[0]
    (event,) = ask(case, case.request(json.dumps(payload).encode())).events
    assert replace(event, fingerprint=b"") == replace(before, fingerprint=b"")


@every
def test_the_same_report_again_is_the_same_event(case: Case) -> None:
    payload = json.loads(case.good)
    again = json.dumps(dict(reversed(payload.items())), indent=1).encode()
    (first,) = ask(case, case.request(case.good)).events
    (second,) = ask(case, case.request(again)).events
    assert identity_keys(first, b"k") == identity_keys(second, b"k")


@every
def test_a_bug_in_a_provider_loses_nothing_and_lets_nobody_in(case: Case) -> None:
    class Broken:
        name = case.settings.provider
        summary = "broken"
        takes = frozenset({case.key})
        busy = 503

        def verify_head(self, *_: object) -> bool:
            raise ZeroDivisionError

        def verify_body(self, *_: object) -> None:
            raise ZeroDivisionError

        def parse(self, *_: object) -> Parsed:
            raise RuntimeError("a bug")

    with pytest.raises(Unauthorized):
        read(Broken(), case.request(case.good), case.settings, NOW)
    with pytest.raises(Malformed, match="RuntimeError"):
        read(
            Broken(),
            case.request(case.good),
            replace(case.settings, **{case.key: None}, unverified=True),  # type: ignore[arg-type]
            NOW,
        )
