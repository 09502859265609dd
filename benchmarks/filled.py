# SPDX-License-Identifier: GPL-3.0-or-later
"""An outbox with many stored events of one month, for the rows of the dashboard, written by SQL.

The campaigns come one after the other, as in life; domains, kinds and sources are spread over all of the time; a
few events are held or dead, and some things are found among the oldest alone. The newest 100,000 have a history.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from bouncestream.event import person_key
from bouncestream.outbox import connection, migrate, people

DAYS = 30
#: Of the oldest hundredth alone.
RARE_DOMAIN, RARE_REASON = "rare.example", "virus"
#: Whom every 4001st is about.
OFTEN = "often@d7.example"

_FILL = """
INSERT INTO outbox (event_id, state, kind, recipient, source, provider, received_at, occurred_at, reason,
                    campaign_uuid, reply_code, enhanced_status, diagnostic, message_id, evidence, held_for, label,
                    attempt, finished_at, why, person, domain, sure)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :number),
     timed AS (SELECT i, :first + CAST(i * :step AS INTEGER) AS ms, i <= :number / 100 AND i % 7 = 0 AS rare,
                      CASE WHEN i % 50021 = 0 THEN 'held' WHEN i % 50023 = 0 THEN 'dead' ELSE 'verified'
                      END AS state
               FROM n),
     told AS (SELECT *, printf('%012x', ms) AS hex,
                     strftime('%Y-%m-%dT%H:%M:%S', ms / 1000, 'unixepoch') || '.000Z' AS at,
                     iif(rare, :domain, printf('d%d.example', i % 5000)) AS domain
              FROM timed)
SELECT printf('%s-%s-7000-8000-%012x', substr(hex, 1, 8), substr(hex, 9), i), state,
       iif(i % 3, 'soft', 'hard'), iif(i % 4001, printf('old%07d@%s', i, domain), :often),
       printf('source%d', i % 3), 'generic', at, at, iif(rare, :reason, iif(i % 3, 'mailbox_full', 'user_unknown')),
       printf('5a0db0c5-0000-4000-8000-%012x', i * 40 / :number), '550', '5.1.1',
       'smtp; 550 5.1.1 User unknown in virtual mailbox table, in reply to the RCPT TO command of ' || i,
       printf('<old.%012x@news.example.org>', i), 'generic says hard', iif(state = 'held', 'unproven', ''),
       'generic 2026-01-01', 1, iif(state = 'held', NULL, at), 'its row was seen in Listmonk',
       iif(i % 4001, randomblob(16), :person), domain, 1
FROM told
"""
_HISTORY = """
INSERT INTO history (outbox_id, at, from_state, to_state, why)
SELECT id, received_at, moves.was, moves.became, 'as it happened'
FROM outbox CROSS JOIN (SELECT '' AS was, 'pending' AS became UNION ALL SELECT 'pending', 'claimed'
                        UNION ALL SELECT 'claimed', 'posted' UNION ALL SELECT 'posted', 'verified') AS moves
WHERE id > :number - 100000 AND state = 'verified' ORDER BY id
"""


def campaign(number: int) -> str:
    """The UUID of a campaign: 0 is the oldest, 39 the newest."""
    return f"5a0db0c5-0000-4000-8000-{number:012x}"


def fill(path: Path, number: int, now: datetime) -> None:
    """Make an outbox with `number` events until now. Its indexes are made at the end, which takes less long."""
    path.touch(0o600)
    with closing(sqlite3.connect(**connection.options(path))) as conn:
        connection.prepare_new(conn)
        migrate.migrate(conn)
        conn.execute("PRAGMA journal_mode = OFF")  # nothing is lost if this is cut short
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("PRAGMA cache_size = -200000")
        first = int((now - timedelta(days=DAYS)).timestamp() * 1000)
        told: dict[str, object] = {"number": number, "first": first, "step": DAYS * 86_400_000 / (number + 1)}
        conn.execute("BEGIN")
        indexes = conn.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'outbox' AND sql <> ''"
        ).fetchall()
        for name, _ in indexes:
            conn.execute(f"DROP INDEX {name}")
        told |= {"domain": RARE_DOMAIN, "reason": RARE_REASON, "often": OFTEN}
        conn.execute(_FILL, told | {"person": person_key(OFTEN, people.secret_of(conn))})
        for _, sql in indexes:
            conn.execute(sql)
        conn.execute(_HISTORY, {"number": number})
        conn.execute("UPDATE tally SET events = (SELECT count(*) FROM outbox WHERE outbox.state = tally.state)")
        conn.execute(
            "INSERT INTO meta VALUES ('watch_row', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (str(number),),
        )
        conn.execute("COMMIT")
        connection.prepare_writer(conn)
