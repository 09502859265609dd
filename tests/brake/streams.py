# SPDX-License-Identifier: GPL-3.0-or-later
"""Made streams of hard bounces, and the brake on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from bouncestream.brake import Brake, Hard, Threshold, Usual

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
DEFAULT = Threshold(50, timedelta(minutes=10), 0.05)
UNKNOWN = "user_unknown"
ANY = -1


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
    is due. `waiting`: so many had to wait, None: some, ANY: some or none."""
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
    assert waiting == ANY or (waited == waiting if waiting is not None else waited)
    return through, held, brake
