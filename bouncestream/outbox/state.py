# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of an event and the moves between them. This table is the documentation: the store refuses any
other move, and the CHECKs of the schema repeat the states.

    pending ─▶ claimed ─▶ posted ─▶ verified
       ▲          │          │    ─▶ unstored
       └──────────┴──────────┘    ─▶ dead
    held ─▶ pending                 dropped
"""

from __future__ import annotations

from collections.abc import Mapping

from bouncestream.ports import State

#: Who moves: the relay, an operator's command (`outbox replay|drop|release`), or the policy.
MOVES: dict[State, frozenset[State]] = {
    # the relay claims; a dry run or the policy drops; an unsubscription waits for its permission;
    # a restored backup: its row is in Listmonk already
    State.PENDING: frozenset({State.CLAIMED, State.HELD, State.DROPPED, State.VERIFIED}),
    # the relay: answered, seen, absent for good, refused, put back; held when the token may not do it
    State.CLAIMED: frozenset(
        {State.POSTED, State.VERIFIED, State.UNSTORED, State.DEAD, State.PENDING, State.HELD, State.DROPPED}
    ),
    # to itself only as its end: without a read-back, posted is all that will ever be known; `replay` of such an
    # end: it is read back first (claimed)
    State.POSTED: frozenset(
        {State.POSTED, State.VERIFIED, State.UNSTORED, State.DEAD, State.PENDING, State.CLAIMED}
    ),
    # an undo took its row out of Listmonk again; or `replay`, where Listmonk was restored from a backup: it is read
    # back first (claimed)
    State.VERIFIED: frozenset({State.DROPPED, State.CLAIMED}),
    # its row appeared after all; or `replay`: one that was ever posted is read back first (claimed)
    State.UNSTORED: frozenset({State.VERIFIED, State.PENDING, State.CLAIMED}),
    State.DEAD: frozenset({State.VERIFIED, State.PENDING, State.CLAIMED}),
    # a proof, a permission or an operator came; or an operator said no
    State.HELD: frozenset({State.PENDING, State.DROPPED}),
    State.DROPPED: frozenset({State.PENDING, State.CLAIMED}),
}

#: States that need nobody's attention any more; `finished_at` is set in exactly these (and in a posted row
#: that cannot be read back).
FINAL = frozenset({State.VERIFIED, State.UNSTORED, State.DEAD, State.DROPPED})

#: Why an event is held back, and in words; the CHECK on `held_for` repeats it.
HELD_FOR: Mapping[str, str] = {
    "unproven": "nothing proves whom the mail is about",
    "permission": "Listmonk's token may not do it",
    "brake": "the brake stopped it",
    "operator": "it waits for your decision",
}
