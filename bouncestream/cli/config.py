# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream config example`: the configuration with every key, made from the model."""

from __future__ import annotations

import argparse

from bouncestream.config.example import render


def run(_: argparse.Namespace) -> int:
    """Print the example."""
    print(render(), end="")
    return 0
