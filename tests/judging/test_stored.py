# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged again is judged as it was when it came in."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bouncestream.config.model import Config
from bouncestream.config.policy import Policy
from bouncestream.config.smtp import Smtp
from bouncestream.event import Kind
from bouncestream.judging.mail import CONTENT_TYPE, judging_for, read_mail
from bouncestream.judging.stored import StillUnreadable, identified_again, judge_again, pieces, same_report
from bouncestream.missed import LIST
from bouncestream.ports import RawInput
from tests.cli.conftest import bounce
from tests.judging.test_mail import NAMELESS
from tests.outbox import make
from tests.providers import lists
from tests.sources.mails import fixture

REQUEST = RawInput("shop", "sendamatic", make.NOW, bounce("ann@example.com"), "application/json")
SOFTER = replace(Config(), policy=replace(Policy(), reasons={"user_unknown": "soft"}))


def mail(raw: bytes) -> RawInput:
    return RawInput("bounces", "mailbox", make.NOW, raw, CONTENT_TYPE)


def test_a_request_happened_when_it_came_in_and_the_policy_of_today_counts() -> None:
    (event,) = judge_again(REQUEST, Config()).events
    assert (event.kind, event.recipient, event.occurred_at) == (Kind.HARD, "ann@example.com", make.NOW)
    (event,) = judge_again(REQUEST, SOFTER).events
    assert (event.kind, event.evidence.count("the policy says soft")) == (Kind.SOFT, 1)


def test_a_mail_goes_the_way_of_a_mailbox() -> None:
    raw = fixture("postfix_unknown_user")
    for config in (Config(), SOFTER):
        first = read_mail(raw, judging_for(config, "bounces"), make.NOW).submission
        assert judge_again(mail(raw), config) == first
        assert first is not None
        assert first.events[0].evidence.count("the policy says") == (config is SOFTER)


def test_what_is_no_bounce_has_no_events() -> None:
    found = judge_again(mail(fixture("vacation")), Config())
    assert (found.events, found.unreadable) == ((), ())


def test_a_mail_that_does_not_tell_whose_it_is() -> None:
    (unreadable,) = judge_again(mail(NAMELESS), Config()).unreadable
    assert unreadable.unidentified
    with pytest.raises(StillUnreadable, match="its recipient is still unknown"):
        identified_again(mail(NAMELESS), Config())


@pytest.mark.parametrize(
    ("came", "why"),
    [
        (replace(REQUEST, body=b"{"), "it is still unreadable"),
        (replace(REQUEST, provider="gone"), "no provider gone"),
    ],
)
def test_what_this_version_cannot_read_either(came: RawInput, why: str) -> None:
    for again in (judge_again, identified_again):
        with pytest.raises(StillUnreadable, match=why):
            again(came, Config())


def test_the_same_report_by_address_or_by_uuid() -> None:
    ann, bob = make.event("ann@example.com"), make.event("bob@example.com")
    unnamed = make.event("", subscriber_uuid=make.SUBSCRIBER)
    assert same_report((ann, bob), make.event("bob@example.com", Kind.SOFT)) == [bob]
    assert same_report((ann, unnamed), unnamed) == [unnamed]


def test_of_several_reports_about_one_person_the_one_with_the_id_or_of_the_group() -> None:
    bounce, left = make.event("ann@example.com"), make.event("ann@example.com", Kind.UNSUBSCRIBE)
    assert same_report((bounce, left), replace(bounce, kind=Kind.SOFT)) == [bounce]
    assert same_report((bounce, left), left) == [left]
    numbered = [replace(bounce, provider_event_id=number) for number in ("1", "2")]
    assert same_report(numbered, numbered[1]) == [numbered[1]]
    assert same_report(numbered, replace(bounce, provider_event_id="3")) == numbered


def test_the_words_of_the_provider_and_the_key_that_decides() -> None:
    body = b'{"RecordType": "Bounce", "Type": "HardBounce", "Email": "ann@example.com"}'
    came = RawInput("shop", "postmark", make.NOW, body, "application/json")
    (piece,) = pieces(came, Config())
    assert (piece.said, piece.by) == ("Bounce/HardBounce", '"Bounce/HardBounce" is hard in the table of Postmark')
    assert pieces(replace(came, body=b"{"), Config()) == []
    assert pieces(replace(came, provider="gone"), Config()) == []


def test_an_item_of_a_list_is_judged_as_one() -> None:
    there = lists.lists("sendgrid")["bounces"]
    raw = json.dumps(there.item).encode()
    came = RawInput("shop", "sendgrid", lists.NOW, raw, "application/json", {LIST: "bounces"})
    (event,) = judge_again(came, Config()).events
    assert (event.kind, event.recipient, event.occurred_at) == (Kind.HARD, lists.PERSON, lists.AT)
    assert pieces(came, Config()) == []
    for name in ("gone", ""):
        with pytest.raises(StillUnreadable, match="has no list"):
            judge_again(replace(came, headers={LIST: name}), Config())
    with pytest.raises(StillUnreadable):
        judge_again(replace(came, body=b"{}"), Config())


def test_a_letter_with_no_other_place_stays_unidentified_after_an_upgrade() -> None:
    came = replace(mail(b"From: joe@example.net\r\nSubject: Re: News\r\n\r\nPlease call me.\r\n"), source="mta")
    config = Config(smtp={"mta": Smtp(name="mta", listen="127.0.0.1:24", recipients=("b@example.org",))})
    assert judge_again(came, config).unreadable[0].unidentified
    with pytest.raises(StillUnreadable):
        identified_again(came, config)
    assert not identified_again(came, Config()).unreadable
