# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the tables in a clause."""

from __future__ import annotations

import pytest

from bouncestream.mail.phrases.clauses import folded
from bouncestream.mail.phrases.tagging import Tag, denied, joined, names_sender, tagged, tokens


def test_an_address_and_a_host_are_nouns() -> None:
    assert tokens("<a@example.com> at mx.example.com [192.0.2.1] is gone") == ["@", "at", "~", "is", "gone"]


def test_codes_and_numbers_are_nothing() -> None:
    assert tokens("550-5.1.1 no_such-user 42") == ["no", "such", "user"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("user unknown", ["mailbox", "not there ="]),
        ("there is nobody at this address", ["nobody"]),  # the longest phrase
        ("skrzynki", ["mailbox"]),  # a stem
        ("word", []),
        ("~ has a null mx", ["~", "null mx"]),
    ],
)
def test_words_have_tags(text: str, names: list[str]) -> None:
    assert [tag.name for tag in tagged(text.split())] == names


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("recipients", "mailbox"),
        ("Benutzers", "mailbox"),
        ("Benutzerkonto", "mailbox"),
        ("Kundenkontos", "mailbox"),
        ("Benutzernamen", "mailbox"),
        ("gebruikersnaam", "mailbox"),
        ("mottagaradressen", "mailbox"),
        ("käyttäjätiliä", "mailbox"),
        ("Domainname", "domain"),
        ("Benutzerverzeichnis", ""),
        ("Empfängerliste", ""),
        ("Postfachserver", ""),
        ("Adressbuch", ""),
        ("Domaincontroller", ""),
        ("gebruikersgroep", ""),
        ("användardatabasen", ""),
        ("käyttäjäryhmä", ""),
        ("tartományvezérlő", ""),
        ("adresář", "thing"),
    ],
)
def test_a_thing_of_a_recipients_is_not_he(word: str, name: str) -> None:
    assert [tag.name for tag in tagged(tokens(folded(word)))] == [name] * bool(name)


def test_letters_have_tags_where_no_blanks_are() -> None:
    assert [tag.name for tag in joined("发件人地址不存在")] == ["sender", "mailbox", "not there *"]


@pytest.mark.parametrize(
    ("text", "at", "is_denied"),
    [
        ("el usuario no existe", 3, True),
        ("el usuario existe", 2, False),
        ("no recibe correo el usuario que ya existe", 7, False),  # too far before it
        ("gibt es den benutzer hier leider nicht", 0, True),
        ("existe pero no recibe", 0, False),  # only some languages put it behind
    ],
)
def test_a_negation_stands_near_its_verb(text: str, at: int, is_denied: bool) -> None:
    assert denied(text.split(), Tag("there", at, at + 1)) is is_denied


def test_letters_have_verb_and_negation_in_any_order() -> None:
    for text in ("没有找到", "登録されていません", "존재하지 않"):
        assert [tag.name for tag in joined(folded(text))] == ["not there *"]


def test_a_sender_is_named_in_many_languages() -> None:
    for text in (
        "Odosielateľova doména neexistuje",
        "The domain of the sender",
        "Absenderdomain",
        "发件人域名不存在",
    ):
        assert names_sender(text)
    for text in ("Doména neexistuje", "The message was not delivered to a@example.com", "收件人不存在"):
        assert not names_sender(text)
