# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.outbox.postgres.known import Known


def test_a_turn_and_another_key_are_seen() -> None:
    assert Known().is_still(None, [])
    known = Known("sealed", (b"a", b"b"), 2, "2026-11")
    assert known.is_still("sealed", [b"a", b"b"])
    assert not known.is_still("opening", [b"a", b"b"])
    assert not known.is_still("sealed", [b"a", b"c"])
    assert not known.is_still(None, [])
