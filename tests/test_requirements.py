# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked for, and what the lock files pin: the same versions everywhere, within the bounds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ASKED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
LOCKS = sorted(ROOT.glob("requirements*.lock"))


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def pinned(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([a-z0-9-]+)==([^ ;]+)", lock.read_text("utf-8")))


@pytest.mark.parametrize("name", ["aiohttp", "aiosqlite", "aioimaplib", "aiosmtpd"])
def test_what_is_used_beyond_its_promises_has_an_upper_bound(name: str) -> None:
    """Private parts of aiosqlite, aioimaplib and aiosmtpd are used; aiohttp's protocol is within one of ours."""
    (one,) = [text for text in ASKED if re.match(rf"{name}\b", text)]
    assert "<" in one


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_each_lock_satisfies_the_bounds(lock: Path) -> None:
    found = pinned(lock)
    for text in ASKED:
        name, *bounds = re.split(r"(?=[<>])|,", text)
        for bound in filter(None, bounds):
            version = numbers(found[name])
            wanted = numbers(bound)
            assert version < wanted if bound.startswith("<") else version >= wanted, text


def test_a_package_has_one_version_in_all_of_them() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in pinned(lock).items():
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
