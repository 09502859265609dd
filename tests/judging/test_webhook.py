# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import bouncestream
from bouncestream.event import Kind
from bouncestream.judging.webhook import judge
from bouncestream.policy import Rules
from bouncestream.ports import RawInput, Submission, Unreadable
from bouncestream.providers._contract import Parsed
from tests.outbox import make

CAME = RawInput("shop", "generic", make.NOW, b"{}", "application/json")


def test_the_submission_has_what_came_in_and_what_it_says() -> None:
    events, unreadable = (make.event(reason="user_unknown"),), (Unreadable("odd"),)
    found = judge(Parsed(events, unreadable), CAME, Rules())
    assert found == Submission("shop", "generic", events, unreadable, b"{}", "application/json")


def test_the_policy_is_applied_to_each_event() -> None:
    rules = Rules({"user_unknown": "soft", "mailbox_full": "ignore"})
    events = (make.event(reason="user_unknown"), make.event(reason="mailbox_full"))
    soft, ignored = judge(Parsed(events), CAME, rules).events
    assert (soft.kind, soft.evidence) == (Kind.SOFT, "the policy says soft to user_unknown")
    assert ignored == events[1], "stored, and dropped by the relay"


def test_the_policy_is_applied_here_and_to_mails_and_nowhere_else() -> None:
    package = Path(bouncestream.__file__).parent
    found = {
        path.relative_to(package).as_posix() for path in package.rglob("*.py") if "rules.judged" in path.read_text()
    }
    assert found == {"judging/mail.py", "judging/refusal.py", "judging/webhook.py"}
