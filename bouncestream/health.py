# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of each part of the running bridge, for `/readyz` and the log: a colour, and why, in words."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum

from bouncestream.printable import mask_all, printable

log = logging.getLogger("bouncestream.health")


#: The parts that taking webhooks needs.
INTAKE = ("intake", "outbox", "outbox-file")


class Status(StrEnum):
    """The state of a part, as a colour."""

    GREEN = "green"  #: works
    YELLOW = "yellow"  #: works, but someone should know
    RED = "red"  #: does not do its work


@dataclass(frozen=True, slots=True)
class Part:
    """A part's colour, and why."""

    state: Status
    why: str


class Health:
    """The board that every part writes its own line on. A change of colour is logged once."""

    def __init__(self) -> None:
        self.parts: dict[str, Part] = {}

    def set(self, part: str, state: Status, why: str = "") -> None:
        """Note how `part` (`outbox`, `intake`, `relay`, `listmonk`, `webhook:<name>`, `mailbox:<name>`,
        `smtp:<name>`, `backfill:<name>`) is."""
        before = self.parts.get(part)
        now = Part(state, printable(mask_all(why), 500))
        if before == now:
            return
        self.parts[part] = now
        if before is None or before.state is not state or (state is not Status.GREEN and before.why != now.why):
            level = {Status.GREEN: logging.INFO, Status.YELLOW: logging.WARNING, Status.RED: logging.ERROR}[state]
            log.log(level, "%s is %s%s", part, state.value, f": {now.why}" if now.why else "")

    def forget(self, *parts: str) -> None:
        """Remove parts from the board: they are no more."""
        for part in parts:
            self.parts.pop(part, None)

    @property
    def ready(self) -> bool:
        """Whether no part is red."""
        return all(part.state is not Status.RED for part in self.parts.values())

    @property
    def stores(self) -> bool:
        """Whether what webhooks bring can be stored, as far as it is known."""
        return all(part not in self.parts or self.parts[part].state is not Status.RED for part in INTAKE)

    def report(self) -> dict[str, object]:
        """The body of `/readyz`."""
        return {
            "ready": self.ready,
            "parts": {name: {"state": p.state.value, "why": p.why} for name, p in sorted(self.parts.items())},
        }
