# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the dashboard at many stored events of one month, each made from the read to the last byte of HTML,
and the searches that find nothing."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.figures import Effort, Figure
from benchmarks.machine import SERVER_CORE, on_core, scratch
from bouncestream.config.model import Config, Outbox
from bouncestream.dashboard.frame import Chrome, page
from bouncestream.dashboard.parts import Look
from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.session import Session
from bouncestream.dashboard.site import Asked, maker, tabs
from bouncestream.dashboard.texts import ENGLISH
from bouncestream.outbox import connection, migrate
from bouncestream.outbox.view import view
from bouncestream.survey.running import Running

#: Milliseconds that a page may take: a person waits for it, and each query may take 200.
TARGET = 500.0
DAYS = 30

_FILL = """
INSERT INTO outbox (event_id, state, kind, recipient, source, provider, received_at, occurred_at, reason,
                    campaign_uuid, reply_code, enhanced_status, diagnostic, message_id, evidence, label, attempt,
                    finished_at, why, person, domain, sure)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :number),
     timed AS (SELECT i, :first + CAST(i * :step AS INTEGER) AS ms FROM n),
     told AS (SELECT i, printf('%012x', ms) AS hex,
                     strftime('%Y-%m-%dT%H:%M:%S', ms / 1000, 'unixepoch') || '.000Z' AS at FROM timed)
SELECT printf('%s-%s-7000-8000-%012x', substr(hex, 1, 8), substr(hex, 9), i), 'verified',
       iif(i % 3, 'soft', 'hard'), printf('old%07d@d%d.example', i, i % 5000), printf('source%d', i % 3), 'generic',
       at, at, iif(i % 3, 'mailbox_full', 'user_unknown'), printf('5a0db0c5-0000-4000-8000-%012x', i % 40), '550',
       '5.1.1', 'smtp; 550 5.1.1 User unknown in virtual mailbox table, in reply to the RCPT TO command of ' || i,
       printf('<old.%012x@news.example.org>', i), 'generic says hard', 'generic 2026-01-01', 1, at,
       'its row was seen in Listmonk', randomblob(16), printf('d%d.example', i % 5000), 1
FROM told
"""

#: What is asked for, and how it is called in the table.
ASKED = (
    ("now", "/", {}),
    ("campaigns, 30 days", "/campaigns", {"days": "30"}),
    ("why, 30 days", "/why", {"days": "30"}),
    ("domains, 30 days", "/domains", {"days": "30"}),
    ("events", "/events", {}),
    ("events of a domain", "/events", {"domain": "d77.example"}),
    ("events, nothing fits", "/events", {"reason": "nothing"}),
    ("events of an address", "/events", {"address": "nobody@example.org"}),
    ("an event", "/events/1000", {}),
    ("sources", "/sources", {}),
    ("doctor", "/doctor", {}),
)


def dashboard(effort: Effort) -> list[Figure]:
    """The dashboard's pages at 1,000,000 stored events: milliseconds a page."""
    with scratch() as directory:
        path = directory / "outbox.db"
        now = datetime.now(UTC)
        _fill(path, effort.stored, now)
        config = Config(outbox=Outbox(path=str(path)))
        name = f"{effort.stored:,} stored events: dashboard"
        with on_core(SERVER_CORE):
            return [
                Figure(
                    f"{name}, {what}",
                    [_page(config, place, query, now) for _ in range(effort.reps)],
                    TARGET,
                    at_least=False,
                    unit="ms",
                    counts_reps=False,
                )
                for what, place, query in ASKED
            ]


def _fill(path: Path, number: int, now: datetime) -> None:
    path.touch(0o600)
    with closing(sqlite3.connect(**connection.options(path))) as conn:
        connection.prepare_new(conn)
        connection.prepare_writer(conn)
        migrate.migrate(conn)
        first = int((now - timedelta(days=DAYS)).timestamp() * 1000)
        step = DAYS * 86_400_000 / (number + 1)
        conn.execute("BEGIN")
        conn.execute(_FILL, {"number": number, "first": first, "step": step})
        conn.execute("UPDATE tally SET events = ? WHERE state = 'verified'", (number,))
        conn.execute(
            "INSERT INTO meta VALUES ('watch_row', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (str(number),),
        )
        conn.execute("COMMIT")


def _page(config: Config, place: str, query: dict[str, str], now: datetime) -> float:
    """Milliseconds of a page, with the connection that it is read by."""
    look = Look(now, ENGLISH)
    chrome = Chrome(Session(who="", name="x", until=0.0), "token", place, tabs(ENGLISH))
    make = maker(place)
    assert make is not None
    began = time.perf_counter()
    with view(Path(config.outbox.path)) as outbox:
        made = make(Asked(place, query, config, Running(), look, chrome), Pages(outbox))
        page(look, made.title, made.content, chrome)
    return (time.perf_counter() - began) * 1000
