# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from bouncestream.cli.demo import mails
from bouncestream.event import clean_uuid
from bouncestream.judging.mail import Judging, read_mail
from bouncestream.mail.decode import read


def test_there_is_one_of_each_sort() -> None:
    cases = mails.cases()
    assert {case.outcome for case in cases} == {"accepted", "duplicate", "ignored", "refused"}
    assert {case.kind for case in cases} == {"hard", "soft", "complaint", "unsubscribe", ""}
    assert {case.state for case in cases} == {"verified", "unstored", ""}
    assert len(mails.restart_cases()) == mails.READERS


def test_there_is_one_mail_of_each_sort() -> None:
    cases = mails.mail_cases()
    assert {case.outcome for case in cases} == {"accepted", "duplicate", "ignored", "unidentified"}
    assert {case.folder for case in cases} == {"INBOX", "Processed", "Unidentified"}
    for case in cases:
        submission = read_mail(case.body, Judging("bounces"), None).submission
        kinds = [event.kind.value for event in submission.events] if submission is not None else []
        assert kinds == ([case.kind or "hard"] if case.folder == "Processed" else [])


@pytest.mark.parametrize("address", mails.people())
def test_everybody_has_a_uuid_of_their_own(address: str) -> None:
    assert clean_uuid(mails.subscriber_uuid(address))
    assert len({mails.subscriber_uuid(one) for one in mails.people()}) == len(mails.people())


def test_the_mails_are_what_they_say() -> None:
    body = json.loads(mails.full("ann@example.org"))["bounce"]["body"]
    verdict = read(body.encode())
    assert verdict.kind == "soft"
    assert [r.address for r in verdict.recipients] == ["ann@example.org"]
    assert verdict.original.campaign_uuid == mails.CAMPAIGN
    assert verdict.original.subscriber_uuid == mails.subscriber_uuid("ann@example.org")
    answer = json.loads(mails.auto_reply("ann@example.org"))["bounce"]["body"]
    assert read(answer.encode()).kind == "ignore"
