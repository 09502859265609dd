# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from bouncestream import __version__
from bouncestream.config.example import render
from tests.cli.conftest import Cli
from tests.packages.program import NAME


def test_the_example_is_the_whole_of_it(cli: Cli) -> None:
    done = cli("config", "example")
    assert (done.returncode, done.stdout) == (0, render())


@pytest.mark.binary
def test_version_tells_what_it_runs_on_if_asked(cli: Cli) -> None:
    first, *facts = cli("version", "--verbose").stdout.splitlines()
    assert first == f"bouncestream {__version__}"
    told = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in facts)
    assert list(told) == ["build", "Python", "SQLite", "OpenSSL", "C library", "system", "authorities"]
    assert ("package" if os.environ.get(NAME) else "source") in told["build"]
    for name in ("Python", "SQLite", "OpenSSL", "C library"):
        assert re.search(r"\d+\.\d+", told[name]), told


@pytest.mark.binary
def test_the_authorities_are_those_that_are_named(cli: Cli, tmp_path: Path) -> None:
    mine = tmp_path / "authorities.pem"
    mine.touch()
    assert f"authorities   {mine}\n" in cli("version", "--verbose", env={"SSL_CERT_FILE": str(mine)}).stdout
    nothing = {"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/nowhere"}
    assert "none: certificates cannot be checked" in cli("version", "--verbose", env=nothing).stdout
