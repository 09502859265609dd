# SPDX-License-Identifier: GPL-3.0-or-later
"""What every provider must hold to, whatever it is sent: events, or a refusal that is documented."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed, TooLarge, Unauthorized
from bouncestream.event import DIAGNOSTIC_LIMIT, Kind, identity_keys
from bouncestream.mail.reason import REASONS
from bouncestream.policy import IGNORE, WORDS, Rules
from bouncestream.providers import _contract
from bouncestream.providers._classes import CLASSES, NO_EVENT, judged
from bouncestream.providers._contract import Parsed, admit, parse, prove
from bouncestream.providers._settings import proofs_of
from bouncestream.settings.key import keys_of
from tests.providers.case import KEY, NOW, OTHER, Case, as_json, ask, request, verify
from tests.providers.cases import CASES

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
#: For each case, of which there are some fifty that share most of their code: together a thousand and more.
SLOW = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def check(parsed: Parsed, case: Case) -> None:
    """What holds for all events, so that no row is refused by the database or by Listmonk."""
    for event in parsed.events:
        assert (event.source, event.provider) == (case.settings.name, case.provider)
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


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_has_a_case(name: str) -> None:
    cases = [case for case in CASES.values() if case.provider == name]
    assert cases, f"tests/providers/cases/{name}.py is missing: a good request, which the tests here are made of"
    shown = {Kind.HARD} | {kind for case in cases for kind in case.kinds}
    for word, class_ in providers.get(name).classes.items():
        if class_ in CLASSES - NO_EVENT.keys():
            kind = judged(class_, status="", reply_code="", diagnostic="")[0]
            assert kind in shown, f'no case has a document of Kind.{kind.name} in kinds, and "{word}" is {class_}'


def test_every_case_is_of_a_provider() -> None:
    assert {case.provider for case in CASES.values()} <= set(providers.names())


@pytest.mark.parametrize("name", providers.names())
def test_it_says_what_it_is(name: str) -> None:
    provider = providers.get(name)
    assert provider.name == name
    assert provider.title
    assert provider.summary
    assert provider.busy in (0, 429, 503)
    assert provider.settings.__doc__
    assert provider.guide.read.year >= 2025
    hook = providers.webhook("news", name)
    told = provider.guide.told(hook, "https://b.example/webhooks/news", KEY)
    assert any("https://" in step for step in told), "no step of the guide has {url} or {login_url}"
    assert not [step for step in told if "{" in step.replace("{{", "").replace("{ ", "")]
    for word, class_ in provider.classes.items():
        assert class_ in {*CLASSES, "reputation"}, f'"{word}": {class_} is no class; docs/understand/judgement.md'
    if provider.guide.uuids == "by the campaign header":
        assert provider.guide.campaign_headers, (
            "the guide has no campaign_headers: say in uuids how UUIDs come back"
        )
    if provider.hosts:
        assert not re.fullmatch(provider.hosts, "evil.example")


@pytest.mark.parametrize("name", providers.names())
def test_its_options_can_be_set_and_are_documented(name: str) -> None:
    settings = providers.get(name).settings
    for key in keys_of(settings).values():
        assert key.doc[-1:] in (".", "?"), f"{key.name}: end its documentation with a full stop: {key.doc!r}"
        assert key.live, f"{key.name}: a reload serves webhooks by their new options"
    assert all(key in keys_of(settings) for proof in proofs_of(settings).values() for key in proof.options)


def test_no_other_provider_exists() -> None:
    with pytest.raises(LookupError):
        providers.get("_contract")
    with pytest.raises(LookupError):
        providers.get("os")


@every
def test_a_good_request(case: Case) -> None:
    parsed = ask(case, case.request())
    check(parsed, case)
    assert [event.recipient for event in parsed.events] == ["person@example.org"]
    assert parsed.unreadable == ()


@every
def test_no_header_with_a_secret_is_kept(case: Case) -> None:
    """What is kept lies in the outbox and its backups for weeks."""
    sent = case.request().headers.items()
    secret = {"authorization"} | {name.lower() for name, value in sent if KEY in value}
    assert not secret & {name.lower() for name in providers.get(case.provider).keep}


@every
def test_two_secrets_are_valid_at_once(case: Case) -> None:
    both = case.with_key(OTHER, KEY)
    assert ask(case, case.request(None, KEY), both).events
    assert ask(case, case.request(None, OTHER), both).events


@every
@pytest.mark.parametrize("secret", [OTHER, KEY[:-1], KEY + "x", KEY.upper(), "x", "\udcff", "\x00"])
def test_a_wrong_secret(case: Case, secret: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        ask(case, case.request(None, secret))
    assert KEY not in str(caught.value)


@every
def test_a_signed_time_that_is_long_past(case: Case) -> None:
    """What someone recorded is of no use to them, where a time is signed and retries are signed anew."""
    for window in {getattr(proof, "window", 0) for proof in case.settings.proofs.values()} - {0}:
        for age in (window + 1, -window - 1):
            with pytest.raises(Unauthorized, match="replay"):
                verify(case.request(), case.settings, case.fetched, NOW + timedelta(seconds=age))


@every
def test_the_proof_needs_nothing_decompressed(case: Case) -> None:
    if not case.inside:
        asked = case.request()
        verify(replace(asked, body=b"", sent=asked.body), case.settings)


@every
def test_only_a_proof_that_needs_the_body_waits_for_it(case: Case) -> None:
    asked, settings = case.request(), case.settings
    if not admit(replace(asked, body=b""), settings, NOW) and not case.inside:
        prove(asked, settings, NOW, case.fetched)
        with pytest.raises(Unauthorized):
            prove(replace(asked, body=asked.body + b" "), settings, NOW, case.fetched)
    for headers in ({}, emptied(case)):
        with pytest.raises(Unauthorized):
            verify(replace(asked, headers=CIMultiDict(headers), body=b"", path_secret=""), settings)


def emptied(case: Case) -> dict[str, str]:
    """The headers of the proof, with nothing in them."""
    return dict.fromkeys(case.sign(case.document, KEY, case)[1], "")


@every
def test_no_proof_at_all(case: Case) -> None:
    with pytest.raises(Unauthorized):
        ask(case, case.bare())
    with pytest.raises(Unauthorized):
        ask(case, replace(case.bare(), headers=CIMultiDict(emptied(case))))


@every
def test_a_webhook_whose_secrets_are_not_set_lets_nobody_in(case: Case) -> None:
    with pytest.raises(Unauthorized):
        ask(case, case.request(), case.without())
    assert ask(case, case.bare(), case.without(unverified=True)).events


@every
def test_the_secret_in_the_path_is_needed_beside_the_other(case: Case) -> None:
    if case.key == "path_secret":  # it is the only one
        return
    both = case.with_key(KEY, path_secret=Secret(OTHER))
    good = case.request()
    assert ask(case, replace(good, path_secret=OTHER), both).events
    for wrong in (good, replace(good, path_secret=KEY), replace(case.bare(), path_secret=OTHER)):
        with pytest.raises(Unauthorized):
            ask(case, wrong, both)
    alone = case.without(path_secret=Secret(OTHER))
    assert ask(case, replace(case.bare(), path_secret=OTHER), alone).events


@every
@pytest.mark.parametrize("ip", ["192.0.2.9", "", "junk", "2001:db8::1"])
def test_another_address(case: Case, ip: str) -> None:
    from ipaddress import ip_network

    only = case.with_key(KEY, allow_ips=(ip_network("192.0.2.1"),))
    assert ask(case, replace(case.request(), remote_ip="192.0.2.1"), only).events
    with pytest.raises(Unauthorized):
        ask(case, replace(case.request(), remote_ip=ip), only)


@pytest.mark.once
@every
@SLOW
@given(body=st.binary(max_size=300))
def test_junk_bytes(case: Case, body: bytes) -> None:
    with contextlib.suppress(*unproven(case)):
        check(ask(case, case.request(body)), case)


@pytest.mark.once
@every
@SLOW
@given(value=JUNK)
def test_junk_json(case: Case, value: Any) -> None:
    with contextlib.suppress(*unproven(case)):
        check(ask(case, case.request(value if isinstance(value, dict) else json.dumps(value).encode())), case)


@pytest.mark.once
@every
@SLOW
@given(data=st.data())
def test_a_good_request_with_junk_in_it(case: Case, data: st.DataObject) -> None:
    """Every field, one after the other, becomes something else."""
    payload = copy.deepcopy(case.document)
    objects = [value for value in walk(payload) if isinstance(value, dict)]
    known = [
        *(key for value in objects for key in value), "body", "report", "original", "reason", "recipient",
        "diagnostic", "occurred_at", "reply_code", "enhanced_status", "message_id", "provider_event_id",
        "campaign_uuid", "subscriber_uuid",
    ]  # fmt: skip
    for _ in range(data.draw(st.integers(1, 4))):
        target = data.draw(st.sampled_from(objects))
        target[data.draw(st.sampled_from(known))] = data.draw(JUNK)
    with contextlib.suppress(*unproven(case)):
        check(ask(case, case.request(payload)), case)


def walk(value: Any) -> Iterator[Any]:
    """The value and all that is in it."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def unproven(case: Case) -> tuple[type[Exception], ...]:
    """What junk ends in, where it can be signed at all."""
    return (Malformed, TooLarge, Unauthorized) if case.inside else (Malformed, TooLarge)


@pytest.mark.once
@every
@SLOW
@given(headers=st.dictionaries(st.text(min_size=1), st.text(), max_size=4), body=st.binary(max_size=50))
def test_junk_headers(case: Case, headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(Unauthorized):
        ask(case, request(body, headers))
    headers = {name: text for name, text in headers.items() if name not in ("self", "document", "secret")}
    with contextlib.suppress(Malformed, TooLarge, Unauthorized):
        check(ask(case, case.request(body, **headers)), case)


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
    except unproven(case) as error:
        assert str(error)  # noqa: PT017
    else:
        assert parsed.events == ()
        assert parsed.unreadable or (case.method == "GET" and not body)


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
    in_another = replace(case, encode=lambda document: encode(case.encode(document).decode()))
    parsed = ask(in_another, in_another.request(None, **{"Content-Type": content_type}))
    assert [event.recipient for event in parsed.events] == ["person@example.org"]


@every
def test_unknown_fields_are_ignored(case: Case) -> None:
    payload = copy.deepcopy(case.document)
    if not isinstance(payload, dict) or case.encode is not as_json:
        payload = copy.deepcopy(case.document)
        for value in list(walk(payload)):
            if isinstance(value, dict):
                value["new"] = {"deep": [1]}
    else:
        payload |= {"source": "y", "received_at": 1, "raw": "r", "new": {"deep": [1]}}
    before = ask(case, case.request()).events[0]
    (event,) = ask(case, case.request(payload)).events
    assert replace(event, fingerprint=b"") == replace(before, fingerprint=b"")


@every
def test_the_same_report_again_is_the_same_event(case: Case) -> None:
    again = dict(reversed(case.document.items())) if isinstance(case.document, dict) else case.document
    (first,) = ask(case, case.request()).events
    (second,) = ask(case, case.request(again)).events
    assert identity_keys(first, b"k") == identity_keys(second, b"k")


@every
def test_another_providers_body_with_the_right_proof(case: Case) -> None:
    for other in CASES.values():
        with contextlib.suppress(*unproven(case)):
            check(ask(case, case.request(other.document)), case)


@every
def test_as_many_as_may_come_at_once(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused with all; a bad one among them spoils none."""
    monkeypatch.setattr(_contract, "MAX_EVENTS", 20)
    if (many := list_of_events(case)) is None:
        return
    parsed = ask(case, case.request(many(lambda one: [*[one] * 10, None, *[one] * 10])))
    told = (len(parsed.events), len(parsed.unreadable))
    assert told == (20, 1), "a bad event spoils its neighbours: let into.each read the list"
    with pytest.raises(TooLarge):
        ask(case, case.request(many(lambda one: [one] * 21)))


@every
def test_an_event_of_a_list_can_be_read_alone(case: Case) -> None:
    """So it lies in quarantine, where what cannot be read is kept without its neighbours, and is replayed."""
    if (many := list_of_events(case)) is None:
        return
    items: list[Any] = []

    def noted(one: Any) -> list[Any]:
        items.append(one)
        return [one]

    (whole,) = ask(case, case.request(many(noted))).events
    sent = request(as_json(items[0]), {"Content-Type": case.content_type})
    provider, hook = providers.get(case.provider), case.settings
    try:
        (alone,) = parse(provider, sent, hook, NOW).events
    except (Malformed, ValueError) as error:
        why = "what is around a list is not kept with an event in quarantine: give into.each the key of the list"
        raise AssertionError(f"{why} ({error})") from error
    assert (alone.kind, alone.recipient, alone.reason) == (whole.kind, whole.recipient, whole.reason)


def list_of_events(case: Case) -> Callable[[Callable[[Any], list[Any]]], Any] | None:
    """A request with as many events in place of its one as a function makes of that: in the outermost list in which
    two are two. None: it sends one at a time, or in a way of its own, which its own tests know."""
    if case.inside or case.encode is not as_json:
        return None
    whole = case.document if isinstance(case.document, list) else [case.document]

    def fill(place: int, several: Callable[[Any], list[Any]]) -> Any:
        made = copy.deepcopy(whole)
        found = next(islice(walk(made), place, None))
        found[:] = several(found[0])
        return made if place == 0 or whole is case.document else made[0]

    for place, value in enumerate(walk(whole)):
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
            many = partial(fill, place)
            with contextlib.suppress(Malformed):
                if len(ask(case, case.request(many(lambda one: [one, one]))).events) == 2:
                    return many
    return None


@every
def test_every_word_of_the_policy_reaches_each_kind(case: Case) -> None:
    for kind, document in {Kind.HARD: case.document, **case.kinds}.items():
        (event,) = ask(case, case.request(document)).events
        assert event.kind is kind, f"a document that should be {kind}: {event.evidence}"
        assert "None" not in event.evidence, (
            "a field that is not there is part of the word: see joined() of _fields"
        )
        if kind is Kind.UNSUBSCRIBE:
            continue
        assert event.reason in REASONS, f"{kind} has no reason that [policy] could name"
        for word in WORDS:
            rules = Rules(reasons={event.reason: word})
            if word == IGNORE:
                assert rules.ignores(event)
            else:
                assert rules.judged(event).kind == word


@every
def test_a_bug_in_a_provider_loses_nothing(case: Case) -> None:
    def bug(*_: object) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(Malformed, match="RuntimeError"):
        parse(replace(providers.get(case.provider), parse=bug), case.request(), case.settings, NOW)


@every
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyError, RecursionError])
def test_a_bug_in_a_proof_lets_nobody_in(
    case: Case, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object) -> bool:
        raise error

    if case.key == "path_secret":  # no proof of the provider's own
        return
    proof = type(proofs_of(providers.get(case.provider).settings)[case.key])
    monkeypatch.setattr(proof, "head", bug)
    monkeypatch.setattr(proof, "body", bug)
    with pytest.raises(Unauthorized, match="unreadable proof"):
        verify(case.request(), case.settings, case.fetched)
