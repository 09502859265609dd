# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator says about a reason counts before our own judgement, the most telling word first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bouncestream.event import BounceEvent, Kind
from bouncestream.mail.reason import REASONS
from bouncestream.policy import KEPT_SOFT, LISTED, Rules

EVENT = BounceEvent(
    kind=Kind.SOFT,
    recipient="reader@mail.example.com",
    source="news",
    provider="sendamatic",
    reason="mailbox_full",
    evidence="words 'quota exceeded'",
)
ALL = Rules(
    reasons={"mailbox_full": "hard", "spam": "ignore"},
    providers={"sendamatic": {"mailbox_full": "complaint"}},
    domains={"example.com": {"mailbox_full": "ignore"}, "b.example.com": {"mailbox_full": "soft"}},
)


def test_without_rules_nothing_changes() -> None:
    assert Rules().judged(EVENT) is EVENT
    assert Rules().ignores(EVENT) == ""


@pytest.mark.parametrize(
    ("recipient", "provider", "expected"),
    [
        ("reader@example.org", "generic", "hard"),
        ("reader@example.org", "sendamatic", "complaint"),
        ("reader@example.com", "sendamatic", "ignore"),
        ("reader@mail.example.com", "sendamatic", "ignore"),
        ("reader@b.example.com", "sendamatic", "soft"),
        ("reader@badexample.com", "generic", "hard"),
        ("", "generic", "hard"),
    ],
)
def test_the_most_telling_word_counts(recipient: str, provider: str, expected: str) -> None:
    assert ALL.word(replace(EVENT, recipient=recipient, provider=provider)) == expected


def test_a_changed_kind_says_so_in_the_evidence() -> None:
    judged = ALL.judged(replace(EVENT, recipient="reader@example.org", provider="generic"))
    assert judged.kind is Kind.HARD
    assert judged.evidence == "words 'quota exceeded'; the policy says hard to mailbox_full"


def test_what_is_ignored_keeps_its_kind_and_is_not_told() -> None:
    spam = replace(EVENT, reason="spam", recipient="reader@example.org")
    assert ALL.judged(spam) is spam
    assert ALL.ignores(spam) == "the policy ignores spam"


def test_what_a_provider_refuses_by_its_own_list_is_told_only_where_the_policy_has_a_word() -> None:
    listed = replace(EVENT, reason=LISTED, recipient="reader@example.org")
    assert "list of its own" in Rules().ignores(listed)
    hard = Rules(reasons={LISTED: "hard"})
    assert hard.ignores(listed) == ""
    assert hard.judged(listed).kind is Kind.HARD
    assert Rules(reasons={LISTED: "ignore"}).ignores(listed) == f"the policy ignores {LISTED}"
    assert LISTED in REASONS


def test_an_unsubscription_is_no_matter_of_reasons() -> None:
    assert ALL.word(replace(EVENT, kind=Kind.UNSUBSCRIBE)) == ""


def test_soft_bounces_that_are_only_counted_here_are_not_told() -> None:
    rules = Rules(keep_soft=True)
    soft = BounceEvent(Kind.SOFT, "ann@example.com", "ses", "generic", reason="mailbox_full")
    assert rules.ignores(soft) == KEPT_SOFT
    assert rules.ignores(replace(soft, kind=Kind.HARD)) == ""
    assert Rules().ignores(soft) == ""
