# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose thing is how: what a clause says."""

from __future__ import annotations

import pytest

from bouncestream.mail.phrases.clauses import cut, told
from bouncestream.mail.phrases.saying import read, tags_of, tells


@pytest.mark.parametrize(
    ("text", "subject", "state"),
    [
        ("user unknown", "mailbox", "not there"),
        ("unknown user", "mailbox", "not there"),
        ("we could not find that mailbox", "mailbox", "not there"),
        ("the address of the recipient does not exist", "mailbox", "not there"),
        ("the address of the sender does not exist", "sender", "not there"),
        ("your address is unknown to us", "sender", "not there"),
        ("your recipient is unknown to us", "mailbox", "not there"),
        ("sender domain not found", "sender", "not there"),
        ("no mail from unknown users", "sender", "not there"),
        ("the user database could not be found", "record", "not there"),
        ("user not found in the database", "mailbox", "not there"),
        ("attachment type unknown", "part", "not there"),
        ("unknown command", "protocol", "not there"),
        ("host name in helo not found", "client", "not there"),
        ("example.com does not exist", "domain", "not there"),
        ("this account was deleted", "mailbox", "gone"),
        ("this message was deleted", "content", "gone"),
        ("the folder of otherhost does not exist", "record", "not there"),
        ("number of recipients", "mailbox", "too many"),
        ("mailbox otherhost does not exist", "elsewhere", "not there"),
        ("user at otherhost does not exist", "mailbox", "not there"),
        ("your message to the user does not exist", "content", "not there"),
        ("example.com takes no mail", "domain", "takes no mail"),
        ("example.com takes no mail without tls", "domain", "refuses"),
        ("the mailbox has no room", "mailbox", "full"),
        ("l'indirizzo del mittente non esiste", "sender", "not there"),
        ("адрес отправителя не существует", "sender", "not there"),
        ("ящик получателя не существует", "mailbox", "not there"),
        ("发件人地址不存在", "sender", "not there"),
        ("diesen nutzer gibt es in diesem unternehmen nicht", "mailbox", "not there"),
        ("es existiert kein postfach", "mailbox", "not there"),
        ("такого адреса нет", "mailbox", "not there"),
        ("auf diesem server ist der benutzer nicht bekannt", "mailbox", "not there"),
        ("o usuario nao existe no servidor", "mailbox", "not there"),
        ("konto zostalo usuniete", "mailbox", "gone"),
        ("auf unserem server nicht gibt", "mailbox", "not there"),  # whose address stands above
        ("votre domaine n'existe pas", "sender", "not there"),
        ("お客様のドメインは存在しません", "sender", "not there"),
        ("demasiados destinatarios desconocidos", "mailbox", "too many"),
        ("bu gecici hata degildir adres bulunamadi", "mailbox", "not there"),
        ("konto uzytkownika u nas nie istnieje", "mailbox", "not there"),
        ("der empfanger ist hier nicht (mehr) bekannt", "mailbox", "not there"),
        ("boyle bir kullanici olmadigi icin", "mailbox", "not there"),
        ("das postfach ist bei uns nicht eingerichtet", "mailbox", "not there"),
        ("수신자를 찾을 수 없습니다", "mailbox", "not there"),
    ],
)
def test_whose_thing_is_how(text: str, subject: str, state: str) -> None:
    found = [
        (said.subject, said.state)
        for clause in cut(told(text))
        for said in read(clause.text, "mailbox")
        if said.state
    ]
    assert found and found[0] == (subject, state)


@pytest.mark.parametrize(
    "text",
    [
        "das skript des benutzers wurde nicht gefunden",
        "el permiso del usuario no existe",
        "la lista de usuarios no existe",
        "файл пользователя не найден",
    ],
)
def test_what_is_somebodys_is_not_he(text: str) -> None:
    found = [said for said in read(text, "mailbox") if said.state in ("not there", "gone")]
    assert not [said for said in found if said.subject in ("mailbox", "domain") and not said.strange]


@pytest.mark.parametrize(
    ("text", "is_nobody"),
    [
        ("nobody uses this mailbox", True),
        ("nobody here goes under that name", True),
        ("niemand benutzt diese adresse", True),
        ("nobody may write to this user", False),
        ("nobody may use this mailbox from outside", False),
        ("nobody runs the nameserver of this domain", False),
        ("niemand darf diesem benutzer schreiben", False),
        ("nadie puede enviar mensajes a esta cuenta", False),
        ("никто не имеет права писать на этот адрес", False),
    ],
)
def test_whom_nobody_may_write_to_is_not_nobody(text: str, is_nobody: bool) -> None:
    assert any(said.state == "not there" for said in read(text)) is is_nobody


def test_so_much_of_one_clause_is_looked_at() -> None:
    assert len(read("no user " * 400, "")) <= 101


def test_answers_about_short_clauses_are_kept_and_no_others() -> None:
    short, long = "no such user 7281", "no such user " + "x " * 200
    assert tags_of(short) is tags_of(short)
    assert read(short) is read(short)
    assert tags_of(long) is not tags_of(long)
    assert read(long) is not read(long)


def test_a_clause_without_a_state_tells_nothing() -> None:
    assert not tells("this is the mail system at host mx.example.com")
    assert not tells("user a@example.com")
    for text in ("no such user", "mailbox full", "nikt nie ma takiego imienia", "收件人不存在"):
        assert tells(text)
