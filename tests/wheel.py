# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a wheel holds the whole package: `python -m tests.wheel WHEEL`. CI builds one and asks this of it."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "bouncestream"


def files(package: Path = PACKAGE) -> set[str]:
    """All files of the package as a wheel names them, modules and what lies beside them."""
    found = (path.relative_to(package.parent) for path in package.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def missing(wheel: Path, package: Path = PACKAGE) -> list[str]:
    """The files of the package that the wheel lacks. Raises OSError and zipfile.BadZipFile."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(files(package) - set(archive.namelist()))


def main(wheel: Path) -> int:
    """Say what it lacks; the exit code."""
    if lacks := missing(wheel):
        print(f"{wheel.name} lacks {', '.join(lacks)}. Next: see [tool.hatch.build] in pyproject.toml.")
        return 1
    print(f"{wheel.name} holds all {len(files())} files of the package.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
