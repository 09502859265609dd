# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's quick checks: what the last of them found, and what the alerts keep of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bouncestream.alert import AlertState
from bouncestream.dashboard.reader import Pages
from bouncestream.doctor.finding import Finding
from bouncestream.outbox import alerts
from bouncestream.outbox.engine import Conn

#: The rule that alerts of findings.
RULE = "doctor"


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of the quick checks."""

    at: datetime
    findings: Sequence[Finding] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Doctor:
    """What is known. `checked` is None where nobody has run the checks since the start."""

    checked: Checked | None
    can_check: bool  #: they can be run here
    alerts: tuple[AlertState, ...]


def read_doctor(pages: Pages, checked: Checked | None, *, can_check: bool) -> Doctor:
    """Read it. Raises StoreError."""
    return Doctor(checked, can_check, pages.read(_alerts))


def _alerts(conn: Conn) -> tuple[AlertState, ...]:
    """Those of findings that still stand."""
    found = [state for (rule, _), state in alerts.states(conn).items() if rule == RULE and state.active]
    return tuple(sorted(found, key=lambda state: (state.level, state.subject)))
