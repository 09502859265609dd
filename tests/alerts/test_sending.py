# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.alerts.reading import Verdict
from bouncestream.alerts.sending import SENDING
from bouncestream.alerts.snapshot import Snapshot
from bouncestream.config.alerting import Alerts
from bouncestream.judging.refusal import CAUSES, EVERYBODY, MANY


@pytest.mark.parametrize("cause", [*CAUSES, EVERYBODY, MANY])
@pytest.mark.parametrize(
    ("n", "verdict"), [(0, Verdict.FINE), (10, Verdict.FINE), (11, Verdict.BETWEEN), (1200, Verdict.BAD)]
)
def test_one_alert_a_cause(cause: str, n: int, verdict: Verdict) -> None:
    [rule] = SENDING
    [reading] = rule.look(Snapshot({}, sending_hour={cause: n}), Alerts()) or ()
    assert (reading.subject, reading.verdict) == (cause, verdict)
    if n == 1200:
        assert "1,200" in reading.seen
        assert ("held" in reading.seen) == (cause in (EVERYBODY, MANY))
        assert ("nearly every" in reading.seen) == (cause == EVERYBODY)
