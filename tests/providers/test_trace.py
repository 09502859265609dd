# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from bouncestream import providers
from bouncestream.event import Kind
from bouncestream.providers._contract import parse
from bouncestream.providers._trace import trace
from tests.providers.case import NOW, Case
from tests.providers.cases import CASES
from tests.providers.cases.custom import IN_A_LIST, LISTED, in_a_list


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_tracing_changes_nothing(case: Case) -> None:
    provider, hook, asked = providers.get(case.provider), case.settings, case.request()
    parsed, pieces = trace(provider, asked, hook, NOW)
    assert parsed == parse(provider, asked, hook, NOW)
    assert [piece.event for piece in pieces] == list(parsed.events)


def traced(name: str, document: Any, **options: Any) -> Any:
    case = CASES[name]
    return trace(providers.get(case.provider), case.request(document), case.with_key("k" * 20, **options), NOW)


def test_the_key_that_decided() -> None:
    mail = {"RecordType": "Bounce", "Type": "SoftBounce", "Email": "a@example.org"}
    _, (piece,) = traced("postmark", mail)
    assert (piece.said, piece.by) == ("Bounce/SoftBounce", '"Bounce/SoftBounce" is soft in the table of Postmark')
    _, (piece,) = traced("postmark", mail, classes={"bounce/soft": "hard"})
    assert piece.by == 'classes: "bounce/soft" = "hard"'
    assert piece.event.kind is Kind.HARD
    _, (piece,) = traced("postmark", mail | {"RecordType": "Open"})
    assert (piece.event, piece.by) == (None, '"Open" is info in the table of Postmark')
    assert "neither a bounce nor a complaint" in piece.ignored


def test_of_a_description_the_paths_too() -> None:
    hook = providers.webhook("mine", "custom", unverified=True, **LISTED)
    events = IN_A_LIST["events"] + in_a_list(type="email.delivered", bounce=None)["events"] + [{"type": "odd"}]
    asked = CASES["custom, a list, bearer"].request({"events": events})
    parsed, (hard, ignored) = trace(providers.get("custom"), asked, hook, NOW)
    assert hard.by == 'words: "email.bounced/permanent" = "hard"'
    assert dict(hard.how) == {
        "kind": "type, bounce.type",
        "recipient": "email.to",
        "occurred_at": "created_at",
        "diagnostic": "bounce.message",
        "reply_code": "bounce.code",
        "enhanced_status": "bounce.status",
        "provider_event_id": "id",
        "metadata": "email.tags",
    }
    assert (ignored.event, ignored.by) == (None, 'words: "email.delivered" = "info"')
    assert len(parsed.unreadable) == 1


def test_what_code_makes_has_no_key() -> None:
    body = json.dumps({"kind": "hard", "recipient": "person@example.org"}).encode()
    _, (piece,) = traced("generic, token", body)
    assert piece.by == ""
    assert piece.event is not None
