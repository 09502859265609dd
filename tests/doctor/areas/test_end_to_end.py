# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from bouncestream.doctor.areas.end_to_end import EndToEndFacts, judge
from bouncestream.doctor.finding import Level
from bouncestream.doctor.probe.reply import Reply
from bouncestream.errors import FailureKind


@pytest.mark.parametrize(
    ("state", "ident"),
    [("unstored", "trial-ok"), ("posted", "trial-waiting"), ("", "trial-failed"), ("dead", "trial-failed")],
)
def test_what_becomes_of_it(state: str, ident: str) -> None:
    reply = Reply("u", 200, body=b'{"selftest": "ok", "accepted": 1}')
    (found,) = judge(EndToEndFacts("shop", reply, state, "why"))
    assert found.id == ident
    refused = Reply("u", trouble=FailureKind.REFUSED, why="connection refused")
    (found,) = judge(EndToEndFacts("shop", refused))
    assert found.id == "trial-failed"


def test_one_that_allow_ips_keeps_out_is_no_failure() -> None:
    outside = Reply("u", 401, body=b'{"selftest": "the address is not in allow_ips", "sender": "203.0.113.9"}')
    (found,) = judge(EndToEndFacts("shop", outside))
    assert (found.id, found.level) == ("trial-impossible", Level.INFO)
