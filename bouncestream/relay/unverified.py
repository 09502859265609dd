# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery without read-back, for a token that lacks `bounces:get` (docs/develop/rules.md, rule 9). Pure.

At least once: what was answered 200 is final after a settle time in which Listmonk did not restart; all that is in
doubt is posted once more, and the history says so. It can count twice, which is why the permission is asked for.
"""

from __future__ import annotations

from bouncestream.ports import Move, State
from bouncestream.relay.ledger import Ledger

HINT = "not verified: the token lacks bounces:get"


def settle(ledger: Ledger, now: float, settle_time: float) -> list[Move]:
    """The moves of unsettled events when none can be read back; seconds on the monotonic clock."""
    moves = []
    for entry in list(ledger.entries.values()):
        claimed = entry.claimed
        if entry.in_flight:
            continue
        recovered = entry.sent is None
        restarted = bool(entry.boot_before and ledger.boot and entry.boot_before != ledger.boot)
        if recovered and claimed.state is State.POSTED:
            moves.append(Move(claimed.row, State.POSTED, HINT, final=True))
            ledger.forget(entry)
        elif entry.answered and restarted:
            why = f"Listmonk restarted soon after its 200; posted once more ({HINT})"
            moves.append(Move(claimed.row, State.PENDING, why))
            ledger.back_to_pending(entry, now)
        elif entry.answered and now >= entry.closed + settle_time:
            moves.append(Move(claimed.row, State.POSTED, HINT, final=True))
            ledger.forget(entry)
        elif not entry.answered and now >= entry.closed + (0 if recovered else ledger.times.margin):
            why = f"possibly posted before; posted once more ({HINT})"
            moves.append(Move(claimed.row, State.PENDING, why))
            ledger.back_to_pending(entry, now)
    return moves
