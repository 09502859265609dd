# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream version`."""

from __future__ import annotations

import argparse

from bouncestream import __version__


def run(_: argparse.Namespace) -> int:
    """Print the version."""
    print(f"bouncestream {__version__}")
    return 0
