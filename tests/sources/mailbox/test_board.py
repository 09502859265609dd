# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a mailbox on the health board: the worst of its folders."""

from __future__ import annotations

from bouncestream.health import Health, Light
from bouncestream.sources.mailbox.board import Board


def test_the_worst_line_counts_and_is_told() -> None:
    health = Health()
    board = Board("bounces", health)
    board.set("INBOX", Light.GREEN, "listening to INBOX")
    board.set("Junk", Light.GREEN, "listening to Junk")
    part = health.parts["mailbox:bounces"]
    assert (part.state, part.why) == (Light.GREEN, "listening to INBOX; listening to Junk")
    board.set("Junk", Light.RED, "login refused: no")
    board.set("INBOX", Light.RED, "login refused: no")
    board.set("proof", Light.YELLOW, "unproven")
    part = health.parts["mailbox:bounces"]
    assert (part.state, part.why) == (Light.RED, "login refused: no")
    assert not health.ready
    board.set("INBOX", Light.GREEN, "listening to INBOX")
    board.forget("Junk")
    board.forget("Junk")
    assert health.parts["mailbox:bounces"].state is Light.YELLOW
    board.close()
    board.set("INBOX", Light.RED, "too late")
    assert health.parts == {}
