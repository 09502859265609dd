# SPDX-License-Identifier: GPL-3.0-or-later
"""The single file's launcher: where it unpacks itself, whom it trusts, and what is left behind."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bouncestream import __version__
from tests.packages.conftest import Single, called

TOLD = f"bouncestream {__version__}\n"


def test_it_unpacks_itself_once(single: Single) -> None:
    assert single("version").stdout == TOLD
    (tree,) = single.trees()
    made = tree.stat().st_ctime_ns
    assert single("version").stdout == TOLD
    assert (single.trees(), tree.stat().st_ctime_ns, single.leftovers()) == ([tree], made, [])
    assert tree.stat().st_mode & 0o022 == 0


def test_two_starts_at_once_make_one_tree(single: Single) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: single("version"), range(4)))
    assert [one.stdout for one in done] == [TOLD] * 4, [one.stderr for one in done]
    assert len(single.trees()) == 1
    assert single.leftovers() == []


@pytest.mark.parametrize("damage", ["longer", "touched", "gone", "a link"])
def test_a_tree_that_is_not_whole_is_unpacked_anew(single: Single, damage: str) -> None:
    single("version")
    (tree,) = single.trees()
    file = next(tree.rglob("libcrypto*"))
    body, mode = file.read_bytes(), file.stat().st_mode
    match damage:
        case "longer":
            file.write_bytes(body + b"!")
        case "touched":
            os.utime(file)
        case "gone":
            file.unlink()
        case "a link":
            os.link(file, elsewhere := single.cache / "elsewhere")
            file.unlink()
            file.symlink_to(elsewhere)
    assert single("version").stdout == TOLD
    assert (file.read_bytes(), file.stat().st_mode, file.is_symlink()) == (body, mode, False)
    assert single.leftovers() == []


def test_a_file_that_was_damaged_on_its_way_is_refused(single: Single) -> None:
    damaged = single.cache / "damaged"
    body = single.file.read_bytes()
    at = body.rindex(start := b'"sha256": "') + len(start)
    damaged.write_bytes(body[:at] + (b"0" if body[at] != ord("0") else b"1") + body[at + 1 :])
    damaged.chmod(0o755)
    done = called([str(damaged), "version"], single.environment)
    assert (done.returncode, done.stdout) == (71, "")
    assert "is damaged in this file; download it again, and compare it with SHA256SUMS" in done.stderr
    assert (single.trees(), single.leftovers()) == ([], [])


def test_a_kill_while_it_unpacks_leaves_nothing_once_it_is_started_again(single: Single) -> None:
    process = subprocess.Popen([single.file, "version"], env=single.environment)
    while not single.leftovers():
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (single.trees(), len(single.leftovers())) == ([], 1)
    assert single("version").stdout == TOLD
    assert single.leftovers() == []


def test_another_version_removes_a_tree_that_nobody_uses(single: Single, another: Single) -> None:
    (old,) = single.trees()
    assert another("version").stdout == TOLD
    assert [tree.name for tree in single.trees()] == [old.name[::-1]]


def test_another_version_leaves_a_tree_that_is_in_use(single: Single, another: Single) -> None:
    (old,) = single.trees()
    with (single.cache / f"{old.name}.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        another("version")
        assert len(single.trees()) == 2
    another("version")
    assert [tree.name for tree in single.trees()] == [old.name[::-1]]


def test_the_user_has_a_cache_of_its_own(single: Single, cache: Path) -> None:
    if os.geteuid() == 0:  # /var/cache/bouncestream is the machine's: only a user's home is tried
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        os.chown(cache, 65534, 65534)
        file = Path(shutil.copy2(single.file, cache / "file"))
    else:
        command, file = [], single.file
    done = called([*command, str(file), "version"], {"HOME": str(cache), "PATH": "/usr/bin:/bin"})
    assert (done.stdout, done.stderr) == (TOLD, "")
    assert len(list((cache / ".cache" / "bouncestream").glob("*.lock"))) == 2


def refused(single: Single, *words: str, **changes: str) -> None:
    """It says so in words, with the next step, and makes nothing."""
    before = sorted(single.cache.rglob("*"))
    done = single("version", **changes)
    assert (done.returncode, done.stdout) == (78, "")
    for text in (*words, "\nNext: name a folder that only you can change", "CACHE_DIRECTORY=/path bouncestream"):
        assert text in done.stderr
    assert sorted(single.cache.rglob("*")) == before


def test_a_folder_that_others_can_write_to_is_refused(single: Single) -> None:
    inner = single.cache / "inner"
    inner.mkdir()
    single.cache.chmod(0o770)
    refused(single, f"others may write to {single.cache} (mode 770)", CACHE_DIRECTORY=str(inner))
    refused(single, f"`chmod go-w {single.cache}`", CACHE_DIRECTORY=str(inner / "new"))
    inner.rmdir()
    single.cache.chmod(0o755)
    elsewhere = single.cache / "link"
    elsewhere.symlink_to("/tmp")
    refused(single, "/tmp", CACHE_DIRECTORY=str(elsewhere / "bouncestream"))


def test_a_folder_of_another_user_is_refused(single: Single) -> None:
    if os.geteuid() != 0:
        assert not os.environ.get("CI"), "CI runs as root, who can give a folder away"
        pytest.skip("only root can give a folder away")
    os.chown(single.cache, 65534, 65534)
    refused(single, f"{single.cache} belongs to another user (65534), who could change the program")


@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp", "/dev/shm"])
def test_a_folder_for_short_lived_files_is_refused(single: Single, folder: str) -> None:
    refused(
        single, f"lies in {folder}, where files of all users come and go", CACHE_DIRECTORY=f"{folder}/bouncestream"
    )
    assert not Path(folder, "bouncestream").exists()


def test_without_any_folder_it_says_so(single: Single) -> None:
    refused(single, "must be an absolute path", CACHE_DIRECTORY="cache")
    if os.geteuid() != 0:
        refused(single, "neither CACHE_DIRECTORY nor HOME is set", CACHE_DIRECTORY="")
    file = single.cache / "file"
    file.touch()
    refused(single, "not a directory", CACHE_DIRECTORY=str(file / "inner"))


def mounted(single: Single, options: str, script: str) -> subprocess.CompletedProcess[str]:
    """A script in a mount namespace of its own, where the cache's folder is a small disk with these options."""
    if os.geteuid() != 0:
        assert not os.environ.get("CI"), "CI runs as root, who can mount"
        pytest.skip("mounting needs root")
    line = f"mount -t tmpfs -o mode=755,{options} tmpfs {single.cache} && {script}"
    return called(["unshare", "-m", "sh", "-ec", line], {**single.environment, "PATH": os.environ["PATH"]})


def test_a_disk_where_nothing_may_be_executed_is_named(single: Single) -> None:
    done = mounted(single, "noexec", f"exec {single.file} version")
    assert done.returncode == 78
    assert "may not be executed: is its disk mounted with noexec?\nNext: name a folder" in done.stderr


def test_a_full_disk_is_named_and_nothing_stays_on_it(single: Single) -> None:
    done = mounted(single, "size=10m", f"{single.file} version || echo $?; ls -A {single.cache}")
    assert "no space left on device.\nNext: make room there" in done.stderr
    code, *left = done.stdout.split()
    assert code == "71"
    assert [name for name in left if not name.endswith(".lock")] == []


def test_a_home_that_is_read_only_is_no_matter_where_a_cache_is_given(single: Single) -> None:
    script = (
        f"mount --bind -o ro {single.cache} {single.cache}; mount -t tmpfs -o mode=755 tmpfs /var/cache; "
        f"mkdir /var/cache/given; HOME={single.cache} CACHE_DIRECTORY=/var/cache/given exec /mnt/file version"
    )
    copied = f"mount -t tmpfs tmpfs /mnt; cp {single.file} /mnt/file; {script}"
    done = mounted(single, "ro", copied)
    assert (done.stdout, done.stderr) == (TOLD, "")


def test_a_system_without_the_gnu_c_library_is_told_so(single: Single, cache: Path) -> None:
    """As Alpine is: the kernel alone would say that there is no such file."""
    if os.geteuid() != 0:
        pytest.skip("a root of its own needs root")
    shutil.copy2(single.file, cache / "bouncestream")
    done = called(["/usr/sbin/chroot", str(cache), "/bouncestream", "version"], {})
    assert (done.returncode, done.stdout) == (78, "")
    assert "this system has no GNU C library (glibc): there is no /lib" in done.stderr
    assert "\nNext: use the container, or on this system Python and the wheel." in done.stderr
    assert [path.name for path in cache.iterdir()] == ["bouncestream"]


def test_a_system_whose_c_library_is_too_old_is_told_so(single: Single) -> None:
    future = single.cache / "future"
    body, count = re.subn(rb'"libc": \d\d, ', b'"libc": 99, ', single.file.read_bytes())
    assert count == 1
    future.write_bytes(body)
    future.chmod(0o755)
    done = called([str(future), "version"], single.environment)
    assert (done.returncode, done.stdout) == (78, "")
    assert re.search(r"C library is too old: glibc 2\.\d\d, and the program needs 2\.99\.\nNext: use", done.stderr)
    assert single.trees() == []
