# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an outbox is."""

from __future__ import annotations

import sys

import pytest

from bouncestream.crypto.secret import Secret
from bouncestream.errors import StoreUnavailable
from bouncestream.outbox.place import NOWHERE, Server, require_driver


def test_a_password_is_not_shown() -> None:
    assert "swordfish" not in repr(Server("postgresql://db/x", "one", Secret("swordfish")))


def test_nothing_can_lie_nowhere() -> None:
    assert not NOWHERE.exists()
    assert not NOWHERE.parent.is_dir()


def test_without_its_driver_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    require_driver()
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnavailable, match=r"pip install 'bouncestream\[postgres\]'"):
        require_driver()
