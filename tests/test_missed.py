# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.missed import Missed
from tests.outbox import make


def test_an_item_has_one_event() -> None:
    event = make.event()
    assert Missed(make.submission(event), (event.recipient,)).event is event
