# SPDX-License-Identifier: GPL-3.0-or-later
"""The single file that was built (`deploy/build file`), and a place where it may unpack itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.packages.program import command

Done = subprocess.CompletedProcess[str]


class Single:
    """A single file with a cache of its own."""

    def __init__(self, file: Path, cache: Path) -> None:
        self.file = file
        self.cache = cache

    @property
    def environment(self) -> dict[str, str]:
        """Nothing but what it needs."""
        return {"CACHE_DIRECTORY": str(self.cache)}

    def __call__(self, *arguments: str, **changes: str) -> Done:
        """Run it to its end; `changes`: more of its environment, or what is left out of it (an empty text)."""
        return called([str(self.file), *arguments], self.environment | changes)

    def trees(self) -> list[Path]:
        """The unpacked folders."""
        return [path for path in self.cache.iterdir() if path.is_dir() and len(path.name) == 64]

    def leftovers(self) -> list[str]:
        """What lies in the cache beside trees and their locks."""
        return sorted(path.name for path in self.cache.iterdir() if path.name.startswith(".unpack-"))


def called(line: list[str], environment: Mapping[str, str]) -> Done:
    env = {key: value for key, value in environment.items() if value}
    return subprocess.run(line, env=env, cwd="/", capture_output=True, text=True, timeout=120)


@pytest.fixture
def cache() -> Iterator[Path]:
    """A folder that only the present user can change. Not pytest's: that one is below /tmp."""
    base = Path("/var/cache") if os.geteuid() == 0 else Path.home() / ".cache"
    base.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bouncestream-tests-", dir=base))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def built() -> Path:
    """The single file."""
    found = Path(command()[0])
    assert not (found.parent / "_internal").exists(), f"{found} is the folder's program: build the single file"
    return found


@pytest.fixture(scope="session")
def base() -> Path:
    """A small Debian by debootstrap, which is copied and not changed."""
    return Path(os.environ["BOUNCESTREAM_BASE"]).resolve(strict=True)


@pytest.fixture(scope="session")
def image() -> Path:
    """The container's image, as an archive."""
    return Path(os.environ["BOUNCESTREAM_IMAGE"]).resolve(strict=True)


@pytest.fixture
def single(built: Path, cache: Path) -> Single:
    return Single(built, cache)


@pytest.fixture
def another(single: Single, cache: Path) -> Iterator[Single]:
    """A single file of another version, as far as the launcher can tell: its tree has another name."""
    single("version")
    (tree,) = single.trees()
    body = single.file.read_bytes()
    assert body.count(tree.name.encode()) == 1
    made = cache.with_name(cache.name + "-another")
    made.write_bytes(body.replace(tree.name.encode(), tree.name[::-1].encode()))
    made.chmod(0o755)
    yield Single(made, cache)
    made.unlink()
