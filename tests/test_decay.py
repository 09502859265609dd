# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bouncestream.decay import CLASSES, COUNTS, Bounce, Decay, evidence, in_words, standings
from bouncestream.mail.reason import REASONS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RULE = Decay({"mailbox": 3, "unreachable": 2, "unknown": 0}, timedelta(days=30))


def bounces(*days: float, reason: str = "mailbox_full") -> list[Bounce]:
    return [Bounce(f"e{day}", NOW - timedelta(days=day), reason) for day in days]


def test_only_different_days_within_the_window_count() -> None:
    (one,) = standings(bounces(0, 0.1, 0.2, 5, 31), RULE, NOW)
    assert (len(one.days), one.missing, one.reached) == (2, 1, False)
    (one,) = standings(bounces(0, 5, 29.9, 31), RULE, NOW)
    assert (one.reached, one.since) == (True, NOW - timedelta(days=29.9))
    (one,) = standings(bounces(0, 5, 9, 29), RULE, NOW)
    assert one.since == NOW - timedelta(days=9), "a click after the third newest would leave two"


def test_each_class_has_its_own_count() -> None:
    found = standings([*bounces(0, 1), *bounces(2, reason="network"), *bounces(3, reason="rejected")], RULE, NOW)
    assert [(one.kind, len(one.days), one.missing) for one in found] == [
        ("mailbox", 2, 1), ("unreachable", 1, 1), ("unknown", 1, 0),
    ]  # fmt: skip
    assert not any(one.reached for one in found), "0 is never"


def test_deferral_policy_content_and_rate_never_count() -> None:
    never = (
        "delayed",
        "policy",
        "blocklisted",
        "auth_failure",
        "spam",
        "content",
        "too_big",
        "too_many",
        "greylisted",
    )
    for reason in (*never, "user_unknown", "complaint", ""):
        assert standings(bounces(0, 1, 2, 3, reason=reason), RULE, NOW) == []
    assert all(REASONS[reason].kind == "soft" for reason in CLASSES)
    assert set(CLASSES.values()) == set(COUNTS)


def test_the_words() -> None:
    (one,) = standings(bounces(0, 5, 9), RULE, NOW)
    assert "on 3 days (mailbox), from 2026-02-20 to 2026-03-01, within 30 days, x: told as hard" in evidence(
        one, RULE, "x"
    )
    assert in_words([one], RULE) == ["mailbox: soft bounces on 3 of 3 days in 30 days; the count is reached"]
    assert "1 more day is missing" in in_words(standings(bounces(0, 5), RULE, NOW), RULE)[0]
    assert "never" in in_words(standings(bounces(0, reason="rejected"), RULE, NOW), RULE)[0]
