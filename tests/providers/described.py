# SPDX-License-Identifier: GPL-3.0-or-later
"""Descriptions of providers, as an operator writes them."""

from __future__ import annotations

import tomllib
from typing import Any

from bouncestream.providers.custom import Custom
from bouncestream.settings.key import keys_of


def described(toml: str) -> dict[str, Any]:
    """The options that these lines of a section set."""
    keys = keys_of(Custom)
    found = {}
    for name, value in tomllib.loads(toml).items():
        shape = keys[name].shape
        assert shape is not None, "secrets come from the case"
        found[name] = shape.parse(value)
    return found
