# SPDX-License-Identifier: GPL-3.0-or-later
"""The health board says how delivery and Listmonk are."""

from __future__ import annotations

import random
from typing import cast

import pytest

from bouncestream.clock import SystemClock
from bouncestream.health import Health, Status
from bouncestream.metrics import Metrics
from bouncestream.outbox.leasing import Store
from bouncestream.ports import Capabilities, Sink
from bouncestream.relay.board import write_board
from bouncestream.relay.context import RelayContext, RelaySettings
from bouncestream.relay.ledger import Times

READS, WRITES = Capabilities("v6.2.0", read=True), Capabilities("v6.2.0")


@pytest.mark.parametrize(
    ("capabilities", "paused", "permission", "relay", "listmonk"),
    [
        (READS, "", False, Status.GREEN, Status.GREEN),
        (WRITES, "", False, Status.GREEN, Status.YELLOW),
        (None, "", False, Status.GREEN, Status.RED),
        (READS, "a bug", False, Status.RED, Status.GREEN),
        (READS, "", True, Status.RED, Status.GREEN),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_each_part_has_its_colour(
    capabilities: Capabilities | None, paused: str, permission: bool, relay: Status, listmonk: Status, dry_run: bool
) -> None:
    """A dry run asks nothing of Listmonk, and says so."""
    nowhere = cast("tuple[Store, Sink]", (None, None))  # the board asks neither
    settings = RelaySettings(dry_run=dry_run)
    context = RelayContext(*nowhere, SystemClock(), settings, Times(), Health(), Metrics(), random.random)
    context.capabilities = capabilities
    write_board(context, paused, permission)
    found = {name: part.state for name, part in context.health.parts.items()}
    assert found == ({"relay": Status.YELLOW} if dry_run else {"relay": relay, "listmonk": listmonk})
