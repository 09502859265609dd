# SPDX-License-Identifier: GPL-3.0-or-later
"""`deploy/build [TARGET …]`: makes the packages into dist/."""

from __future__ import annotations

import argparse
import sys
import time

from deploy.packaging import single, sums, tree
from deploy.packaging.paths import DIST, ROOT, Failed, say

TARGETS = {
    "tree": "the folder that the others hold, in build/packaging/tree",
    "file": "one file, bouncestream-linux-<machine> (needs Go)",
}


def main(arguments: list[str]) -> int:
    """Make what is named, or all; the exit code."""
    parser = argparse.ArgumentParser(
        prog="deploy/build",
        description="Makes the packages into dist/, with SHA256SUMS. Twice from one commit: the same bytes.",
        epilog="targets: " + "; ".join(f"{name}: {text}" for name, text in TARGETS.items()),
    )
    parser.add_argument("target", nargs="*", metavar="TARGET", help="what is made (default: all)")
    targets = parser.parse_args(arguments).target or list(TARGETS)
    if unknown := set(targets) - TARGETS.keys():
        parser.error(f"there is no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    DIST.mkdir(exist_ok=True)
    began = time.monotonic()
    try:
        folder = tree.build()
        if "file" in targets:
            single.build(folder)
        sums.write()
    except Failed as error:
        say(f"deploy/build: {error}")
        return 1
    for made in sorted(DIST.iterdir()):
        say(f"{made.stat().st_size / 1e6:8.1f} MB  {made.relative_to(ROOT)}")
    say(f"made in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
