# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.sources.listmonk_log.flood import MINUTE, Sent, Weight, weigh


@pytest.mark.parametrize(
    ("refused", "sent", "over", "weight"),
    [
        (1, 2, False, Weight.GO),
        (5000, 10_000, False, Weight.GO),
        (1, 0, False, Weight.WAIT),
        (19, 0, False, Weight.WAIT),
        (19, 0, True, Weight.GO),
        (20, 0, False, Weight.WAIT),
        (20, 0, True, Weight.HOLD),
        (90, 10, False, Weight.GO),
        (91, 9, False, Weight.WAIT),
        (91, 9, True, Weight.HOLD),
    ],
)
def test_the_weight(refused: int, sent: int, over: bool, weight: Weight) -> None:
    assert weigh(refused, sent, over=over) is weight


def test_what_was_sent_within_the_last_minute() -> None:
    sent = Sent()
    assert sent.lately(0.0) is None
    sent.note(0.0, 100)
    assert sent.lately(0.0) is None
    for at in range(10, 130, 10):
        sent.note(float(at), 100 + at)
    assert sent.lately(120.0) == 60
    assert sent.lately(120.0 + MINUTE + 1) is None
    sent.note(130.0, 5)  # another run of it
    assert sent.lately(130.0) is None
