# SPDX-License-Identifier: GPL-3.0-or-later
"""Campaigns, as far as the brake needs them: how much each has sent, how many of its readers are at a domain, and
pausing one that runs.

Seen in 2026-11: `PUT /api/campaigns/{id}/status` wants `campaigns:send` and `campaigns:manage_all` on Listmonk
6.2.0, `campaigns:manage_all` on 5.1.0 and `campaigns:manage` on 4.1.0. It answers 400 "Only active campaigns can be
paused." to one that does not run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bouncestream.errors import SinkRefused
from bouncestream.event import clean_uuid
from bouncestream.ports import Campaign
from bouncestream.sinks.listmonk import answers, payload
from bouncestream.sinks.listmonk.client import SUBSCRIBERS
from bouncestream.sinks.listmonk.directory import Directory

#: So many of the newest campaigns are looked at.
NEWEST = 100
#: A domain that may enter a query: nothing in it means something to SQL or LIKE.
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,20}", re.ASCII)
_ON_ITS_LISTS = (
    "SELECT 1 FROM subscriber_lists JOIN campaign_lists ON campaign_lists.list_id = subscriber_lists.list_id"
    " JOIN campaigns ON campaigns.id = campaign_lists.campaign_id"
    " WHERE subscriber_lists.subscriber_id = subscribers.id AND subscriber_lists.status <> 'unsubscribed' AND"
)


class Campaigns(Directory):
    """The client for campaigns. All calls raise SinkError."""

    async def newest(self) -> Mapping[str, Campaign]:
        """The newest campaigns by their UUID; none where the token may not see them."""
        path = "/api/campaigns"
        query = {"page": "1", "per_page": str(NEWEST), "order_by": "created_at", "order": "DESC", "no_body": "true"}
        try:
            found = answers.campaigns(path, await self._data(path, query))
        except SinkRefused:
            return {}
        return {one.uuid: one for one in found}

    async def readers(self, domain: str, campaign_uuid: str = "") -> int:
        """How many subscribers at a domain may get mails, of the lists of a campaign where one is named; 0: none,
        or the domain cannot be queried safely. Listmonk keeps addresses in lower case."""
        if _DOMAIN.fullmatch(domain) is None:
            return 0
        where = f"subscribers.email LIKE '%@{domain}' AND subscribers.status <> 'blocklisted'"
        if mark := clean_uuid(campaign_uuid):
            where += f" AND EXISTS ({_ON_ITS_LISTS} campaigns.uuid IN ({payload.quoted([mark])}))"
        found = await self._data(SUBSCRIBERS, {"query": where, "page": "1", "per_page": "1"})
        return answers.total(SUBSCRIBERS, found)

    async def pause(self, campaign: Campaign) -> str:
        """Pause a campaign; empty: it is paused, else Listmonk's words why not: it has ended meanwhile. Raises
        SinkRefused where the token may not."""
        try:
            await self._put(f"/api/campaigns/{campaign.id:d}/status", {"status": "paused"})
        except SinkRefused as refused:
            if refused.status != 400:
                raise
            return refused.why
        return ""
