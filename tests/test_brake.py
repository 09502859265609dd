# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocklist brake on made streams."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bouncestream.brake import Brake, Decision, Hard, Mark, Patience, Threshold, Usual, phrase, server_of

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
DEFAULT = Threshold(50, timedelta(minutes=10), 0.05)
UNKNOWN = "user_unknown"


def hard(number: int, seconds: float, domain: str = "", reason: str = UNKNOWN, **more: str) -> Hard:
    given = {"campaign": "c", "source": "shop", "server": ""} | more
    return Hard(
        number, START + timedelta(seconds=seconds), domain=domain or f"d{number}.example", reason=reason, **given
    )


def play(
    stream: Iterable[Hard],
    usual: Usual | Callable[[datetime], Usual],
    *,
    batch: int = 1,
    brake: Brake | None = None,
    waiting: int | None = 0,
) -> tuple[list[Hard], list[Hard], Brake]:
    """(let through, held, the brake), batch by batch, each as soon as its last one came in, and what waits once it
    is due. `waiting`: so many had to wait, None: some."""
    brake = brake or Brake(DEFAULT)
    through: list[Hard] = []
    held: list[Hard] = []
    waits: dict[int, tuple[datetime, Hard]] = {}
    waited = 0

    def decide(some: list[Hard], now: datetime) -> None:
        nonlocal waited
        decision = brake.judge(some, now, usual(now) if callable(usual) else usual)
        brake.apply(decision)
        for one in [*some, *(one for _, one in waits.values() if one.row in decision.held)]:
            waits.pop(one.row, None)
            if one.row in decision.waits:
                waits[one.row] = decision.waits[one.row], one
                waited += 1
            else:
                (held if one.row in decision.held else through).append(one)

    hards = list(stream)
    for at in range(0, len(hards), batch):
        some = hards[at : at + batch]
        now = some[-1].at
        decide([*(one for until, one in waits.values() if until <= now), *some], now)
    while waits:
        now = min(until for until, _ in waits.values())
        decide([one for until, one in waits.values() if until <= now], now)
    assert len(through) + len(held) == len(hards)
    assert waited == waiting if waiting is not None else waited
    return through, held, brake


def test_a_large_list_with_few_hard_bounces() -> None:
    """100,000 mails at 0.5 %, in an hour; the number of mails sent is asked as it goes."""
    hards = [hard(n, n * 7.2, random.Random(n).choice(("big.example", "other.example", ""))) for n in range(500)]
    brake = Brake(DEFAULT)
    for n, one in enumerate(hards):
        decision = brake.decide([one], one.at, Usual({"c": 200 * (n + 1)}))
        brake.apply(decision)
        assert not decision.held
    # and all of them at once, an hour late: most of them wait, and all are told
    assert play([replace(one, at=START) for one in hards], Usual({"c": 100_000}), waiting=450)[1] == []


def test_a_list_of_a_hundred_with_three() -> None:
    assert play([hard(n, n) for n in range(3)], Usual({"c": 100}))[1] == []
    assert play([hard(n, n) for n in range(3)], Usual())[1] == []


@pytest.mark.parametrize("batch", [10, 50, 200])
def test_one_large_domain_that_refuses_all(batch: int) -> None:
    """3,000 of 10,000 are at the domain; of the others 0.5 % are hard."""
    dice = random.Random(5)
    stream = [hard(n, n / 10, "big.example") for n in range(3000)]
    stream += [hard(10_000 + n, n * 8.5, f"small{dice.randrange(400)}.example") for n in range(35)]
    stream.sort(key=lambda one: one.at)
    # 5 % of 10,000 are 500, so it begins there: but by then the others have waited
    through, held, brake = play(stream, Usual({"c": 10_000}), batch=batch, waiting=None)
    assert len([one for one in through if one.domain == "big.example"]) <= 100
    assert {one.domain for one in held} == {"big.example"}
    assert [str(mark) for one in brake.braked.values() for mark in one.marks] == ["big.example (user unknown)"]
    through, held, _ = play(stream, Usual(), batch=batch)
    assert len([one for one in through if one.domain == "big.example"]) <= 100
    assert {one.domain for one in held} == {"big.example"}


def old_list(dice: random.Random, domains: int) -> Iterator[Hard]:
    """10,000 mails to addresses of long ago: 30 % hard."""
    for n in range(3000):
        reason = dice.choice((UNKNOWN, UNKNOWN, UNKNOWN, "domain_unknown", "mailbox_disabled"))
        yield hard(n, n / 5, f"d{dice.randrange(domains)}.example", reason)


@pytest.mark.parametrize("domains", [1, 2, 5, 20, 100, 5000])
@pytest.mark.parametrize("batch", [10, 200])
def test_an_old_list_is_mailed_for_the_first_time(domains: int, batch: int) -> None:
    # as far as the campaign has come; all sent before the first answer; not known
    for usual, waiting in ((Usual({"c": 1000}), 0), (Usual({"c": 10_000}), None), (Usual(), 0)):
        through, held, _ = play(old_list(random.Random(domains), domains), usual, batch=batch, waiting=waiting)
        assert len(through) <= 100
        assert len(held) >= 2900


def test_it_ends_by_itself_and_what_is_held_stays_so() -> None:
    burst = [hard(n, n, "big.example") for n in range(200)]
    through, held, brake = play(burst, Usual())
    assert brake.braked
    late = hard(900, 200 + 560, "big.example")  # 40 of the burst are still in the window
    assert brake.decide([late], late.at, Usual()).held
    later = hard(901, 200 + 590, "big.example")  # and now less than a half of the threshold
    decision = brake.decide([later], later.at, Usual())
    assert (decision.held, decision.braked) == ({}, {})
    assert len(through) + len(held) == 200


def test_what_flaps_lets_no_more_through_than_the_threshold_each_time() -> None:
    stream = [hard(n, (n // 100) * 700 + n % 100, "big.example") for n in range(500)]  # 100, a pause, 100 …
    through, held, _ = play(stream, Usual())
    assert len(through) == 5 * 50
    assert len(held) == 5 * 50


def test_what_flaps_while_much_is_sent() -> None:
    """400 at once, a pause, and again, of 10,000: each time fewer than the share, and then together above it."""
    stream = [hard(n, (n // 400) * 300 + n % 400 / 100, "big.example") for n in range(2000)]
    through, held, _ = play(stream, Usual({"c": 10_000}), batch=20, waiting=None)
    assert len(through) <= 100
    assert len(through) + len(held) == 2000


@pytest.mark.parametrize("rate", [0.8, 0.9, 5, 500])
def test_however_fast_they_come(rate: float) -> None:
    """3,000 of 10,000 sent; below 500 in ten minutes it is not braked."""
    stream = [hard(n, n / rate, "big.example") for n in range(3000)]
    through, held, _ = play(stream, Usual({"c": 10_000}), batch=10, waiting=None if rate > 0.8 else 0)
    assert len(through) <= 100 if rate > 0.8 else held == []


def test_an_ordinary_campaign_hardly_waits() -> None:
    """1 % hard of 100 mails a second; what is sent is known as of a minute ago."""
    stream = [hard(n, n, f"d{n % 50}.example") for n in range(1000)]

    def usual(now: datetime) -> Usual:
        return Usual({"c": int((now - START).total_seconds() // 60 * 60 * 100)})

    through, held, brake = play(stream[61:1000], usual, batch=5, waiting=None)
    assert (len(through), held) == (939, [])
    assert Patience(DEFAULT, brake.window).waiting == {}


def test_what_waits_is_remembered_by_a_start() -> None:
    stream = [hard(n, n / 100, "big.example") for n in range(300)]
    sent = Usual({"c": 10_000})
    brake = Brake(DEFAULT)
    decision = brake.judge(stream, stream[-1].at, sent)
    assert sorted(decision.waits) == list(range(50, 300))
    assert set(decision.waits.values()) == {one.at + DEFAULT.window for one in stream[50:]}
    brake.apply(decision)
    window = [replace(one, waits=one.row in decision.waits) for one in brake.window]
    later = [hard(n, n / 100, "big.example") for n in range(300, 600)]
    held = Brake(DEFAULT, window).judge(later, later[-1].at, sent).held
    assert sorted(held) == list(range(50, 600))


def test_nothing_waits_for_longer_than_half_an_hour() -> None:
    day = Threshold(5, timedelta(days=1), 0.05)
    stream = [hard(n, 0, "big.example") for n in range(10)]
    decision = Brake(day).judge(stream, START, Usual({"c": 1000}))
    assert set(decision.waits.values()) == {START + timedelta(minutes=30)}


def test_alike_by_their_server() -> None:
    """Many domains, one gateway before all of them."""
    stream = [hard(n, n / 2, reason=f"reason{n % 40}", server="gateway.example") for n in range(300)]
    through, _, brake = play(stream, Usual())
    assert len(through) <= 51
    assert [str(mark) for one in brake.braked.values() for mark in one.marks] == ["server gateway.example"]


def test_campaigns_and_sources_are_counted_apart() -> None:
    stream = [hard(n, n, "big.example", campaign=f"c{n % 2}") for n in range(100)]
    assert play(stream, Usual())[1] == []
    stream = [hard(n, n, "big.example", campaign="") for n in range(100)]
    assert len(play(stream, Usual())[1]) == 50


def test_a_busy_source_is_used_to_more() -> None:
    stream = [hard(n, n / 10, "big.example", campaign="") for n in range(300)]
    assert play(stream, Usual(peak={"shop": 30}), waiting=250)[1] == []  # as many in 30 s as is usual in ten hours
    assert len(play(stream, Usual(peak={"shop": 10}), waiting=50)[1]) == 250
    assert len(play(stream, Usual(peak={"shop": 1}))[1]) == 250  # never less than 50


def test_a_backlog_is_judged_by_when_it_came_in() -> None:
    """Listmonk was away for ten hours; ten hard bounces an hour came in."""
    brake = Brake(DEFAULT)
    backlog = [hard(n, n * 360) for n in range(100)]
    assert brake.decide(backlog, START + timedelta(hours=10), Usual()).held == {}


def test_deciding_changes_nothing() -> None:
    brake = Brake(DEFAULT)
    stream = [hard(n, n, "big.example") for n in range(60)]
    one, two = (brake.decide(stream, stream[-1].at, Usual()) for _ in range(2))
    assert one == two
    assert isinstance(one, Decision)
    assert (list(brake.window), brake.braked) == ([], {})
    assert len(one.held) == 60  # all that wait together, not only those above


def test_a_restart_goes_on_where_it_was() -> None:
    stream = [hard(n, n, "big.example") for n in range(200)]
    _, _, before = play(stream[:100], Usual())
    after = Brake(DEFAULT, before.window, before.braked.values())
    assert play(stream[100:], Usual(), brake=after)[0] == []
    # also where the brake was off, and the window alone is known
    _, _, quiet = play(stream[:40], Usual())
    assert len(play(stream[40:], Usual(), brake=Brake(DEFAULT, quiet.window))[0]) == 10


@pytest.mark.parametrize("seed", range(30))
def test_what_is_counted_as_it_moves_is_what_is_there(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A brake that has gone all the way decides as one that is given the window as it stands."""
    dice = random.Random(seed)
    most = dice.choice((100_000, 60))
    monkeypatch.setattr("bouncestream.brake.MOST", most)
    threshold = Threshold(dice.choice((3, 20)), timedelta(seconds=100), 0.05)
    brake, now, row, began = Brake(threshold), 0.0, 0, 0
    for _ in range(80):
        now += dice.expovariate(1 / dice.choice((0.5, 5, 40)))
        came = range(row, row := row + dice.randrange(12))
        coming = []
        for number in came:
            seconds, domain = now - dice.choice((0, 0, dice.random() * 150)), f"d{dice.randrange(3)}.example"
            of = {"campaign": dice.choice(("", "c")), "source": dice.choice(("shop", "news"))}
            coming.append(hard(number, seconds, domain, dice.choice((UNKNOWN, "full")), **of))
        usual = Usual({"c": dice.choice((100, 1000))}, {"shop": dice.choice((0, 2))})
        at = START + timedelta(seconds=now)
        decision = brake.decide(coming, at, usual)
        assert decision == Brake(threshold, brake.window, brake.braked.values()).decide(coming, at, usual)
        began += bool(decision.braked)
        if dice.random() < 0.9:  # else it was not stored
            brake.apply(decision)
            assert all(one.at > at - threshold.window for one in brake.window)
            assert len(brake.window) <= most
            assert {one.row for one in brake.window if one.held} >= {
                one.row for one in brake.window if one.row in decision.held
            }
    assert began


@pytest.mark.parametrize(
    ("text", "server"),
    [
        (
            "host mx1.example.com[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)",
            "example.com",
        ),
        ("550 5.1.1 <a@b.example>: rejected by mx.gate.example.net: no", "gate.example.net"),
        ("Remote-MTA: dns; example.org", "example.org"),
        ("550 5.1.1 no such user", ""),
        ("", ""),
        ("host " * 500, ""),
    ],
)
def test_the_server_of_a_diagnostic(text: str, server: str) -> None:
    assert server_of(text) == server


def test_the_phrase_that_they_share() -> None:
    texts = [f"550 5.1.1 <p{n}@example.com>: Recipient address rejected [id {n}ab]" for n in range(10)]
    assert phrase([*texts, "something else"]) == "Recipient address rejected"
    for glued in (
        "[mx one]p{}@example.com",
        "<id>p{}@example.com",
        "<p{}@example.com>x@example.org",
        "x%40example.com",
    ):
        assert phrase([f"550 {glued.format(n)} no such user here" for n in range(3)]) == "no such user here"
    assert phrase([f"word{chr(97 + n)} other" for n in range(5)]) == ""
    assert phrase([]) == ""


def test_words() -> None:
    assert str(DEFAULT) == "50 in 10m and 5%"
    assert str(Threshold(7, timedelta(seconds=90), 0.005)) == "7 in 90s and 0.5%"
    assert str(Mark("reason", "", "")) == "no reason given"
