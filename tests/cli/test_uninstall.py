# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.cli.install import LINK
from bouncestream.cli.uninstall import uninstall
from bouncestream.errors import UsageError
from bouncestream.service.unit import extra, unit
from tests.service.stage import Stage, arguments, stage

pytestmark = pytest.mark.process

DATA = ("/etc/bouncestream/config.toml", "/etc/bouncestream/listmonk.token", "/srv/mine.db")
PROGRAM = "/opt/bouncestream/.venv/bin/bouncestream"


@pytest.fixture
def it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return stage(tmp_path, monkeypatch)


def installed(it: Stage, name: str = "") -> None:
    where = it.paths(name)
    wants = it.disk(where.units) / "multi-user.target.wants" / where.unit
    for path, text in (
        (where.unit_file, unit(where, [PROGRAM])),
        (where.extra, extra({})),
        (where.config, "[outbox]\npath = '/srv/mine.db'\n"),
        (Path("/srv/mine.db"), "c"),
        (where.folder / "listmonk.token", "b"),
    ):
        it.disk(path).parent.mkdir(parents=True, exist_ok=True)
        it.disk(path).write_text(text)
    wants.parent.mkdir(exist_ok=True)
    wants.touch()


def call(it: Stage, name: str = "", **more: object) -> int:
    return uninstall(arguments(**more), it.machine, it.paths(name))


def test_the_service_goes_and_the_data_stays(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    installed(it)
    it.disk(LINK).symlink_to(PROGRAM)
    assert call(it) == 0
    assert it.calls == ["disable --now bouncestream.service", "daemon-reload"]
    assert set(it.tree()) - {"/etc/systemd/system/multi-user.target.wants/bouncestream.service"} == set(DATA)
    assert not it.disk("/etc/systemd/system/bouncestream.service.d").exists()
    assert not it.disk(LINK).is_symlink()
    said = capsys.readouterr().out
    assert "Your data stays:" in said
    assert "/etc/bouncestream  configuration and secrets" in said
    assert "/srv/mine.db       the outbox" in said
    assert call(it) == 0
    assert it.calls == []
    assert "bouncestream.service is not installed" in capsys.readouterr().out


def test_changes_and_a_command_of_ones_own_stay(it: Stage) -> None:
    installed(it)
    mine = it.disk("/etc/systemd/system/bouncestream.service.d/override.conf")
    mine.write_text("[Service]\n")
    it.disk(LINK).symlink_to("/home/ann/bin/bouncestream")
    assert call(it) == 0
    assert mine.exists()
    assert it.disk(LINK).is_symlink()


def test_what_a_single_file_was_unpacked_to_goes(it: Stage) -> None:
    installed(it)
    it.disk(it.paths().unit_file).write_text(unit(it.paths(), ["/opt/one"], unpacks=True))
    assert call(it) == 0
    assert it.calls == [
        "disable --now bouncestream.service",
        "clean --what=cache bouncestream.service",
        "daemon-reload",
    ]


def test_the_template_stays_while_another_service_needs_it(it: Stage) -> None:
    installed(it, "shop")
    installed(it, "news")
    template = it.disk("/etc/systemd/system/bouncestream@.service")
    it.disk(LINK).symlink_to(PROGRAM)
    assert call(it, "shop") == 0
    assert it.disk(LINK).is_symlink()
    assert template.exists()
    assert it.disk("/etc/systemd/system/bouncestream@news.service.d/secrets.conf").exists()
    it.disk("/etc/systemd/system/multi-user.target.wants/bouncestream@shop.service").unlink()
    assert call(it, "news") == 0
    assert not template.exists()
    assert not it.disk(LINK).is_symlink()


def test_a_dry_run_removes_nothing(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    installed(it)
    before = it.tree()
    assert call(it, dry_run=True) == 0
    assert (it.tree(), it.calls) == (before, [])
    assert "rm /etc/systemd/system/bouncestream.service\n" in capsys.readouterr().out


def test_a_service_that_does_not_stop_is_kept(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    installed(it)
    before = it.tree()
    it.fail("disable")
    assert call(it) == 1
    assert it.tree() == before
    assert "cannot be stopped: Job failed." in capsys.readouterr().out


def test_only_root_removes_a_service_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it = stage(tmp_path, monkeypatch, uid=1000)
    installed(it)
    with pytest.raises(UsageError, match="Only root can uninstall"):
        call(it)
