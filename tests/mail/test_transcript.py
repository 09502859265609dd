# SPDX-License-Identifier: GPL-3.0-or-later
"""What a notice says about an address beside the fields of its report."""

from __future__ import annotations

import pytest

from bouncestream.mail.transcript import Session, last_refusal

SENDMAIL = (
    "   ----- The following addresses had permanent fatal errors -----\n<a@example.com>\n\n"
    "   ----- Transcript of session follows -----\n... while talking to mx.example.com.:\n"
)


def test_the_remote_server_speaks_before_the_local_summary() -> None:
    notice = (
        SENDMAIL
        + ">>> RCPT To:<a@example.com>\n<<< 550-5.7.1 blocked\n<<< 550 5.7.1 by us\n550 5.1.1 User unknown\n"
    )
    said = Session(notice).contradicting(alone=True)
    assert said.text == "550-5.7.1 blocked\n550 5.7.1 by us"
    assert not said.after_data


def test_words_are_read_with_those_that_follow() -> None:
    lines = "550-Unsolicited mail is unwelcome\n550 5.1.1 User unknown"
    notice = SENDMAIL + ">>> RCPT To:<a@example.com>\n<<< " + lines.replace("\n", "\n<<< ") + "\n"
    first = lines.partition("\n")[0]
    assert Session(notice).whole(first) == lines
    assert Session("").whole(first) == first
    assert Session(notice).whole("550 refused") == "550 refused"


def test_of_words_that_are_a_session_the_last_refusal_counts() -> None:
    said = "C: MAIL FROM:<n@example.org> S: 250 2.1.0 ok C: RCPT TO:<a@example.com> S: 550 5.1.1 unknown user"
    assert Session("").whole(said) == "550 5.1.1 unknown user (in reply to RCPT TO command)"


def test_a_refusal_after_data_is_noticed() -> None:
    notice = SENDMAIL + ">>> DATA\n<<< 550 Unknown user\n554 5.0.0 Service unavailable\n"
    assert Session(notice).contradicting(alone=True).after_data


def test_pipelining_is_not_taken_for_data() -> None:
    notice = (
        SENDMAIL + ">>> DATA\n<<< 550 no such user\n550 5.1.1 a@example.com... User unknown\n<<< 503 need RCPT\n"
    )
    said = Session(notice).contradicting(alone=True)
    assert said.text == "550 no such user"
    assert not said.after_data


def test_with_several_recipients_the_session_is_nobodys() -> None:
    assert Session(SENDMAIL + "<<< 550 no\n").contradicting(alone=False).text == ""


def test_lines_of_one_address_end_at_the_next() -> None:
    session = Session("a@example.com: no such user\nb@example.com: mailbox full\n")
    assert session.about("a@example.com", alone=False).text == "no such user"
    assert session.about("b@example.com", alone=False).text.strip() == "mailbox full"
    assert session.about("c@example.com", alone=False).text == ""


def test_names_in_the_notice() -> None:
    assert Session(SENDMAIL).only_address == "a@example.com"
    assert Session("x@y.test... (expanded from: <a@example.com>)").expanded_from("x@y.test") == "a@example.com"


@pytest.mark.parametrize(
    ("text", "answer", "command"),
    [
        ("--> RCPT To:<a@example.com>\n<-- 550 gone\n--> QUIT", "550 gone", "RCPT"),
        ("Tue 2026-11-03: <-- 220 hello\nTue 2026-11-03: --> DATA\nTue 2026-11-03: <-- 554 no", "554 no", "DATA"),
        (
            "C: RCPT TO:<b@example.com>\nS: 450 later",
            "450 later",
            "RCPT",
        ),
        ("--> EHLO us\n<-- 250 fine", "", ""),
        ("no transcript", "", ""),
    ],
)
def test_the_last_refusal_of_a_transcript_and_what_it_answered(text: str, answer: str, command: str) -> None:
    assert last_refusal(text) == (answer, command)
