# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of reasons."""

from bouncestream.mail.reason import REASONS, kind_of
from bouncestream.mail.status import STATUS_REASONS
from bouncestream.mail.verdict import Judgement


def test_every_reason_has_a_kind_and_a_sentence() -> None:
    for name, reason in REASONS.items():
        assert reason.kind in list(Judgement), name
        assert reason.sentence.endswith("."), name


def test_only_an_absent_address_or_domain_is_hard() -> None:
    hard = {name for name, reason in REASONS.items() if reason.kind == "hard"}
    assert hard == {"user_unknown", "host_unknown", "no_mail_domain", "moved"}
    assert not any(REASONS[name].passes for name in hard)


def test_codes_point_to_reasons_that_exist() -> None:
    assert set(STATUS_REASONS.values()) <= set(REASONS)


def test_an_unknown_word_is_soft() -> None:
    assert kind_of("whatever") == "soft"
