# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken set-ups lead to their finding, with its fix, and to no other; healthy ones to none."""

from __future__ import annotations

import pytest

from bouncestream.doctor.catalogue import CATALOGUE
from tests.doctor.case import Case
from tests.doctor.cases import BROKEN, CASES, HEALTHY
from tests.doctor.conftest import Theatre
from tests.doctor.stage import TOKEN


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(theatre: Theatre, case: Case) -> None:
    played = theatre.played(case.name)
    assert played.ids("error", "warning") == case.expect, played.told
    assert case.also <= played.ids(), played.findings
    assert played.seconds < case.seconds
    levels = {one["level"] for one in played.findings}
    expected = 2 if "error" in levels else 1 if "warning" in levels else 0
    assert played.code == (expected if case.code is None else case.code), played.stderr
    for one in played.findings:
        assert one.keys() == {"id", "level", "topic", "seen", "why", "fix", "evidence"}
        assert one["id"] in CATALOGUE
        if one["level"] in ("error", "warning"):
            assert one["seen"] and one["why"] and (one["fix"] or one["id"] == "not-examined")
        assert TOKEN not in str(one)
        assert all(
            line.isprintable() for text in (one["seen"], one["why"], one["fix"]) for line in text.split("\n")
        )


def test_there_are_enough() -> None:
    assert len(BROKEN) >= 40
    assert len(HEALTHY) >= 4
    assert len({case.name for case in CASES}) == len(CASES)
