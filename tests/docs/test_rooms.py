# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the tree is true: every room is described, every path and word of the plan exists."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import DOCS
from tests.docs.document import FENCE, ROOT, name, section, table, text
from tests.docs.test_provider import WRITTEN
from tests.test_architecture import FLOORS, PACKAGE

#: The documents for those who change the program.
PLANS = sorted([*(DOCS / "develop").glob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"])


def test_every_room_is_described() -> None:
    described = re.findall(r"^## `(\w+)/`$", text("develop/rooms.md"), re.MULTILINE)
    assert sorted(described) == sorted(room for room in FLOORS if (PACKAGE / room).is_dir())
    assert [FLOORS[room] for room in described] == sorted(FLOORS[room] for room in described), "from the ground up"


def paths(told: str) -> Iterator[str]:
    """What is written as a path into the tree: `relay/`, `outbox/queries.sql`, `tests/contract`."""
    tops = {*FLOORS, "tests", "docs", "benchmarks", "deploy"} - {"__init__", "__main__"}
    for span in re.findall(r"`([\w./]+)`", FENCE.sub("", told)):
        if span.partition("/")[0] in tops and ("/" in span or (span.removesuffix(".py") in FLOORS and "." in span)):
            yield span


@pytest.mark.parametrize("path", PLANS, ids=name)
def test_paths_are_there(path: Path) -> None:
    for span in set(paths(text(path))) - WRITTEN.keys():
        places = [base / f"{span.rstrip('/')}{end}" for base in (ROOT, PACKAGE) for end in ("", ".py")]
        assert any(place.exists() for place in places), f"there is no {span}"


def explained() -> list[str]:
    """The words that the glossary explains."""
    tables = text("understand/glossary.md").partition("## In the code")[0]
    return [word for word, _ in table(tables)]


def named(dotted: str) -> object:
    """What a name of the glossary stands for: a module of ours, or what is in it."""
    parts = dotted.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(["bouncestream", *parts[:split]]))
        except ModuleNotFoundError:
            continue
        for part in parts[split:]:
            found = getattr(found, part)
        return found
    raise AssertionError(f"there is no {dotted}")


def test_the_words_are_those_of_the_code() -> None:
    assert len(explained()) == len(set(explained())) > 20
    coded = table(section("understand/glossary.md", "In the code"))
    assert len(coded) > 20
    for word, code in coded:
        assert word in explained(), f"{word} has a name in the code, and no meaning"
        for dotted in re.findall(r"`([\w.]+)`", code):
            assert dotted.partition(".")[0] in FLOORS, f"{word}: {dotted} is in no room"
            assert named(dotted) is not None
