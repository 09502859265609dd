# SPDX-License-Identifier: GPL-3.0-or-later
"""The single file: a static launcher (Go, standard library only) that holds the folder."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from deploy.packaging import tree
from deploy.packaging.paths import DIST, ROOT, WORK, call, say

SOURCE = ROOT / "deploy" / "binary" / "launcher"
GO = {"x86_64": "amd64", "aarch64": "arm64"}


def build(folder: Path) -> Path:
    """Make the single file of the folder; returns it. Raises Failed."""
    say("building the single file ...")
    there = WORK / "launcher"
    shutil.rmtree(there, ignore_errors=True)
    shutil.copytree(SOURCE, there)
    tree.pack(folder, there)
    made = DIST / f"bouncestream-linux-{platform.machine()}"
    environ = {"CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": GO[platform.machine()], "GOFLAGS": "-mod=mod",
               "GOCACHE": str(WORK / "go"), "GOTOOLCHAIN": "local"}  # fmt: skip
    call("go", "build", "-trimpath", "-ldflags", "-s -w -buildid=", "-o", made, ".", cwd=there, environ=environ)
    made.chmod(0o755)
    os.sync()
    return made
