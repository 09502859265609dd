# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bouncestream.event import BounceEvent, Kind, Proof
from bouncestream.judging.mail import Judging, read_mail
from bouncestream.judging.unsure import Report, alone, in_words, is_unsure, settled, weighed
from bouncestream.judging.webhook import judge
from bouncestream.policy import Rules
from bouncestream.ports import RawInput
from bouncestream.providers._contract import Parsed
from tests.judging.make import mail
from tests.outbox import make
from tests.outbox.make import CAMPAIGN, NOW, SUBSCRIBER

OTHER = "33333333-3333-4333-8333-333333333333"
ID = "01900000-0000-7000-8000-000000000000"
HOOK = make.event(sure=False, evidence="words")
MAIL = replace(HOOK, provider="mailbox", subscriber_uuid=SUBSCRIBER, campaign_uuid=CAMPAIGN, proof=Proof.UUID)


def report(event: BounceEvent = HOOK, days: float = 1, **fields: object) -> Report:
    """A report that came in so many days before."""
    told = replace(event, **fields)  # type: ignore[arg-type]
    return Report(
        ID, NOW - timedelta(days=days), told.campaign_uuid, told.recipient, told.subscriber_uuid, told.provider,
        told.by_uuid,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("unsure", "event", "kind", "words"),
    [
        ("repeat", HOOK, "hard", "words"),
        ("repeat", MAIL, "hard", "words"),
        ("hard", HOOK, "hard", "words; unsure: told as hard as configured"),
        ("soft", HOOK, "soft", "words; unsure: told as soft as configured"),
        ("repeat", replace(MAIL, proof=Proof.NONE), "soft", "words; unsure, and without proof: told as soft"),
        ("repeat", replace(HOOK, sure=True), "hard", "words"),
        ("soft", replace(HOOK, sure=True), "hard", "words"),
    ],
)
def test_what_needs_no_history_is_settled_at_once(unsure: str, event: BounceEvent, kind: str, words: str) -> None:
    found = settled(event, unsure)
    assert (found.kind, found.evidence) == (kind, words)
    assert is_unsure(found) == (unsure == "repeat" and found.kind == "hard" and not event.sure)


def test_a_webhook_to_which_anyone_may_post_proves_nobody() -> None:
    came = RawInput("shop", "generic", NOW, b"{}")
    (event,) = judge(Parsed((HOOK,)), came, Rules(), proven=False).events
    assert (event.kind, event.sure) == (Kind.SOFT, True), "and it counts as no first report"


def test_the_operators_word_on_a_reason_comes_first() -> None:
    came = RawInput("shop", "generic", NOW, b"{}")
    for word in ("hard", "soft"):
        rules = Rules({"user_unknown": word}, unsure="soft")
        (event,) = judge(Parsed((replace(HOOK, reason="user_unknown"),)), came, rules).events
        assert (event.kind, event.sure) == (word, True)
        assert event.evidence == f"words; the policy says {word} to user_unknown"


@pytest.mark.parametrize(
    ("event", "earlier", "why"),
    [
        (HOOK, report(days=1), "another day"),
        (HOOK, report(days=0.99), ""),
        (HOOK, report(days=-1), "another day"),  # an older mail is imported later
        (HOOK, report(days=90), "another day"),
        (HOOK, report(days=90.01), ""),
        (HOOK, report(recipient="bob@example.com"), ""),
        (MAIL, report(MAIL, days=0, campaign_uuid=OTHER), "another campaign"),
        (MAIL, report(MAIL, days=91, campaign_uuid=OTHER), ""),
        (MAIL, report(MAIL, days=20), ""),  # one campaign is one mail
        (MAIL, report(MAIL, days=0, campaign_uuid=""), ""),
        (MAIL, report(MAIL, days=2, campaign_uuid=""), "another day"),
        # address and UUID are two names of one person; a mail's proof is for the one that is told
        (MAIL, report(HOOK, days=2), ""),
        (HOOK, report(MAIL, days=2), ""),
        (MAIL, report(HOOK, days=2, subscriber_uuid=SUBSCRIBER), "another day"),
        (replace(HOOK, subscriber_uuid=SUBSCRIBER), report(MAIL, days=2), "another day"),
        (MAIL, report(MAIL, days=2, campaign_uuid=OTHER, subscriber_uuid=OTHER), ""),
        # the subscriber has another address by now: another mailbox
        (MAIL, report(MAIL, days=2, campaign_uuid=OTHER, recipient="old@example.com"), ""),
        (MAIL, report(MAIL, days=2, campaign_uuid=OTHER, recipient=""), "another campaign"),
    ],
)
def test_what_confirms_an_unsure_event(event: BounceEvent, earlier: Report, why: str) -> None:
    found = weighed(event, NOW, [earlier])
    assert found.kind == ("hard" if why else "soft")
    confirmed = f"; unsure, but confirmed by event {ID} of {earlier.at:%Y-%m-%d} ({why}): told as hard"
    soft = "; unsure: told as soft until the person bounces so again, for another campaign or on another day"
    assert found.evidence == "words" + (confirmed if why else soft)


def test_what_a_stored_event_says_of_it() -> None:
    assert in_words(make.event()) == ""
    assert "becomes hard when the same person bounces so again" in in_words(alone(HOOK))
    assert in_words(weighed(HOOK, NOW, [report()])).endswith(f"confirmed by event {ID}")
    assert in_words(settled(HOOK, "soft")).startswith("told as soft as configured")


def test_a_mail_by_words_alone_is_unsure_and_the_code_makes_it_sure() -> None:
    judging = Judging("bounces")
    kinds = []
    for words in ("No such user here", "5.1.1 No such user here"):
        returned = read_mail(mail(words=words, campaign=CAMPAIGN, subscriber=SUBSCRIBER), judging, NOW)
        assert returned.submission is not None
        kinds += [(event.kind, event.sure) for event in returned.submission.events]
    assert kinds == [(Kind.HARD, False), (Kind.HARD, True)]
