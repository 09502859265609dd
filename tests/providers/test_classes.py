# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from bouncestream.event import Kind
from bouncestream.providers._classes import CLASSES, NO_EVENT, class_of, classified, judged


def kind(class_: str, status: str = "", words: str = "", code: str = "") -> Kind:
    return judged(class_, status=status, reply_code=code, diagnostic=words)[0]


def reason(class_: str, status: str = "", words: str = "") -> str:
    return judged(class_, status=status, reply_code="", diagnostic=words)[1].reason


def test_the_longest_beginning_counts_and_the_operators_table_comes_first() -> None:
    table = {"Bounce": "soft", "bounce/hard": "hard"}
    assert class_of("BOUNCE/HARD/x", table) == "hard"
    assert class_of("bounce/other", table) == "soft"
    assert class_of("open", table) is None
    assert class_of("bounce/hard", {"b": "ignore"}, table) == "ignore"
    assert class_of("anything", {"": "ignore"}) is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("", Kind.HARD),
        ("5.1.1", Kind.HARD),
        ("5.1.10", Kind.HARD),
        ("5.2.1", Kind.HARD),
        ("5.0.0", Kind.HARD),
        ("5.4.4", Kind.HARD),
        ("5.2.2", Kind.SOFT),
        ("5.7.1", Kind.SOFT),
        ("5.7.511", Kind.SOFT),
        ("5.3.0", Kind.SOFT),
        ("5.4.1", Kind.SOFT),
        ("5.4.40", Kind.SOFT),
        ("4.2.2", Kind.SOFT),
    ],
)
def test_hard_is_only_what_is_the_addresss_fault(status: str, expected: Kind) -> None:
    assert kind("hard", status) is expected
    if status:
        assert kind("hard", words=f"550 {status} refused") is expected
    assert kind("soft", status) is Kind.SOFT


@pytest.mark.parametrize(
    "words",
    [
        "552 Mailbox full",
        "550 Blocked - message considered as spam",
        "552 The user has exceeded storage allocation",
        "550 Message contains a virus",
        "550 5.0.0 too many messages from your address",
        "421 try again later",
    ],
)
def test_words_count_where_no_code_does(words: str) -> None:
    assert kind("hard", words=words) is Kind.SOFT
    assert kind("hard", "5.1.1", words) is Kind.HARD
    assert kind("hard", words="550 refused") is Kind.HARD


def test_words_that_say_dead_count_more_than_a_code_that_says_policy() -> None:
    words = "SMTP; 550 5.4.1 Recipient address rejected: Access denied. [X.protection.outlook.com]"
    assert kind("hard", "5.4.1", words) is Kind.HARD
    assert kind("hard", "5.4.1", "550 5.4.1 the rule of our administrator") is Kind.SOFT


def test_the_providers_cause_counts_where_words_tell_none() -> None:
    def told(words: str) -> str:
        return judged("soft", status="", reply_code="", diagnostic=words, reason="mailbox_full")[1].reason

    assert told("") == "mailbox_full"
    assert told("550 the message was taken for spam") == "spam"


def test_kinds_and_reasons() -> None:
    assert kind("complaint") is Kind.COMPLAINT
    assert kind("unsubscribe") is Kind.UNSUBSCRIBE
    assert reason("hard", "5.1.1") == "user_unknown"
    assert reason("soft", words="452 4.2.2 mailbox full") == "mailbox_full"
    assert (kind("suppressed-hard"), reason("suppressed-hard")) == (Kind.HARD, "suppressed")
    assert (kind("suppressed-complaint"), reason("suppressed-complaint")) == (Kind.COMPLAINT, "suppressed")
    assert kind("suppressed-unsubscribe") is Kind.UNSUBSCRIBE
    assert (kind("suppressed"), reason("suppressed", words="550 5.1.1 gone")) == (Kind.SOFT, "provider_list")
    assert kind("judge", "5.1.1") is Kind.HARD
    assert kind("judge-hard", words="550 5.4.4 host unknown") is Kind.HARD
    assert kind("judge-hard", "4.2.2") is Kind.SOFT
    assert all(kind(class_) in Kind for class_ in CLASSES - set(NO_EVENT))


def test_a_failure_is_one_however_its_words_sound() -> None:
    assert classified(diagnostic="delayed, will retry").kind in ("soft", "hard")


def test_what_the_provider_is_certain_of_is_sure_and_words_alone_are_not() -> None:
    def sure(class_: str, words: str = "No such user here") -> bool:
        return judged(class_, status="", reply_code="", diagnostic=words)[1].sure

    assert sure("hard")
    assert sure("suppressed-hard")
    assert not sure("judge-hard")
    assert not sure("judge")
    assert sure("judge", "550 5.1.1 No such user here")
