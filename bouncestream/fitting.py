# SPDX-License-Identifier: GPL-3.0-or-later
"""Fits the parts of a delivery to a configuration: the client of Listmonk, and the relay with its brake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from bouncestream.config.model import Config
from bouncestream.health import Health
from bouncestream.lease import RELAY
from bouncestream.metrics import Metrics
from bouncestream.outbox.db import Database
from bouncestream.outbox.leasing import OneBridge, Store
from bouncestream.ports import Clock
from bouncestream.record import record
from bouncestream.relay.braking import Braking
from bouncestream.relay.context import RelaySettings
from bouncestream.relay.ledger import Times
from bouncestream.relay.loop import Relay
from bouncestream.sinks.listmonk.campaigns import Campaigns

if TYPE_CHECKING:
    from bouncestream.outbox.postgres.leasing import Leasing
    from bouncestream.sinks.listmonk_db.tables import Tables


def listmonk(config: Config, instance: str, leasing: OneBridge | Leasing) -> Campaigns:
    """The client that delivers. `instance`: the outbox's own id."""
    relay = config.relay
    return Campaigns(
        *config.listmonk.login,
        instance=instance,
        post_timeout=relay.verify.post_timeout,
        connections=relay.connections,
        may_post=partial(leasing.safe, RELAY) if leasing.several else None,
    )


def pausing(config: Config, instance: str) -> Campaigns | None:
    """The client that pauses campaigns, which has a token of its own; None: that is not wished."""
    brake = config.brake
    if brake.hard is None or not brake.pause_campaign or brake.token is None:
        return None
    return Campaigns(config.listmonk.url, brake.user, brake.token.reveal(), instance=instance)


@record(frozen=True)
class Recorder:
    """What is needed to record in Listmonk's tables."""

    store: Store  #: the outbox, over a session of its own
    tables: Tables
    instance: str


def recorder(config: Config, db: Database, instance: str) -> Recorder | None:
    """What records in Listmonk's tables; None: they are not used."""
    if not config.listmonk_db.enabled:
        return None
    from bouncestream.outbox.postgres.db import ServerDatabase  # only where it is used
    from bouncestream.sinks.listmonk_db.tables import Tables

    assert isinstance(db, ServerDatabase), "the configuration was checked"
    return Recorder(db.beside("listmonk_db"), Tables(config.listmonk_db.schema), instance)


def relay(
    config: Config,
    leasing: OneBridge | Leasing,
    recorder: Recorder | None,
    sink: Campaigns,
    pauses: Campaigns | None,
    clock: Clock,
    health: Health,
    metrics: Metrics,
    *,
    peak: Callable[[str], int | None],
    allowed: Callable[[], Awaitable[bool]],
    dry_run: bool,
) -> Relay:
    """A relay that knows nothing yet; campaigns are asked for by the token of delivery. `recorder`: it records in
    Listmonk's tables; `peak`: events in the busiest usual hour of a source; `allowed`: see `Relay`."""
    wanted = config.relay
    made: Callable[..., Relay] = Relay
    if recorder is not None:
        from bouncestream.relay.recording import RecordingRelay

        made = partial(RecordingRelay, store=recorder.store, tables=recorder.tables, instance=recorder.instance)
    return made(
        leasing.db,
        sink,
        clock,
        RelaySettings(
            batch_size=wanted.batch_size,
            linger=wanted.linger,
            connections=wanted.connections,
            pulse=wanted.verify.pulse,
            settle=wanted.verify.margin,
            unsubscribe=config.policy.unsubscribe,
            rules=config.policy.rules,
            dry_run=dry_run,
            late=leasing.late,
        ),
        Times(margin=wanted.verify.margin, grace=wanted.verify.grace),
        health,
        metrics,
        allowed=allowed,
        people=sink.people,
        braking=Braking(
            config.brake.hard, sink.newest, peak, sink.readers, pauses.pause if pauses is not None else None
        ),
        may_send=partial(leasing.safe, RELAY),
    )
