# SPDX-License-Identifier: GPL-3.0-or-later
"""Wheel and sdist, for `uv tool install` and pipx; hatch_build.py adds what belongs into share/."""

from __future__ import annotations

from pathlib import Path

from deploy.packaging.paths import DIST, call, say


def build(python: Path) -> None:
    """Make both, by the Python of the build's environment. Raises Failed."""
    say("building wheel and sdist ...")
    call(python, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", DIST)
