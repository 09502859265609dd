# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands below the help of a command; that of each command is looked at in test_parser."""

from __future__ import annotations

from bouncestream.cli.manual import Entry, below


def test_the_codes_are_in_order_and_the_common_ones_among_them() -> None:
    assert list(Entry((), {78: "configuration", 3: "not read"}).codes) == [0, 3, 64, 78]


def test_below_a_command_the_program_and_a_word_that_leads_to_others() -> None:
    assert "examples:\n  bouncestream doctor\n" in below("doctor")
    assert "2 errors" in below("doctor")
    assert "130 interrupted" in below("")
    assert below("outbox") == "`bouncestream help outbox COMMAND` shows more."
