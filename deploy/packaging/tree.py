# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that every package holds: the program with its own Python, made by PyInstaller as one folder.

Its build tools come from a lock file of their own, and the libraries from requirements.lock, both with hashes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
from datetime import UTC, datetime
from gzip import GzipFile
from io import BytesIO
from pathlib import Path

from deploy.packaging.paths import ROOT, WORK, Failed, call, commit, epoch, say

SPEC = ROOT / "deploy" / "binary" / "bouncestream.spec"


def environment() -> Path:
    """The Python that builds: in an environment that holds what runs and what builds, and nothing else. Raises
    Failed."""
    folder = WORK / "venv"
    locks = [ROOT / "requirements.lock", ROOT / "requirements-build.lock"]
    stamp = folder / "made-of"
    wanted = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + sys.version.encode()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        say("installing the build's tools ...")
        shutil.rmtree(folder, ignore_errors=True)
        call(sys.executable, "-m", "venv", folder)
        pip = (folder / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check")
        for lock in locks:
            call(*pip, "--require-hashes", "--only-binary", ":all:", "-r", lock)
        stamp.write_text(wanted)
    return folder / "bin" / "python"


def build() -> Path:
    """Make the folder; returns it. Raises Failed."""
    python = environment()
    say("collecting the program ...")
    made, work = WORK / "tree", WORK / "pyinstaller"
    shutil.rmtree(made, ignore_errors=True)
    facts = WORK / "build.json"
    facts.write_text(json.dumps({"commit": commit(), "date": f"{datetime.fromtimestamp(epoch(), UTC):%Y-%m-%d}"}))
    call(python, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "ERROR",
         "--distpath", made, "--workpath", work, SPEC, environ={"BUILD_FACTS": str(facts)})  # fmt: skip
    folder = made / "bouncestream"
    if not (folder / "_internal" / "bouncestream" / "outbox" / "schema.sql").is_file():
        raise Failed("the folder lacks the files of bouncestream/outbox: the spec collects another package")
    return folder


def settle(folder: Path) -> None:
    """Give each file its mode and time, the same in each build."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            real = path.resolve()
            path.unlink()
            shutil.copy2(real, path)  # a package is easier to check without links
        if path.is_file():
            path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
            os.utime(path, (epoch(), epoch()))


def oldest_libc(folder: Path) -> int:
    """The minor version of the oldest GNU C library (2.x) that has all that the folder's programs and libraries ask
    for."""
    asked = {17}
    for path in folder.rglob("*"):
        if path.is_file() and (body := path.read_bytes()).startswith(b"\x7fELF"):
            asked |= {int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", body)}
    return max(asked)


def files(folder: Path) -> list[tuple[str, bytes, int]]:
    """Path, content and mode of each file of a folder, in a fixed order."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(p.relative_to(folder).as_posix(), p.read_bytes(), p.stat().st_mode & 0o777) for p in found]


def pack(folder: Path, into: Path) -> None:
    """Write the two files that the launcher holds: tree.tar.gz, and tree.json, the list of all files."""
    listed, total = [], hashlib.sha256()
    with (
        (into / "tree.tar.gz").open("wb") as out,
        GzipFile("", "wb", 9, out, mtime=0) as plain,
        tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, body, mode in files(folder):
            digest = hashlib.sha256(body).hexdigest()
            total.update(f"{name}\0{digest}\0{mode:o}\n".encode())
            listed.append({"path": name, "size": len(body), "mtime": epoch(), "sha256": digest})
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(body), mode, epoch()
            archive.addfile(entry, BytesIO(body))
    told = {"hash": total.hexdigest(), "libc": oldest_libc(folder), "files": listed}
    (into / "tree.json").write_text(json.dumps(told))
