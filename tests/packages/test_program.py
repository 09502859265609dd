# SPDX-License-Identifier: GPL-3.0-or-later
"""Which program the tests start."""

from __future__ import annotations

import sys

import pytest

from tests.packages.program import command


def test_it_is_the_one_that_was_built_if_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUNCESTREAM_PROGRAM", "/somewhere/bouncestream")
    assert command("tests.e2e.wrapped") == ["/somewhere/bouncestream"]
    monkeypatch.delenv("BOUNCESTREAM_PROGRAM")
    assert command() == [sys.executable, "-m", "bouncestream"]
