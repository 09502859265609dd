# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from multidict import CIMultiDict

from bouncestream import providers
from bouncestream.config.load import load
from bouncestream.errors import ConfigError, Malformed, TooLarge
from bouncestream.event import BounceEvent, Kind
from bouncestream.providers._contract import MAX_EVENTS, WebhookRequest, parse
from tests.providers.case import NOW, Case, request
from tests.providers.cases import CASES
from tests.providers.cases.custom import AS_FLAT, FLAT, IN_A_LIST, LISTED, in_a_list
from tests.providers.described import described

#: Providers of the list, as one could have described them: name → description.
DESCRIPTIONS = {
    "postmark": """
        kind = ["RecordType", "Type"]
        recipient = ["Email", "Recipient"]
        occurred_at = ["BouncedAt", "ChangedAt"]
        diagnostic = ["Details", "Description"]
        provider_message_id = "MessageID"
        metadata = "Metadata"
        [words]
        "Bounce/HardBounce" = "hard"
        "Bounce/BadEmailAddress" = "hard"
        "Bounce/SoftBounce" = "soft"
        "Bounce/Unsubscribe" = "unsubscribe"
        "SpamComplaint*" = "complaint"
        "Delivery*" = "info"
    """,
    "brevo": """
        kind = "event"
        recipient = "email"
        occurred_at = ["ts_epoch", "ts_event"]
        diagnostic = "reason"
        message_id = "message-id"
        metadata = "X-Mailin-custom"
        words = { "hard_bounce" = "hard", "soft_bounce" = "soft", "spam" = "complaint", "unsub*" = "unsubscribe" }
    """,
    "sendgrid": """
        kind = ["event", "type", "bounce_classification"]
        recipient = "email"
        occurred_at = "timestamp"
        diagnostic = ["reason", "response"]
        enhanced_status = "status"
        message_id = "smtp-id"
        provider_event_id = "sg_event_id"
        metadata = ["listmonk_campaign"]
        [words]
        "bounce/bounce*" = "hard"
        "bounce/blocked*" = "soft"
        "spamreport*" = "complaint"
        "*unsubscribe*" = "unsubscribe"
    """,
    "sparkpost": """
        events = "[*].msys[*]"
        kind = ["type", "bounce_class"]
        recipient = ["raw_rcpt_to", "rcpt_to"]
        occurred_at = "timestamp"
        diagnostic = ["raw_reason", "reason"]
        reply_code = "error_code"
        provider_message_id = "message_id"
        provider_event_id = "event_id"
        metadata = "rcpt_meta"
        words = { "bounce/10" = "hard", "bounce/*" = "soft", "spam_*" = "complaint", "list_unsub*" = "unsubscribe" }
    """,
    "mailtrap": """
        events = "events"
        kind = ["event", "bounce_category"]
        recipient = "email"
        occurred_at = "timestamp"
        diagnostic = "response"
        reply_code = "response_code"
        provider_message_id = "message_id"
        metadata = "custom_variables"
        [words]
        "bounce/*" = "hard"
        "bounce/spam" = "soft"
        "soft bounce*" = "soft"
        "spam*" = "complaint"
        "unsubscribe*" = "unsubscribe"
    """,
    "lettermint": """
        kind = "event"
        recipient = "data.recipient"
        occurred_at = "timestamp"
        diagnostic = "data.response.content"
        reply_code = "data.response.status_code"
        enhanced_status = "data.response.enhanced_status_code"
        provider_message_id = "data.message_id"
        metadata = "data.metadata"
        [words]
        "message.hard_bounced" = "hard"
        "message.soft_bounced" = "soft"
        "message.spam_*" = "complaint"
        "message.unsubscribed" = "unsubscribe"
    """,
    "mandrill": """
        events = "mandrill_events"
        kind = "event"
        recipient = "msg.email"
        occurred_at = "ts"
        diagnostic = "msg.diag"
        provider_message_id = "_id"
        metadata = "msg.metadata"
        words = { "hard_bounce" = "hard", "soft_bounce" = "soft", "spam" = "complaint", "unsub" = "unsubscribe" }
    """,
    "maileroo": """
        kind = "event_type"
        recipient = "event_data.to"
        occurred_at = "event_time"
        diagnostic = "event_data.reason"
        provider_message_id = "message_id"
        metadata = "tags"
        words = { "failed" = "hard", "complained" = "complaint" }
    """,
    "mailgun": """
        kind = ["event-data.event", "event-data.severity", "event-data.reason"]
        recipient = "event-data.recipient"
        occurred_at = "event-data.timestamp"
        diagnostic = ["event-data.delivery-status.message", "event-data.delivery-status.description"]
        reply_code = "event-data.delivery-status.code"
        enhanced_status = "event-data.delivery-status.enhanced-code"
        message_id = "event-data.message.headers.message-id"
        metadata = "event-data.user-variables"
        [words]
        "failed/permanent/*" = "hard"
        "failed/permanent/old" = "soft"
        "complained*" = "complaint"
        "unsubscribed*" = "unsubscribe"
    """,
}
_CAMPAIGN = "00000000-0000-4000-8000-00000000000c"


def events(case: Case, document: Any, hook: Any) -> tuple[BounceEvent, ...]:
    asked = request(case.encoded(document), {"Content-Type": case.content_type})
    return parse(providers.get(hook.provider), asked, hook, NOW).events


def told(event: BounceEvent) -> tuple[object, ...]:
    """What makes the event, whoever read it."""
    e = event
    return (
        e.kind, e.recipient, e.occurred_at, e.reply_code, e.enhanced_status, e.diagnostic, e.message_id,
        e.campaign_uuid, e.subscriber_uuid, e.sure,
    )  # fmt: skip


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_provider_of_the_list_can_be_described(name: str) -> None:
    case = CASES[name]
    own = case.without(unverified=True)
    hook = providers.webhook("mine", "custom", unverified=True, **described(DESCRIPTIONS[name]))
    documents = {Kind.HARD: case.document, **case.kinds}
    assert len(documents) > 2
    for kind, document in documents.items():
        (ours,), (theirs,) = events(case, document, own), events(case, document, hook)
        assert told(theirs) == told(ours), kind
        assert theirs.kind is kind
        assert (theirs.source, theirs.provider) == ("mine", "custom")
        assert bool(theirs.provider_event_id) == bool(ours.provider_event_id) or name == "mailgun"


def only(document: Any, options: dict[str, Any] | None = None, **headers: str) -> BounceEvent:
    (event,) = read(document, options, **headers).events
    return event


def read(document: Any, options: dict[str, Any] | None = None, query: str = "", **headers: str) -> Any:
    hook = providers.webhook("mine", "custom", unverified=True, **(AS_FLAT if options is None else options))
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    asked = WebhookRequest("POST", CIMultiDict(headers), body, query=query)
    return parse(providers.get("custom"), asked, hook, NOW)


def test_the_whole_of_an_event() -> None:
    event = only(IN_A_LIST, LISTED)
    assert event.kind is Kind.HARD
    assert (event.reply_code, event.enhanced_status, event.diagnostic) == ("550", "5.1.1", "550 5.1.1 no such user")
    assert event.campaign_uuid == _CAMPAIGN
    assert (event.provider_event_id, event.stable_id) == ("evt_1", True)
    assert event.evidence == 'Pigeon says "email.bounced/permanent" → hard'
    assert event.occurred_at is not None


def test_a_policy_code_makes_hard_soft_as_everywhere() -> None:
    bounce = {"type": "permanent", "status": "5.7.1", "message": "550 5.7.1 blocked"}
    assert only(in_a_list(bounce=bounce), LISTED).kind is Kind.SOFT


def test_a_word_of_the_url_or_of_a_header_is_kept_for_later() -> None:
    options = (
        AS_FLAT | {"provider_message_id": ()} | described('kind = "query:type"\nprovider_event_id = "header:X-Id"')
    )
    hook = providers.webhook("mine", "custom", unverified=True, **options)
    came = WebhookRequest(
        "POST", CIMultiDict({"X-Id": "7"}), json.dumps(FLAT).encode(), query="type=Hard+Bounce&k=s"
    )
    custom = providers.get("custom")
    first = parse(custom, came, hook, NOW).events
    again = WebhookRequest("POST", CIMultiDict(custom.kept(came, hook)), came.body)
    assert parse(custom, again, hook, NOW).events == first
    assert first[0].provider_event_id == "7"
    assert custom.kept(came, hook) == {"X-Id": "7", "query:type": "Hard Bounce"}


# -- what is not as described -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"what": "bounced"}, "mine's type is unknown"),
        ({"what": "no hard bounce"}, "mine's type is unknown"),
        ({"what": ""}, "there is no word at kind (what)"),
        ({"what": None}, "there is no word at kind (what)"),
        ({"what": {"hard": 1}}, "there is no word at kind (what)"),
        ({"what": ["hard"]}, "there is no word at kind (what)"),
        ({"who": ["a@example.org", "b@example.org"]}, "recipient (who) leads to 2 addresses, and"),
        ({"who": "nobody"}, "it names no recipient"),
        ({"who": 5}, "it names no recipient"),
        ({"who": {}}, "it names no recipient"),
    ],
)
def test_what_is_not_as_described_is_no_event(change: dict[str, Any], why: str) -> None:
    parsed = read(FLAT | change)
    assert parsed.events == ()
    (unreadable,) = parsed.unreadable
    assert unreadable.why.startswith(why)


def test_a_word_of_no_phrase_is_told_by_its_type() -> None:
    (unreadable,) = read(FLAT | {"what": "hardly"}, AS_FLAT | described('words = { "hard" = "hard" }')).unreadable
    assert unreadable.event_type == "hardly"


@pytest.mark.parametrize("odd", [None, True, 0, -1.5, 10**30, "", "\x00", "x" * 5000, [], {}, [[]], {"a": {}}])
def test_any_value_at_any_path(odd: Any) -> None:
    """One value after the other, each where something else was foreseen."""
    options = LISTED | described("""
        message_id = "email.header"
        provider_message_id = "email.number"
        metadata = ["email.tags", "header:X-Meta"]
    """)
    for path in (
        ["events"], ["events", 0], ["events", 0, "id"], ["events", 0, "type"], ["events", 0, "created_at"],
        ["events", 0, "bounce"], ["events", 0, "bounce", "type"], ["events", 0, "bounce", "code"],
        ["events", 0, "bounce", "status"], ["events", 0, "bounce", "message"], ["events", 0, "email"],
        ["events", 0, "email", "to"], ["events", 0, "email", "to", 0], ["events", 0, "email", "tags"],
        ["events", 0, "email", "number"], ["events", 0, "email", "header"],
    ):  # fmt: skip
        document = copy.deepcopy(IN_A_LIST)
        *way, last = path
        place: Any = document
        for step in way:
            place = place[step]
        place[last] = odd
        try:
            parsed = read(document, options)
        except Malformed:
            continue
        assert len(parsed.events) <= 1
        for event in parsed.events:
            assert event.recipient == "person@example.org"
            assert event.kind is Kind.HARD or path[-1] in ("bounce", "type", "status"), "hard as the table has it"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"events":' * 5000 + b"1" + b"}" * 5000,
        json.dumps({"events": "[" * 100_000}).encode(),
        json.dumps({"events": '{"events":' * 900 + "1" + "}" * 900}).encode(),
        b'{"events": "{"}',
        b'{"events": {}}',
    ],
    ids=range(6),
)
def test_what_is_nested_deeply(body: bytes) -> None:
    try:
        parsed = read(body, LISTED)
    except Malformed:
        return
    assert parsed.events == ()
    assert parsed.unreadable


def test_a_huge_array_is_refused_before_anything_is_made_of_it() -> None:
    with pytest.raises(TooLarge, match=str(MAX_EVENTS)):
        read({"events": [0] * (MAX_EVENTS + 1)}, LISTED)
    with pytest.raises(TooLarge):
        read([{"a": [0] * 200}] * 100, AS_FLAT | described('events = "[*].a"'))
    many = read({"events": IN_A_LIST["events"] * MAX_EVENTS}, LISTED)
    assert len(many.events) == MAX_EVENTS


def test_nothing_at_events() -> None:
    with pytest.raises(Malformed, match=r"nothing at events \(events\)"):
        read({"other": []}, LISTED)
    assert read({"events": []}, LISTED).events == ()


def test_a_bad_event_spoils_no_neighbour() -> None:
    good = IN_A_LIST["events"][0]  # type: ignore[index]
    parsed = read({"events": [good, 5, {"type": "odd"}, good]}, LISTED)
    assert (len(parsed.events), len(parsed.unreadable)) == (2, 2)


@pytest.mark.parametrize("way", ["events", "users[*].events", "[*].events[*]"])
def test_a_bad_event_is_read_alone_once_its_word_is_known(way: str) -> None:
    """So it lies in quarantine, and is replayed."""
    inner = [IN_A_LIST["events"][0] | {"type": "odd"}]  # type: ignore[index]
    body = {"events": inner} if way == "events" else {"users": [{"events": inner}]}
    if way.startswith("["):
        body = {"a": {"events": inner}}
    options = LISTED | described(f'events = "{way}"')
    (bad,) = read(body, options).unreadable
    assert bad.event_type.startswith("odd")
    again = read(bad.part, options | {"classes": {"odd": "soft"}})
    assert [event.kind for event in again.events] == [Kind.SOFT]


def test_lines_of_json() -> None:
    body = b"\n".join([json.dumps(FLAT).encode(), b"no json", json.dumps(FLAT | {"what": "spam"}).encode()])
    parsed = read(body)
    assert [event.kind for event in parsed.events] == [Kind.HARD, Kind.COMPLAINT]
    assert len(parsed.unreadable) == 1


def test_it_answers_who_looks_whether_it_answers() -> None:
    custom, hook = providers.get("custom"), CASES["custom, HMAC within"].settings
    for method, status in (("GET", 200), ("HEAD", 200), ("POST", 0), ("PUT", 0)):
        answer = custom.shake(replace(request(b""), method=method), hook)
        assert (answer.status if answer else 0) == status


# -- the configuration --------------------------------------------------------------------------------------------

SECTION = """
[listmonk]
token = "sandbox-token-of-bridge"
[webhooks.pigeon]
provider = "custom"
"""
WHOLE = """
kind = "what"
recipient = "who"
words = { "hard" = "hard" }
secret = "rAbbit-hole-9351-tunnel"
"""


def problems(tmp_path: Any, text: str, **environ: str) -> list[str]:
    path = tmp_path / "config.toml"
    path.write_text(SECTION + text)
    path.chmod(0o600)
    try:
        load(path, environ)
    except ConfigError as error:
        return list(error.problems)
    return []


def test_a_whole_description_loads(tmp_path: Any) -> None:
    assert problems(tmp_path, WHOLE) == []
    words = '{ "soft" = "soft" }'
    config_words = {"BOUNCESTREAM__WEBHOOKS__PIGEON__WORDS": words}
    assert problems(tmp_path, WHOLE, **config_words) == []
    assert load(tmp_path / "config.toml", config_words).webhooks["pigeon"].words == {"soft": "soft"}  # type: ignore[attr-defined]


def test_it_needs_a_proof_as_any_other(tmp_path: Any) -> None:
    without = WHOLE.replace('secret = "rAbbit-hole-9351-tunnel"', "")
    (problem,) = problems(tmp_path, without)
    assert "anyone could post to it" in problem
    assert problems(tmp_path, without + "unverified = true") == []
    assert "remove one or the other" in problems(tmp_path, WHOLE + "unverified = true")[0]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            'kind = "a..b"',
            "webhooks.pigeon.kind: 'a..b' is no path: it cannot be read from character 2 on; write a",
        ),
        ('kind = "a.b.c.d.e.f.g.h.i"', "has more than 8 steps; write a path such as"),
        ("recipient = 5", "webhooks.pigeon.recipient: 5 is a number, not a list; write a path"),
        ('recipient = "a[*].b"', "has [*], which only events may have; write a path"),
        ('events = "header:X"', "webhooks.pigeon.events: 'header:***' does not lead into the body; write a path"),
        ('words = { "a" = "hrad" }', "at 'a': is not one of the words; write { \"its word"),
        ("words = {}", 'is empty; write { "its word'),
        ('words = { "" = "hard" }', "is empty; write"),
        ('occurred_at = "header:Authorization"', "occurred_at: header:Authorization is part of the proof"),
        ('signature = "X-Sig"', "signature: belongs to a signature, but none is configured; set signing_secret"),
        ('signing_secret = "0123-abc-key-xyz"', "signature: is missing; signing_secret needs it: write a place"),
        (
            'signing_secret = "0123-abc-key-xyz"\nsignature = "X-Sig"\nsignature_of = "{timestamp}{body}"',
            "signature_time: is missing; signature_of has {timestamp}: write a place",
        ),
        ('signature_of = "{url}{body}"', "has {url}, which is not known here; write what is signed"),
        ('signature_of = "body"', "names nothing of the request; write what is signed"),
        ('signature = { head = "X" }', "has 'head', which is no part of a header; write a place"),
        ('signature = { field = "a[0]" }', "is no field of the body; write a place"),
        ('signature = { header = "X Y" }', "is not the name of an HTTP header; write a place"),
        ('signature = { header = "X", prefix = 5 }', "has a prefix or separator that is not text; write a place"),
        ('header = "X-Other"\npassword = "rAbbit-hole-9351-burrow"', ""),
        ('classes = { "a" = "hard" }', "custom has no classes of its own; remove the key"),
        ('kinds = "a"', "there is no such key; did you mean kind?"),
        (
            'rsa_keys = ["AAAA"]\nsignature = "X"\nsignature_hash = "sha512"',
            "signature_hash: is sha512, which is not",
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_fix(tmp_path: Any, line: str, problem: str) -> None:
    key = line.partition(" ")[0]
    kept = [one for one in WHOLE.splitlines() if not one.startswith(f"{key} ")]
    found = problems(tmp_path, "\n".join([*kept, line]))
    if not problem:
        assert found == []
        return
    assert any(problem in one for one in found), found
    assert all("webhooks.pigeon" in one for one in found)


@pytest.mark.parametrize("key", ["kind", "recipient", "words"])
def test_what_is_needed(tmp_path: Any, key: str) -> None:
    text = "\n".join(one for one in WHOLE.splitlines() if not one.startswith(f"{key} "))
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(f"webhooks.pigeon.{key}: is missing; write ")
