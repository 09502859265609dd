# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a mailbox on the health board: the worst of its folders."""

from __future__ import annotations

from bouncestream.health import Health, Status
from bouncestream.sources.mailbox.board import Board


def test_the_worst_line_counts_and_is_told() -> None:
    health = Health()
    board = Board("bounces", health)
    board.set("INBOX", Status.GREEN, "listening to INBOX")
    board.set("Junk", Status.GREEN, "listening to Junk")
    part = health.parts["mailbox:bounces"]
    assert (part.state, part.why) == (Status.GREEN, "listening to INBOX; listening to Junk")
    board.set("Junk", Status.RED, "login refused: no")
    board.set("INBOX", Status.RED, "login refused: no")
    board.set("proof", Status.YELLOW, "unproven")
    part = health.parts["mailbox:bounces"]
    assert (part.state, part.why) == (Status.RED, "login refused: no")
    assert not health.ready
    board.set("INBOX", Status.GREEN, "listening to INBOX")
    board.forget("Junk")
    board.forget("Junk")
    assert health.parts["mailbox:bounces"].state is Status.YELLOW
    board.close()
    board.set("INBOX", Status.RED, "too late")
    assert health.parts == {}
