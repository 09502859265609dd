# SPDX-License-Identifier: GPL-3.0-or-later
"""What may turn a clause, by where it stands."""

from __future__ import annotations

import pytest

from bouncestream.mail.phrases.clauses import folded
from bouncestream.mail.phrases.saying import read


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("a user who does not confirm is deleted", "a"),
        ("the account of the person who invited you was deleted", "who"),
        ("jane@example.com deleted the app", "app"),
        ("the trustee of jane@example.com is unknown", "trustee"),
        ("the user was removed from the list of friends", "list"),
        ("for you jane@example.com does not exist", "you"),
        # Of these nothing turns it.
        ("the support address jane@example.com was deleted", ""),
        ("the domain was given back to the registry and does not exist", ""),
        ("the mailbox was deleted after the departure of its owner", ""),
        ("das postfach jane@example.com wurde mit dem ausscheiden der inhaberin geloscht", ""),
    ],
)
def test_what_turns_a_clause(text: str, strange: str) -> None:
    said = [one for one in read(folded(text), "mailbox") if one.state in ("not there", "gone")]
    assert said[0].strange == strange
