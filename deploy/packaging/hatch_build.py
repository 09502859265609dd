# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts man pages, completions and the unit into wheel and sdist, where `deploy/build wheel` has made them.

A wheel that is built without (`pip install .`) has the program only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHARE = "build/packaging/share"


class Share(BuildHookInterface):  # type: ignore[misc]
    """Adds the folder, if it is there. An sdist has it in the same place, for the wheel that is built of it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a build."""
        if version == "editable" or not Path(self.root, SHARE).is_dir():
            return
        if self.target_name == "wheel":
            build_data["shared_data"][SHARE] = "share"
        else:
            build_data["force_include"][SHARE] = SHARE
