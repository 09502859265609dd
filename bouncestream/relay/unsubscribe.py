# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers an unsubscription: a person's wish, for which Listmonk's bounce call has no type.

Doing it twice does no harm, so it is simply done and then verified by reading the subscriber again. Older
Listmonks answer 200 to a token that may not manage the lists, and do nothing (measured on 4.1).
"""

from __future__ import annotations

from bouncestream.errors import SinkRefused
from bouncestream.ports import Claimed, Move, Sink, State, Subscriber
from bouncestream.relay.ledger import LIMIT

LOOKUP_PERMISSION = "subscribers:get_all and subscribers:sql_query"
PERMISSION = (
    f"{LOOKUP_PERMISSION}, subscribers:manage, and the permission to manage the subscriber's lists"
    " (or lists:manage_all)"
)
#: The reason of a move that shows that the token may unsubscribe.
DONE = "unsubscribed, and verified"


async def unsubscribe(sink: Sink, claimed: Claimed, *, blocklist: bool, delay: float) -> Move:
    """Carry out one unsubscription; `blocklist`: the policy wants more than leaving the lists. `delay`: seconds
    until the next attempt, should Listmonk refuse it.

    Raises SinkError when Listmonk could not be asked: the event is then tried again.
    """
    try:
        person = await sink.subscriber(claimed.event)
        if person is None:
            return Move(claimed.row, State.UNSTORED, "Listmonk has no such subscriber")
        if done := _done(person, blocklist):
            return Move(claimed.row, State.VERIFIED, done)
        await sink.unsubscribe(person, blocklist=blocklist)
        person = await sink.subscriber(claimed.event)
    except SinkRefused as refused:
        return _refused(claimed, refused, delay)
    if person is None or _done(person, blocklist):
        return Move(claimed.row, State.VERIFIED, DONE)
    return held(claimed, "Listmonk answered 200, but nothing changed")


def held(claimed: Claimed, words: str) -> Move:
    """The move of an unsubscription that waits for its permission."""
    why = f"the token lacks the permission to unsubscribe ({words}): grant {PERMISSION}"
    return Move(claimed.row, State.HELD, why, held_for="permission")


def _refused(claimed: Claimed, refused: SinkRefused, delay: float) -> Move:
    if refused.status in (401, 403):
        return held(claimed, refused.why)
    if refused.status == 0:
        return Move(claimed.row, State.DEAD, f"{refused.why}: unsubscribe the person in Listmonk", failed=True)
    failures = claimed.failures + 1
    why = f"Listmonk refused it: {refused.why}"
    if failures >= LIMIT:
        return Move(claimed.row, State.DEAD, why, failed=True)
    return Move(claimed.row, State.PENDING, why, delay=delay, failed=True)


def _done(person: Subscriber, blocklist: bool) -> str:
    """Why there is nothing (more) to do, or an empty string."""
    if person.status == "blocklisted":
        return "blocklisted"
    if blocklist:
        return ""
    left = all(status == "unsubscribed" for status in person.lists.values())
    return "no longer on any list" if left else ""
