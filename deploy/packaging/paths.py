# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are, what this build is called, and one way to run a tool."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
#: What is made on the way; it may be removed at any time.
WORK = ROOT / "build" / "packaging"
#: This machine's kind, as the kernel names it.
MACHINE = platform.machine()
#: What Debian and Go call each kind that packages are made for.
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}


class Failed(Exception):
    """A build that cannot go on; its text says why, and what to do next."""


def version() -> str:
    """The version of the program."""
    text = (ROOT / "bouncestream" / "__init__.py").read_text("utf-8")
    found = re.search(r'__version__ = "(.+)"', text)
    assert found
    return found[1]


def epoch() -> int:
    """The time that everything in a package has, in seconds since 1970: $SOURCE_DATE_EPOCH
    (https://reproducible-builds.org/specs/source-date-epoch/), else that of the newest commit, else 1980."""
    if told := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(told)
    git = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True)
    return int(git.stdout) if git.returncode == 0 and git.stdout.strip() else 315532800


def commit() -> str:
    """The commit that is built, "-changed" behind it if files differ from it; empty where there is no Git. In a
    release's root it is told."""
    if told := os.environ.get("BUILD_COMMIT"):
        return told
    git = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=-changed"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    return git.stdout.strip()


def call(*command: str | Path, cwd: Path = ROOT, environ: Mapping[str, str] | None = None) -> str:
    """What a tool prints. Raises Failed."""
    more = {
        "SOURCE_DATE_EPOCH": str(epoch()),
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        **(environ or {}),
    }
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, env={**os.environ, **more}, capture_output=True, text=True)
    except FileNotFoundError:
        raise Failed(
            f"there is no {words[0]}. Next: install it (deploy/packaging/README.md says from where)"
        ) from None
    if done.returncode:
        raise Failed(f"`{' '.join(words)}` ended with {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def say(text: str) -> None:
    """A line about what is being made."""
    print(text, file=sys.stderr, flush=True)
