# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication in words, as `status` and the dashboard tell it: which standbys PostgreSQL has, whether commits wait
for them, and how far the slowest is behind. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bouncestream.alerts.reading import size, span

if TYPE_CHECKING:
    from bouncestream.outbox.replication import Replication


def as_json(found: Replication | None) -> dict[str, Any] | None:
    """Replication as `bouncestream status --json` has it; None: it is not known, or the outbox is a file."""
    if found is None:
        return None
    return {
        "standbys": [
            {"name": one.name, "sync": one.sync, "lag_seconds": one.lag, "lag_bytes": one.behind}
            for one in found.standbys
        ],
        "synchronous": sum(one.awaited for one in found.standbys),
        "commits_wait": found.named,
        "visible": found.visible,
    }


def in_words(found: Mapping[str, Any]) -> tuple[str, str, str]:
    """A sign, one line about the standbys, and the next step; `found`: see `as_json`."""
    standbys, awaited, waits = found["standbys"], found["synchronous"], found["commits_wait"]
    if not standbys:
        if not waits:
            return "·", "PostgreSQL has no standby", ""
        return "✘", "commits wait for a standby of PostgreSQL, and none is there", "see pg_stat_replication there"
    many = f"PostgreSQL has {len(standbys)} standby{'' if len(standbys) == 1 else 's'}"
    if not found["visible"]:
        told = "commits wait for one" if waits else f"no commit waits for {'it' if len(standbys) == 1 else 'them'}"
        text = f"{many}, {told}; this role may not see how far behind"
        return (
            "✔" if waits else "⚠",
            text,
            "GRANT pg_monitor TO bouncestream; (the role in [outbox] url), as a superuser",
        )
    if awaited:
        return "✔", f"{many}, commits wait for {_named(standbys)}{_behind(standbys)}", ""
    if waits:
        return (
            "✘",
            f"{many}, but none that commits wait for{_behind(standbys)}",
            "see pg_stat_replication there",
        )
    return (
        "⚠",
        f"{many}, no commit waits for {'it' if len(standbys) == 1 else 'them'}{_behind(standbys)}",
        "bouncestream doctor",
    )


def _named(standbys: Sequence[Mapping[str, Any]]) -> str:
    """Those that commits wait for, by their names."""
    return ", ".join(one["name"] or "it" for one in standbys if one["sync"] in ("sync", "quorum"))


def _behind(standbys: Sequence[Mapping[str, Any]]) -> str:
    """How far behind the slowest is."""
    slowest = max(standbys, key=lambda one: (one["lag_bytes"] or 0, one["lag_seconds"] or 0.0))
    if not (behind := slowest["lag_bytes"] or 0):
        return "; none is behind" if len(standbys) > 1 else "; it is not behind"
    late = f"{span(slowest['lag_seconds'])}, " if (slowest["lag_seconds"] or 0) >= 1 else ""
    room = size(behind) if behind >= 1 << 20 else f"{behind / 1024:.0f} KiB"
    return f"; {slowest['name'] or 'one'} is {late}{room} behind"
