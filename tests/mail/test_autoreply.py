# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic answers, and the mail systems that are none."""

from __future__ import annotations

import pytest

from bouncestream.mail.autoreply import from_daemon, is_rejection, why_auto_reply


@pytest.mark.parametrize(
    "fields",
    [
        {"auto-submitted": "auto-replied"},
        {"auto-submitted": "Auto-Replied (vacation)"},
        {"precedence": "auto_reply"},
        {"x-autoreply": "yes"},
        {"subject": "Automatic reply: November"},
        {"subject": "AutoRespons :November"},
        {"subject": "Out of Office: November"},
        {"subject": "Abwesenheitsnotiz: November"},
        {"subject": "Re: Automatische Antwort: November"},
        {"subject": "=?utf-8?q?R=C3=A9ponse_automatique_=3A_novembre?="},
        {"subject": "=?utf-8?b?6Ieq5YuV5b+c562UOiAxMeaciA==?="},
    ],
)
def test_an_automatic_answer_is_known(fields: dict[str, str]) -> None:
    assert why_auto_reply(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"subject": "Undelivered Mail Returned to Sender", "auto-submitted": "auto-generated"},
        {"precedence": "bulk", "subject": "failure notice"},
        {"subject": "The automatic door: a story"},
        {"auto-submitted": "no"},
    ],
)
def test_and_what_is_none(fields: dict[str, str]) -> None:
    assert why_auto_reply(fields) == ""


@pytest.mark.parametrize(
    ("sender", "daemon"),
    [
        ("MAILER-DAEMON@mx.example.com (Mail Delivery System)", True),
        ("Mail Delivery Subsystem <mailer-daemon@example.com>", True),
        ("postmaster@example.com", True),
        ("MAILER-DAEMON <>", True),
        ("Reader <reader@example.com>", False),
        ("Example News <news@example.org>", False),
    ],
)
def test_mail_systems(sender: str, daemon: bool) -> None:
    assert from_daemon({"from": sender}) is daemon


@pytest.mark.parametrize(
    ("disposition", "notice", "rejection"),
    [
        ("Disposition: automatic-action/MDN-sent-automatically; deleted", "was automatically rejected:", True),
        ("Disposition: manual-action/MDN-sent-manually; deleted", "deleted without being read", False),
        ("Disposition: automatic-action/MDN-sent-automatically; displayed", "was automatically rejected", False),
        ("Disposition: manual-action/MDN-sent-manually; displayed", "", False),
    ],
)
def test_a_refusal_in_the_form_of_a_receipt(disposition: str, notice: str, rejection: bool) -> None:
    assert is_rejection(disposition, notice) is rejection
