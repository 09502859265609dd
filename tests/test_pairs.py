# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module has a test file of its own name, in the same place: who changes the one finds the other."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "bouncestream"

#: Modules that have none: they are tested by way of others. It only shrinks; a moved module keeps its line.
ALONE = TESTS / "unpaired.txt"
#: How many lines it may have. Take lines away, and lower this; a new module comes with its test file.
AT_MOST = 70


def alone() -> list[str]:
    return ALONE.read_text("utf-8").splitlines()


def modules(package: Path) -> set[str]:
    found = (path.relative_to(package) for path in package.rglob("*.py"))
    return {path.as_posix() for path in found if not path.name.startswith("__")}


def unpaired(package: Path, tests: Path) -> set[str]:
    """The modules of a package without a test file, by their path in it."""
    return {
        module
        for module in modules(package)
        if not (tests / module).with_name(f"test_{Path(module).name.lstrip('_')}").is_file()
    }


def test_a_module_has_its_test_file() -> None:
    new = unpaired(PACKAGE, TESTS) - set(alone())
    assert not new, "write tests/…/test_<module>.py for each"


def test_the_list_of_those_without_only_shrinks() -> None:
    done = set(alone()) - unpaired(PACKAGE, TESTS)
    assert not done, f"these have a test file, or are gone: take them out of {ALONE.name}, and lower AT_MOST"
    assert alone() == sorted(set(alone()))
    assert len(alone()) == AT_MOST


def test_a_module_without_its_test_file_is_found(tmp_path: Path) -> None:
    for path in ("bridge/__init__.py", "bridge/room/a.py", "bridge/room/_b.py", "bridge/room/c.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for path in ("tests/room/test_a.py", "tests/test_c.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert unpaired(tmp_path / "bridge", tmp_path / "tests") == {"room/_b.py", "room/c.py"}
    (tmp_path / "tests/room/test_b.py").touch()
    assert unpaired(tmp_path / "bridge", tmp_path / "tests") == {"room/c.py"}
