# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from pathlib import Path

from bouncestream.alert import AlertState
from bouncestream.dashboard.reader import Pages
from bouncestream.dashboard.reading.doctor import Checked, read_doctor
from bouncestream.outbox import alerts
from bouncestream.outbox.view import view
from tests.outbox.make import NOW


def test_what_still_stands_of_earlier_findings(path: Path, conn: sqlite3.Connection) -> None:
    def state(rule: str, subject: str, level: str, *, active: bool = True) -> AlertState:
        return AlertState(rule, subject, level, active, NOW, NOW, NOW, text="t", fix="f")

    alerts.save(
        conn,
        [
            state("doctor", "tls-expires", "warning"),
            state("doctor", "permission-bounces", "error"),
            state("doctor", "gone", "error", active=False),
            state("dead-letters", "", "error"),
        ],
    )
    checked = Checked(NOW)
    with view(path) as outbox:
        found = read_doctor(Pages(outbox), checked, can_check=True)
    assert [one.subject for one in found.alerts] == ["permission-bounces", "tls-expires"]
    assert (found.checked, found.can_check) == (checked, True)
