# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivers an unsubscription: a person's wish, for which Listmonk's bounce call has no type.

Doing it twice does no harm, so it is simply done and then verified by reading the subscriber again. Older
Listmonks answer 200 to a token that may not manage the lists, and do nothing (measured on 4.1).

From which lists: Listmonk's own unsubscribe page takes a person off the lists of the campaign. So does the policy
`campaign`. No wish is lost: where those lists are not known, the person leaves all, and the history says why.
"""

from __future__ import annotations

from collections.abc import Collection

from bouncestream.errors import SinkRefused
from bouncestream.event import BounceEvent, clean_uuid
from bouncestream.ports import Claimed, Move, Sink, State, Subscriber
from bouncestream.relay.ledger import LIMIT

LOOKUP_PERMISSION = "subscribers:get_all and subscribers:sql_query"
PERMISSION = (
    f"{LOOKUP_PERMISSION}, subscribers:manage, and the permission to manage the subscriber's lists"
    " (or lists:manage_all)"
)
#: How the reason of a move begins that shows that the token may unsubscribe.
DONE = "unsubscribed"


async def unsubscribe(sink: Sink, claimed: Claimed, *, policy: str, delay: float) -> Move:
    """Carry out one unsubscription. `policy`: `campaign`, `lists` or `blocklist`; `delay`: seconds until the next
    attempt, should Listmonk refuse it.

    Raises SinkError when Listmonk could not be asked: the event is then tried again.
    """
    try:
        person = await sink.subscriber(claimed.event)
        if person is None:
            return Move(claimed.row, State.UNSTORED, "Listmonk has no such subscriber")
        if person.status == "blocklisted":
            return Move(claimed.row, State.VERIFIED, "blocklisted")
        if policy == "blocklist":
            await sink.blocklist(person)
            after = await sink.subscriber(claimed.event)
            done, which = after is None or after.status == "blocklisted", "all lists, and blocklisted"
        else:
            lists, which = await _meant(sink, claimed.event, person, policy)
            if _left(person, lists):
                return Move(claimed.row, State.VERIFIED, f"no longer on {which}")
            await sink.unsubscribe(person, lists)
            after = await sink.subscriber(claimed.event)
            done = after is None or after.status == "blocklisted" or _left(after, lists)
    except SinkRefused as refused:
        return _refused(claimed, refused, delay)
    if done:
        return Move(claimed.row, State.VERIFIED, f"{DONE} from {which}: verified")
    return held(claimed, "Listmonk answered 200, but nothing changed")


async def _meant(sink: Sink, event: BounceEvent, person: Subscriber, policy: str) -> tuple[Collection[int], str]:
    """The lists that a person wants to leave, and that in words: those of the campaign, or all where these are
    not known, as a wish must not get lost."""
    if policy != "campaign":
        return person.lists, "all lists"
    campaign = clean_uuid(event.campaign_uuid)
    if not campaign:
        return person.lists, "all lists (the report names no campaign)"
    try:
        lists = await sink.campaign_lists(person, campaign)
    except SinkRefused as refused:
        if refused.status != 400:
            raise
        return person.lists, f"all lists (Listmonk does not tell those of the campaign: {refused.why})"
    if not lists:
        return person.lists, "all lists (the campaign is unknown, or the subscriber is on none of its lists)"
    return lists, "the lists of its campaign"


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


def _left(person: Subscriber, lists: Collection[int]) -> bool:
    return all(person.lists.get(list_id, "unsubscribed") == "unsubscribed" for list_id in lists)
