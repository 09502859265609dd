# SPDX-License-Identifier: GPL-3.0-or-later
"""Free-form bounces: the recipients and their own lines, in the forms that servers write."""

from __future__ import annotations

import re

import pytest

from bouncestream.mail import families, freeform
from bouncestream.mail.families import FAMILIES
from bouncestream.mail.freeform import cut, read_notice
from tests.mail.needed import without

HEAD = {"from": "MAILER-DAEMON@mx.example.org", "to": "news@lists.example.org", "subject": "failure notice"}

CASES = [
    ("Hi. This is the qmail-send program at mx.\n\n<a@example.com>:\nno user\n\n<b@example.com>:\nfull\n", "ab"),
    ("I'm sorry to have to inform you that it failed.\n\n<a@example.com>: host said: 550 no user\n", "a"),
    (
        "   ----- Transcript of session follows -----\n>>> RCPT To:<a@example.com>\n<<< 550 no\n"
        "550 5.1.1 <a@example.com>... User unknown\n550 b@example.com... Host unknown\n",
        "ab",
    ),
    (
        "This message was created automatically by mail delivery software.\n\n"
        "  a@example.com\n    host mx: 550 no\n",
        "a",
    ),
    ("did not reach the following recipient(s):\n\na@example.com on Tue, 3 Nov 2026\n  not recognized\n", "a"),
    ("This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\na@example.com: No such domain\n", "a"),
    ("------- Failure Reasons  --------\n\nUser not listed\na@example.com\n", "a"),
    ("Error-for:  a@example.com\nError-Code: 0\n", "a"),
    ("Could not be delivered to: <a@example.com>\nAs their mailbox is full.\n", "a"),
    ("Unable to deliver message to <a@example.com>: no such user", "a"),
    ("Unknown user: a@example.com\n", "a"),
    ("Failed:\n  * a@example.com\n  * b@example.com\n", "ab"),
    ("Recipient: [SMTP:a@example.com]\nReason: unknown\n", "a"),
    ("Please ask us; the mail to some address, sent from other@example.net, failed.", ""),
]


@pytest.mark.parametrize(("text", "names"), CASES)
def test_recipients(text: str, names: str) -> None:
    notice = read_notice(text, HEAD, daemon=True)
    assert [e.address for e in notice.entries] == [f"{n}@example.com" for n in names]
    assert notice.bounce


def test_each_recipient_has_its_own_lines() -> None:
    notice = read_notice(CASES[0][0], HEAD, daemon=True)
    assert "no user" in notice.entries[0].text
    assert "no user" not in notice.entries[1].text


def test_sendmail_says_the_reason_above_the_address() -> None:
    text = (
        "----- Transcript of session follows -----\nWhile talking to mx.example.com:\n<<< 552 mailbox full\n"
        "554 <a@example.com>... Service unavailable\nWhile talking to mx.example.net:\n<<< 550 no such user\n"
        "550 <b@example.net>... User unknown\n"
    )
    first, second = read_notice(text, HEAD, daemon=True).entries
    assert "mailbox full" in first.text
    assert "mailbox full" not in second.text


def test_the_mailed_alias_is_told_apart_from_where_it_led() -> None:
    text = (
        "This message was created automatically by mail delivery software.\n\n  target@provider.test\n"
        "    (generated from a@example.com)\n    550 no such user\n"
    )
    (entry,) = read_notice(text, HEAD, daemon=True).entries
    assert (entry.address, entry.alias) == ("target@provider.test", "a@example.com")


def test_x_failed_recipients_decides_who_failed() -> None:
    head = {**HEAD, "x-failed-recipients": "a@example.com, b@example.com, "}
    text = (
        "This message was created automatically by mail delivery software.\n\n"
        "  b@example.com\n    full\n\n  c@example.com\n    fine\n"
    )
    notice = read_notice(text, head, daemon=True)
    assert [e.address for e in notice.entries] == ["a@example.com", "b@example.com"]
    assert "full" in notice.entries[1].text


@pytest.mark.parametrize(
    "line",
    [
        "--- Below this line is a copy of the message.",
        "------ This is a copy of the message, including all the headers. ------",
        "----- Original message -----",
        "   ----- Unsent message follows -----",
        "Original message follows.",
        "Message headers follow:",
        "Return-Path: <news@lists.example.org>",
    ],
)
def test_the_returned_message_is_cut_off(line: str) -> None:
    notice, returned = cut(f"a@example.com: no\n\n{line}\n\nTo: innocent@example.com\n")
    assert "innocent" not in notice
    assert "innocent" in returned


@pytest.mark.parametrize(
    ("text", "delayed"),
    [
        ("a@example.com has not yet been delivered. Delivery attempts will continue.", True),
        ("THIS IS A WARNING MESSAGE ONLY.\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\na@example.com", True),
        ("Message will be retried for 2 more day(s)\na@example.com", True),
        ("It has been frozen.\nThe following address(es) have yet to be delivered:\n  a@example.com", True),
        (
            "It was delayed for 5 days. I've given up. This is a permanent error.\na@example.com has been delayed",
            False,
        ),
        ("a@example.com: no such user", False),
    ],
)
def test_delays(text: str, delayed: bool) -> None:
    assert read_notice(text, HEAD, daemon=True).delayed is delayed


def test_a_letter_that_speaks_of_a_bounce_is_none() -> None:
    head = {"from": "reader@example.com", "subject": "your newsletter"}
    notice = read_notice("My friend <friend@example.net>: 550 user unknown, what is that?", head, daemon=False)
    assert not notice.bounce


def test_the_names_of_families_are_told_apart() -> None:
    names = [f.name for f in FAMILIES]
    assert len(set(names)) == len(names)
    assert all(mark == mark.lower() for f in FAMILIES for mark in f.marks)


@pytest.mark.parametrize(
    "text",
    [
        "Die Nachricht konnte noch nicht an a@example.com zugestellt werden.",
        "Le courriel destiné à a@example.com n'a pas encore été distribué.",
        "El mensaje para a@example.com todavía no pudo ser entregado.",
        "O envio para a@example.com ainda não foi entregue.",
        "La posta per a@example.com non è ancora stata recapitata.",
        "De mail aan a@example.com is nog niet afgeleverd.",
        "Poczta do a@example.com jeszcze nie dostarczona.",
        "Zásilka pro a@example.com dosud nebyla doručena.",
        "Brevet till a@example.com är ännu inte levererat.",
        "Письмо для a@example.com ещё не доставлено.",
        "Лист для a@example.com ще не доставлено.",
        "a@example.com címre a levél kézbesítése még nem történt meg.",
        "a@example.com adresine ileti henüz teslim edilmedi.",
        "Scrisoarea către a@example.com încă nu a fost livrată.",
        "a@example.com への配信はまだ完了していません。",
        "发给 a@example.com 的信件尚未投递。",
        "a@example.com 님께 아직 배달되지 않았습니다.",
    ],
)
def test_a_mail_that_is_not_there_yet(text: str) -> None:
    assert read_notice(text, HEAD, daemon=True).delayed


def test_who_gave_up_tries_no_more() -> None:
    assert not read_notice("Incapaz de entregar a mensagem a a@example.com.", HEAD, daemon=True).delayed
    late = {**HEAD, "subject": "Entrega atrasada"}
    notice = read_notice("Não foi possível entregar.\n\na@example.com: a caixa não existe.", late, daemon=True)
    assert notice.delayed
    assert notice.late  # the subject alone says so: a hard cause outranks it


@pytest.mark.parametrize(
    ("text", "delivered"),
    [
        ("Der Brief wurde soeben an a@example.com zugestellt.", True),
        ("Il messaggio è stato consegnato a a@example.com.", True),
        ("Il messaggio non è stato consegnato a a@example.com.", False),
        ("Wiadomość została dostarczona: a@example.com", True),
        ("Wiadomość nie została dostarczona: a@example.com", False),
        ("Письмо доставлено адресату a@example.com.", True),
        ("Письмо адресату a@example.com не доставлено.", False),
        ("İletiniz a@example.com kutusuna teslim edildi.", True),
        ("a@example.com に配信されました。", True),
        ("a@example.com に配信されませんでした。", False),
    ],
)
def test_a_mail_that_arrived(text: str, delivered: bool) -> None:
    assert read_notice(text, HEAD, daemon=True).delivered is delivered


LABELS = [
    "Príjemca: {}\nOdosielateľ: {}",
    "Către: {}\nDe la: {}",
    "Saaja: {}\nSaatja: {}",
    "Saņēmējs: {}\nSūtītājs: {}",
    "Gavėjas: {}\nSiuntėjas: {}",
    "Получател: {}\nПодател: {}",
    "Primatelj: {}\nPošiljatelj: {}",
    "Prejemnik: {}\nPošiljatelj: {}",
    "گیرنده: {}\nفرستنده: {}",
    "Destinatari: {}\nRemitent: {}",
    "प्राप्तकर्ता: {}\nप्रेषक: {}",
]


@pytest.mark.parametrize("text", LABELS)
def test_who_is_who_by_the_label(text: str) -> None:
    notice = read_notice(text.format("a@example.com", "letters@example.net"), HEAD, daemon=True)
    assert [entry.address for entry in notice.entries] == ["a@example.com"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Brief von news@example.org an a@example.com: nicht zugestellt", "a"),
        ("news@lists.example.org 发给 a@example.com 的邮件无法投递", "a"),
        ("news@example.org, or ask postmaster@example.com, is unknown", "news"),
    ],
)
def test_of_two_the_one_at_our_own_domain_sent_it(text: str, names: str) -> None:
    found = read_notice(text, {**HEAD, "to": "bounces@lists.example.org"}, daemon=True).entries
    assert [entry.address.partition("@")[0] for entry in found] == ([names] if names else [])


@pytest.mark.parametrize(
    "text", ["Zpráva nebyla doručena.", "Správu nelze doručiť: poštu odmietol.", "Brief avvist"]
)
def test_a_mail_that_failed_is_not_delivered(text: str) -> None:
    notice = read_notice(text, HEAD, daemon=True)
    assert not notice.delivered


def test_a_mail_that_was_refused_failed() -> None:
    assert read_notice("A mensagem foi recusada.", HEAD, daemon=False).failing
    assert not read_notice("A mensagem foi lida.", HEAD, daemon=False).failing


@pytest.mark.parametrize(
    ("pattern", "hints"),
    [
        (freeform._NOT_YET, freeform._DELIVER),
        (freeform._STILL, freeform._STILL_HINTS),
        (freeform._ARRIVED, freeform._ARRIVED_HINTS),
        (freeform._UNDELIVERED_ABROAD, freeform._DELIVER_HINTS),
    ],
)
def test_no_pattern_matches_without_one_of_the_signs_that_are_asked_for_first(
    pattern: re.Pattern[str], hints: tuple[str, ...]
) -> None:
    assert without(pattern.pattern, hints) == []


def test_every_word_of_a_delay_has_one_of_the_signs_that_are_asked_for_first() -> None:
    assert all(any(hint in words for hint in families.DELAY_HINTS) for words in families.DELAYS)


@pytest.mark.parametrize(
    "text",
    [
        "This mailbox is full.\nReferences: <2a@mx.example.net>\n",
        "This mailbox is full.\n  Message-ID: <2a@mx.example.net>\n",
        "Messages are rejected from Monday on. Write to ann@example.net if you have questions.",
        "The account is closed and your mail is returned. Please contact Ann at ann@example.net.",
        "Das Konto besteht nicht mehr. Wenden Sie sich an <ann@example.net>, die Mail wurde abgelehnt.",
    ],
)
def test_a_message_id_and_whom_to_ask_are_no_recipients(text: str) -> None:
    assert read_notice(text, HEAD, daemon=True).entries == ()


def test_an_address_that_could_not_be_reached_is_one() -> None:
    for text in ("Mail to a@example.com failed.", "We could not contact the server of a@example.com."):
        assert [e.address for e in read_notice(text, HEAD, daemon=True).entries] == ["a@example.com"]


def test_sendmail_tells_in_its_list_whom_an_address_stands_for() -> None:
    text = (
        "   ----- The following addresses had permanent fatal errors -----\n<target@provider.test>\n"
        "    (reason: 552 full)\n    (expanded from: <A@example.com>)\nb@example.com\n    (reason: 550 no)\n\n"
        "   ----- Transcript of session follows -----\n<<< 552 full\n552 <target@provider.test>... Full\n"
        "550 b@example.com... Host unknown\n"
    )
    entries = read_notice(text, HEAD, daemon=True).entries
    assert [(e.address, e.alias) for e in entries] == [
        ("target@provider.test", "a@example.com"),
        ("b@example.com", ""),
    ]
