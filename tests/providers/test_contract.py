# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract itself: what holds whatever a provider's file does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict
from mypy import api

from bouncestream import providers
from bouncestream.crypto.proof import Basic, HeaderSecret
from bouncestream.crypto.secret import Secret
from bouncestream.errors import Malformed, TooLarge, Unauthorized
from bouncestream.providers._contract import (
    MAX_EVENTS,
    Answer,
    Gathered,
    Guide,
    Provider,
    Webhook,
    WebhookRequest,
    admit,
    challenge,
    parse,
    prove,
)
from bouncestream.settings.key import secret_key

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY, OTHER = "a-secret-of-good-length", "another-secret-of-length"


@dataclass(frozen=True, slots=True, kw_only=True)
class Two(Webhook):
    """Its options: two proofs, of which either will do."""

    token: Secret | None = secret_key("A token.", proof=HeaderSecret("X-Token"))
    password: Secret | None = secret_key("A password.", proof=Basic())


def read(request: WebhookRequest, into: Gathered[Two]) -> None:
    into.each(request.json(), lambda item, into: into.report("hard", part=item, recipient=item["to"]))


TWO = Provider(
    name="two",
    title="Two",
    summary="two",
    settings=Two,
    parse=read,
    classes={"hard": "hard"},
    guide=Guide(date(2026, 11, 29), ("URL {url}, {login_url}, {secret}",)),
    keep=("X-Id", "X-Absent"),
)
HOOK = Two(name="t", provider="two", token=Secret(KEY), password=Secret(OTHER))


def request(body: bytes = b"{}", **headers: str) -> WebhookRequest:
    return WebhookRequest("POST", CIMultiDict({k.replace("_", "-"): v for k, v in headers.items()}), body)


def test_either_proof_will_do_and_the_one_that_was_sent_is_named() -> None:
    assert admit(request(X_Token=KEY), HOOK, NOW)
    assert admit(request(X_Token="wrong", Authorization=Basic.header("", OTHER)), HOOK, NOW)
    with pytest.raises(Unauthorized, match="wrong password"):
        admit(request(Authorization=Basic.header("", KEY)), HOOK, NOW)
    with pytest.raises(Unauthorized, match="no header X-Token"):
        admit(request(), HOOK, NOW)
    with pytest.raises(Unauthorized):
        prove(request(X_Token=KEY), HOOK, NOW)  # not by its body
    assert challenge(HOOK) == Basic.challenge
    assert not HOOK.inside


def test_what_is_configured_by_nothing_lets_nobody_in() -> None:
    with pytest.raises(Unauthorized, match="no secret or key is configured"):
        admit(request(X_Token=KEY), Two(name="t", provider="two"), NOW)


def test_the_guide_has_everything_filled_in() -> None:
    (step,) = TWO.guide.told(HOOK, "https://b.example/webhooks/t", "s€cret")
    login = "https://bouncestream:s%E2%82%ACcret@b.example/webhooks/t"
    assert step == f"URL https://b.example/webhooks/t, {login}, s€cret"


def test_the_headers_that_are_read_are_kept_and_no_others() -> None:
    assert TWO.kept(request(X_Id="1" * 5000, X_Token=KEY), HOOK) == {"X-Id": "1" * 500}


def test_too_many_events_and_bugs_are_named_refusals() -> None:
    with pytest.raises(TooLarge):
        parse(TWO, request(b"[" + b'{"to":"a@b.example"},' * MAX_EVENTS + b'{"to":"a@b.example"}]'), HOOK, NOW)

    def bug(*_: Any) -> None:
        raise RuntimeError

    with pytest.raises(Malformed, match="two: RuntimeError"):
        parse(replace(TWO, parse=bug), request(), HOOK, NOW)


def test_a_handshake_may_be_naive() -> None:
    def shake(request: WebhookRequest, settings: Two) -> Answer | None:
        return Answer(200) if request.json()["type"] == "hello" else None

    naive = replace(TWO, handshake=shake)
    assert TWO.shake(request(), HOOK) is None
    assert naive.shake(request(b'{"type": "hello"}'), HOOK) == Answer(200)
    assert [naive.shake(request(body), HOOK) for body in (b"", b"[]", b"{}", b'{"type": 1}')] == [None] * 4


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("", ""),
        ("summary=", "summmary="),
        ("parse=json_events(_one),", "parse=needed,"),
        ("settings=Postmark,", "settings=Webhook,"),
        ("guide=Guide(", "guide=dict("),
        ("proof=Basic()", "prof=Basic()"),
    ],
)
def test_the_type_checker_holds_a_file_to_it(right: str, wrong: str, tmp_path: Path) -> None:
    """A misspelt, missing or wrong attribute of a provider does not pass `make types`."""
    file = tmp_path / "carrier.py"
    file.write_text(
        Path(providers.__path__[0], "postmark.py").read_text("utf-8").replace(right or " ", wrong or " ")
    )
    told, _, code = api.run(["--strict", "--cache-dir", str(tmp_path.parent / "mypy"), str(file)])
    assert code == (1 if right else 0), told
