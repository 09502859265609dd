# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads queries.sql: a `-- name: x` line, comments, then one statement up to the next name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

_NAME = re.compile(r"^-- name: ([a-z0-9_]+)$", re.MULTILINE)


def parse(text: str) -> dict[str, str]:
    """Query name → statement, without comments, so that SQLite's cache of statements hashes little text."""
    parts = _NAME.split(text)[1:]
    found: dict[str, str] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("--")]
        assert name not in found, f"two queries are called {name}"
        found[name] = "\n".join(lines).rstrip().removesuffix(";")
    return found


QUERIES: Mapping[str, str] = parse(files("bouncestream.outbox").joinpath("queries.sql").read_text("utf-8"))
