# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.cli.init import trying
from bouncestream.cli.init.answers import Answers
from bouncestream.cli.init.person import Person
from bouncestream.doctor.finding import Level
from bouncestream.errors import UsageError

NOBODY = Person(asks=False)


def test_what_is_not_there_is_not_tried(capsys: pytest.CaptureFixture[str]) -> None:
    answers = Answers(providers=("ses",))
    assert (
        trying.webhook(answers, NOBODY) == trying.mailbox(answers, NOBODY) == trying.alerts(answers, NOBODY) == []
    )
    assert capsys.readouterr().out == ""


def test_nothing_would_come_in() -> None:
    with pytest.raises(UsageError, match="no bounce would arrive"):
        trying.mailbox(Answers(), NOBODY)


def test_no_password_goes_unencrypted_over_a_network() -> None:
    with pytest.raises(UsageError, match=r"unencrypted to mx\.example\.org"):
        trying.mailbox(Answers(imap_host="mx.example.org", imap_tls="none"), NOBODY)
    mail = {"alerts": "email", "smtp_tls": "none", "smtp_user": "a", "smtp_host": "mx.example.org"}
    with pytest.raises(UsageError, match=r"unencrypted to mx\.example\.org"):
        trying.alerts(Answers(**mail), NOBODY)  # type: ignore[arg-type]


def test_what_is_tried_is_told_and_returned(capsys: pytest.CaptureFixture[str]) -> None:
    answers = Answers(
        listmonk_url="http://127.0.0.1:1", listmonk_token="sandbox-token-of-bridge", imap_host="127.0.0.1",
        imap_port=1, imap_tls="none", imap_user="b", imap_password="x", alerts="webhook",
        alert_url="http://127.0.0.1:1/", outbox="/nowhere/outbox.db",
    )  # fmt: skip
    for attempt, ident in (
        (trying.listmonk, "listmonk-unreachable"),
        (trying.mailbox, "mailbox-unreachable"),
        (trying.alerts, "alerts-channel"),
    ):
        assert ident in {one.id for one in attempt(answers, NOBODY) if one.level is Level.ERROR}
        assert f"[{ident}]" in capsys.readouterr().out
