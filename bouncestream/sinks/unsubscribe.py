# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers an unsubscription: a person's wish, for which Listmonk's bounce call has no type.

Doing it twice does no harm, so it is simply done and then verified by reading the subscriber again. Older
Listmonks answer 200 to a token that may not manage the lists, and do nothing (measured on 4.1).
"""

from __future__ import annotations

from bouncestream.errors import SinkRefused
from bouncestream.ports import Claimed, Move, Sink, State, Subscriber

PERMISSION = "subscribers:manage, and the permission to manage the subscriber's lists (or lists:manage_all)"


async def unsubscribe(sink: Sink, claimed: Claimed, *, blocklist: bool) -> Move:
    """Carry out one unsubscription; `blocklist`: the policy wants more than leaving the lists.

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
        if refused.status in (401, 403):
            return _held(claimed, refused.why)
        return Move(claimed.row, State.DEAD, f"Listmonk refused it: {refused.why}", failed=True)
    if person is None or (done := _done(person, blocklist)):
        return Move(claimed.row, State.VERIFIED, "unsubscribed, and seen to be")
    return _held(claimed, "Listmonk answered 200, yet nothing changed")


def _done(person: Subscriber, blocklist: bool) -> str:
    """Why there is nothing (more) to do, or an empty string."""
    if person.status == "blocklisted":
        return "blocklisted"
    if blocklist:
        return ""
    left = all(status == "unsubscribed" for status in person.lists.values())
    return "on no list any more" if left else ""


def _held(claimed: Claimed, words: str) -> Move:
    why = f"the token may not unsubscribe ({words}): grant {PERMISSION}"
    return Move(claimed.row, State.HELD, why, held_for="permission")
