# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose the addresses and hosts in a server's words are."""

from __future__ import annotations

import pytest

from bouncestream.mail.classify import classify
from bouncestream.mail.phrases.roles import with_roles

OURS = ("news@lists.example.org",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user jane unknown", "user  @  unknown"),
        ("jane.", " @ ."),
        ("janet, mjane and jane.doe", "janet, mjane and jane.doe"),
        ("no longer at Example.", "no longer at  example.com ."),
        ("example.com does not exist", "example.com does not exist"),
        ("mx.example.com does not exist", "mx.example.com does not exist"),
        ("mx.example.net does not exist", " otherhost  does not exist"),
        ("lists.example.org does not exist", " sender domain  does not exist"),
        ("News@lists.example.org: not found", " mailfrom : not found"),
        ("550 Rechner mx.lists.example.org unbekannt", "550 Rechner  ourhost  unbekannt"),
        ("550 lists.example.org unbekannt", "550  ourhost  unbekannt"),
        ("jane@example.com forwards to j@example.net", "jane@example.com forwards to  otheraddress "),
        ("j@example.net is unknown", "j@example.net is unknown"),  # what his was expanded to
        ("<abuse@lists.example.org> is unknown", "< mailfrom > is unknown"),
        ("17.2.0.192.in-addr.arpa not found", " ptr  not found"),
    ],
)
def test_names_are_said_to_be_whose_they_are(text: str, said: str) -> None:
    assert with_roles(text, "jane@example.com", OURS) == said


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("550 <jd@example.net>: user unknown (which jane@example.com forwards to)", "soft"),
        ("550 <jd@example.net>: user unknown", "hard"),
        ("550 We asked postmaster@lists.example.org: user unknown", "soft"),
        ("550 No such host: 17.2.0.192.in-addr.arpa", "soft"),
        ("550 The sender was accepted, but jane@example.com is unknown", "hard"),
    ],
)
def test_what_is_said_of_others_is_not_said_of_the_recipient(text: str, kind: str) -> None:
    said = classify(status="", reply_code="", diagnostic=text, heard="jane@example.com", ours=OURS)
    assert said.kind == kind


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Jane Doe has left us", "@ @ has left us"),
        ("Mail for Jane", "Mail for @"),
        ("a janedoe, jane", "a janedoe, jane"),  # no name, as it is written
        (
            "tom@example.com is unknown, jane.doe@example.com is full",
            "otheraddress is unknown, jane.doe@example.com is full",
        ),
        (
            "jd@example.com (expanded from jane.doe@example.com)",
            "jd@example.com (expanded from jane.doe@example.com)",
        ),
        ("postmaster@example.com says: jane.doe@example.com is unknown", "says: jane.doe@example.com is unknown"),
    ],
)
def test_whose_names_stand_in_prose(text: str, said: str) -> None:
    assert " ".join(with_roles(text, "jane.doe@example.com", OURS).split()) == said
