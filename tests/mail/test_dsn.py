# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 3464 fields, in the order and with the blank lines that servers really write."""

from __future__ import annotations

import pytest

from bouncestream.mail.dsn import (
    MAX_RECIPIENTS,
    RecipientFields,
    address_in,
    address_of,
    diagnostic_of,
    read_status,
    typed,
)

MESSAGE = "Reporting-MTA: dns; mx.example.org\nArrival-Date: Tue, 3 Nov 2026 09:00:00 +0000\n"
ONE = "Final-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\n"
TWO = "Final-Recipient: rfc822; b@example.com\nAction: delayed\nStatus: 4.4.1\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{MESSAGE}\n{ONE}\n{TWO}",
        f"{MESSAGE}{ONE}{TWO}",  # Dovecot: no blank lines
        f"\n\n{MESSAGE}\n\n\n{ONE}\n\n{TWO}\n\n",
        f"{MESSAGE}\nAction: failed\nFinal-Recipient: rfc822; a@example.com\nStatus: 5.1.1\n"  # SES, PMDF
        f"\nAction: delayed\nFinal-Recipient: rfc822; b@example.com\nStatus: 4.4.1\n",
        f"{MESSAGE}\nAction: failed\nFinal-Recipient: rfc822; a@example.com\n\nStatus: 5.1.1\n\n{TWO}",
    ],
)
def test_each_recipient_keeps_its_own_fields(text: str) -> None:
    status = read_status(text)
    assert status.message.reporting_mta == "dns; mx.example.org"
    assert status.message.arrival_date == "Tue, 3 Nov 2026 09:00:00 +0000"
    assert [(address_of(r)[0], r.action, r.status) for r in status.recipients] == [
        ("a@example.com", "failed", "5.1.1"),
        ("b@example.com", "delayed", "4.4.1"),
    ]


def test_original_recipient_after_action_belongs_to_the_same_recipient() -> None:
    # Courier 1.0 writes Original-Recipient last.
    (recipient,) = read_status(ONE + "Original-Recipient: rfc822; alias@example.com\n").recipients
    assert address_of(recipient) == ("alias@example.com", "Original-Recipient")


def test_an_original_recipient_that_is_no_address_is_passed_over() -> None:
    recipient = RecipientFields(original_recipient="x400; /C=WW/", final_recipient="rfc822;a@example.com")
    assert address_of(recipient) == ("a@example.com", "Final-Recipient")


def test_a_folded_diagnostic_is_one_line() -> None:
    (recipient,) = read_status(ONE + "Diagnostic-Code: smtp; 550 5.1.1 no\n    such\n\tuser\n").recipients
    assert diagnostic_of(recipient) == "550 5.1.1 no such user"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (RecipientFields(diagnostic_code="smtp; 550 no"), "550 no"),
        (RecipientFields(diagnostic_code="550 no; really"), "550 no; really"),  # no type at all
        (RecipientFields(diagnostic_code="x-unix; quota exceeded"), "x-unix; quota exceeded"),
        (RecipientFields(status="5.4.4 (Illegal host/domain name found)"), "Illegal host/domain name found"),
        (RecipientFields(), ""),
    ],
)
def test_the_words_of_the_server(fields: RecipientFields, words: str) -> None:
    assert diagnostic_of(fields) == words


def test_groups_without_any_address_are_left_out() -> None:
    assert read_status(f"{MESSAGE}\nAction: failed\nStatus: 5.0.0\n").recipients == ()
    assert read_status("").recipients == ()


def test_thousands_of_recipients_are_capped_and_it_is_said() -> None:
    text = "\n".join(f"Final-Recipient: rfc822; r{i}@example.com\nAction: failed\n" for i in range(3000))
    status = read_status(text)
    assert len(status.recipients) == MAX_RECIPIENTS
    assert status.capped


def test_typed() -> None:
    assert typed("RFC822; a@example.com") == ("rfc822", "a@example.com")
    assert typed("a@example.com; b") == ("", "a@example.com; b")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("rfc822; a@example.com; expanded", "a@example.com"),
        ("rfc822; a@example.com, Reader", "a@example.com"),
        ("rfc822;/o=x/cn=a smtp:a@example.com", "a@example.com"),
        ("rfc822; a@example.com and b@example.com", ""),  # which of them?
        ("rfc822; |/usr/bin/filter -u a@example.com", ""),  # a program's argument
        ("rfc822; nobody", ""),
    ],
)
def test_the_one_address_among_other_words(value: str, address: str) -> None:
    assert address_in(value) == address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("a+2Bnews@example.com", "a+news@example.com"),  # Exim does not undo what Postfix had to do
        ("a+3Db@example.com", "a=b@example.com"),
        ("a+news@example.com", "a+news@example.com"),
        ("a+2024@example.com", "a+2024@example.com"),
    ],
)
def test_an_original_recipient_in_xtext(written: str, address: str) -> None:
    (one,) = read_status(f"Original-Recipient: rfc822;{written}\n{ONE}").recipients
    assert address_of(one) == (address, "Original-Recipient")
