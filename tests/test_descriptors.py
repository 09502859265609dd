# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys

import pytest

from bouncestream.descriptors import SPARE, backlog, connections


@pytest.mark.parametrize("files", [70, 128, 200, 256, 1010, 1024, 4096, 8192, 1 << 20])
def test_what_is_not_counted_yet_still_finds_a_file(files: int) -> None:
    most = connections(1_000_000, files)
    assert most >= 1
    assert 4 <= backlog(files) <= 128
    if files > 128:
        assert most + SPARE + 6 * backlog(files) <= files


def test_the_setting_is_the_most() -> None:
    assert connections(1000, 8192) == 1000
    assert connections(1000, 1024) < 1000


@pytest.mark.process
def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    code = """
import resource
from bouncestream import descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (150, 300))
assert descriptors.raise_limit() == 300
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (300, 300)
assert descriptors.raise_limit() == 300
"""
    subprocess.run([sys.executable, "-c", code], check=True)
