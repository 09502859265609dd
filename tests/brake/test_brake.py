# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocklist brake on made streams."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bouncestream.brake import Brake, Decision, Hard, Threshold, Usual
from tests.brake.streams import ANY, DEFAULT, START, UNKNOWN, hard, play


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


def campaign(*, readers: int, refused: float, seconds: float) -> tuple[list[Hard], Usual]:
    """100,000 mails in so many seconds: a part of those to a provider of so many readers are refused, of the others
    0.5 % are hard. All is sent at the end, and the readers there are known."""
    dice = random.Random(readers)
    number = int(readers * refused)
    stream = [hard(n, (n + 1) * seconds / number, "mid.example") for n in range(number)]
    others = int((100_000 - readers) * 0.005)
    stream += [hard(10**6 + n, n * seconds / others, f"d{dice.randrange(300)}.example") for n in range(others)]
    stream.sort(key=lambda one: one.at)
    return stream, Usual({"c": 100_000}, readers={"c": {"mid.example": readers}})


@pytest.mark.parametrize(
    ("readers", "seconds", "batch"),
    [(200, 600, 1), (1000, 600, 50), (3000, 60, 50), (3000, 6000, 5), (4000, 600, 50)],
)
def test_a_provider_with_few_of_the_readers_that_refuses_all(readers: int, seconds: float, batch: int) -> None:
    stream, usual = campaign(readers=readers, refused=1, seconds=seconds)
    through, held, brake = play(stream, usual, batch=batch, waiting=ANY)
    assert len([one for one in through if one.domain == "mid.example"]) <= 105
    assert {one.domain for one in held} == {"mid.example"}
    assert [str(mark) for one in brake.braked.values() for mark in one.marks] == ["mid.example (user unknown)"]
    if seconds > 60:  # where it is not known how many readers it has, it stays below the share of all
        assert play(stream, Usual(usual.sent), batch=batch, waiting=ANY)[1] == []


@pytest.mark.parametrize(("readers", "refused"), [(40_000, 0.005), (40_000, 0.04), (15_000, 0.04), (900, 0.05)])
def test_a_provider_that_refuses_few_of_its_readers(readers: int, refused: float) -> None:
    stream, usual = campaign(readers=readers, refused=refused, seconds=600)
    assert play(stream, usual, batch=20, waiting=ANY)[1] == []


def test_the_others_are_counted_without_a_provider_that_is_held_by_itself() -> None:
    """Of 10,000, 490 are at it and refused, and 2 % of the others: together more than the share of all."""
    stream = [hard(n, n, "mid.example") for n in range(490)]
    stream += [hard(1000 + n, n * 2.5, f"d{n % 97}.example") for n in range(190)]
    stream.sort(key=lambda one: one.at)
    usual = Usual({"c": 10_000}, readers={"c": {"mid.example": 490}})
    through, held, brake = play(stream, usual, waiting=ANY)
    assert len([one for one in through if one.domain == "mid.example"]) <= 50
    assert {one.domain for one in held} == {"mid.example"}
    # it ends by itself, and a provider that is large begins anew
    quiet = hard(3000, 490 + 590, "d1.example")
    assert brake.decide([quiet], quiet.at, usual).braked == {}
    both = [hard(4000 + n, 2000 + n / 10, "big.example") for n in range(600)]
    both += [hard(5000 + n, 2001 + n / 10, "mid.example") for n in range(400)]
    both.sort(key=lambda one: one.at)
    _, _, brake = play(both, usual, brake=brake, waiting=ANY)
    assert [mark.name for mark in brake.braked["c"].marks] == ["mid.example", "big.example"]


def test_a_provider_is_held_by_itself_until_fewer_than_half_are_left() -> None:
    usual = Usual({"c": 100_000}, readers={"c": {"mid.example": 100}})
    brake = play([hard(n, n, "mid.example") for n in range(60)], usual, waiting=ANY)[2]
    late = hard(900, 625, "mid.example")  # 34 are still in the window
    assert brake.decide([late], late.at, usual).held
    later = hard(901, 640, "mid.example")  # and now 19
    assert brake.decide([later], later.at, usual).held == {}


@pytest.mark.parametrize("readers", [{}, {"c": {"mid.example": None}}], ids=["not asked", "no answer"])
def test_a_start_does_not_end_the_brake_of_a_provider(readers: dict[str, dict[str, int | None]]) -> None:
    """Who reads there is not known then. Half of 50 keep it on, and what is known again ends it."""
    known = {"c": {"mid.example": 900}}
    sent = {"c": 100_000}
    brake = play([hard(n, n, "mid.example") for n in range(60)], Usual(sent, readers=known), waiting=ANY)[2]
    after = Brake(DEFAULT, brake.window, brake.braked.values())
    late = hard(900, 610)  # of another domain; 49 are still in the window
    assert after.decide([late], late.at, Usual(sent, readers=readers)).braked == brake.braked
    later = hard(901, 640)  # 19
    assert after.decide([later], later.at, Usual(sent, readers=readers)).braked == {}
    assert after.decide([late], late.at, Usual(sent, readers={"c": {"mid.example": 0}})).braked == {}


def test_readers_that_are_old_are_asked_for_again_and_used_until_then() -> None:
    stream = [hard(n, n, "mid.example") for n in range(60)]
    usual = Usual({"c": 100_000}, readers={"c": {"mid.example": 900}}, old={("c", "mid.example")})
    decision = Brake(DEFAULT).judge(stream, stream[-1].at, usual)
    assert [one.domain for one in decision.unknown] == ["mid.example"]
    assert len(decision.held) == 60


def test_a_provider_that_comes_while_the_brake_is_on_does_not_hold_the_others() -> None:
    usual = Usual({"c": 10_000}, readers={"c": {"mid.example": 500}})
    first = [hard(n, n / 10, "big.example") for n in range(600)]
    then = [hard(1000 + n, 61 + n / 4, "mid.example") for n in range(160)]
    then += [hard(2000 + n, 61 + n, f"d{n}.example") for n in range(40)]
    brake, held = Brake(DEFAULT), set()
    for batch in (first, sorted(then, key=lambda one: one.at)):
        decision = brake.judge(batch, batch[-1].at, usual)
        brake.apply(decision)
        held |= set(decision.held.values())
    assert [mark.name for mark in brake.braked["c"].marks] == ["big.example", "mid.example"]
    assert held == {"big.example (user unknown)", "mid.example (user unknown)"}


def test_how_many_readers_a_domain_has_is_asked_where_it_matters() -> None:
    brake = Brake(DEFAULT)
    stream = [hard(n, n, "mid.example") for n in range(60)] + [hard(100 + n, n) for n in range(100)]
    now = stream[-1].at
    sent, known = {"c": 100_000}, {"c": {"mid.example": 0}}
    assert {one.domain for one in brake.judge(stream, now, Usual(sent)).unknown} == {"mid.example"}
    assert brake.judge(stream[:50], now, Usual(sent)).unknown == []
    assert brake.judge(stream, now, Usual(sent, readers=known)).unknown == []
    assert brake.judge(stream, now, Usual({"c": 1000})).unknown == []  # it would begin at 50 anyway


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
    monkeypatch.setattr("bouncestream.brake.brake.MOST", most)
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
        readers = {"c": {"d0.example": dice.choice((0, 50, 200))}, "source shop": {"d1.example": 100}}
        usual = Usual(
            {"c": dice.choice((100, 1000))}, {"shop": dice.choice((0, 2))}, dice.choice((readers, readers, {}))
        )
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
