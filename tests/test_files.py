# SPDX-License-Identifier: GPL-3.0-or-later
"""Private files: replaced as a whole or not at all, also when the process is killed at any step, and locked."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bouncestream import files
from tests.killed import COUNTED


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_is_private_whatever_the_umask(path: Path) -> None:
    old = os.umask(0)
    try:
        files.create(path)
        files.replace(path.with_name("other"), b"x")
        files.Lock(path.with_name("lock")).release()
    finally:
        os.umask(old)
    assert [mode(path.with_name(name)) for name in ("file", "other", "lock")] == [0o600] * 3


def test_what_is_there_is_not_made_again(path: Path) -> None:
    path.write_text("old")
    with pytest.raises(FileExistsError):
        files.create(path)
    assert path.read_text() == "old"


def test_a_link_is_not_followed_but_replaced(path: Path) -> None:
    precious = path.with_name("precious")
    precious.write_text("precious")
    path.symlink_to(precious)
    files.replace(path, b"new")
    assert (path.read_text(), path.is_symlink(), precious.read_text()) == ("new", False, "precious")
    beside = path.with_name("beside")
    beside.symlink_to(precious)
    files.replace(path, b"newer", beside=beside)
    assert precious.read_text() == "precious"
    path.with_name("lock").symlink_to(precious)
    with pytest.raises(OSError) as found:
        files.Lock(path.with_name("lock"))
    assert found.value.errno == errno.ELOOP


def test_a_new_file_takes_the_place_of_the_old_one(path: Path) -> None:
    path.write_text("old")
    path.chmod(0o644)
    files.replace(path, b"new")
    assert (path.read_text(), mode(path), names(path.parent)) == ("new", 0o600, ["file"])


def test_what_is_not_to_be_overwritten_stays(path: Path) -> None:
    files.replace(path, b"first", overwrite=False)
    assert (path.read_text(), mode(path)) == ("first", 0o600)
    with pytest.raises(FileExistsError):
        files.replace(path, b"second", overwrite=False)
    assert (path.read_text(), names(path.parent)) == ("first", ["file"])


def test_what_cannot_be_written_leaves_the_old_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.replace(path, b"new")
    assert (path.read_text(), names(path.parent)) == ("old", ["file"])
    with pytest.raises(FileNotFoundError):
        files.replace(path.with_name("missing") / "file", b"new")


#: Kills itself at the n-th step of a replacement.
KILLED = f"""{COUNTED}\
os.open, os.fsync = counted(os.open), counted(os.fsync)
Path.unlink, Path.rename = counted(Path.unlink), counted(Path.rename)
from bouncestream import files
files.replace(Path(sys.argv[2]), b"new")
"""
#: unlink, open, fsync, rename, open the folder, fsync.
STEPS = 6


@pytest.mark.process
@pytest.mark.parametrize("step", range(1, STEPS + 2))
def test_a_kill_at_any_step_leaves_a_whole_file(path: Path, step: int) -> None:
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(step), str(path)], timeout=60, check=False)
    assert done.returncode == (-signal.SIGKILL if step <= STEPS else 0)
    assert path.read_text() == ("old" if step <= 4 else "new")
    files.replace(path, b"newer")
    assert path.read_text() == "newer"


def test_what_a_kill_left_behind_is_made_anew(path: Path) -> None:
    beside = path.with_name("file.new")
    beside.write_text("half")
    beside.chmod(0o644)
    files.write(beside, b"whole")
    assert (beside.read_text(), mode(beside)) == ("whole", 0o600)
    beside.write_text("half")
    files.replace(path, b"whole", beside=beside)
    assert (path.read_text(), mode(path), names(path.parent)) == ("whole", 0o600, ["file"])


def test_the_folder_is_synced_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: (synced.append(Path(f"/proc/self/fd/{file}").resolve().name), real(file))
    )
    files.replace(path, b"x")
    assert synced == [f"file.{os.getpid()}.new", path.parent.name]


def test_root_leaves_it_to_the_service_where_that_is_asked_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _, user, group: given.append((user, group)))
    owner = path.parent.stat()
    files.replace(path, b"x", for_service=True)
    files.Lock(path.with_name("lock"), for_service=True).release()
    assert given == [(owner.st_uid, owner.st_gid)] * 2
    files.replace(path, b"x")
    files.Lock(path.with_name("lock")).release()
    assert len(given) == 2


def test_a_lock_is_held_by_one(path: Path) -> None:
    ours, other = files.Lock(path), files.Lock(path)
    assert other.holder == ""
    assert ours.take()
    assert not other.take()
    assert other.holder == str(os.getpid())
    ours.release()
    ours.release()
    assert other.take()
    other.release()
    assert path.exists()


def test_who_takes_a_lock_sees_what_was_noted_last(path: Path) -> None:
    ours = files.Lock(path)
    assert ours.noted() == ""
    assert ours.take()
    ours.note("8 15 42")
    other = files.Lock(path)
    assert (other.holder, other.noted()) == (str(os.getpid()), "8 15 42")
    ours.release()
    assert other.take()
    assert other.noted() == ""


@pytest.mark.process
def test_a_lock_ends_with_its_process(path: Path) -> None:
    code = "import os, sys; from pathlib import Path; from bouncestream.files import Lock; "
    code += "os._exit(7 if Lock(Path(sys.argv[1])).take() else 1)"
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 7
    assert files.Lock(path).take()


def test_a_full_disk_does_not_keep_a_lock_from_being_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    assert files.Lock(path).take()
