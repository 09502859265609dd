# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of an undo: how subscribers stand, and bringing them back.

Seen on Listmonk 6.2.0 (2026-11): `PATCH /api/subscribers/{id}` (6.1 and later) changes what is named alone, and
mails an opt-in letter unless `preconfirm_subscriptions` is set; a PUT would take all subscriptions and attributes.
A PATCH sets the subscriber's `updated_at`, a blocklisting by a bounce does not. `PUT …/lists` with `add` and a
status gives a subscription that status and leaves its `updated_at` alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bouncestream.ports import ListedRow
from bouncestream.record import record
from bouncestream.sinks.listmonk import answers
from bouncestream.sinks.listmonk.answers import SubscriberState
from bouncestream.sinks.listmonk.client import ANSWER_LIMIT, SUBSCRIBERS, ListmonkClient
from bouncestream.sinks.listmonk.lookup import chunks

#: From this version on a subscriber can be changed in part.
PATCHES = (6, 1)


@record(frozen=True, slots=True)
class Told:
    """What Listmonk tells of itself."""

    version: str
    actions: Mapping[str, str]  #: bounce type → what it does at its count; empty: it does not tell

    @property
    def patches(self) -> bool:
        """Whether a subscriber can be changed in part."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:2]) >= PATCHES


class Repairs(ListmonkClient):
    """The client of an undo. All calls raise SinkError."""

    async def told(self) -> Told:
        """Its version and settings."""
        config, settings = await self._about("/api/config"), await self._try("/api/settings")
        return Told(answers.version(config), answers.actions(settings) if settings is not None else {})

    async def ahead(self, now: datetime) -> float:
        """By how many seconds Listmonk's clock is ahead of ours, by the Date of an answer; 0 where it has none, or
        is as good as the same: a Date has whole seconds."""
        reply = await self._wire.call("GET", "/health", within=self._read_timeout, limit=ANSWER_LIMIT)
        try:
            at = parsedate_to_datetime(reply.date or "").astimezone(UTC)
        except (TypeError, ValueError):
            return 0.0
        ahead = (at - now).total_seconds() + 0.5
        return ahead if abs(ahead) > 2 else 0.0

    async def campaign_uuid(self, number: int) -> str:
        """The UUID of a campaign by its number."""
        found = (await self._data(f"/api/campaigns/{number:d}", {})).get("uuid")
        if not isinstance(found, str):
            raise answers.odd("/api/campaigns", "its uuid is not text")
        return found

    async def states(self, ids: Collection[int]) -> dict[int, SubscriberState]:
        """How these subscribers stand, without those who are no more."""
        found: dict[int, SubscriberState] = {}
        for some in chunks([str(int(one)) for one in sorted(ids)]):
            rows = answers.rows_of(SUBSCRIBERS, await self._page(f"subscribers.id IN ({', '.join(some)})"))
            people = [answers.subscriber_state(SUBSCRIBERS, row) for row in rows]
            answers.none_but(SUBSCRIBERS, (str(one.id) for one in people), some)
            found |= {one.id: one for one in people}
        return found

    async def bounces_of(self, subscriber_id: int) -> list[ListedRow]:
        """The newest bounces of a subscriber, as they tell of us; at most 1,000."""
        path = f"/api/subscribers/{subscriber_id:d}/bounces"
        reply = await self._wire.call("GET", path, within=self._read_timeout, limit=ANSWER_LIMIT)
        rows = answers.inside(path, reply.status, reply.content, cut=reply.cut, blank=self._wire.blank)
        return [answers.seen(row, self._instance) for row in answers.rows_of(path, {"results": rows})]

    async def remove_bounces(self, numbers: Sequence[int]) -> None:
        """Delete bounces by Listmonk's own ids; those that are gone do no harm."""
        for some in chunks([str(int(number)) for number in numbers]):
            query = "&".join(f"id={number}" for number in some)
            await self._change("DELETE", f"/api/bounces?{query}", None)

    async def enable(self, subscriber_id: int) -> None:
        """Take a subscriber off the blocklist, and change nothing else."""
        body = {"status": "enabled", "preconfirm_subscriptions": True}
        await self._change("PATCH", f"/api/subscribers/{subscriber_id:d}", body)

    async def put_back(self, subscriber_id: int, lists: Collection[int], status: str) -> None:
        """Give a subscriber's places on lists a status again."""
        body = {"ids": [subscriber_id], "action": "add", "target_list_ids": sorted(lists), "status": status}
        await self._change("PUT", "/api/subscribers/lists", body)
