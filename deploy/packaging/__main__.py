# SPDX-License-Identifier: GPL-3.0-or-later
"""`deploy/build [TARGET …]`: makes the packages into dist/."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from deploy.packaging import bill, deb, image, share, single, sums, tree, wheel
from deploy.packaging.paths import DIST, ROOT, Failed, say

TARGETS = {
    "tree": "the folder that the others hold, in build/packaging/tree",
    "deb": "a package for Debian and Ubuntu",
    "image": "a container's image (needs buildah)",
    "wheel": "wheel and sdist",
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
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="a Debian that the image is built upon")
    told = parser.parse_args(arguments)
    targets = told.target or list(TARGETS)
    if unknown := set(targets) - TARGETS.keys():
        parser.error(f"there is no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if not told.target:
        shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(exist_ok=True)
    os.umask(0o022)  # so that the packages are the same whoever builds them
    began = time.monotonic()
    try:
        folder = tree.build()
        bill.write(folder, tree.environment())
        tree.settle(folder)
        if "file" in targets:
            single.build(folder)
        if {"deb", "wheel"} & set(targets):
            shared = share.build()
        if "deb" in targets:
            deb.build(folder, shared)
        if "image" in targets:
            image.build(folder, told.base)
        if "wheel" in targets:
            wheel.build(tree.environment())
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
