# SPDX-License-Identifier: GPL-3.0-or-later
"""Status, reply code, words and action → kind and reason: a table of what servers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncestream.mail.classify import classify
from bouncestream.mail.phrases import read_words
from bouncestream.mail.reason import REASONS

RCPT = " (in reply to RCPT TO command)"

CASES = [
    # (status, words, kind, reason)
    (
        "5.1.1",
        "550 5.1.1 <a@example.com>: Recipient address rejected: User unknown in local recipient table",
        "hard",
        "user_unknown",
    ),
    ("5.0.0", "550 5.1.1 <a@example.com>... User unknown", "hard", "user_unknown"),
    ("5.1.1", "550 no such person at this address", "hard", "user_unknown"),
    ("5.1.1", "", "hard", "user_unknown"),
    (
        "5.1.10",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        "hard",
        "user_unknown",
    ),
    (
        "5.1.1",
        "550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1 Please try",
        "hard",
        "user_unknown",
    ),
    ("5.4.1", "550 5.4.1 [a@example.com]: Recipient address rejected: Access denied", "hard", "user_unknown"),
    ("5.1.6", "550 5.1.6 recipient no longer on server", "hard", "moved"),
    (
        "5.4.4",
        "Host or domain name not found. Name service error for name=example.test type=A: Host not found",
        "hard",
        "host_unknown",
    ),
    ("5.1.2", "Sorry, I couldn't find any host named example.test. (#5.1.2)", "hard", "host_unknown"),
    ("5.1.10", "Domain example.test does not accept mail (nullMX)", "hard", "no_mail_domain"),
    # Codes that lie: the words decide.
    ("5.1.1", "552 5.1.1 mailbox is full", "soft", "mailbox_full"),
    ("5.1.0", "550 5.1.0 MAIL FROM domain is listed in Spamhaus", "soft", "blocklisted"),
    ("5.1.3", "553 http://www.spamhaus.org/query/bl?ip=192.0.2.1", "soft", "blocklisted"),
    ("5.1.8", "550 5.1.8 <news@example.org>: Sender address rejected: Domain not found", "soft", "sender_rejected"),
    ("5.1.8", "550 5.1.8 Domain does not exist", "soft", "sender_rejected"),
    ("5.1.1", "450 4.1.1 <a@example.com>: User unknown in local recipient table", "soft", "user_unknown"),
    ("5.1.7", "SMTP error after MAIL FROM:<news@example.org>: 550 No such domain", "soft", "sender_rejected"),
    # The stage: what answers RCPT is about the address, whatever a sloppy code says.
    ("5.7.1", "550 5.7.1 No such user!" + RCPT, "hard", "user_unknown"),
    ("5.7.1", "550 5.7.1 No such user!", "hard", "user_unknown"),
    ("5.0.0", "554 delivery error: dd This user doesn't have an account here", "hard", "user_unknown"),
    (
        "5.0.0",
        "554 delivery error: dd This user doesn't have a yahoo.com account (in reply to end of DATA command)",
        "hard",
        "user_unknown",
    ),
    ("5.0.0", "550 unknown user (in reply to end of DATA command)", "soft", "user_filtered"),
    ("", "501 5.5.4 Invalid Address" + RCPT, "soft", "protocol"),
    # Postfix's access tables say what Microsoft's edge says, with another code.
    ("5.7.1", "554 5.7.1 <a@example.com>: Recipient address rejected: Access denied" + RCPT, "soft", "policy"),
    # Codes that go both ways alone.
    ("5.0.0", "", "soft", "rejected"),
    ("5.2.1", "", "soft", "mailbox_disabled"),
    ("5.7.1", "", "soft", "policy"),
    ("", "550 something", "soft", "rejected"),
    ("", "", "soft", "undetermined"),
    ("4.0.0", "", "soft", "undetermined"),
    # Words against a hard verdict.
    ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", "soft", "mailbox_disabled"),
    ("5.7.1", "554 5.7.1 <a@example.com>: Relay access denied", "soft", "relaying"),
    ("5.7.1", "550 5.7.1 <a@example.com>: Recipient address rejected: Access denied", "soft", "policy"),
    (
        "5.7.26",
        "550-5.7.26 Unauthenticated email from example.org is not accepted due to DMARC policy",
        "soft",
        "auth_failure",
    ),
    ("5.0.0", "550 User unknown (in reply to end of DATA command)", "soft", "user_filtered"),
    ("5.2.0", "550 Unknown user a@example.com", "soft", "user_filtered"),
    ("", "550 : User unknown", "soft", "user_filtered"),
    ("", "Host not found, try again", "soft", "network"),
    ("", "Sorry, I couldn't find any host by that name. (#4.1.2)", "soft", "network"),
    ("", 'procmail: Couldn\'t create "/var/spool/mail/a": No such user', "soft", "delivery_program"),
    ("4.4.7", "554 4.4.7 Message expired: unable to deliver in 840 minutes", "soft", "expired"),
    ("4.4.1", "Connection timed out", "soft", "network"),
    ("5.4.6", "554 5.4.6 Too many hops", "soft", "loop"),
    # Words that name the cause need no second sign; the stock phrase does.
    ("5.0.0", "550 No such user here", "hard", "user_unknown"),
    ("5.0.0", "550 Requested action not taken: mailbox unavailable", "soft", "user_filtered"),
    ("5.0.0", "550 Requested action not taken: mailbox unavailable" + RCPT, "hard", "user_unknown"),
    # Only where the answer to DATA is named, and where a full sentence says so not even then.
    (
        "5.0.0",
        "550 the mailbox a does not exist on this server (in reply to end of DATA command)",
        "hard",
        "user_unknown",
    ),
    ("5.0.0", "550 No such user here" + RCPT, "hard", "user_unknown"),
    ("5.1.1", "550 No such user here", "hard", "user_unknown"),
    ("", "550 <a@example.com>: User unknown", "hard", "user_unknown"),
    # A relay's summary with the remote server's words in quotes.
    (
        "5.1.0",
        "5.1.0 - Unknown address error 550-'5.2.2 <a@example.com>... Mailbox Full' (delivery attempts: 0)",
        "soft",
        "mailbox_full",
    ),
    (
        "5.1.0",
        "5.1.0 - Unknown address error 550-'5.1.1 <a@example.com>... User unknown' (delivery attempts: 0)",
        "hard",
        "user_unknown",
    ),
    # Postfix puts any reason behind "Recipient address rejected".
    ("5.7.1", "554 5.7.1 <a@example.com>: Recipient address rejected: LIST-7" + RCPT, "soft", "rejected"),
    (
        "5.7.1",
        "554 5.7.1 <a@example.com>: Recipient address rejected: Not in recipient list" + RCPT,
        "hard",
        "user_unknown",
    ),
    (
        "5.1.1",
        '550 5.1.1 <a@example.com>: Recipient address rejected: unverified address: unknown user: "a"',
        "hard",
        "user_unknown",
    ),
    (
        "4.1.1",
        '450 4.1.1 <a@example.com>: Recipient address rejected: unverified address: unknown user: "a"',
        "soft",
        "user_unknown",
    ),
    # A vendor's own words mean one thing after DATA too.
    (
        "5.0.0",
        "550 Message was not accepted -- invalid mailbox. Local mailbox a@example.com is unavailable: "
        "user not found (in reply to end of DATA command)",
        "hard",
        "user_unknown",
    ),
    (
        "5.0.0",
        "550 Message was not accepted -- invalid mailbox. Local mailbox a@example.com is unavailable: "
        "account is disabled" + RCPT,
        "soft",
        "mailbox_disabled",
    ),
    # What promises another try is not gone; what denies it may be.
    ("5.1.1", "550 5.1.1 Recipient unknown at the moment, try again later", "soft", "system_error"),
    ("5.0.0", "550 No such user, this is not a temporary error" + RCPT, "hard", "user_unknown"),
    # La Poste's and Orange's codes.
    (
        "5.1.1",
        "550-5.1.1 Adresse d au moins un destinataire invalide. 550 5.1.1 Invalid recipient. LPN007_416",
        "hard",
        "user_unknown",
    ),
    ("5.0.0", "550 Service refuse / service refused. LPN027_503" + RCPT, "soft", "blocklisted"),
    # Words of the remote server, within its client's own.
    ("", "192.0.2.25 did not like our RCPT TO: 550 host name is unknown" + RCPT, "hard", "host_unknown"),
    # Other languages.
    ("", "550 5.1.1 Adresse d au moins un destinataire invalide", "hard", "user_unknown"),
    ("", "Der Empfänger ist unbekannt: Empfänger unbekannt (#5.1.1)", "hard", "user_unknown"),
    ("", "550 5.1.1 宛先が見つかりません", "hard", "user_unknown"),
]


@pytest.mark.parametrize(("status", "words", "kind", "reason"), CASES)
def test_what_servers_say(status: str, words: str, kind: str, reason: str) -> None:
    judged = classify(status=status, reply_code="", diagnostic=words)
    assert (judged.kind, judged.reason) == (kind, reason), judged.evidence


def test_the_stage_may_stand_in_the_context() -> None:
    words = "550 User not found"
    bare = classify(status="5.0.0", reply_code="", diagnostic=words)
    assert (bare.kind, bare.sure) == ("hard", False)
    told = classify(status="5.0.0", reply_code="", diagnostic=words, context=f"said: {words}{RCPT}")
    assert (told.kind, told.sure) == ("hard", True)
    data = classify(status="5.0.0", reply_code="", diagnostic=words, context="(in reply to end of DATA command)")
    assert data.kind == "soft"
    assert classify(status="5.1.1", reply_code="", diagnostic=words, after_data=True).kind == "soft"


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("delayed", "delayed"),
        ("Delayed ", "delayed"),
        ("relayed", "delivered"),
        ("expanded", "delivered"),
        ("odd", "delayed"),
    ],
)
def test_what_is_not_final_is_ignored_whatever_the_code(action: str, reason: str) -> None:
    judged = classify(status="5.1.1", reply_code="550", diagnostic="550 5.1.1 User unknown", action=action)
    assert (judged.kind, judged.reason) == ("ignore", reason)


def test_a_success_status_is_no_failure() -> None:
    assert classify(status="2.1.5", reply_code="", diagnostic="250 2.1.5 Ok").kind == "ignore"


def test_codes_come_out_settled() -> None:
    judged = classify(status="5.0.0", reply_code="", diagnostic="550 5.7.1 blocked by policy")
    assert (judged.status, judged.reply_code) == ("5.7.1", "550")


@given(
    st.text(max_size=300),
    st.text(max_size=12),
    st.text(max_size=6),
    st.sampled_from(["failed", "", "delayed", "x"]),
)
def test_any_text_is_judged(words: str, status: str, reply: str, action: str) -> None:
    judged = classify(status=status, reply_code=reply, diagnostic=words, action=action)
    assert judged.kind in ("hard", "soft", "ignore")
    assert judged.reason in REASONS
    assert judged.evidence


@pytest.mark.parametrize(
    ("status", "words", "heard", "sure"),
    [
        ("5.1.1", "550 5.1.1 User unknown", "", True),
        ("5.0.0", "550 User unknown", "", False),
        ("5.0.0", "550 User unknown" + RCPT, "", True),
        ("5.1.1", "550 5.1.1 Unknown user", "a@docomo.ne.jp", False),
        ("5.2.2", "552 5.2.2 Mailbox full", "", True),
    ],
)
def test_a_hard_that_rests_on_words_alone_is_not_sure(status: str, words: str, heard: str, sure: bool) -> None:
    assert classify(status=status, reply_code="", diagnostic=words, heard=heard).sure is sure


def test_a_carrier_that_masks_its_filters_is_believed_only_at_rcpt() -> None:
    words = "550 Unknown user a@docomo.ne.jp"
    assert classify(status="", reply_code="", diagnostic=words, heard="a@docomo.ne.jp").kind == "soft"
    at_rcpt = classify(status="", reply_code="", diagnostic=words, heard="a@docomo.ne.jp", at_rcpt=True)
    assert (at_rcpt.kind, at_rcpt.sure) == ("hard", False)


def test_a_code_proves_only_where_no_words_say_otherwise() -> None:
    judged = classify(status="5.1.1", reply_code="", diagnostic="550 5.1.1 quarantined")
    assert (judged.kind, judged.against) == ("soft", "the words do not say so")
    words = "550 5.1.1 Declined because of the choices that this person made"
    judged = classify(status="5.1.1", reply_code="", diagnostic=words)
    assert (judged.kind, judged.rule, judged.reason) == ("soft", "clause", "user_filtered")
    assert classify(status="5.1.1", reply_code="", diagnostic="550 5.1.1 Address rejected").kind == "hard"


def test_a_source_is_named_only_where_its_server_was_recognised() -> None:
    words = "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery"
    assert classify(status="", reply_code="", diagnostic=words).said_by == ""
    assert classify(status="", reply_code="", diagnostic=words, heard="mx.google.com").said_by == "Google"


OURS = ("news@letters.example.org", "bounce@lists.example.org")


@pytest.mark.parametrize(
    "words",
    [
        "550 5.1.1 news@letters.example.org: unknown user",
        "550 5.1.1 unknown user: news@letters.example.org",
        "550 5.1.1 the address news@letters.example.org does not exist",
        "550 letters.example.org does not resolve",
        "550 no such domain as lists.example.org",
        "550 mx.elsewhere.example.net does not exist",
    ],
)
def test_our_own_address_and_hosts_of_others_are_not_the_recipient(words: str) -> None:
    heard = "jane@example.com mx.example.com"
    assert classify(status="", reply_code="", diagnostic=words, heard=heard, ours=OURS).kind == "soft"
    own = words.replace("news@letters.example.org", "jane@example.com").replace(
        "letters.example.org", "example.com"
    )
    own = own.replace("lists.example.org", "example.com").replace("mx.elsewhere.example.net", "example.com")
    assert classify(status="", reply_code="", diagnostic=own, heard=heard, ours=OURS).kind == "hard"


def test_what_the_dns_has_answered_is_final_whatever_code_was_made_up() -> None:
    words = "450 4.4.4 DNS: domain example.com does not exist (NXDOMAIN)"
    assert classify(status="4.4.4", reply_code="", diagnostic=words, heard="a@example.com").kind == "hard"
    plain = "450 4.4.4 domain example.com does not exist"
    assert classify(status="4.4.4", reply_code="", diagnostic=plain, heard="a@example.com").kind == "soft"
    around = "le domaine destinataire n'existe pas (NXDOMAIN)"
    told = classify(
        status="4.4.4",
        reply_code="",
        diagnostic="450 4.4.4 domaine inexistant",
        context=around,
        heard="a@b.example",
    )
    assert told.kind == "hard"
    other = "450 4.4.4 DNS: domain other.example.net does not exist (NXDOMAIN)"
    assert classify(status="4.4.4", reply_code="", diagnostic=other, heard="a@example.com").kind == "soft"


def test_of_several_attempts_the_last_answer_counts() -> None:
    words = "attempt 1: 450 4.7.1 Greylisted, try again later\nattempt 2: 550 5.1.1 User unknown"
    assert classify(status="", reply_code="", diagnostic=words).kind == "hard"
    turned = "attempt 1: 550 5.1.1 User unknown\nattempt 2: 450 4.7.1 Greylisted, try again later"
    assert classify(status="", reply_code="", diagnostic=turned).kind == "soft"


def test_what_a_server_says_of_all_its_users_is_read_once() -> None:
    read_words.cache_clear()
    words = "host mx.example.org[192.0.2.1] said: 550 5.1.1 <{}>: Recipient address rejected: User unknown"
    people = [f"{name}@example.org" for name in ("jane.doe", "spam", "info", "block+list")]
    found = [
        classify(status="5.1.1", reply_code="", diagnostic=words.format(one), heard=f"{one} mx.example.org")
        for one in people
    ]
    assert len(set(found)) == 1
    assert found[0].reason == "user_unknown"
    assert read_words.cache_info().misses == 1
    # where it is quoted, it is the person's own
    words = "550 jane@example.org 그런 사용자가 없습니다"
    own = classify(status="", reply_code="", diagnostic=words, heard="jane@example.org mx.example.org")
    assert "jane@example.org" in own.evidence
