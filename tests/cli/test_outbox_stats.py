# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bouncestream.event import Kind
from tests.cli.conftest import Cli
from tests.outbox import make

NOW = datetime.now(UTC)


def blocks(text: str) -> list[list[str]]:
    return [block.splitlines() for block in text.strip().split("\n\n")]


def test_days_and_campaigns_come_first(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    make.submit(conn, make.event("a@example.com", campaign_uuid=make.CAMPAIGN), now=NOW - timedelta(days=3))
    make.submit(conn, make.event("b@example.com", Kind.SOFT, campaign_uuid=make.CAMPAIGN), now=NOW)
    make.submit(conn, make.event("c@example.com", Kind.COMPLAINT), now=NOW)
    make.submit(conn, make.event("d@example.com"), now=NOW - timedelta(days=40))
    done = cli("outbox", "stats")
    assert done.returncode == 0
    days, campaigns, sources, *_ = blocks(done.stdout)
    assert days[0].startswith("by day, the last 30 days")
    assert [line.split() for line in days[2:]] == [
        [f"{NOW:%Y-%m-%d}", "0", "1", "1", "0"],
        [f"{NOW - timedelta(days=3):%Y-%m-%d}", "1", "0", "0", "0"],
    ]
    assert campaigns[0].startswith("by campaign")
    assert [line.split()[:5] for line in campaigns[2:]] == [
        [make.CAMPAIGN, "1", "1", "0", "0"],
        ["not", "told", "0", "0", "1"],
    ]
    assert sources[0].startswith("by source")
    assert max(map(len, cli("outbox", "stats", env={"COLUMNS": "80"}).stdout.splitlines())) <= 80


def test_an_empty_outbox_says_so(cli: Cli, config: Path, conn: sqlite3.Connection) -> None:
    done = cli("outbox", "stats")
    assert done.returncode == 0
    assert done.stdout.startswith("· No event came in within 30 days.\n")
    assert "pending" in done.stdout


@pytest.mark.parametrize("by", ["day", "campaign", "source", "reason", "domain"])
def test_one_table_by_itself(cli: Cli, config: Path, conn: sqlite3.Connection, by: str) -> None:
    make.submit(conn, make.event("a@example.com", campaign_uuid=make.CAMPAIGN, reason="user_unknown"), now=NOW)
    done = cli("outbox", "stats", "--by", by)
    assert done.returncode == 0
    assert done.stdout.startswith(f"by {by}, the last 30 days")
    assert len(done.stdout.strip().split("\n\n")) == 1
    (told,) = json.loads(cli("outbox", "stats", "--by", by, "--json").stdout)
    assert 1 in told.values()
