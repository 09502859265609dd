# SPDX-License-Identifier: GPL-3.0-or-later
"""`make setup`: once, and again where its folder was moved."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*words: str, folder: Path) -> str:
    """What a command says; it must succeed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "MAKE"))}
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.process
def test_a_folder_that_was_moved_gets_its_environment_anew(tmp_path: Path) -> None:
    folder, moved = tmp_path / "first place", tmp_path / "second"
    (folder / "deploy").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(ROOT / "deploy" / "venv.sh", folder / "deploy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "requirements.lock").write_text("# nothing is downloaded in a test\n")
    (folder / "bouncestream").symlink_to(ROOT / "bouncestream")
    command = ".venv/bin/bouncestream"

    assert "Installing" in run("make", "setup", folder=folder)
    assert "Installing" not in run("make", "setup", folder=folder), "it is ready"
    assert run(f"{folder}/{command}", "version", folder=tmp_path).startswith("bouncestream ")

    folder.rename(moved)
    assert "moved" in run("make", "setup", folder=moved)
    assert "Installing" not in run("make", "setup", folder=moved)
    assert run(f"{moved}/{command}", "version", folder=tmp_path).startswith("bouncestream ")
    for script in (command, ".venv/bin/pip", ".venv/bin/activate"):
        assert str(folder) not in (moved / script).read_text(), f"{script} names the former place"
