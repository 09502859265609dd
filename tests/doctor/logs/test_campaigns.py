# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from bouncestream.doctor.logs import campaigns
from bouncestream.doctor.logs.campaigns import PREFETCH, SCANNERS, Campaigns, Seen
from bouncestream.doctor.logs.paths import APPLE, BOTS, GMAIL_PREFETCH
from bouncestream.doctor.logs.tally import Reader, Tally
from tests.doctor.logs.test_logs import APPLE as APPLE_AGENT
from tests.doctor.logs.test_logs import BROWSER, GMAIL, ZERO, C

OTHER = "2b4ff02c-5a2d-4f11-9d8c-5b6f3a0e7d21"
GMAIL_NAME = "Gmail's image proxy"


def person(number: int) -> str:
    return f"9e107d9d-372b-4b68-a1f0-{number:012x}"


def link(number: int) -> str:
    return f"c0ffee00-1234-4abc-8def-{number:012x}"


def line(path: str, agent: str = BROWSER, at: str = "10:00:00", method: str = "GET", status: int = 200) -> str:
    return f'192.0.2.1 - - [02/Mar/2026:{at} +0000] "{method} {path} HTTP/1.1" {status} 74 "-" "{agent}"\n'


def opened(who: int | str, agent: str = BROWSER, at: str = "10:00:00", campaign: str = C, **more: object) -> str:
    reader = person(who) if isinstance(who, int) else who
    return line(f"/campaign/{campaign}/{reader}/px.png", agent, at, **more)  # type: ignore[arg-type]


def clicked(who: int | str, number: int, at: str = "10:00:00", agent: str = BROWSER, campaign: str = C) -> str:
    reader = person(who) if isinstance(who, int) else who
    return line(f"/link/{link(number)}/{campaign}/{reader}", agent, at, status=307)


def seen(lines: Iterable[str], begun: Mapping[str, datetime] = MappingProxyType({})) -> tuple[Seen, ...]:
    tally = Tally(campaigns=Campaigns(begun))
    Reader(tally).feed("".join(lines).encode())
    assert tally.campaigns is not None
    return tally.campaigns.seen()


def only(*lines: str, begun: datetime | None = None) -> Seen:
    (one,) = seen(lines, {C: begun} if begun is not None else {})
    return one


def test_opens_are_told_apart_by_who_asks() -> None:
    one = only(
        opened(1), opened(1), opened(2, GMAIL), opened(2, GMAIL), opened(3, APPLE_AGENT), opened(4, "curl/8.0")
    )  # fmt: skip
    assert one.campaign == C
    assert one.opens.total == 6
    assert one.opens.machines == {APPLE: 1, BOTS: 1}
    assert one.opens.proxies == {GMAIL_NAME: 2}
    assert one.opens.by_people == 2
    assert one.readers == 2, "each once, and no machine"


def test_what_listmonk_does_not_count_is_not_counted() -> None:
    shown = [
        opened(1, method="HEAD"),
        opened(1, status=500),
        opened(1, campaign=ZERO),
        opened(1, "bouncestream-doctor/1"),
    ]
    assert seen(shown) == ()


def test_a_scanner_is_known_by_its_clicks_and_so_are_its_opens() -> None:
    reader = [opened(9, at="11:00:00"), clicked(9, 1, "11:00:05"), clicked(9, 2, "11:05:00")]
    scanner = [opened(5, at="10:00:01"), *(clicked(5, number, f"10:00:0{number}") for number in range(1, 5))]
    one = only(*scanner, *reader)
    assert one.opens.machines == {SCANNERS: 1}
    assert one.clicks.machines == {SCANNERS: 4}
    assert (one.opens.by_people, one.clicks.by_people, one.readers) == (1, 2, 1)
    later = only(*scanner, opened(5, at="14:00:00"), clicked(5, 1, "14:00:10"))
    assert later.opens.machines == {SCANNERS: 1}
    assert later.readers == 1, "a person came after the scanner of their company"


def test_who_clicked_has_read_though_only_a_machine_fetched_the_pixel() -> None:
    one = only(opened(1, APPLE_AGENT), clicked(1, 1))
    assert (one.opens.by_machines, one.clicks.by_people, one.readers) == (1, 1, 1)


def test_whoever_asks_within_seconds_after_the_sending_began_is_a_machine() -> None:
    begun = datetime(2026, 3, 2, 10, 0, 0, 400_000, tzinfo=UTC)  # the log has whole seconds
    one = only(
        opened(1, at="10:00:03"), opened(2, GMAIL, "10:00:14"), clicked(3, 1, "10:00:10"),
        opened(1, at="10:05:00"), opened(4, APPLE_AGENT, "10:00:02"), opened(5, at="10:00:16"),
        opened(6, at="09:59:59"), opened(7, at="10:00:00"),
        begun=begun,
    )  # fmt: skip
    assert one.opens.machines == {PREFETCH: 3, APPLE: 1}, "one that is known by its name keeps that"
    assert (one.opens.by_proxies, one.opens.by_people) == (0, 3)
    assert one.clicks.machines == {PREFETCH: 1}, "the one link of a letter"
    assert one.readers == 3, "1 came back, 5 was late enough, and 6 had a letter from before"


def test_without_the_time_of_the_sending_nobody_is_too_soon() -> None:
    lines = [opened(1, at="10:00:03")]
    assert only(*lines).opens.machines == {}
    (one,) = seen(lines, {OTHER: datetime(2026, 3, 2, 10, tzinfo=UTC)})
    assert one.opens.machines == {}


def test_gmails_prefetch_is_no_reader() -> None:
    edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135"
    edge += " Safari/537.36 Edge/12.246 Mozilla/5.0"
    one = only(opened(1, edge, "10:00:25"), opened(1, GMAIL, "10:00:30"), opened(2, edge, "10:00:26"))
    assert (one.opens.machines, one.opens.proxies, one.readers) == ({GMAIL_PREFETCH: 2}, {GMAIL_NAME: 1}, 1)


def test_campaigns_are_apart_and_the_one_most_opened_is_first() -> None:
    first, second = seen(
        [opened(1, campaign=OTHER), opened(1), opened(2), opened(3, campaign=OTHER.upper()), opened(4)]
    )
    assert [first.campaign, second.campaign] == [C, OTHER]
    assert (first.readers, second.readers) == (3, 2)


def test_nobody_is_named_where_listmonk_tracks_nobody() -> None:
    one = only(opened(ZERO), opened(ZERO, APPLE_AGENT), clicked(ZERO, 1))
    assert (one.opens.total, one.opens.by_people, one.clicks.by_people, one.readers) == (2, 1, 1, 0)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "MOST_READERS", 2)
    one = only(*(opened(number) for number in range(5)))
    assert (one.opens.total, one.readers) == (5, 2)
    monkeypatch.setattr(campaigns, "MOST_CAMPAIGNS", 1)
    assert len(seen([opened(1), opened(1, campaign=OTHER)])) == 1
