# SPDX-License-Identifier: GPL-3.0-or-later
"""An area that fails or does not end is a finding, and the others go on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bouncestream.doctor.catalogue import UNEXAMINED
from bouncestream.doctor.examination import Examination
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.names import Names
from bouncestream.doctor.probe.web import Web


def examination() -> Examination:
    return Examination(Web(Names()), datetime.now(UTC))


async def test_what_does_not_end_is_told() -> None:
    it = examination()
    assert await it.within(0.05, "tls", asyncio.sleep(10, "never"), "instead") == "instead"
    (found,) = it.found
    assert (found.id, found.level) == (UNEXAMINED, Level.WARNING)
    assert found.seen.startswith("TLS could not be examined: it did not finish")


async def test_what_fails_is_told() -> None:
    it = examination()

    async def fail() -> int:
        raise KeyError("surprise")

    assert await it.within(1, "pixel", fail(), 7) == 7

    def judge() -> list[Finding]:
        raise TypeError("foreign data")

    it.judged("letters", judge)
    assert ["KeyError" in it.found[0].seen, "TypeError" in it.found[1].seen] == [True, True]


async def test_all_of_it_has_one_limit(monkeypatch) -> None:
    monkeypatch.setattr("bouncestream.doctor.examination.ALL", 0.1)
    it = examination()
    await it.within(10, "tls", asyncio.sleep(5, None), None)
    await it.within(10, "pixel", asyncio.sleep(5, None), None)
    assert [one.id for one in it.found] == [UNEXAMINED] * 2


def test_findings_stand_in_order_and_once() -> None:
    it = examination()
    fine, warns = Finding("tls-ok", Level.OK, "tls", "a"), Finding("tls-expires-soon", Level.WARNING, "tls", "b")
    error = Finding("pixel-path", Level.ERROR, "pixel", "c")
    it.found = [error, fine, warns, fine]
    assert it.in_order() == [warns, fine, error]
