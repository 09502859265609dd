# SPDX-License-Identifier: GPL-3.0-or-later
"""The single file: a static launcher (Go, standard library only) that holds the folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from deploy.packaging import tree
from deploy.packaging.paths import DEBIAN, DIST, ROOT, WORK, call, say

SOURCE = ROOT / "deploy" / "binary" / "launcher"


def build(folder: Path, machine: str) -> Path:
    """Make the single file of the folder, for a kind of machine; returns it. Raises Failed."""
    say("building the single file ...")
    there = WORK / "launcher"
    shutil.rmtree(there, ignore_errors=True)
    shutil.copytree(SOURCE, there)
    tree.pack(folder, there)
    made = DIST / f"bouncestream-linux-{machine}"
    environ = {"CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": DEBIAN[machine], "GOFLAGS": "-mod=mod",
               "GOCACHE": str(WORK / "go"), "GOTOOLCHAIN": "local"}  # fmt: skip
    call("go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", made, ".", cwd=there, environ=environ)
    made.chmod(0o755)
    os.sync()
    return made
