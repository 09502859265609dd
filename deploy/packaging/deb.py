# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package: the folder in /usr/lib/bouncestream, the command, the unit, man pages, completions.

Made by dpkg-deb (Debian Policy 4.7, chapters 3 to 6). It depends on the C library and libz only.
"""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

from deploy.packaging.paths import DIST, MACHINE, ROOT, WORK, call, epoch, say, version

SCRIPTS = ROOT / "deploy" / "deb"
UNIT = ROOT / "deploy" / "bouncestream.service"
SHELLS = {
    "bash": "usr/share/bash-completion/completions/bouncestream",
    "zsh": "usr/share/zsh/vendor-completions/_bouncestream",
    "fish": "usr/share/fish/vendor_completions.d/bouncestream.fish",
}

CONTROL = """\
Package: bouncestream
Version: {version}
Architecture: {machine}
Maintainer: The authors of bouncestream <bouncestream@localhost>
Installed-Size: {size}
Depends: libc6 (>= {libc}), zlib1g
Suggests: listmonk, caddy | nginx
Section: mail
Priority: optional
Description: brings bounces and complaints to Listmonk
 bouncestream takes the webhooks of e-mail providers and reads a bounce
 mailbox over IMAP, stores each event before it answers, delivers it to
 Listmonk, and reads back that it is recorded: nothing lost, nothing
 counted twice.
"""


def build(folder: Path, pages: Path, libc: str) -> Path:
    """Make the package of the folder, with the man pages in `pages`; returns it. `libc`: the oldest that will do.
    Raises Failed."""
    say("building the .deb ...")
    root = WORK / "deb"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(folder, root / "usr" / "lib" / "bouncestream")
    _link(root / "usr" / "bin" / "bouncestream", "../lib/bouncestream/bouncestream")
    unit = UNIT.read_text("utf-8").replace("/opt/bouncestream/.venv/bin/bouncestream", "/usr/bin/bouncestream")
    _write(root / "usr" / "lib" / "systemd" / "system" / "bouncestream.service", unit)
    for page in sorted(pages.glob("*.1")):
        _zipped(root / "usr" / "share" / "man" / "man1" / f"{page.name}.gz", page.read_bytes())
    for shell, place in SHELLS.items():
        _write(root / place, call(folder / "bouncestream", "completion", shell))
    documents = root / "usr" / "share" / "doc" / "bouncestream"
    _write(documents / "copyright", (SCRIPTS / "copyright").read_text("utf-8"))
    _zipped(documents / "changelog.gz", (ROOT / "CHANGELOG.md").read_bytes())
    _write(documents / "config.toml.example", (ROOT / "config.toml").read_text("utf-8"))
    (root / "etc" / "bouncestream").mkdir(parents=True)
    _control(root, libc)
    for path in [root, *root.rglob("*")]:
        os.utime(path, (epoch(), epoch()), follow_symlinks=False)
    made = DIST / f"bouncestream_{version()}_{MACHINE}.deb"
    call("dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, made)
    return made


def _control(root: Path, libc: str) -> None:
    """What dpkg is told, and the scripts that it runs."""
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink()) // 1024
    told = CONTROL.format(version=version(), machine=MACHINE, size=size, libc=libc)
    _write(root / "DEBIAN" / "control", told)
    for name in ("postinst", "prerm", "postrm"):
        _write(root / "DEBIAN" / name, (SCRIPTS / name).read_text("utf-8"), 0o755)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(mode)


def _zipped(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(body, 9, mtime=0))
    path.chmod(0o644)


def _link(path: Path, to: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)
