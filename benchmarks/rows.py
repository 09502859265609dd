# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows by name, in the order in which they are run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks import (
    dashboard,
    delivery,
    footprint,
    importing,
    ingest,
    judgement,
    latency,
    logs,
    mailbox,
    open_pages,
    packages,
    postgres,
    volume,
)
from benchmarks.figures import Effort, Figure

ROWS: Mapping[str, Callable[[Effort], list[Figure]]] = {
    "ingest": ingest.ingest,
    "sealed": ingest.sealed,
    "providers": ingest.signed,
    "tutorial": ingest.tutorial,
    "fsync": ingest.fsync,
    "end-to-end": delivery.end_to_end,
    "relay": delivery.relay,
    "latency": latency.latency,
    "million": volume.million,
    "postgres": postgres.postgres,
    "postgres-sealed": postgres.sealed,
    "postgres-10m": postgres.ten_million,
    "dashboard": dashboard.dashboard,
    "dashboard-10m": dashboard.ten_million,
    "open-pages": open_pages.open_pages,
    "footprint": footprint.footprint,
    "packages": packages.packages,
    "import": importing.importing,
    "logs": logs.logs,
    "judgement": judgement.judgement,
    "mail-latency": mailbox.delivered,
    "mail-backlog": mailbox.backlog,
    "mail-sealed": mailbox.sealed,
    "mail-100k": mailbox.long_backlog,
    "mail-idle": mailbox.idling,
    "smtp-idle": mailbox.listening,
}
