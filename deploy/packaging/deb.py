# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package: the folder in /usr/lib/bouncestream, the command, the unit, man pages, completions.

Made by dpkg-deb (Debian Policy 4.7, chapters 3 to 6). It depends on the C library and libz only.
"""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

from deploy.packaging import tree
from deploy.packaging.paths import DEBIAN, DIST, ROOT, WORK, call, epoch, say, version
from deploy.packaging.share import UNIT, write

SCRIPTS = ROOT / "deploy" / "deb"
CONTROL = """\
Package: bouncestream
Version: {version}
Architecture: {machine}
Maintainer: The authors of bouncestream <bouncestream@localhost>
Installed-Size: {size}
Depends: libc6 (>= {libc}), zlib1g
Recommends: ca-certificates, procps
Suggests: listmonk, caddy | nginx
Section: mail
Priority: optional
Description: brings bounces and complaints to Listmonk
 bouncestream takes the webhooks of e-mail providers and reads a bounce
 mailbox over IMAP, stores each event before it answers, delivers it to
 Listmonk, and reads back that it is recorded: nothing lost, nothing
 counted twice.
"""


COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: bouncestream

Files: *
Copyright: the authors of bouncestream
License: GPL-3.0-only
 bouncestream itself is free under the GNU General Public License, version 3 or
 later. This package holds aioimaplib, which is under version 3 only, so the
 package as a whole is. /usr/lib/bouncestream/licences has the texts of all that
 is in it; that of the GPL is in /usr/share/common-licenses/GPL-3, too.
"""


def build(folder: Path, shared: Path, machine: str) -> Path:
    """Make the package of the folder, with what belongs into share/; returns it. Raises Failed."""
    say("building the .deb ...")
    root = WORK / "deb"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(folder, root / "usr" / "lib" / "bouncestream")
    command = root / "usr" / "bin" / "bouncestream"
    command.parent.mkdir()
    command.symlink_to("../lib/bouncestream/bouncestream")
    share = root / "usr" / "share"
    shutil.copytree(shared, share)
    shutil.rmtree(share / "bouncestream")
    unit = UNIT.read_text("utf-8").replace("/opt/bouncestream/.venv/bin/bouncestream", "/usr/bin/bouncestream")
    write(root / "usr" / "lib" / "systemd" / "system" / UNIT.name, unit)
    (share / "zsh" / "site-functions").rename(share / "zsh" / "vendor-completions")
    for page in sorted((share / "man" / "man1").iterdir()):
        _zipped(page.with_name(f"{page.name}.gz"), page.read_bytes())
        page.unlink()
    documents = root / "usr" / "share" / "doc" / "bouncestream"
    write(documents / "copyright", COPYRIGHT)
    write(documents / "upgrade.md", (ROOT / "docs" / "start" / "upgrade.md").read_text("utf-8"))
    write(documents / "service.md", (ROOT / "docs" / "start" / "service.md").read_text("utf-8"))
    _zipped(documents / "changelog.gz", (ROOT / "CHANGELOG.md").read_bytes())
    write(documents / "config.toml.example", (ROOT / "config.toml").read_text("utf-8"))
    (root / "etc" / "bouncestream").mkdir(parents=True)
    _control(root, f"2.{tree.oldest_libc(folder)}", DEBIAN[machine])
    for path in [root, *root.rglob("*")]:
        os.utime(path, (epoch(), epoch()), follow_symlinks=False)
    made = DIST / f"bouncestream_{version()}_{DEBIAN[machine]}.deb"
    call("dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, made)
    return made


def _control(root: Path, libc: str, machine: str) -> None:
    """What dpkg is told, and the scripts that it runs."""
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink()) // 1024
    told = CONTROL.format(version=version(), machine=machine, size=size, libc=libc)
    write(root / "DEBIAN" / "control", told)
    for name in ("postinst", "prerm", "postrm"):
        text = (SCRIPTS / name).read_text("utf-8").replace("@VERSION@", version())
        write(root / "DEBIAN" / name, text, 0o755)


def _zipped(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(body, 9, mtime=0))
    path.chmod(0o644)
