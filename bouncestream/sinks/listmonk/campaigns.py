# SPDX-License-Identifier: GPL-3.0-or-later
"""Campaigns, as far as the brake needs them: how much each has sent, and pausing one that runs.

Seen in 2026-11: `PUT /api/campaigns/{id}/status` wants `campaigns:send` and `campaigns:manage_all` on Listmonk
6.2.0, `campaigns:manage_all` on 5.1.0 and `campaigns:manage` on 4.1.0. It answers 400 "Only active campaigns can be
paused." to one that does not run.
"""

from __future__ import annotations

from collections.abc import Mapping

from bouncestream.errors import SinkRefused
from bouncestream.ports import Campaign
from bouncestream.sinks.listmonk import answers
from bouncestream.sinks.listmonk.directory import Directory

#: So many of the newest campaigns are looked at.
NEWEST = 100


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
