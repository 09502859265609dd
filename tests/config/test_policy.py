# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's own word, as it is applied."""

from datetime import timedelta

from bouncestream.config.policy import Policy, Soft
from bouncestream.decay import Decay


def test_soft_bounces_are_counted_as_written() -> None:
    soft = Soft(mode="bridge", count={"mailbox": 3}, window=86400.0, tell=False)
    assert soft.rule == Decay({"mailbox": 3, "unreachable": 7, "unknown": 7}, timedelta(days=1))
    assert Policy(soft=soft).rules.keep_soft
    assert not Policy(soft=Soft(tell=False)).rules.keep_soft, "Listmonk counts, so it has to be told"
