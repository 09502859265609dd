# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.cli import main


@pytest.mark.parametrize("words", [[], ["outbox"], ["outbox", "list"]])
def test_help_is_what_the_option_shows(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", *words]) == 0
    shown = capsys.readouterr().out
    assert main([*words, "--help"]) == 0
    assert shown == capsys.readouterr().out
    assert shown.startswith("usage: bouncestream")


def test_help_of_nothing_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "nonsense"]) == 64
    assert "invalid choice: 'nonsense'" in capsys.readouterr().err
