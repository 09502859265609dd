# SPDX-License-Identifier: GPL-3.0-or-later
"""From a mail to what is stored of it: events, proof of origin, and mails that tell too little."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.config.load import load
from bouncestream.crypto.secret import Secret
from bouncestream.event import BounceEvent, Kind, Proof, identity_keys
from bouncestream.folders import Filing
from bouncestream.judging.mail import Judging, judging_for, read_mail
from bouncestream.mail.verp import signed
from bouncestream.policy import Rules
from tests.sources.mails import FIXTURES, fixture

ARRIVED = datetime(2026, 11, 3, 12, tzinfo=UTC)
CAMPAIGN = "5d1f7a52-6d0e-4a51-9c5d-0a1b2c3d4e5f"
SUBSCRIBER = "9a8b7c6d-1234-4abc-8def-001122334455"
JUDGING = Judging("bounces")


def unproven(mail: bytes) -> bytes:
    """The mail as someone writes it who never had one of ours."""
    return mail.replace(b"X-Listmonk-", b"X-Other-")


def events(mail: bytes, judging: Judging = JUDGING, at: datetime | None = ARRIVED) -> tuple[BounceEvent, ...]:
    submission = read_mail(mail, judging, at).submission
    assert submission is not None
    return submission.events


def test_a_bounce_becomes_an_event_with_all_that_tells_it_from_others() -> None:
    mail = fixture("postfix_unknown_user")
    returned = read_mail(mail, JUDGING, ARRIVED)
    assert returned.filing is Filing.DONE
    assert returned.why == "hard (user_unknown)"
    submission = returned.submission
    assert submission is not None
    assert (submission.source, submission.provider, submission.raw) == ("bounces", "mailbox", mail)
    assert submission.content_type == "message/rfc822"
    (event,) = submission.events
    assert event.kind is Kind.HARD
    assert event.recipient == "reader@example.com"
    assert (event.campaign_uuid, event.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)
    assert event.message_id == "0b5e.1001@lists.example.org"
    assert (event.reason, event.reply_code, event.enhanced_status) == ("user_unknown", "550", "5.1.1")
    assert event.occurred_at == datetime(2026, 11, 3, 9, 0, 5, tzinfo=UTC)
    assert event.evidence.endswith("proof of origin: the returned message has Listmonk's own headers")
    assert not event.hold


def test_each_recipient_is_an_event_and_one_that_is_still_tried_is_none() -> None:
    found = events(fixture("postfix_two_recipients"), replace(JUDGING, unproven="accept"))
    assert {(e.recipient, e.kind) for e in found} == {
        ("full@example.com", Kind.SOFT),
        ("gone@example.com", Kind.HARD),
    }


def test_of_several_recipients_listmonks_headers_are_about_the_one_that_was_mailed() -> None:
    found = {e.recipient: e for e in events(fixture("arf_two_recipients"))}
    assert found["reader@example.com"].subscriber_uuid == SUBSCRIBER
    assert found["second@example.com"].subscriber_uuid == found["second@example.com"].campaign_uuid == ""
    assert "no proof of origin" in found["second@example.com"].evidence


@pytest.mark.parametrize(
    "name", ["ordinary_mail", "vacation", "read_receipt", "postfix_delay", "dmarc_aggregate", "arf_auth_failure"]
)
def test_what_is_no_bounce_is_left_untouched(name: str) -> None:
    returned = read_mail(fixture(name), JUDGING, ARRIVED)
    assert returned.submission is None
    assert returned.filing is None
    assert returned.why


# Proof of origin


def test_without_proof_a_hard_bounce_is_told_as_soft_and_says_so() -> None:
    (event,) = events(unproven(fixture("postfix_unknown_user")))
    assert event.kind is Kind.SOFT
    assert event.reason == "user_unknown"
    assert event.evidence.endswith("no proof of origin: reported as soft at most (it says hard)")
    assert not event.hold


def test_without_proof_a_complaint_is_told_as_soft_too() -> None:
    (event,) = events(unproven(fixture("jmrp")))
    assert (event.kind, event.reason) == (Kind.SOFT, "complaint")
    assert "reported as soft at most (it says complaint)" in event.evidence


@pytest.mark.parametrize("name", ["postfix_unknown_user", "jmrp", "dovecot_rejected"])
def test_without_proof_it_is_held_where_that_is_wanted(name: str) -> None:
    mail = unproven(fixture(name))
    (accepted,) = events(mail, replace(JUDGING, unproven="accept"))
    (held,) = events(mail, replace(JUDGING, unproven="hold"))
    assert (held.hold, held.kind) == ("unproven", accepted.kind)
    assert "no proof of origin: held" in held.evidence
    assert not accepted.hold
    assert "no proof of origin: accepted as configured" in accepted.evidence


@pytest.mark.parametrize("missing", [b"X-Listmonk-Campaign", b"X-Listmonk-Subscriber"])
def test_half_of_listmonks_headers_is_no_proof(missing: bytes) -> None:
    (event,) = events(fixture("postfix_unknown_user").replace(missing, b"X-Other"))
    assert event.kind is Kind.SOFT
    assert event.proof == Proof.NONE


@pytest.mark.parametrize("name", ["postfix_unknown_user", "exim_unknown_user", "postfix_5_7_1", "crlf"])
def test_listmonks_headers_prove_the_person_whose_uuid_it_is_and_no_address(name: str) -> None:
    """Whoever makes up two UUIDs, or is a subscriber himself, names whom he likes."""
    mail = fixture(name)
    (event,) = events(mail)
    assert event.by_uuid
    assert event.proof == Proof.UUID
    assert event.subscriber_uuid == SUBSCRIBER
    (other,) = events(mail.replace(b"reader@example.com", b"victim@example.net"))
    assert other.by_uuid
    assert other.subscriber_uuid == SUBSCRIBER


def test_of_several_recipients_only_the_one_that_was_mailed_is_told_by_the_uuid() -> None:
    mail = fixture("postfix_two_recipients").replace(b"To: full@example.com", b"To: gone@example.com")
    found = {e.recipient: e for e in events(mail)}
    told_by_uuid = [e.recipient for e in found.values() if e.by_uuid]
    assert len(told_by_uuid) <= 1
    assert all(e.kind is Kind.SOFT for e in found.values() if not e.by_uuid)


@pytest.mark.parametrize(
    "report",
    [
        b"Final-Recipient: rfc822; target@example.net\nOriginal-Recipient: rfc822;target@example.net",
        b"Final-Recipient: rfc822; target@example.net",
        b"Original-Recipient: rfc822;target@example.net",
    ],
)
def test_the_person_is_the_uuids_and_the_address_in_the_report_is_evidence(report: bytes) -> None:
    mail = fixture("postfix_unknown_user").replace(
        b"Final-Recipient: rfc822; reader@example.com\nOriginal-Recipient: rfc822;reader@example.com", report
    )
    mail = b"X-Failed-Recipients: target@example.net\n" + mail
    (event,) = events(mail)
    assert (event.kind, event.recipient, event.reported) == (Kind.HARD, "reader@example.com", "target@example.net")
    assert event.by_uuid
    assert "names another recipient than the report" in event.evidence


def test_where_only_the_uuid_tells_whom_we_mailed_the_report_is_evidence() -> None:
    mail = fixture("postfix_unknown_user").replace(b"\nTo: reader@example.com", b"")
    mail = mail.replace(b"Received: from lists.example.org", b"X-Seen: from lists.example.org")
    mail = mail.replace(b"rfc822; reader@", b"rfc822; target@").replace(b"rfc822;reader@", b"rfc822;target@")
    (event,) = events(mail)
    assert (event.kind, event.recipient, event.reported) == (Kind.HARD, "", "target@example.com")
    assert (event.subscriber_uuid, event.proof, event.by_uuid) == (SUBSCRIBER, Proof.UUID, True)


def test_where_to_was_cut_off_the_oldest_server_on_the_way_tells_whom_we_mailed() -> None:
    mail = fixture("postfix_unknown_user").replace(b"\nTo: reader@example.com", b"")
    newer = b"Received: from a by b for <target@example.net>; Tue, 3 Nov 2026\nReceived: from lists.example.org"
    mail = mail.replace(b"Received: from lists.example.org", newer)
    mail = mail.replace(b"rfc822; reader@", b"rfc822; target@").replace(b"rfc822;reader@", b"rfc822;target@")
    (event,) = events(mail)
    assert (event.recipient, event.reported) == ("reader@example.com", "target@example.com")


@pytest.mark.parametrize(
    ("own", "hint"),
    [
        ("lists.example.org", "the returned Message-ID is of lists.example.org"),
        ("example.org", "the returned Message-ID is of example.org"),  # a host below it
        ("ists.example.org", ""),  # only ends alike
        ("org.test", ""),
    ],
)
@pytest.mark.parametrize("name", ["postfix_unknown_user", "exim_unknown_user", "jmrp"])
def test_a_returned_message_id_of_an_own_domain_is_a_hint_since_anybody_can_write_one(
    name: str, own: str, hint: str
) -> None:
    (event,) = events(unproven(fixture(name)), replace(JUDGING, own_domains=("other.test", own)))
    assert event.kind is Kind.SOFT
    assert event.evidence.endswith(f"; only a hint: {hint}") is bool(hint)


def test_a_returned_from_of_an_own_domain_is_a_hint_too() -> None:
    mail = unproven(fixture("postfix_unknown_user")).replace(b"<0b5e.1001@lists.example.org>", b"<1@relay.test>")
    (event,) = events(mail, replace(JUDGING, own_domains=("example.org",)))
    assert event.kind is Kind.SOFT
    assert event.evidence.endswith("only a hint: the returned From is of example.org")


def test_a_letter_of_ours_to_one_person_tells_whose_mail_is_forwarded() -> None:
    judging = replace(JUDGING, own_domains=("example.org",))
    mail = unproven(fixture("postfix_unknown_user")).replace(b"rfc822; reader@", b"rfc822; target@")
    mail = mail.replace(b"rfc822;reader@", b"rfc822;target@")
    (event,) = events(mail, judging)
    assert (event.recipient, event.reported) == ("reader@example.com", "target@example.com")
    for other in (b"To: a@lists.example.org\nX: ", b"Cc: b@example.net\nTo: "):
        (event,) = events(mail.replace(b"\nTo: reader", b"\n" + other + b"reader"), judging)
        assert event.recipient == "target@example.com"
    assert events(mail)[0].recipient == "target@example.com"


def sent_to(address: bytes, mail: bytes) -> bytes:
    """The bounce as it arrives at a return address."""
    return b"Delivered-To: " + address + b"\n" + mail


PATTERN = "bounce+*@example.org"
VERP = replace(JUDGING, verp=(PATTERN,))
KEY = Secret("a-key-of-these-tests")
SIGNED = replace(VERP, verp_secret=KEY)


def signed_for(address: str) -> bytes:
    return signed(address, PATTERN, KEY.keys[0]).encode()


def test_a_return_address_that_names_the_recipient_is_a_hint_since_anybody_can_write_to_it() -> None:
    mail = sent_to(b"bounce+reader=example.com@example.org", unproven(fixture("postfix_unknown_user")))
    (event,) = events(mail, VERP)
    assert (event.kind, event.recipient) == (Kind.SOFT, "reader@example.com")
    assert event.evidence.endswith("only a hint: the return address names the recipient (VERP)")


@pytest.mark.parametrize("name", ["postfix_unknown_user", "exim_unknown_user", "jmrp", "arf_redacted"])
def test_a_signed_return_address_is_proof_of_its_address(name: str) -> None:
    mail = unproven(fixture(name))
    (event,) = events(sent_to(signed_for("reader@example.com"), mail), SIGNED)
    assert event.kind in (Kind.HARD, Kind.COMPLAINT)
    assert (event.recipient, event.proof, event.by_uuid) == ("reader@example.com", Proof.ADDRESS, False)
    assert event.evidence.endswith("proof of origin: the return address is signed (VERP)")


@pytest.mark.parametrize(
    "mail",
    [
        sent_to(signed_for("reader@example.com").replace(b"reader", b"victim"), fixture("postfix_unknown_user")),
        sent_to(signed("reader@example.com", PATTERN, b"another").encode(), fixture("postfix_unknown_user")),
        fixture("postfix_unknown_user").replace(b"news@lists.example.org", signed_for("reader@example.com"), 1),
        b"Received: from a by b; Tue, 3 Nov 2026\n"
        + sent_to(signed_for("reader@example.com"), fixture("postfix_unknown_user")),
    ],
    ids=["another address", "another key", "To", "came with it"],
)
def test_what_is_no_signed_return_address_of_ours(mail: bytes) -> None:
    (event,) = events(unproven(mail), SIGNED)
    assert event.kind is Kind.SOFT
    assert event.proof == Proof.NONE


def test_a_signed_return_address_tells_whom_we_mailed_when_the_report_names_where_it_was_forwarded_to() -> None:
    for mail in (fixture("postfix_unknown_user"), unproven(fixture("postfix_unknown_user"))):
        (event,) = events(sent_to(signed_for("mailed@example.net"), mail), SIGNED)
        assert (event.kind, event.recipient, event.proof) == (Kind.HARD, "mailed@example.net", Proof.ADDRESS)
        assert event.reported == "reader@example.com"
        assert "names another recipient than the report" in event.evidence


def test_of_several_recipients_only_the_one_in_the_signed_return_address_is_proven() -> None:
    mail = sent_to(signed_for("gone@example.com"), unproven(fixture("postfix_two_recipients")))
    found = {e.recipient: e for e in events(mail, SIGNED)}
    assert found["gone@example.com"].kind is Kind.HARD
    assert "no proof of origin" in found["full@example.com"].evidence


def test_a_uuid_in_the_return_address_proves_its_person() -> None:
    """As Listmonk from 6.2 on can make it, by a Return-Path header of the campaign."""
    address = f"bounce+{SUBSCRIBER}@example.org".encode()
    for mail in (unproven(fixture("postfix_unknown_user")), NAMELESS):
        (event,) = events(sent_to(address, mail), VERP)
        assert (event.kind, event.subscriber_uuid, event.proof) == (Kind.HARD, SUBSCRIBER, Proof.UUID)
        assert event.by_uuid
        assert event.evidence.endswith("the return address has the subscriber's UUID (VERP)")
        # Whoever knows it can send to that address too, so it is as good in a header that the sender writes.
        (told,) = events(mail.replace(b"To: news@lists.example.org", b"To: " + address), VERP)
        assert (told.kind, told.subscriber_uuid, told.proof) == (Kind.HARD, SUBSCRIBER, Proof.UUID)


OTHER = "11111111-2222-4333-8444-555555555555"
RETURNED = f"bounce+{SUBSCRIBER}@example.org".encode()


def test_a_uuid_within_a_mail_that_somebody_passes_on_proves_nothing() -> None:
    inner = b"To: " + RETURNED + b"\nMessage-ID: <1@x.example>\nFrom: MAILER-DAEMON@x.example\n"
    inner += b"Subject: Undelivered Mail\n\n<gone@example.net>: 550 5.1.1 User unknown\n"
    outer = b"Message-ID: <1@x.example>\nFrom: a@x.example\nContent-Type: message/rfc822\n\n" + inner
    (told,) = events(outer, VERP)
    assert (told.kind, told.proof) == (Kind.SOFT, Proof.NONE)


def test_the_person_of_a_return_address_is_told_whatever_the_report_names() -> None:
    """As from servers that do not return the headers of a letter, such as Stalwart."""
    bare, two = (
        fixture(name).partition(b"Content-Type: text/rfc822-headers")[0]
        for name in ("postfix_unknown_user", "postfix_two_recipients")
    )
    two = two.replace(b"Action: delayed", b"Action: failed").replace(b"4.4.1", b"5.1.1")
    for mail, kind, reported in (
        (bare, Kind.HARD, "reader@example.com"),
        (NAMELESS, Kind.HARD, ""),
        (two, Kind.SOFT, "full@example.com"),  # of the places that it was forwarded to the mildest
    ):
        (event,) = events(sent_to(RETURNED, mail), VERP)
        assert (event.recipient, event.subscriber_uuid, event.by_uuid) == ("", SUBSCRIBER, True)
        assert (event.kind, event.reported, event.proof) == (kind, reported, Proof.UUID)


def test_a_return_address_counts_more_than_the_headers_of_another_letter() -> None:
    mail = fixture("postfix_unknown_user").replace(SUBSCRIBER.encode(), OTHER.encode())
    (event,) = events(sent_to(RETURNED, mail), VERP)
    assert (event.subscriber_uuid, event.campaign_uuid, event.recipient) == (SUBSCRIBER, "", "")
    (same,) = events(sent_to(RETURNED, fixture("postfix_unknown_user")), VERP)
    assert (same.subscriber_uuid, same.campaign_uuid, same.recipient) == (
        SUBSCRIBER,
        CAMPAIGN,
        "reader@example.com",
    )


@pytest.mark.parametrize(
    "name", ["vacation", "out_of_office_german", "read_receipt", "postfix_delay", "ordinary_mail"]
)
def test_what_is_no_bounce_is_none_at_a_return_address_either(name: str) -> None:
    assert read_mail(sent_to(RETURNED, fixture(name)), VERP, ARRIVED).submission is None


def test_a_mail_names_few_people_without_proof_and_the_rest_is_held() -> None:
    victims = [f"m{i}@example.com" for i in range(12)]
    group = b"Final-Recipient: rfc822; %b\nAction: failed\nStatus: 5.1.1\n\n"
    groups = b"".join(group % v.encode() for v in victims)
    mail = fixture("postfix_unknown_user").replace(b"Final-Recipient", groups + b"Final-Recipient", 1)
    for judging in (
        JUDGING,
        replace(JUDGING, own_domains=("example.org",)),
        replace(JUDGING, unproven="accept"),
        replace(JUDGING, unproven="hold"),
    ):
        found = events(mail, judging)
        assert len(found) == 13
        doubted = [e for e in found if not e.by_uuid]
        assert len(doubted) == 12  # the thirteenth is the one that was mailed
        excess = [e for e in doubted if e.proof == Proof.EXCESS]
        assert len(excess) == 7
        assert all(e.hold == "unproven" and "more than 5 recipients" in e.evidence for e in excess)
        assert sum(not e.hold for e in doubted) == (0 if judging.unproven == "hold" else 5)
        if judging.unproven == "soft":
            assert all(e.kind is Kind.SOFT for e in doubted)
    assert all(e.hold for e in events(mail, replace(JUDGING, max_unproven=0)) if not e.by_uuid)
    assert not any(e.hold for e in events(mail, replace(JUDGING, max_unproven=12)))


NAMELESS = b"""From: MAILER-DAEMON@mx.example.net
To: news@lists.example.org
Subject: Undelivered Mail Returned to Sender
Date: Tue, 03 Nov 2026 09:00:05 +0000
Message-ID: <nameless.1@mx.example.net>

550 5.1.1 User unknown. Your message could not be delivered.
"""


def test_a_bounce_of_nobody_is_kept_for_later() -> None:
    returned = read_mail(NAMELESS, JUDGING, ARRIVED)
    assert returned.filing is Filing.UNIDENTIFIED
    assert returned.submission is not None
    (unreadable,) = returned.submission.unreadable
    assert unreadable.unidentified
    assert not unreadable.part
    assert returned.submission.raw == NAMELESS
    assert not returned.submission.events


def test_a_copy_of_a_nameless_bounce_is_known_and_another_one_with_the_same_words_is_not() -> None:
    def mark(mail: bytes) -> bytes:
        submission = read_mail(mail, JUDGING, ARRIVED).submission
        assert submission is not None
        return submission.unreadable[0].fingerprint

    moved = b"Received: from old.example.org; Wed, 04 Nov 2026 09:00:05 +0000\n" + NAMELESS
    assert mark(moved) == mark(NAMELESS) == mark(NAMELESS.replace(b"\n", b"\r\n"))
    assert mark(NAMELESS.replace(b"nameless.1", b"nameless.2")) != mark(NAMELESS)


def test_a_return_address_names_the_recipient_of_a_nameless_bounce() -> None:
    (event,) = events(sent_to(signed_for("reader@example.com"), NAMELESS), SIGNED)
    assert (event.kind, event.recipient) == (Kind.HARD, "reader@example.com")
    (event,) = events(sent_to(b"bounce+reader=example.com@example.org", NAMELESS), VERP)
    assert (event.kind, event.recipient) == (Kind.SOFT, "reader@example.com")


# Identity and times


def test_a_copy_with_other_received_headers_has_the_same_fingerprint() -> None:
    mail = fixture("generic_text")
    first = [e.fingerprint for e in events(mail)]
    assert first == [e.fingerprint for e in events(b"Received: from a by b; Wed, 04 Nov 2026 09:00 +0000\n" + mail)]
    assert all(first)


def test_without_a_believable_date_of_its_own_it_happened_when_it_arrived() -> None:
    mail = fixture("postfix_unknown_user")
    assert events(mail.replace(b"2026", b"1996"))[0].occurred_at == ARRIVED
    undated = b"\n".join(line for line in mail.split(b"\n") if b"Date:" not in line)
    assert events(undated)[0].occurred_at == ARRIVED
    assert events(undated, at=None)[0].occurred_at is None


def test_how_a_mailbox_is_judged_comes_from_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[listmonk]\ntoken = "a-token-of-these-tests-7f3"\n'
        '[mail]\nown_domains = ["example.org"]\nverp = ["b+*@example.org"]\nmax_unproven = 7\n'
        'verp_secret = "a-key-of-these-tests"\n'
        '[mailboxes.main]\nhost = "imap.example.org"\nuser = "b"\npassword = "p"\nunproven = "hold"\n'
    )
    config = load(str(path), environ={})
    assert judging_for(config, "main") == Judging(
        "main", "hold", ("example.org",), ("b+*@example.org",), max_unproven=7, verp_secret=KEY
    )
    assert "key-of" not in repr(judging_for(config, "main"))
    assert judging_for(config, "import").unproven == "soft"


@given(st.binary(max_size=3000), st.sampled_from(sorted(FIXTURES.glob("*.eml"))), st.integers(0, 4000))
def test_whatever_is_in_a_mail_it_is_read_without_failing(junk: bytes, path: Path, at: int) -> None:
    mail = path.read_bytes()
    for raw in (junk, mail[:at] + junk + mail[at:], mail[:at]):
        returned = read_mail(raw, VERP, ARRIVED)
        assert (returned.submission is None) is (returned.filing is None)


def test_a_mail_on_which_the_reader_fails_is_set_aside_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*args: object, **kwargs: object) -> None:
        raise OverflowError("a bug")

    monkeypatch.setattr("bouncestream.mail.decode.read", failing)
    returned = read_mail(b"a mail", VERP, ARRIVED)
    assert returned.bug and returned.filing is None
    assert returned.submission is not None and returned.submission.raw == b"a mail"
    assert [unreadable.why for unreadable in returned.submission.unreadable] == [
        "a bug in the mail parser: OverflowError"
    ]


def test_the_policy_changes_the_kind_but_never_makes_a_forgery_hard() -> None:
    policy = Rules(reasons={"mailbox_full": "hard"})
    judging = replace(JUDGING, rules=policy)
    [proven] = events(fixture("exim_alias_full"), replace(judging, unproven="accept"))
    assert proven.kind is Kind.HARD
    [doubted] = events(unproven(fixture("exim_alias_full")), judging)
    assert doubted.kind is Kind.SOFT
    assert "the policy says hard" in doubted.evidence
    assert "reported as soft at most (it says hard)" in doubted.evidence


# Unsubscriptions by mail

WISHES = replace(
    JUDGING, unsubscribe=("unsub+*@lists.example.org",), authserv_id="mx.example.org", verp_secret=Secret("k" * 16)
)
FROM_TRUE = b"Authentication-Results: mx.example.org; dkim=pass header.d=example.com\n"


def wish(person: str, top: bytes = b"", number: int = 1, subject: str = "unsubscribe") -> bytes:
    head = f"From: reader@example.com\nTo: {person}\nSubject: {subject}\nMessage-ID: <{number}@example.com>\n"
    return top + head.encode() + b"Date: Tue, 3 Nov 2026 09:00:00 +0000\n\nunsubscribe\n"


def test_a_wish_with_a_uuid_is_told_of_that_person_alone() -> None:
    returned = read_mail(wish(f"unsub+{SUBSCRIBER}@lists.example.org", subject=CAMPAIGN), WISHES, ARRIVED)
    assert (returned.filing, returned.why) == (Filing.DONE, "unsubscribe (unsubscribe)")
    assert returned.submission is not None
    (event,) = returned.submission.events
    assert (event.kind, event.proof, event.hold) == (Kind.UNSUBSCRIBE, Proof.UUID, "")
    assert (event.recipient, event.subscriber_uuid, event.campaign_uuid) == ("", SUBSCRIBER, CAMPAIGN)
    assert event.reported == "reader@example.com"  # whoever he says he is
    assert event.by_uuid
    assert event.evidence.endswith("proof of origin: the address that it was sent to has the subscriber's UUID")
    assert event.message_id == ""


def test_a_wish_by_a_signed_address_or_a_true_from_is_proven() -> None:
    (one,) = events(wish(signed("other@example.com", "unsub+*@lists.example.org", b"k" * 16)), WISHES)
    assert (one.proof, one.hold, one.recipient) == (Proof.ADDRESS, "", "other@example.com")
    (two,) = events(wish("unsub+@lists.example.org", FROM_TRUE), WISHES)
    assert (two.proof, two.hold, two.recipient) == (Proof.ADDRESS, "", "reader@example.com")
    assert two.evidence.endswith("mx.example.org found that From is true (DKIM)")


@pytest.mark.parametrize(
    ("to", "top", "named"),
    [
        ("unsub+@lists.example.org", b"", "reader@example.com"),
        ("unsub+victim=example.com@lists.example.org", b"", "victim@example.com"),
        ("unsub+victim=example.com@lists.example.org", FROM_TRUE, "victim@example.com"),
        (signed("victim@example.com", "unsub+*@lists.example.org", b"wrong"), FROM_TRUE, "victim@example.com"),
        (
            "unsub+@lists.example.org",
            FROM_TRUE.replace(b"mx.example.org", b"mx.evil.example"),
            "reader@example.com",
        ),
    ],
)
def test_a_wish_without_a_proof_waits(to: str, top: bytes, named: str) -> None:
    (event,) = events(wish(to, top), WISHES)
    assert (event.proof, event.hold, event.recipient) == (Proof.NONE, "unproven", named)
    assert "no proof of origin: held; only a hint: " in event.evidence
    (accepted,) = events(wish(to, top), replace(WISHES, unproven="accept"))
    assert accepted.hold == ""


def test_a_wish_of_nobody_is_kept_as_unidentified() -> None:
    mail = wish("unsub+@lists.example.org").replace(b"From: reader@example.com", b"From: nobody")
    returned = read_mail(mail, WISHES, ARRIVED)
    assert returned.filing is Filing.UNIDENTIFIED
    assert returned.why.startswith("an unsubscription whose sender cannot be identified")


def test_two_mails_of_one_wish_have_one_identity_key() -> None:
    keys = set()
    for number in (1, 2):
        (event,) = events(wish(f"unsub+{SUBSCRIBER}@lists.example.org", number=number), WISHES)
        keys |= set(identity_keys(event, b"secret"))
    assert len(keys) == 1


def test_where_a_mail_has_no_other_place_what_is_no_bounce_is_set_aside_too(tmp_path: Path) -> None:
    text = '[listmonk]\ntoken = "a-token-of-good-length"\n[mail]\nauthserv_id = "mx.example.org"\n'
    text += '[smtp.mta]\nlisten = "127.0.0.1:24"\nrecipients = ["b@example.org"]\nunproven = "hold"\n'
    text += '[smtp.mx]\nlisten = ":25"\nprotocol = "smtp"\nrecipients = ["b@example.org"]\n'
    path = tmp_path / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    config = load(path, {})
    judging = judging_for(config, "mta")
    assert (judging.keeps_all, judging.unproven, judging.authserv_id) == (True, "hold", "mx.example.org")
    # whoever connects from elsewhere may have written that field himself
    assert judging_for(config, "mx").authserv_id == ""
    assert not judging_for(config, "other").keeps_all
    reply = b"From: joe@example.net\r\nSubject: Re: News\r\n\r\nPlease call me.\r\n"
    returned = read_mail(reply, judging, ARRIVED)
    assert returned.filing is Filing.UNIDENTIFIED
    assert returned.why.startswith("no bounce")
    assert returned.submission is not None
    (kept,) = returned.submission.unreadable
    assert kept.unidentified
    assert returned.submission.raw == reply
    again = read_mail(b"Received: from x by y; today\r\n" + reply, judging, None).submission
    assert again is not None
    assert again.unreadable[0].fingerprint == kept.fingerprint
    assert read_mail(reply, JUDGING, ARRIVED).submission is None
