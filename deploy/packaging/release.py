# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that is released: made in a root of an old Debian, so that it runs on that one and on all newer ones.

For x86_64 that is Debian 11 (glibc 2.31), whose own OpenSSL and SQLite are too old: they and Python are built there
from a newer Debian's sources (deploy/release). Another machine's root runs under emulation, where that would take
hours: it is a Debian 12 with its own Python. A root is kept, and what is built in it as long as its inputs are the
same, so that only the first build is long.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.packaging.paths import DEBIAN, DIST, MACHINE, ROOT, WORK, Failed, call, commit, epoch, say

SCRIPTS = ROOT / "deploy" / "release"
EMULATORS = Path("/proc/sys/fs/binfmt_misc")
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
#: The same in a root, where the old Debian's own do not know the newer one's.
NEWER = KEYS.with_name("newer.gpg")
#: Where a root has the program's source.
SOURCE = "src"
#: How this machine reaches others: names, and the certificates that it trusts.
REACH = ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt")
#: libpq5: for the texts of the licences of what psycopg's wheel brings (`bill`).
TOOLS = ("binutils", "ca-certificates", "libpq5")


@dataclass(frozen=True)
class Recipe:
    """In which Debian, with which of its packages, by which Python; `newer`: the one whose sources are built."""

    suite: str
    packages: tuple[str, ...]
    python: str
    newer: str = ""


LIBRARIES = ("libbz2-dev", "libffi-dev", "liblzma-dev", "libreadline-dev", "uuid-dev", "zlib1g-dev")
RECIPES = {
    "x86_64": Recipe(
        "bullseye",
        (*TOOLS, *LIBRARIES, "build-essential", "dpkg-dev", "file", "perl", "pkg-config", "tcl"),
        "/opt/python/bin/python3",
        "trixie",
    ),
    "aarch64": Recipe("bookworm", (*TOOLS, "libpython3.11", "python3-venv"), "/usr/bin/python3"),
}


@dataclass(frozen=True)
class Place:
    """Where roots are kept, and whence their packages come; empty: debootstrap's own mirror."""

    cache: Path
    mirror: str = ""
    archive: str = ""  #: of the old Debian, once the mirror has no more of it


def build(machine: str, place: Place) -> Path:
    """Make the folder for a kind of machine, and its bill of materials; returns the folder. Raises Failed."""
    recipe = RECIPES[machine]
    root = _root(machine, recipe, place)
    if recipe.newer:
        _runtime(root)
    say(f"collecting the program, in {root} ...")
    copy_source(root / SOURCE)
    _in(root, recipe.python, "-m", "deploy.packaging", "tree")
    made = root / SOURCE
    folder = WORK / "tree"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(made / "build" / "packaging" / "tree", folder)
    for bill in (made / "dist").glob("*.cdx.json"):
        shutil.copy2(bill, DIST)
    return folder / "bouncestream"


def _root(machine: str, recipe: Recipe, place: Place) -> Path:
    """The root of the old Debian, with what builds. A half-made one is under another name."""
    if os.geteuid() != 0:
        raise Failed("a release is built in a root of its own, which only root can make")
    told = hashlib.sha256(json.dumps([machine, recipe.suite, recipe.packages, recipe.newer]).encode()).hexdigest()
    root = place.cache / f"{recipe.suite}-{machine}-{told[:12]}"
    if not root.is_dir():
        may_run(machine)
        say(f"making a Debian {recipe.suite} for {machine} ...")
        place.cache.mkdir(parents=True, exist_ok=True)
        half = root.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        mirrors = [mirror for mirror in (place.archive or place.mirror,) if mirror]
        call("debootstrap", "--variant=minbase", f"--arch={DEBIAN[machine]}", recipe.suite, half, *mirrors)
        _reach(half)
        tell_apt(half, recipe, place)
        _in(half, "apt-get", "update", "-qq")
        _in(half, "apt-get", "install", "-qq", "-y", "--no-install-recommends", *recipe.packages)
        half.rename(root)
    _reach(root)
    return root


def _reach(root: Path) -> None:
    for file in REACH:
        if Path("/", file).is_file():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path("/", file), root / file)


def may_run(machine: str) -> None:
    """Raises Failed where programs for that kind of machine cannot run."""
    if machine != MACHINE and not (EMULATORS / f"qemu-{machine}").exists():
        raise Failed(
            f"this machine runs none for {machine}. Next: `apt-get install qemu-user-static binfmt-support`, "
            f"then `mount -t binfmt_misc binfmt_misc {EMULATORS}` if it is not mounted"
        )


def tell_apt(root: Path, recipe: Recipe, place: Place, keys: Path = KEYS) -> None:
    """Tell apt of the old Debian's security updates, and of the newer one's sources."""
    file = root / "etc" / "apt" / "sources.list"
    (old,) = (line.split()[1].rstrip("/") for line in file.read_text("utf-8").splitlines() if line.strip())
    new = (place.mirror or old).rstrip("/")
    shutil.copyfile(keys, root / NEWER.relative_to("/"))
    lines = [f"deb {old} {recipe.suite} main", f"deb {old}-security {recipe.suite}-security main"]
    if recipe.newer:
        signed = f"deb-src [signed-by={NEWER}]"
        lines += [f"{signed} {new} {recipe.newer} main", f"{signed} {new}-security {recipe.newer}-security main"]
    file.write_text("\n".join(lines) + "\n", "utf-8")


def _runtime(root: Path) -> None:
    """Build what the newer Debian's sources make, unless they are those of the last time."""
    for script in SCRIPTS.glob("*.sh"):
        shutil.copyfile(script, root / script.name)
    try:
        _in(root, "apt-get", "update", "-qq")
        _in(root, "sh", "/sources.sh")
    except Failed as error:
        if not list((root / "sources").glob("*.dsc")):
            raise
        say(f"newer sources cannot be had, those of the last time are taken: {str(error).splitlines()[-1]}")
    inputs = [SCRIPTS / "runtime.sh", *sorted((root / "sources").glob("*.dsc"))]
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    stamp = root / "opt" / "made-of"
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    say("building OpenSSL, SQLite and Python, which takes a quarter of an hour ...")
    stamp.unlink(missing_ok=True)
    _in(root, "sh", "/runtime.sh")
    stamp.write_text(wanted, "utf-8")


def copy_source(to: Path) -> None:
    """The files of this folder that Git knows; what the root has built of them stays there."""
    for path in to.iterdir() if to.is_dir() else ():
        if path.name != "build":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name in call("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        source = ROOT / name
        if name and (source.is_file() or source.is_symlink()):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, to / name, follow_symlinks=False)


def _in(root: Path, *command: str) -> str:
    """Run something in a root, in the source's folder where it is there, with nothing of this environment but what
    says whence pip installs."""
    told = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
            "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(epoch()),
            "BUILD_COMMIT": commit()}  # fmt: skip
    told |= {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
    script = f'cd /{SOURCE} 2>/dev/null || cd /; exec "$@"'
    pairs = [f"{key}={value}" for key, value in told.items()]
    return call("env", "-i", *pairs, "chroot", root, "sh", "-c", script, "-", *command)
