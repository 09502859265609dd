# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys that a reload (SIGHUP) changes while the process runs, and those that need a restart. Names only, never
values."""

from __future__ import annotations

from typing import Any

from bouncestream.config.model import NAMED, SECTIONS, Config
from bouncestream.settings.key import keys_of


def reloadable_difference(old: Config, new: Config) -> tuple[str, ...]:
    """The dotted names of the changed keys that need a restart; empty: a reload is enough."""
    return tuple(name for name, live in _changes(old, new) if not live)


def reloaded(old: Config, new: Config) -> tuple[str, ...]:
    """The dotted names of the changed keys that a reload applies; a webhook that is new or gone, as a whole."""
    return tuple(name for name, live in _changes(old, new) if live)


def _changes(old: Config, new: Config) -> list[tuple[str, bool]]:
    changes: list[tuple[str, bool]] = []
    for section, model in SECTIONS.items():
        before, after = _section(old, section), _section(new, section)
        if section not in NAMED:
            changes += _keys(section, model, before, after)
            continue
        for name in dict.fromkeys([*before, *after]):
            if name in before and name in after:
                changes += _keys(f"{section}.{name}", type(after[name]), before[name], after[name])
            else:
                changes.append((f"{section}.{name}", True))
    return changes


def _section(config: Config, dotted: str) -> Any:
    part: Any = config
    for name in dotted.split("."):
        part = getattr(part, name)
    return part


def _keys(section: str, model: type[Any], before: Any, after: Any) -> list[tuple[str, bool]]:
    return [
        (f"{section}.{key.name}", key.live)
        for key in keys_of(model).values()
        if getattr(before, key.name, None) != getattr(after, key.name)
    ]
