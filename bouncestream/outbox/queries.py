# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads queries.sql: a `-- name: x` line, comments, then one statement up to the next name.

The columns of the table `outbox` are listed in `codec` alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

from bouncestream.outbox import codec

_NAME = re.compile(r"^-- name: ([a-z0-9_]+)$", re.MULTILINE)


#: What stands for a list in a statement.
_LISTS = {
    "{row}": ", ".join(codec.ROW),
    "{event}": ", ".join(codec.Columns._fields),
    "{event?}": ", ".join("?" * len(codec.Columns._fields)),
}


def parse(text: str) -> dict[str, str]:
    """Query name → statement, without comments, so that SQLite's cache of statements hashes little text."""
    parts = _NAME.split(text)[1:]
    found: dict[str, str] = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("--")]
        assert name not in found, f"two queries are called {name}"
        statement = "\n".join(lines).rstrip().removesuffix(";")
        for name_of_list, listed in _LISTS.items():
            statement = statement.replace(name_of_list, listed)
        found[name] = statement
    return found


QUERIES: Mapping[str, str] = parse(files("bouncestream.outbox").joinpath("queries.sql").read_text("utf-8"))
