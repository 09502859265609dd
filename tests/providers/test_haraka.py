# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.event import Kind
from tests.providers.case import as_json, ask
from tests.providers.cases.haraka import CASES, HARAKA

CASE = CASES["haraka"]
CAMPAIGN = "11111111-2222-4333-8444-555555555555"


def test_all_of_a_bounce_also_what_an_own_plugin_adds() -> None:
    more = {"X-Listmonk-Campaign": CAMPAIGN, "message_id": "<id@host>", "recipient": "<person@example.org>"}
    (event,) = ask(CASE, CASE.request(HARAKA | more)).events
    assert (event.kind, event.recipient, event.reason) == (Kind.HARD, "person@example.org", "user_unknown")
    assert (event.campaign_uuid, event.message_id) == (CAMPAIGN, "<id@host>")
    assert event.provider_event_id == "AAAAAAAA-0000-4000-8000-00000000000B.1.1"


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.2.1", "550 5.2.1 mailbox does not exist", Kind.HARD),
        ("5.2.2", "552 5.2.2 over quota", Kind.SOFT),
        ("5.4.7", "tried for two days", Kind.SOFT),
        ("", "no words that we know", Kind.SOFT),
    ],
)
def test_a_bounce_is_hard_only_when_code_or_words_say_so(status: str, words: str, kind: Kind) -> None:
    (event,) = ask(CASE, CASE.request(HARAKA | {"dsn_status": status, "undelivered_reason": words})).events
    assert event.kind is kind


def test_lines_of_a_log() -> None:
    deferred = HARAKA | {"type": "deferred"}
    parsed = ask(CASE, CASE.request(b"\n".join(map(as_json, [HARAKA, deferred, HARAKA])) + b"\n"))
    assert (len(parsed.events), len(parsed.ignored), parsed.unreadable) == (2, 1, ())
