# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a verdict: the same verdict, and what it was made from."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bouncestream.mail.decode import as_dict, read
from bouncestream.mail.trace import Trace

FIXTURES = Path(__file__).parent.parent / "fixtures" / "mail"
ALL = sorted(FIXTURES.rglob("*.eml"))


def trace(name: str) -> Trace:
    found = read((FIXTURES / f"{name}.eml").read_bytes(), explain=True).trace
    assert found is not None
    return found


@pytest.mark.parametrize("path", ALL, ids=lambda p: p.stem)
def test_every_fixture_can_be_explained_and_the_verdict_is_the_same(path: Path) -> None:
    raw = path.read_bytes()
    told = read(raw, explain=True)
    assert told.trace is not None
    assert replace(told, trace=None) == read(raw)
    assert [r.address for r in told.trace.recipients] == [r.address for r in told.recipients]
    assert told.trace.parts
    assert told.trace.steps
    json.dumps(as_dict(told))


@pytest.mark.parametrize("path", ALL, ids=lambda p: p.stem)
def test_exactly_one_candidate_was_chosen_where_an_address_was_found(path: Path) -> None:
    verdict = read(path.read_bytes(), explain=True)
    assert verdict.trace is not None
    for found, told in zip(verdict.recipients, verdict.trace.recipients, strict=True):
        if found.address and verdict.kind != "complaint":
            assert [c.address for c in told.candidates if c.chosen] == [found.address]


def test_without_being_asked_nothing_is_explained() -> None:
    verdict = read((FIXTURES / "postfix_alias.eml").read_bytes())
    assert verdict.trace is None
    assert "trace" not in as_dict(verdict)


def test_the_structure_of_the_mail() -> None:
    parts = [(p.number, p.type, p.role) for p in trace("postfix_alias").parts]
    assert parts == [
        ("1", "text/plain", "notice"),
        ("2", "message/delivery-status", "report"),
        ("3", "text/rfc822-headers", "returned"),
    ]


def test_where_the_address_came_from_and_what_else_was_possible() -> None:
    [recipient] = trace("postfix_alias").recipients
    candidates = {c.where: (c.address, c.chosen) for c in recipient.candidates}
    assert candidates["Original-Recipient"] == ("reader@example.com", True)
    assert candidates["Final-Recipient"] == ("inbox@provider.test", False)


def test_the_deciding_words_and_the_codes_that_lost() -> None:
    [recipient] = trace("postfix_full_with_5_1_1").recipients
    decided = [s for s in recipient.signals if s.decided]
    assert [(s.rule, s.reason) for s in decided] == [("clause", "mailbox_full (mailbox: full)")]
    lost = [s for s in recipient.signals if s.rule == "status" and not s.decided]
    assert any(s.reason == "user_unknown" for s in lost)


def test_what_spoke_against_hard_is_told() -> None:
    [recipient] = trace("sendmail_after_data").recipients
    assert any(s.rule == "stage" and "DATA" in s.text for s in recipient.signals)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("arf_two_recipients", "A complaint (RFC 5965)?"),
        ("postfix_alias", "A delivery report (RFC 3464)?"),
        ("sieve_reject", "A receipt (RFC 8098)?"),
        ("vacation", "An automatic answer (RFC 3834)?"),
        ("exim_unknown_user", "A bounce in free form?"),
    ],
)
def test_the_questions_end_with_the_one_that_decided_or_the_last(name: str, question: str) -> None:
    assert question in [step.question for step in trace(name).steps]


@pytest.mark.parametrize("report", [False, True])
def test_a_mail_that_waits_is_asked_for_what(report: bool) -> None:
    kind = "message/delivery-status" if report else "text/plain"
    fields = "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.7.0"
    raw = f"""From: MAILER-DAEMON@mx.example.net
Subject: Your message awaits moderator approval
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message is being held until the moderator can review it.

--b
Content-Type: {kind}

{fields if report else ""}

--b--
"""
    verdict = read(raw.encode(), explain=True)
    assert verdict.kind == "ignore"
    assert verdict.trace is not None
    step = verdict.trace.steps[-1]
    assert step.question == "Does the mail wait for somebody?"
    assert re.match(r"yes: it says '[^']+'\. Nothing has failed", step.answer)
    assert "names no recipient" not in str(verdict.trace.steps)
