# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage, made once for all cases that were selected; the next ones are played while a test looks at one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import BACKSTAGE
from tests.doctor.case import Case
from tests.doctor.cases import CASES
from tests.doctor.stage import MISSING, Played, Stage

_AT_ONCE = 3


class Theatre:
    """The stage and the plays. `orders`: for each test function the cases that it will ask for. A process that
    shares the tests with another one plays those that its own tests ask for, and no others."""

    def __init__(self, stage: Stage, orders: Iterable[list[Case]]) -> None:
        self.stage = stage
        self.pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=BACKSTAGE)
        self._next: dict[str, list[Case]] = {}
        for order in sorted(orders, key=len, reverse=True):  # the shortest one that a case is in counts
            self._next |= {case.name: order[at : at + _AT_ONCE] for at, case in enumerate(order)}
        self._plays: dict[str, Future[Played]] = {}

    def played(self, name: str) -> Played:
        """What came of a case."""
        for case in self._next[name]:
            if case.name not in self._plays:
                self._plays[case.name] = self.pool.submit(self.stage.play, case)
        return self._plays[name].result()


@pytest.fixture(scope="session")
def theatre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """All cases that are to be played, being played."""
    if lacking := [*MISSING, *(["root"] if os.geteuid() else [])]:
        message = f"the doctor's cases need {', '.join(lacking)}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    orders: dict[object, list[Case]] = {}
    for item in request.session.items:
        # others in the suite have a parameter of that name too
        if isinstance(case := getattr(getattr(item, "callspec", None), "params", {}).get("case"), Case):
            orders.setdefault(item.function, []).append(case)  # type: ignore[attr-defined]
    wanted = {case.name for order in orders.values() for case in order}
    cases = [case for case in CASES if case.name in wanted] or list(CASES[:1])
    folder = Path(tmp_path_factory.mktemp("stage"))
    stage = Stage(folder, cases)
    theatre = Theatre(stage, orders.values())
    try:
        yield theatre
    finally:
        theatre.pool.shutdown(cancel_futures=True)
        stage.close()
