# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an outbox is."""

from __future__ import annotations

from bouncestream.crypto.secret import Secret
from bouncestream.outbox.place import NOWHERE, Server


def test_a_password_is_not_shown() -> None:
    assert "swordfish" not in repr(Server("postgresql://db/x", "one", Secret("swordfish")))


def test_nothing_can_lie_nowhere() -> None:
    assert not NOWHERE.exists()
    assert not NOWHERE.parent.is_dir()
