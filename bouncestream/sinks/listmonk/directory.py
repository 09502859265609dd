# SPDX-License-Identifier: GPL-3.0-or-later
"""What Listmonk tells of people beside their bounces: who is there, and who has clicked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bouncestream.errors import SinkRefused
from bouncestream.event import clean_uuid
from bouncestream.ports import Subscriber
from bouncestream.sinks.listmonk import answers, payload
from bouncestream.sinks.listmonk.client import LOOKUP_PATIENCE, SUBSCRIBERS, ListmonkClient
from bouncestream.sinks.listmonk.wire import patience


class Directory(ListmonkClient):
    """The client that also asks for people. All calls raise SinkError."""

    async def clicked(self, emails: Sequence[str], uuid: str, since: datetime) -> bool:
        """Whether the subscriber of that address or UUID has clicked a link in a campaign since a time. Views do
        not count: machines load images. Raises SinkError; SinkRefused also where the names cannot be asked for."""
        after = since.astimezone(UTC).isoformat(timespec="milliseconds")
        click = "SELECT 1 FROM link_clicks WHERE link_clicks.subscriber_id = subscribers.id AND"
        asked = False
        for column, values in (
            ("email", [one for one in emails if payload.is_plain(one)]),
            ("uuid", [clean_uuid(uuid)]),
        ):
            if not (values := [value for value in values if value]):
                continue
            asked = True
            named = f"subscribers.{column} IN ({payload.quoted(values)})"
            where = f"{named} AND EXISTS ({click} link_clicks.created_at > '{after}')"
            try:
                if await self._query(where, column, values):
                    return True
            except SinkRefused as refused:
                if refused.status == 400:
                    await self._blame_no_outage()
                raise
        if not asked:
            raise SinkRefused(0, "its address cannot be queried safely, and its UUID is unknown")
        return False

    async def by_ids(self, ids: Sequence[int]) -> Mapping[int, Subscriber]:
        """By id, those of these subscribers that Listmonk has. Raises SinkError."""
        async with patience(LOOKUP_PATIENCE * self._read_timeout, "looking up subscribers"):
            return {person.id: person for person in await self._of_ids(ids)}

    async def newest_subscriber(self) -> Subscriber | None:
        """One of the subscribers; None: Listmonk has none, or the token may not see any. Raises SinkError."""
        found = answers.people(SUBSCRIBERS, await self._data(SUBSCRIBERS, {"page": "1", "per_page": "1"}))
        return found[0] if found else None
