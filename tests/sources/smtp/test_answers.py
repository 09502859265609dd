# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mail server is told of what became of its mail."""

from __future__ import annotations

import pytest

from bouncestream.errors import MailsWait, StoreBusy, StoreError, StoreUnavailable
from bouncestream.sources.smtp import answers
from bouncestream.sources.smtp.answers import Answer, for_all, for_error, with_status


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (StoreBusy("full"), "451 4.3.2"),
        (StoreUnavailable("no disk"), "451 4.3.0"),
        (MailsWait("little room"), "452 4.3.1"),
    ],
)
def test_what_was_not_stored_is_to_come_again(error: StoreError, answer: str) -> None:
    assert for_error(error).line.startswith(answer)


def test_of_several_recipients_smtp_takes_a_mail_only_for_all() -> None:
    assert for_all([answers.TAKEN, answers.TAKEN]) is answers.TAKEN
    assert for_all([answers.TAKEN, answers.BUSY, answers.TAKEN]) is answers.BUSY
    assert for_all([]) is answers.TAKEN


def test_each_answer_has_the_class_of_its_code() -> None:
    every = [value for value in vars(answers).values() if isinstance(value, Answer)]
    assert len(every) > 10
    assert all(one.status[0] == str(one.code)[0] for one in every)
    assert all(with_status(one.line) == one.line for one in every)
    ends = [one for one in every if one.code == 421]
    assert ends == [answers.FULL, answers.STOPPING, answers.SLOW, answers.ENOUGH]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("250 OK", "250 2.0.0 OK"),
        ("503 Error: need MAIL command", "503 5.5.0 Error: need MAIL command"),
        ("553 5.1.3 Error: malformed address", "553 5.1.3 Error: malformed address"),
        ("354 End data", "354 End data"),
        ("250-more", "250-more"),
        ("", ""),
    ],
)
def test_an_answer_gets_an_enhanced_code(line: str, told: str) -> None:
    assert with_status(line) == told
