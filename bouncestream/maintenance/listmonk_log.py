# SPDX-License-Identifier: GPL-3.0-or-later
"""Listmonk's log as a source: its listener, put together from calls, intake and the memory in the outbox."""

from __future__ import annotations

from bouncestream.clock import SystemClock
from bouncestream.config.model import Config
from bouncestream.health import Health
from bouncestream.metrics import Metrics
from bouncestream.outbox.db import Database
from bouncestream.outbox.log_place import StoredLogMemory
from bouncestream.ports import Emit
from bouncestream.sinks.listmonk.sending import ListmonkLog, People
from bouncestream.sources.listmonk_log.listener import LogListener


def listener(
    config: Config, people: People, emit: Emit, db: Database, health: Health, metrics: Metrics
) -> LogListener:
    """The listener; `people` asks Listmonk for subscribers by their ids. Close its `sending` in the end."""
    return LogListener(
        ListmonkLog(*config.listmonk.login, people),
        emit,
        StoredLogMemory(db),
        config.listmonk_log,
        config.policy.rules,
        SystemClock(),
        health,
        metrics,
    )
