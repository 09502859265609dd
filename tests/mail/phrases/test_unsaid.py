# SPDX-License-Identifier: GPL-3.0-or-later
"""What a text does not say of this mail."""

from __future__ import annotations

import pytest

from bouncestream.mail.phrases.clauses import cut, folded, told
from bouncestream.mail.phrases.unsaid import may_quote_former, quotes_former, without_denials


@pytest.mark.parametrize(
    "clause",
    [
        "our earlier answer was",
        "on monday we told you",
        "you were told",
        "last week's reply",
        "die frühere antwort",
        "la respuesta anterior fue",
        "предыдущий ответ",
    ],
)
def test_the_reply_to_an_earlier_mail_is_known(clause: str) -> None:
    plain = folded(clause)
    assert may_quote_former(plain)
    assert quotes_former(plain)


@pytest.mark.parametrize("clause", ["last reply", "as i told you", "the old address is gone", "answer"])
def test_the_reply_to_this_mail_is_not_taken_for_it(clause: str) -> None:
    assert not quotes_former(clause)


def test_all_behind_an_earlier_reply_in_its_sentence_is_no_cause() -> None:
    text = told('Spam. Our former reply was: "no such user", by mistake. Mailbox full')
    assert [clause.text for clause in cut(text) if not clause.advice] == ["spam", "mailbox full"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("this does not mean that a@example.com is unknown: spam", "this does  : spam"),
        ("refused only when no user is found; spam", "refused  ; spam"),
        ("only our users get mail", "only our users get mail"),
        ("this means that the user is unknown", "this means that the user is unknown"),
        ("it is no matter of quota or spam: jane is unknown", "it is : jane is unknown"),
        ("the reason is not that the user does not exist, but spam", "the , but spam"),
        ("non e questione di spazio: l'utente non esiste", ": l'utente non esiste"),
        ("aucun abonne, inutile de reessayer plus tard", "aucun abonne,"),
    ],
)
def test_what_is_denied_is_taken_out(text: str, left: str) -> None:
    assert " ".join(without_denials(text).split()) == " ".join(left.split())
