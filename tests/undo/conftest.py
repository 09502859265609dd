# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge that has told a sandbox Listmonk of bounces, and an undo beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bouncestream.clock import SystemClock
from bouncestream.outbox import delivery, operator
from bouncestream.outbox.caused import Scope
from bouncestream.sandbox import Action, Sandbox, SandboxSettings, Subscriber
from bouncestream.sandbox.database import Person
from bouncestream.sinks.listmonk.repairs import Repairs
from bouncestream.undo.runner import Case, Undo
from tests.relay.conftest import Bridge

CAMPAIGN = "5a0db0c5-0000-4000-8000-000000000001"
#: Lists 1 (single opt-in) and 2 (double opt-in) are there from the start.
PEOPLE = [Subscriber(f"p{i}@example.com", lists=(1, 2), attribs={"number": i}) for i in range(200)]


class Stage(Bridge):
    """The bridge, and undoing."""

    def person(self, number: int) -> Person:
        return self.sandbox.listmonk.database.by_email[f"p{number}@example.com"]

    def blocklisted(self) -> set[int]:
        """The numbers of those who are."""
        people = self.sandbox.listmonk.database.people.values()
        return {int(one.email.partition("@")[0][1:]) for one in people if one.status == "blocklisted"}

    async def delivered(self, numbers: range, **fields: Any) -> None:
        """Bounces that are told and confirmed."""
        await self.emit(numbers, **fields)
        await self.idle()

    async def repairs(self) -> Repairs:
        user = next(iter(self.sandbox.settings.users.values()))
        instance = await self.db.read(partial(delivery.get_meta, name="instance")) or ""
        return Repairs(self.sandbox.url, user.name, user.token, instance=instance, read_timeout=2)

    async def undo(self, *, dry_run: bool = False, **scope: Any) -> dict[int, str]:
        """Number of each person → why it was left alone, empty: it was brought back."""
        ended: list[Case] = []
        sink = await self.repairs()
        try:
            undo = Undo(self.db, sink, SystemClock(), Scope(**scope), ended.append, dry_run)
            await undo.run(await sink.told())
        finally:
            await sink.close()
        people = self.sandbox.listmonk.database.people
        known = {case.subscriber_id: case.left for case in ended}
        assert len(known) == len(ended)
        return {int(people[i].name[1:]) if i in people else -i: left for i, left in known.items()}

    async def events(self) -> dict[str, str]:
        """Recipient → state."""
        rows = await self.db.read(partial(operator.list_rows, limit=1000))
        return {row.event.recipient: row.state.value for row in rows}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(row_seconds=0, subscribers=PEOPLE)) as running:
        yield running


@pytest.fixture
async def stage(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "outbox.db", sandbox)
    await stage.start()
    yield stage
    if stage.running:
        await stage.kill()


def acts(sandbox: Sandbox, **actions: Action) -> None:
    """Have Listmonk act so at bounces of a kind."""
    sandbox.settings.actions = {**sandbox.settings.actions, **actions}
    sandbox.listmonk.actions = dict(sandbox.settings.actions)
