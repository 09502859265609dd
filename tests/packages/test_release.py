# SPDX-License-Identifier: GPL-3.0-or-later
"""`deploy/build --release`, up to where it makes a root of an old Debian, which takes too long for a test."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploy.packaging import __main__ as build
from deploy.packaging import release
from deploy.packaging.paths import MACHINE, ROOT, Failed

OTHER = next(machine for machine in release.RECIPES if machine != MACHINE)
SIGNED = "deb-src [signed-by=/usr/share/keyrings/newer.gpg]"


def test_what_is_for_another_kind_of_machine_is_a_release(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build.main(["file", "--machine", OTHER])
    assert "is a release: say --release as well" in capsys.readouterr().err


def test_a_machine_that_cannot_be_emulated_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "EMULATORS", Path("/nowhere"))
    with pytest.raises(Failed, match=rf"runs none for {OTHER}. Next: `apt-get install qemu-user-static"):
        release.may_run(OTHER)
    release.may_run(MACHINE)


@pytest.mark.parametrize(
    "mirror", ["", "http://new.example.com/debian/"], ids=["one mirror", "an archive for the old"]
)
def test_libraries_come_from_the_old_debian_and_sources_from_the_newer(tmp_path: Path, mirror: str) -> None:
    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "usr/share/keyrings").mkdir(parents=True)
    listed = tmp_path / "etc/apt/sources.list"
    old = "http://old.example.com/debian"
    new = mirror.rstrip("/") or old
    listed.write_text(f"deb {old} bullseye main\n")
    release.tell_apt(tmp_path, release.RECIPES["x86_64"], release.Place(Path(), mirror, old), keys=Path(__file__))
    assert listed.read_text().splitlines() == [
        f"deb {old} bullseye main",
        f"deb {old}-security bullseye-security main",
        f"{SIGNED} {new} trixie main",
        f"{SIGNED} {new}-security trixie-security main",
    ]


@pytest.mark.process
def test_the_scripts_that_run_in_the_root_are_sound() -> None:
    for script in release.SCRIPTS.glob("*.sh"):
        subprocess.run(["sh", "-n", script], check=True)


@pytest.mark.process
def test_what_git_does_not_know_is_not_copied_and_what_was_built_stays(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "left").touch()
    release.copy_source(tmp_path)
    there = {path.name for path in tmp_path.iterdir()}
    assert {"build", "bouncestream", "deploy", "pyproject.toml"} < there
    assert not there & {"left", ".venv", ".git", "dist"}
    assert (tmp_path / "deploy/bouncestream.service").readlink() == (
        ROOT / "deploy/bouncestream.service"
    ).readlink()
