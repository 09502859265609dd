# SPDX-License-Identifier: GPL-3.0-or-later
"""Words in quotation marks: a reply, or what was said of something else."""

from __future__ import annotations

import pytest

from bouncestream.mail.classify import classify
from bouncestream.mail.phrases.clauses import folded
from bouncestream.mail.phrases.quoted import without_quoted


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('550 "User unknown"', '550 "user unknown"'),
        ('The remote server replied: "no such user here"', 'the remote server replied: "no such user here"'),
        ("Der Server antwortete: „Benutzer unbekannt“", "der server antwortete: „benutzer unbekannt“"),
        ('the mailbox "jane" does not exist', 'the mailbox "jane" does not exist'),  # a name
        ('all day we told everybody "user unknown"', "all day we told everybody "),
        ("Ihr Text enthält „Benutzer unbekannt“", "ihr text enthalt "),
        ("votre lettre contient « utilisateur inconnu »", "votre lettre contient "),
        ("本文に「存在しません 」とあります", "本文に とあります"),
        ("the users' mail is the users' own", "the users' mail is the users' own"),
    ],
)
def test_what_is_only_quoted_is_taken_out(text: str, left: str) -> None:
    assert " ".join(without_quoted(folded(text)).split()) == " ".join(folded(left).split())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('550 5.1.1 the server said "no such user"', "hard"),
        ('550 5.1.1 while the disk was changed this server said "no such user" to everybody', "soft"),
        ('552 5.2.2 not "no such user": she has no room left', "soft"),
        ('554 5.7.1 your letter holds the words "mailbox does not exist", as forged reports do', "soft"),
    ],
)
def test_a_quotation_is_judged_by_what_stands_around_it(text: str, kind: str) -> None:
    assert classify(status="5.1.1", reply_code="", diagnostic=text, heard="jane@example.com").kind == kind
