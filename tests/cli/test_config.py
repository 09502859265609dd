# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.config.example import render
from tests.cli.conftest import Cli


def test_the_example_is_the_whole_of_it(cli: Cli) -> None:
    done = cli("config", "example")
    assert (done.returncode, done.stdout) == (0, render())
