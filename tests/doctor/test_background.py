# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from typing import Any

import pytest

from bouncestream.doctor import background, quick
from bouncestream.doctor.finding import Finding, Level

JOB = {
    "url": "http://127.0.0.1:9",
    "user": "u",
    "token": "t",
    "public_url": "",
    "hooks_url": "",
    "in_tables": False,
}


def test_a_unit_that_forbids_to_be_nice(monkeypatch: pytest.MonkeyPatch) -> None:
    """`SystemCallFilter=~@resources` answers EPERM, whoever asks."""

    def refused(_: int) -> int:
        raise PermissionError(1, "Operation not permitted")

    async def found(_: Any) -> list[Finding]:
        return [Finding("pixel", Level.ERROR, "tracking", "seen")]

    monkeypatch.setattr(os, "nice", refused)
    monkeypatch.setattr(quick, "quick", found)
    assert [one["id"] for one in background.examine(JOB)] == ["pixel"]
