# SPDX-License-Identifier: GPL-3.0-or-later
"""Private files, and a lock that one process has."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bouncestream.errors import StoreBusy, StoreUnavailable
from bouncestream.outbox import files


def test_a_new_file_is_private_whatever_the_umask(path: Path) -> None:
    old = os.umask(0)
    try:
        assert files.create(path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_old_file_is_left_alone(path: Path) -> None:
    path.write_text("old")
    assert not files.create(path)
    assert path.read_text() == "old"


def test_what_cannot_be_created_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="does not exist"):
        files.create(tmp_path / "nowhere" / "outbox.db")
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be created"):
        files.create(tmp_path / "file" / "outbox.db")


def test_a_lock_is_held_by_one(path: Path) -> None:
    lock = files.Lock(path)
    with pytest.raises(StoreBusy, match=f"process {os.getpid()}"):
        files.Lock(path)
    lock.release()
    lock.release()
    files.Lock(path).release()


@pytest.mark.process
def test_a_lock_ends_with_its_process(path: Path) -> None:
    code = "import sys; from pathlib import Path; from bouncestream.outbox.files import Lock; "
    code += "lock = Lock(Path(sys.argv[1])); import os; os._exit(7)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code, str(path)], cwd=root, check=False).returncode == 7
    files.Lock(path).release()


def test_a_lock_does_not_follow_a_link(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    files.beside(path, ".lock").symlink_to(target)
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        files.Lock(path)
    assert target.read_text() == "precious"


def test_each_wide_file_is_named_with_its_fix(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for suffix, mode in (("", 0o640), ("-wal", 0o604), ("-shm", 0o600)):
        file = files.beside(path, suffix)
        file.touch()
        file.chmod(mode)
    files.warn_if_wide(path)
    assert [record.getMessage().split()[0] for record in caplog.records] == [str(path), f"{path}-wal"]
    assert f"chmod 600 {path}" in caplog.text
