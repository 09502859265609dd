# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody is called so; and what nobody may do."""

from __future__ import annotations

import pytest

from bouncestream.mail.classify import classify

NOBODY = [
    "There is nobody here who is called jane",
    "There has never been anybody by the name of jane",
    "Hier wohnt niemand, der jane heißt",
    "Personne ici ne répond au nom de jane",
    "Aquí no hay nadie que se llame jane",
    "Ninguém aqui atende por jane",
    "Nessuno qui si chiama jane",
    "Er is hier niemand die jane heet",
    "Nikogo takiego u nas nie ma: jane",
    "Nikoho jménem jane tu nemáme",
    "Никто под именем jane у нас не числится",
    "Det finns ingen här som heter jane",
    "Bizde jane adında kimse hiç olmadı",
    "Δεν υπάρχει κανένας με το όνομα jane",
    "Die Adresse gehört niemandem",
]
OTHERS = [
    "Nobody may write to jane without a password",
    "Nobody is at the desk of jane before Monday",
    "Niemand darf an jane schreiben",
    "Personne ne peut écrire à jane",
    "Nadie puede escribir a jane",
    "We tell nobody anything of jane",
    "Niemand kennt Sie hier",
]


@pytest.mark.parametrize(
    ("text", "kind"), [*((text, "hard") for text in NOBODY), *((text, "soft") for text in OTHERS)]
)
def test_whether_nobody_is_called_so(text: str, kind: str) -> None:
    assert classify(status="", reply_code="", diagnostic=f"550 {text}", heard="jane@example.com").kind == kind
