# SPDX-License-Identifier: GPL-3.0-or-later
"""How far an outbox is sealed: what everybody asks who opens one, and most are told that it is in the open."""

from __future__ import annotations

from enum import StrEnum

from bouncestream.outbox.connection import damaged
from bouncestream.outbox.delivery import get_meta
from bouncestream.outbox.engine import Conn

#: In `meta`: how far it is sealed.
STATE = "sealing"


class State(StrEnum):
    """How far an outbox is sealed."""

    SEALING = "sealing"  #: what comes in is sealed; older rows are in the open yet
    WIPING = "wiping"  #: all is sealed; what was there before may stand in unused parts of the file
    SEALED = "sealed"
    OPENING = "opening"  #: what comes in is in the open; older rows are sealed yet

    @property
    def seals(self) -> bool:
        """Whether what comes in is sealed."""
        return self is not State.OPENING


def state_of(conn: Conn) -> State | None:
    """How far an outbox is sealed; None: it is in the open."""
    found = get_meta(conn, STATE)
    try:
        return State(found) if found is not None else None
    except ValueError as error:
        raise damaged(f"its state of sealing is {found!r}") from error
