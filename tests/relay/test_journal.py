# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked up before a bounce is posted, so that it can be undone: nothing, but where lists would be lost."""

from __future__ import annotations

from bouncestream.outbox import caused
from bouncestream.outbox.caused import Scope
from bouncestream.sandbox import Action
from tests.relay.conftest import Bridge


async def test_no_call_where_listmonk_blocklists(bridge: Bridge) -> None:
    await bridge.start()
    asked = []
    people = bridge.sink.people

    async def look(claimed):  # type: ignore[no-untyped-def]
        asked.append(len(claimed))
        return await people(claimed)

    bridge.relay._people = look
    await bridge.emit(range(10))
    await bridge.idle()
    assert asked == []
    found = await bridge.db.read(lambda conn: caused.causes(conn, Scope()))
    assert {(one.status, one.action) for one in found} == {("blocklisted", "blocklist")}
    assert len(found) == 10


async def test_lists_are_looked_up_where_listmonk_takes_them(bridge: Bridge) -> None:
    bridge.sandbox.listmonk.actions = {**bridge.sandbox.listmonk.actions, "hard": Action(1, "unsubscribe")}
    bridge.sandbox.settings.actions = dict(bridge.sandbox.listmonk.actions)
    await bridge.start()
    await bridge.emit(range(10))
    await bridge.idle()
    found = await bridge.db.read(lambda conn: caused.causes(conn, Scope()))
    assert [one.lists for one in found] == [{1: "confirmed", 2: "confirmed"}] * 10


async def test_delivery_does_not_wait_for_a_look_that_fails(bridge: Bridge) -> None:
    bridge.sandbox.listmonk.actions = {**bridge.sandbox.listmonk.actions, "hard": Action(1, "unsubscribe")}
    bridge.sandbox.settings.actions = dict(bridge.sandbox.listmonk.actions)
    await bridge.start()

    async def look(claimed):  # type: ignore[no-untyped-def]
        from bouncestream.errors import SinkError

        raise SinkError("away")

    bridge.relay._people = look
    await bridge.emit(range(3))
    await bridge.idle()
    assert await bridge.states() == {"verified": 3}
    assert [one.lists for one in await bridge.db.read(lambda conn: caused.causes(conn, Scope()))] == [{}] * 3
