# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.errors import UsageError
from bouncestream.service.machine import Machine
from tests.service.stage import stage

pytestmark = pytest.mark.process


def test_systemctl_is_asked_and_its_refusal_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it = stage(tmp_path, monkeypatch)
    it.fail("start")
    assert it.machine.systemctl("enable", "x") == ""
    assert it.machine.systemctl("start", "x") == "Job failed."
    assert it.calls == ["enable x", "start x"]
    user = stage(tmp_path / "user", monkeypatch, user=True)
    user.machine.systemctl("start", "x")
    assert user.calls == ["--user start x"]


def test_a_machine_without_systemd_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it = stage(tmp_path, monkeypatch)
    it.machine.require_systemd()
    with pytest.raises(UsageError, match="not run by systemd"):
        Machine(tmp_path / "other", 0, False).require_systemd()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match="not run by systemd"):
        it.machine.require_systemd()


def test_a_user_without_a_systemd_of_hers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it = stage(tmp_path, monkeypatch, user=True, uid=1000)
    it.machine.require_systemd()
    it.fail("show-environment")
    with pytest.raises(UsageError, match="Your user's systemd does not answer"):
        it.machine.require_systemd()


def test_files_are_below_its_root(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/x").write_text("here")
    it = Machine(tmp_path, 0, False)
    assert it.read(Path("/etc/x")) == "here"
    assert it.read(Path("/etc/passwd")) is None
