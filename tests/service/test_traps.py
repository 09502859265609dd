# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.service import traps


@pytest.fixture
def opt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is taken for /opt, though it lies in /tmp; and one beside it that is taken for /root."""
    monkeypatch.setattr(traps, "_HIDDEN", {str(tmp_path / "root"): "ProtectHome=yes"})
    tmp_path.chmod(0o755)
    above = set(tmp_path.parents)  # pytest makes them for their owner alone
    monkeypatch.setattr(
        traps, "_parts", lambda path: [one for one in (*reversed(path.parents), path) if one not in above]
    )
    for name in ("opt", "root"):
        (tmp_path / name).mkdir(mode=0o755)
        (tmp_path / name / "python").touch(0o755)
    return tmp_path / "opt"


def test_a_program_in_its_place(opt: Path) -> None:
    assert traps.unreachable([opt, opt / "python"]) == ""


def test_a_program_in_a_folder_that_is_hidden(opt: Path) -> None:
    hidden = opt.parent / "root/python"
    words = traps.unreachable([opt, hidden])
    assert words.startswith(f"The service could not start {hidden}: its unit hides {hidden.parent} from it")
    assert "make setup PYTHON=/usr/bin/python3" in words


def test_a_virtual_environment_that_leads_there(opt: Path) -> None:
    (opt / "venv").symlink_to(opt.parent / "root/python")
    words = traps.unreachable([opt / "venv"])
    assert f"could not start {opt.parent}/root/python ({opt}/venv leads there)" in words


def test_a_folder_that_others_may_not_read(opt: Path) -> None:
    opt.chmod(0o750)
    assert f"its user may not read {opt}. Next: chmod o+rX {opt}" in traps.unreachable([opt / "python"])
    opt.chmod(0o755)
    (opt / "python").chmod(0o700)
    assert f"may not read {opt}/python" in traps.unreachable([opt / "python"])


@pytest.mark.parametrize("path", ["/root/x", "/home/ann/.venv/bin/bouncestream", "/tmp/x", "/run/user/1000/x"])
def test_what_the_unit_hides(path: str) -> None:
    assert f"could not start {path}: its unit hides" in traps.unreachable([Path(path)])
