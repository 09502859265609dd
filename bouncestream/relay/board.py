# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay's parts of the health board: how delivery is, and how Listmonk is."""

from __future__ import annotations

from bouncestream.health import Status
from bouncestream.relay.context import RelayContext
from bouncestream.relay.unsubscribe import PERMISSION

#: Its parts; the brake's is written by `Braking.board`.
PARTS = ("relay", "listmonk", "brake")


def write_board(context: RelayContext, paused: str, permission: bool) -> None:
    """Write how the relay and Listmonk are. `paused`: why delivery is paused by a bug of ours, or empty;
    `permission`: unsubscriptions are held until the token may carry them out."""
    capabilities, breaker = context.capabilities, context.breaker
    if context.settings.dry_run:
        context.health.set("relay", Status.YELLOW, "dry run: nothing is sent to Listmonk")
        return
    trouble = breaker.paused or breaker.why or (context.read_trouble if context.ledger.entries else "")
    if trouble or capabilities is None:
        context.health.set("listmonk", Status.RED, trouble or "not checked yet")
    elif not capabilities.read:
        why = "the token lacks bounces:get: delivery cannot be verified, and a bounce may count twice"
        context.health.set("listmonk", Status.YELLOW, why)
    else:
        context.health.set("listmonk", Status.GREEN, f"Listmonk {capabilities.version}".strip())
    if paused:
        context.health.set("relay", Status.RED, paused)
    elif permission:
        context.health.set("relay", Status.RED, f"unsubscriptions are waiting: grant the token {PERMISSION}")
    elif context.ledger.entries and capabilities and capabilities.read and not context.ledger.rows_shown:
        why = "no read has shown one of our rows yet; until then a missing row proves nothing"
        context.health.set("relay", Status.YELLOW, why)
    else:
        context.health.set("relay", Status.GREEN)
