# SPDX-License-Identifier: GPL-3.0-or-later
"""Strangers: bounces at Listmonk that another outbox told under the names of our sources. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson

#: A label: the source's name, a day, and a number from the second on (`outbox.delivery`).
_LABEL = re.compile(r"(.{1,200}) (\d{4}-\d\d-\d\d)(?: #\d{1,9})?")


def strangers(rows: Iterable[Mapping[str, Any]], names: Collection[str], instance: str) -> Counter[str]:
    """Of rows of `GET /api/bounces`: source name → how many were told by another outbox than `instance`. Whatever
    is odd about a row, it is no stranger."""
    found: Counter[str] = Counter()
    for row in rows:
        label = row.get("source")
        match = _LABEL.fullmatch(label) if isinstance(label, str) else None
        if match is None or match[1] not in names:
            continue
        bridge = _bridge(row.get("meta"))
        if bridge and bridge != instance:
            found[match[1]] += 1
    return found


def _bridge(meta: object) -> str:
    """The outbox that a row names."""
    if isinstance(meta, str):
        try:
            meta = orjson.loads(meta)
        except orjson.JSONDecodeError:
            return ""
    bridge = meta.get("bridge") if isinstance(meta, Mapping) else None
    return bridge if isinstance(bridge, str) else ""


def told(found: Counter[str], path: str) -> tuple[str, str, str]:
    """The words for a new outbox, at `path`, that met these: what was seen, what follows, and the next step."""
    names = ", ".join(sorted(found)[:5])
    return (
        f"The outbox {path} is new, but Listmonk has bounces that another outbox delivered under our source names "
        f"({names}): that outbox is missing here.",
        "Nothing is accepted or delivered: senders are asked to retry later.",
        "stop bouncestream, mount the disk of the former outbox or restore its backup, and start again; if it is "
        "lost, start with `bouncestream run --new-outbox`. If another bridge uses this Listmonk, rename the "
        "sources here.",
    )
