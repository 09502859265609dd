# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes out of the reader, as one value."""

from __future__ import annotations

import json

from bouncestream.mail.decode import read
from bouncestream.mail.verdict import as_dict, gravest


def test_gravest() -> None:
    assert gravest(["soft", "complaint", "hard"]) == "complaint"
    assert gravest(["ignore", "soft", "hard"]) == "hard"
    assert gravest(["ignore", "soft"]) == "soft"
    assert gravest([]) == "ignore"


def test_as_dict_is_json_even_for_an_empty_mail() -> None:
    data = json.loads(json.dumps(as_dict(read(b""))))
    assert data["kind"] == "ignore"
    assert data["recipients"] == []
    assert data["occurred_at"] is None


def test_a_bounce_that_names_nobody_is_told_from_no_bounce() -> None:
    bounce = b"From: MAILER-DAEMON@mx.example.org\nSubject: Undelivered Mail\n\nYour mail could not be delivered.\n"
    assert read(bounce).unidentified
    assert not read(b"From: reader@example.com\nSubject: hello\n\nhello\n").unidentified


def test_what_no_rule_knows_is_told_from_what_is_no_bounce() -> None:
    assert not read(b"").recognised
    assert not read(b"From: reader@example.com\nSubject: hello\n\nhello\n").recognised
    assert read(b"From: reader@example.com\nAuto-Submitted: auto-replied\n\nI am away\n").recognised
    assert read(b"From: MAILER-DAEMON@mx.example.org\nSubject: Undelivered Mail\n\nIt failed.\n").recognised
