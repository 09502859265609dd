# SPDX-License-Identifier: GPL-3.0-or-later
"""Subject and state: words that say that a mailbox or its domain is not there, and what only sounds so."""

from __future__ import annotations

import pytest

from bouncestream.mail.classify import classify
from bouncestream.mail.phrases import read_words
from bouncestream.mail.phrases.composed import NOT_THERE, STATES
from bouncestream.mail.phrases.saying import SUBJECTS
from bouncestream.mail.reason import REASONS

GONE = [
    "550 Sorry, we could not locate an account for you",
    "550 that mailbox named jane does not live here",
    "550 a@example.com: not found",
    "550 Email address does not belong to any user",
    "550 Der Benutzer ist auf diesem Server nicht bekannt",
    "550 Die Mailadresse existiert nicht",
    "550 Ce destinataire n'existe pas sur ce serveur",
    "550 El destinatario no existe en este servidor",
    "550 Este usuário não existe neste servidor",
    "550 L'indirizzo specificato non esiste",
    "550 Deze gebruiker bestaat hier niet",
    "550 Taki użytkownik nie istnieje",
    "550 Такого ящика нет",
    "550 用户未找到",
    "550 宛先のアドレスが見つかりません",
    "550 해당 사용자를 찾을 수 없습니다",
    "550 No mail drop of that name; mail drop not defined",
    "550 this server does not handle mail for that user",
    "550 jane: account was not found in the LDAP server",
    "550 Nobody with that email address",
    "550 Uživatel neexistuje",
    "550 Mottagaren finns inte",
    "550 Kullanıcı bulunamadı",
    "550 A felhasználó ismeretlen",
    "550 Destinatarul nu există",
    "550 Vastaanottajaa ei löydy",
    "550 Indirizzo errato",
    "550 Dirección incorrecta",
]

GONE_DOMAINS = [
    "550 mail domain not known",
    "550 no such mail domain",
    "550 this host is nonexistent",
]

ELSEWHERE = [
    "550 Your email address does not exist in our list of senders",
    "550 ip address 192.0.2.1 not found in DNS",
    "550 HELO name invalid: no such address",
    "550 user on vacation, mailbox temporarily closed",
    "550 Header From address invalid",
    "550 Sending address does not exist",
    "550 Could not verify sender; user unknown at its domain",
    "550 Your account has been removed from the list that this recipient reads",
    "550 This user takes nothing from unknown users",
    "550 Invalid recipient address in header Cc",
    "550 Reply-To mailbox does not exist",
    "550 You are not a known user of this list",
    "550 The link in the mail does not exist, user page not found",
    "550 recipient's mail server: connection was closed",
    "550 5.7.1 Your mail server name does not exist",
    "550 5.7.1 Domain lists.test not found, mail refused",
    "550 mailbox closed for the holidays",
    "550 Too many unknown recipients",
]


@pytest.mark.parametrize("text", GONE)
def test_words_that_name_the_cause_make_a_mail_hard(text: str) -> None:
    judged = classify(status="", reply_code="", diagnostic=text)
    assert (judged.kind, judged.reason) == ("hard", "user_unknown"), judged
    assert not judged.sure
    assert classify(status="", reply_code="", diagnostic=text, at_rcpt=True).sure


@pytest.mark.parametrize("text", GONE_DOMAINS)
def test_so_do_words_about_its_domain(text: str) -> None:
    judged = classify(status="", reply_code="", diagnostic=text)
    assert (judged.kind, judged.reason) == ("hard", "host_unknown"), judged


@pytest.mark.parametrize("text", ELSEWHERE)
def test_they_may_be_about_something_else(text: str) -> None:
    assert classify(status="", reply_code="", diagnostic=text, at_rcpt=True).kind == "soft"


@pytest.mark.parametrize("text", ["", "550 error", "user " * 2000])
def test_nothing_is_put_together_from_little(text: str) -> None:
    assert read_words(text).hit is None


def test_returned_to_sender_is_not_about_the_sender() -> None:
    text = "550 no such user, message returned to sender"
    assert classify(status="", reply_code="", diagnostic=text).kind == "hard"


def test_subjects_and_states_have_a_meaning() -> None:
    assert set(STATES.values()) | set(NOT_THERE.values()) <= set(REASONS)
    assert set(NOT_THERE) | {"mailbox", "domain"} == SUBJECTS
