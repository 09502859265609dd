# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that the tests start: $BOUNCESTREAM_PROGRAM, which CI sets to what it built, else this folder's."""

from __future__ import annotations

import os
import sys

NAME = "BOUNCESTREAM_PROGRAM"


def is_built() -> bool:
    """Whether it is one that was built: a test cannot change it inside."""
    return NAME in os.environ


def command(module: str = "bouncestream") -> list[str]:
    """What starts it; its arguments follow. `module`: what is run of this folder."""
    built = os.environ.get(NAME)
    return [os.path.abspath(built)] if built else [sys.executable, "-m", module]
