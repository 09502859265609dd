# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a mailbox on the health board: the worst of its folders."""

from __future__ import annotations

from bouncestream.health import Health, Status
from bouncestream.sources.mailbox.context import MailboxHealth


def test_the_worst_line_counts_and_is_told() -> None:
    health = Health()
    ours = MailboxHealth("bounces", health)
    ours.set("INBOX", Status.GREEN, "listening to INBOX")
    ours.set("Junk", Status.GREEN, "listening to Junk")
    part = health.parts["mailbox:bounces"]
    assert (part.state, part.why) == (Status.GREEN, "listening to INBOX; listening to Junk")
    ours.set("Junk", Status.RED, "login refused: no")
    ours.set("INBOX", Status.RED, "login refused: no")
    ours.set("proof", Status.YELLOW, "unproven")
    part = health.parts["mailbox:bounces"]
    assert (part.state, part.why) == (Status.RED, "login refused: no")
    assert not health.ready
    ours.set("INBOX", Status.GREEN, "listening to INBOX")
    ours.forget("Junk")
    ours.forget("Junk")
    assert health.parts["mailbox:bounces"].state is Status.YELLOW
    ours.close()
    ours.set("INBOX", Status.RED, "too late")
    assert health.parts == {}


def test_a_mailbox_that_another_bridge_reads_says_nothing_here() -> None:
    health = Health()
    ours = MailboxHealth("bounces", health)
    ours.set("INBOX", Status.RED, "login refused: no")
    ours.set("INBOX, unread", Status.RED, "its mails cannot be read")
    ours.set("Junk", Status.GREEN, "listening to Junk")
    ours.leave("INBOX")
    assert health.parts["mailbox:bounces"].state is Status.GREEN
    ours.leave("Junk")
    assert health.parts == {}
    ours.close()
    health.set("mailbox:bounces", Status.GREEN, "of the one that took its place")
    ours.leave("INBOX")
    assert health.parts
