# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from bouncestream.cli.findings import tell
from bouncestream.doctor.finding import Finding, Level

OK = Finding("a-ok", Level.OK, "pixel", "it is there")
INFO = Finding("a-info", Level.INFO, "links", "some are plain", "not counted")
WARNING = Finding(
    "a-warning", Level.WARNING, "pixel", "twice\x1b[31m", "counted twice", "keep one:\n    {{ TrackView }}"
)
ERROR = Finding("an-error", Level.ERROR, "links", "none", "no click", "write them", {"links": 3})


def test_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    for found, code in (([], 0), ([OK, INFO], 0), ([OK, WARNING], 1), ([WARNING, ERROR, OK], 2)):
        assert tell(found, as_json=False) == code
        assert tell(found, as_json=True) == code
        assert tell(found, as_json=True, examined=False) == 3
    capsys.readouterr()


def test_people_see_groups_with_snippets_that_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    tell([OK, ERROR, WARNING], as_json=False)
    assert capsys.readouterr().out == (
        "Pixel\n"
        "✔ it is there\n"
        "⚠ twice\\x1b[31m [a-warning]\n"
        "  why: counted twice\n"
        "  fix: keep one:\n"
        "      {{ TrackView }}\n"
        "\n"
        "Links\n"
        "✘ none [an-error]\n"
        "  why: no click\n"
        "  fix: write them\n"
        "\n"
        "1 error, 1 warning. Start with the first ✘: later ones often have the same cause.\n"
    )


def test_programs_get_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    tell([ERROR], as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "findings": [
            {
                "id": "an-error",
                "level": "error",
                "topic": "links",
                "seen": "none",
                "why": "no click",
                "fix": "write them",
                "evidence": {"links": 3},
            }
        ]
    }
