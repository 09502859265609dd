# SPDX-License-Identifier: GPL-3.0-or-later
"""`deploy/build [TARGET …]`: makes the packages into dist/."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from deploy.packaging import bill, deb, image, release, share, single, sums, tree, wheel
from deploy.packaging.paths import DIST, MACHINE, ROOT, Failed, say

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
    parser.add_argument("--release", action="store_true", help="build in an old Debian's root (needs debootstrap)")
    parser.add_argument("--machine", choices=release.RECIPES, help="for another kind of machine: only a release")
    parser.add_argument("--cache", type=Path, default="/var/cache/bouncestream-build", metavar="FOLDER",
                        help="where roots are kept, 1.5 GB each (default: %(default)s)")  # fmt: skip
    parser.add_argument("--mirror", default="", metavar="URL", help="of Debian (default: that of debootstrap)")
    parser.add_argument("--archive", default="", metavar="URL", help="of the old Debian, if the mirror lacks it")
    told = parser.parse_args(arguments)
    targets = told.target or list(TARGETS)
    if unknown := set(targets) - TARGETS.keys():
        parser.error(f"there is no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if told.machine not in (None, MACHINE) and not told.release:
        parser.error("what is built for another kind of machine is a release: say --release as well")
    if told.archive and not told.mirror:
        parser.error("--archive needs --mirror as well: the newer Debian's sources are there")
    machine = told.machine or MACHINE
    if not told.target:
        shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(exist_ok=True)
    os.umask(0o022)  # so that the packages are the same whoever builds them
    began = time.monotonic()
    try:
        if told.release:
            folder = release.build(machine, release.Place(told.cache, told.mirror, told.archive))
        else:
            folder = tree.build()
            bill.write(folder, tree.environment())
            tree.settle(folder)
        if "file" in targets:
            single.build(folder, machine)
        if {"deb", "wheel"} & set(targets):
            shared = share.build()
        if "deb" in targets:
            deb.build(folder, shared, machine)
        if "image" in targets:
            image.build(folder, told.base, machine)
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
