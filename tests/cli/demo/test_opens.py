# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime

from bouncestream.cli.demo.mails import CAMPAIGN, people
from bouncestream.cli.demo.opens import access_log, clicks, opens
from bouncestream.doctor.logs.campaigns import PREFETCH, SCANNERS, Campaigns
from bouncestream.doctor.logs.paths import APPLE, GMAIL_PREFETCH
from bouncestream.doctor.logs.tally import Reader, Tally

BEGUN = datetime(2026, 11, 30, 9, 0, 0, 500_000, tzinfo=UTC)


def test_the_log_has_each_kind_of_machine_and_readers_too() -> None:
    campaigns = Campaigns({CAMPAIGN: BEGUN})
    tally = Tally(campaigns=campaigns)
    Reader(tally).feed(access_log(BEGUN).encode())
    (one,) = campaigns.seen()
    assert (one.campaign, one.opens.total, one.clicks.total) == (CAMPAIGN, opens(), clicks())
    assert one.opens.machines == {PREFETCH: 3, SCANNERS: 6, APPLE: 10, GMAIL_PREFETCH: 4}
    assert one.opens.proxies == {"Gmail's image proxy": 7}
    assert one.opens.by_people == 8
    assert (one.clicks.machines, one.clicks.by_people) == ({SCANNERS: 18}, 4)
    assert one.readers == 16 < opens() / 2, "whom Listmonk counts twice as often"
    assert one.readers < len(people())
