# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage, made once for all cases that were selected; they are played a few at a time, in their order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import BACKSTAGE
from tests.doctor.case import Case
from tests.doctor.cases import CASES
from tests.doctor.stage import MISSING, Played, Stage

_AT_ONCE = 3


class Theatre:
    """The stage and the plays."""

    def __init__(self, stage: Stage, names: list[str]) -> None:
        self.stage = stage
        self.pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=BACKSTAGE)
        self._plays: dict[str, Future[Played]] = {
            case.name: self.pool.submit(stage.play, case) for case in stage.cases if case.name in names
        }

    def played(self, name: str) -> Played:
        """What came of a case."""
        return self._plays[name].result()


@pytest.fixture(scope="session")
def theatre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """All cases that are to be played, being played."""
    if lacking := [*MISSING, *(["root"] if os.geteuid() else [])]:
        message = f"the doctor's cases need {', '.join(lacking)}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    wanted = {
        case.name
        for item in request.session.items
        # others in the suite have a parameter of that name too
        if isinstance(case := getattr(getattr(item, "callspec", None), "params", {}).get("case"), Case)
    }
    cases = [case for case in CASES if case.name in wanted] or list(CASES[:1])
    folder = Path(tmp_path_factory.mktemp("stage"))
    stage = Stage(folder, cases)
    theatre = Theatre(stage, [case.name for case in cases])
    try:
        yield theatre
    finally:
        theatre.pool.shutdown(cancel_futures=True)
        stage.close()
