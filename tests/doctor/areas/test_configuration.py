# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from bouncestream.doctor.areas.configuration import judge
from bouncestream.doctor.finding import Level


def test_it_can_be_used() -> None:
    (told,) = judge("/etc/b/config.toml", [])
    assert (told.id, told.level) == ("config-ok", Level.OK)
    assert "/etc/b/config.toml" in told.seen
    assert "the environment" in judge("", [])[0].seen


def test_each_warning_is_a_finding_with_its_fix() -> None:
    warnings = ["a.key: is risky; more about it; write 5", "webhooks.open is not verified: anybody \x1b may post"]
    _, first, second = judge("c", warnings)
    assert (first.id, first.level) == ("config-risky", Level.WARNING)
    assert (first.seen, first.fix) == ("a.key: is risky; more about it", "write 5")
    assert second.seen.startswith("webhooks.open is not verified")
    assert "\x1b" not in second.seen
    assert "bouncestream config example" in second.fix
