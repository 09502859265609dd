# SPDX-License-Identifier: GPL-3.0-or-later
"""The blocklist brake on made streams."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bouncestream.brake import Brake, Decision, Hard, Mark, Threshold, Usual, phrase, server_of

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
DEFAULT = Threshold(50, timedelta(minutes=10), 0.05)
UNKNOWN = "user_unknown"


def hard(number: int, seconds: float, domain: str = "", reason: str = UNKNOWN, **more: str) -> Hard:
    given = {"campaign": "c", "source": "shop", "server": ""} | more
    return Hard(
        number, START + timedelta(seconds=seconds), domain=domain or f"d{number}.example", reason=reason, **given
    )


def play(
    stream: Iterable[Hard], usual: Usual, *, batch: int = 1, brake: Brake | None = None
) -> tuple[list[Hard], list[Hard], Brake]:
    """(let through, held, the brake), batch by batch, each as soon as its last one came in."""
    brake = brake or Brake(DEFAULT)
    through: list[Hard] = []
    held: list[Hard] = []
    hards = list(stream)
    for at in range(0, len(hards), batch):
        some = hards[at : at + batch]
        decision = brake.decide(some, some[-1].at, usual)
        brake.apply(decision)
        for one in some:
            (held if one.row in decision.held else through).append(one)
    return through, held, brake


def test_a_large_list_with_few_hard_bounces() -> None:
    """100,000 mails at 0.5 %, in an hour; the number of mails sent is asked as it goes."""
    hards = [hard(n, n * 7.2, random.Random(n).choice(("big.example", "other.example", ""))) for n in range(500)]
    brake = Brake(DEFAULT)
    for n, one in enumerate(hards):
        decision = brake.decide([one], one.at, Usual({"c": 200 * (n + 1)}))
        brake.apply(decision)
        assert not decision.held
    # and all of them at once, an hour late
    assert play([replace(one, at=START) for one in hards], Usual({"c": 100_000}))[1] == []


def test_a_list_of_a_hundred_with_three() -> None:
    assert play([hard(n, n) for n in range(3)], Usual({"c": 100}))[1] == []
    assert play([hard(n, n) for n in range(3)], Usual())[1] == []


@pytest.mark.parametrize("batch", [1, 50, 200])
def test_one_large_domain_that_refuses_all(batch: int) -> None:
    """3,000 of 10,000 are at the domain; of the others 0.5 % are hard."""
    dice = random.Random(5)
    stream = [hard(n, n / 10, "big.example") for n in range(3000)]
    stream += [hard(10_000 + n, n * 8.5, f"small{dice.randrange(400)}.example") for n in range(35)]
    stream.sort(key=lambda one: one.at)
    through, held, brake = play(stream, Usual({"c": 10_000}), batch=batch)
    # 5 % of 10,000 are 500: known by then, so it begins there; of what is not known, at 50
    assert len([one for one in through if one.domain == "big.example"]) <= 501
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
@pytest.mark.parametrize("batch", [1, 200])
def test_an_old_list_is_mailed_for_the_first_time(domains: int, batch: int) -> None:
    sent = Usual({"c": 1000})  # as far as the campaign has come
    for usual in (sent, Usual()):
        through, held, _ = play(old_list(random.Random(domains), domains), usual, batch=batch)
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
    assert play(stream, Usual(peak={"shop": 30}))[1] == []
    assert len(play(stream, Usual(peak={"shop": 10}))[1]) == 200
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
