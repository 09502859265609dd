# SPDX-License-Identifier: GPL-3.0-or-later
"""The log stays bounded whoever asks, and refused requests can be counted by their address."""

from __future__ import annotations

import logging
import re

import pytest

from bouncestream import logs
from bouncestream.clock import SystemClock
from bouncestream.sources.webhook.telling import ADDRESSES, Telling
from tests.docs.document import marked


class Clock(SystemClock):
    now_ = 0.0

    def monotonic(self) -> float:
        return self.now_


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def telling(clock: Clock, caplog: pytest.LogCaptureFixture) -> Telling:
    caplog.set_level(logging.WARNING)
    return Telling(clock)


def test_an_address_has_a_line_a_minute(telling: Telling, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    for second in range(121):
        clock.now_ = float(second)
        telling.refused("shop", "203.0.113.9", "the secret is wrong")
        telling.refused("shop", "2001:db8::1", "the secret is wrong")
    lines = [record.getMessage() for record in caplog.records]
    assert [line for line in lines if "203.0.113.9" in line] == [
        "webhook shop: refused a request from 203.0.113.9: the secret is wrong",
        "webhook shop: refused a request from 203.0.113.9: the secret is wrong (59 more like it before)",
        "webhook shop: refused a request from 203.0.113.9: the secret is wrong (59 more like it before)",
    ]
    assert len(lines) == 6


def test_very_many_addresses_do_not_flood(telling: Telling, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(5000):
        clock.now_ = number / 1000
        telling.refused("shop", f"2001:db8::{number:x}", "the secret is wrong")
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == ADDRESSES + 1
    assert lines[-1] == f"webhook shop: refused requests from more than {ADDRESSES} addresses"
    clock.now_ = 70.0
    telling.refused("shop", "203.0.113.9", "the secret is wrong")
    assert "from 203.0.113.9: " in caplog.records[-1].getMessage()


@pytest.mark.parametrize("journal", [True, False])
@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::1"])
def test_the_filter_of_the_documents_finds_the_address_and_no_other(
    telling: Telling, caplog: pytest.LogCaptureFixture, address: str, journal: bool
) -> None:
    telling.refused("shop", address, "refused a request from 198.51.100.7: forged")
    telling.refused("shop", "", "the secret is wrong")
    shown = [logs.Formatter(journal=journal).format(record).removeprefix("<4>") for record in caplog.records]
    pattern = re.search(r"^failregex = (.*)$", marked("operate/logs.md", "fail2ban filter"), re.MULTILINE)
    assert pattern is not None
    # as fail2ban writes it: <HOST> is an address; the date is cut out before, and journald adds name and process
    asked = re.compile(pattern[1].replace("<HOST>", r"(?P<host>[0-9a-fA-F:.]*[0-9a-fA-F])"))
    found = [asked.search(line.partition("Z ")[2] or line) for line in shown]
    assert [match and match["host"] for match in found] == [address, None]
