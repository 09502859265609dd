# SPDX-License-Identifier: GPL-3.0-or-later
"""The .deb in a Debian of its own ($BOUNCESTREAM_BASE, by debootstrap): installed, upgraded, removed, purged."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bouncestream import __version__
from tests.packages.conftest import Done

LEFT = ("etc/bouncestream", "usr/lib/bouncestream", "usr/bin/bouncestream", "usr/share/doc/bouncestream")


class System:
    """A copy of that Debian, which is changed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, *command: str, **environ: str) -> Done:
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", **environ}
        line = ["/usr/sbin/chroot", str(self.root), *command]
        return subprocess.run(line, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=110)

    def install(self, deb: Path, **environ: str) -> Done:
        shutil.copy2(deb, self.root / "package.deb")
        return self("dpkg", "--install", "/package.deb", **environ)

    def there(self) -> list[str]:
        """What there is of the package, beside its outbox."""
        return [path for path in LEFT if (self.root / path).exists() or (self.root / path).is_symlink()]


@pytest.fixture
def system(base: Path, cache: Path) -> System:
    root = cache / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", base, root], check=True)
    return System(root)


@pytest.fixture
def deb(built: Path) -> Path:
    (found,) = built.parent.glob("bouncestream_*.deb")
    return found


@pytest.fixture
def newer(deb: Path, cache: Path) -> Path:
    """The same as a later version."""
    folder, made = cache / "newer", cache / "newer.deb"
    subprocess.run(["dpkg-deb", "--raw-extract", deb, folder], check=True)
    for name in ("control", "prerm"):
        path = folder / "DEBIAN" / name
        text, count = re.subn(rf"(Version: |ours=){re.escape(__version__)}\n", r"\g<1>99.0\n", path.read_text())
        assert count == 1
        path.write_text(text)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", folder, made], check=True)
    shutil.rmtree(folder)
    return made


def test_it_is_installed_upgraded_removed_and_purged(system: System, deb: Path, newer: Path) -> None:
    done = system.install(deb)
    assert done.returncode == 0, done.stderr
    assert "\nNext: bouncestream init --output /etc/bouncestream/config.toml" in done.stdout
    assert system("bouncestream", "version").stdout == f"bouncestream {__version__}\n"
    assert system("dpkg", "--verify", "bouncestream").stdout == ""
    config = system.root / "etc/bouncestream/config.toml"
    config.write_text('[listmonk]\nurl = "http://127.0.0.1:1"\n')
    outbox = system.root / "var/lib/bouncestream/outbox.db"
    outbox.parent.mkdir(parents=True)
    outbox.write_text("events that wait")

    done = system.install(newer)
    assert (done.returncode, done.stdout.count("Next:")) == (0, 0), done.stderr
    status = system("dpkg-query", "-W", "-f", "${Version} ${Status}", "bouncestream")
    assert status.stdout == "99.0 install ok installed"
    assert config.exists()

    refused = system.install(deb)
    assert refused.returncode == 1
    assert f"bouncestream {__version__} is older than 99.0, and would refuse an outbox" in refused.stderr
    assert "say BOUNCESTREAM_DOWNGRADE=yes\nin the environment" in refused.stderr
    assert system("dpkg-query", "-W", "-f", "${Version} ${Status}", "bouncestream").stdout == status.stdout
    assert system("bouncestream", "version").returncode == 0
    wanted = system.install(deb, BOUNCESTREAM_DOWNGRADE="yes")
    assert wanted.returncode == 0, wanted.stderr

    assert system("dpkg", "--remove", "bouncestream").returncode == 0
    assert (system.there(), outbox.exists()) == (["etc/bouncestream"], True)
    purged = system("dpkg", "--purge", "bouncestream")
    assert "The outbox stays: /var/lib/bouncestream. Next: remove it by hand" in purged.stdout
    assert (system.there(), outbox.exists()) == ([], True)
    assert system.install(deb).returncode == 0
    assert system("dpkg", "--purge", "bouncestream", BOUNCESTREAM_PURGE="yes").returncode == 0
    assert (system.there(), outbox.parent.exists()) == ([], False)
