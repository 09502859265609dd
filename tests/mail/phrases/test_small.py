# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that turn nothing; and that any other, which nobody knows, may."""

from __future__ import annotations

import re

import pytest

from bouncestream.mail.classify import classify
from bouncestream.mail.phrases.clauses import folded
from bouncestream.mail.phrases.small import SMALL, is_small


def test_a_word_is_listed_once() -> None:
    words = " ".join(SMALL.values()).split()
    assert sorted(words) == sorted(set(words))
    stems = [folded(word[:-1]) for word in words if word.endswith("*")]
    assert all(len(stem) > 2 for stem in stems)
    inflected = re.compile(rf"(?:{'|'.join(stems)})\w{{0,3}}")
    assert [word for word in words if word[-1] != "*" and inflected.fullmatch(folded(word))] == []


@pytest.mark.parametrize(
    "word", ["x", "the", "specified", "named", "angegebene", "nasza", "указанный", "данный", "not", "recipient"]
)
def test_small_words(word: str) -> None:
    assert is_small(folded(word))


@pytest.mark.parametrize(
    "word",
    [
        *("flange", "umlaufbahn", "forwards", "certificate", "сертификат", "contrat"),
        # What begins as a small word does.
        *("namespace", "nameserver", "tag", "tags", "tagging", "specifier", "specification", "indicator"),
        *("Namensraum", "Tagungsordner", "Tagesordner", "Hausverteiler", "Betriebssystem", "Jahresordner", "Länge"),
        *("Monatsordner", "Inhaberdaten", "Besitzergruppe", "Unternehmensportal", "Universitätsserver"),
        *(
            "données",
            "fournisseur",
            "fourniture",
            "indicateur",
            "indicador",
            "fornitore",
            "fornitura",
            "indicatore",
        ),
        *("nazw", "zadanie", "podanie", "zadání", "jmenný", "namnserver", "navnerom", "företagskatalog", "nämnden"),
        *("rendszere", "kiszolgálója", "isteği"),
        *("данные", "данных", "данными", "данни", "данните", "почтовик", "организационная"),
    ],
)
def test_others_may_turn_what_is_said(word: str) -> None:
    assert not is_small(folded(word))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        # Each with a word that is in no table.
        ("550 the flange of this user does not exist", "soft"),
        ("550 user flange not found", "soft"),
        ("550 unknown user flange", "soft"),
        ("550 mailbox flanged to an address which was deleted", "soft"),
        ("550 recipient not found on the flange", "soft"),
        ("550 recipient was removed from the flange", "soft"),
        ("550 user went away during the flange", "soft"),
        ("550 flange failed: address unknown", "soft"),
        ("550 die Flansche des Benutzers gibt es nicht", "soft"),
        ("550 la bride de l'utilisateur est introuvable", "soft"),
        ("550 la brida del usuario no existe", "soft"),
        ("550 kołnierz użytkownika nie istnieje", "soft"),
        ("550 фланец пользователя не найден", "soft"),
        ("550 ユーザーのフランジが存在しません", "soft"),
        ("550 用户的法兰不存在", "soft"),
        ("550 사용자의 플랜지가 존재하지 않습니다", "soft"),
        # Where it turns nothing: another sentence, another clause, the reason or time of an end, another statement.
        ("550 user unknown. The flange is fine", "hard"),
        ("550 user unknown, flanges are fine", "hard"),
        ("550 the flange is fine, but the user does not exist", "hard"),
        ("550 the mailbox was deleted after the flange", "hard"),
        ("550 the mailbox was deleted by the retention policy", "hard"),
        ("550 she has left for Flange and her mailbox was deleted", "hard"),
        ("550 User Flange jane@example.com not found", "hard"),  # a name
        ("550 the specified recipient is not known to our server", "hard"),
    ],
)
def test_a_clause_is_hard_only_where_all_that_could_turn_it_is_known(text: str, kind: str) -> None:
    assert classify(status="", reply_code="", diagnostic=text, heard="jane@example.com").kind == kind
