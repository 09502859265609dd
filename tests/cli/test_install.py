# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from bouncestream.cli.install import LINK
from bouncestream.config.load import load
from bouncestream.errors import UsageError
from bouncestream.service import traps
from bouncestream.service.unit import unit
from tests.cli.conftest import SECRET, TOKEN, Cli, write_config
from tests.cli.install_stage import ETC, STARTED, UNITS, call, fresh, here
from tests.service.stage import Stage, stage

pytestmark = pytest.mark.process


@pytest.fixture
def it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return fresh(tmp_path, monkeypatch)


def test_it_sets_up_the_whole_service(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    source = here()
    assert call(it) == 3, "its Listmonk is not there"
    tree = it.tree()
    assert tree[f"{ETC}/listmonk.token"] == (0o600, f"{TOKEN}\n")
    assert tree[f"{ETC}/webhooks.sendamatic.secret"] == (0o600, f"{SECRET}\n")
    mode, text = tree[f"{ETC}/config.toml"]
    assert (mode, "# my own comment" in text, TOKEN in text, SECRET in text) == (0o644, True, False, False)
    assert f'token_file = "{ETC}/listmonk.token"' in text
    assert tree[f"{UNITS}/bouncestream.service"] == (0o644, unit(it.paths(), ["/bin/sh"]))
    assert tree[f"{UNITS}/bouncestream.service.d/secrets.conf"][1].splitlines()[-3:] == [
        "[Service]",
        f"LoadCredential=listmonk.token:{ETC}/listmonk.token",
        f"LoadCredential=webhooks.sendamatic.secret:{ETC}/webhooks.sendamatic.secret",
    ]
    assert len(tree) == 5
    assert it.calls == STARTED
    service = load(it.disk(f"{ETC}/config.toml"), {"CREDENTIALS_DIRECTORY": str(it.disk(ETC))})
    assert service == load(source, {})
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err
    assert SECRET not in said.out + said.err
    assert f"{source.absolute()} still holds the secrets" in said.out
    assert "[listmonk-unreachable]" in said.out
    assert "bouncestream.service runs, and will after each boot" in said.out


def test_all_is_well_where_listmonk_is(it: Stage, sandbox: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = here()
    path.write_text(path.read_text().replace("http://127.0.0.1:1", sandbox))
    code = call(it)
    assert code in (0, 1), capsys.readouterr().out
    assert "[listmonk" not in capsys.readouterr().out


def test_a_second_time_changes_nothing(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    here().rename(it.disk("/etc/first.toml"))
    call(it, config=str(it.disk("/etc/first.toml")))
    before, _ = it.tree(), it.calls
    call(it)
    assert it.tree() == before
    assert it.calls == [*STARTED[:2], "start bouncestream.service"]
    call(it, config=str(it.disk("/etc/first.toml")))
    assert it.tree() == before
    assert it.calls[-1] == "start bouncestream.service"
    assert "was changed" not in capsys.readouterr().out


def test_secrets_move_out_of_the_services_own_configuration(it: Stage) -> None:
    it.disk(ETC).mkdir()
    here().rename(it.disk(f"{ETC}/config.toml"))
    call(it)
    tree = it.tree()
    assert TOKEN not in tree[f"{ETC}/config.toml"][1]
    assert tree[f"{ETC}/listmonk.token"] == (0o600, f"{TOKEN}\n")
    assert not list(it.disk(ETC).glob("*.new"))


def test_a_secret_that_is_added_later_follows(it: Stage) -> None:
    here()
    call(it)
    config = it.disk(f"{ETC}/config.toml")
    config.write_text(config.read_text() + '[webhooks.mine]\nprovider = "generic"\ntoken = "hJ2-kR8wQz5-Lm-T3vX"\n')
    assert it.calls == STARTED
    call(it)
    tree = it.tree()
    assert tree[f"{ETC}/webhooks.mine.token"] == (0o600, "hJ2-kR8wQz5-Lm-T3vX\n")
    assert "webhooks.mine.token:" in tree[f"{UNITS}/bouncestream.service.d/secrets.conf"][1]
    assert it.calls == STARTED


def test_another_secret_is_never_overwritten_unasked(it: Stage) -> None:
    source = here()
    call(it)
    file = it.disk(f"{ETC}/listmonk.token")
    file.write_text("another-token-of-listmonk\n")
    before = it.tree()
    with pytest.raises(UsageError, match=r"listmonk\.token holds another secret") as refused:
        call(it, config=str(source))
    assert TOKEN not in str(refused.value)
    assert it.tree() == before
    call(it, config=str(source), force=True)
    assert file.read_text() == f"{TOKEN}\n"


def test_the_secrets_are_on_the_disk_before_they_leave_the_configuration(
    it: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    it.disk(ETC).mkdir()
    config = here().rename(it.disk(f"{ETC}/config.toml"))
    before = config.read_text()
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if target == config:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space"):
        call(it)
    assert config.read_text() == before
    assert it.disk(f"{ETC}/listmonk.token").read_text() == f"{TOKEN}\n"
    monkeypatch.undo()


def test_a_dry_run_prints_all_but_secrets_and_writes_nothing(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    here()
    before = it.tree()
    os.environ["PATH"], path = "/nowhere", os.environ["PATH"]
    try:
        assert call(it, dry_run=True) == 0
    finally:
        os.environ["PATH"] = path
    assert it.tree() == before
    said = capsys.readouterr().out
    assert TOKEN not in said
    assert SECRET not in said
    for line in (
        f"{ETC}/listmonk.token (mode 0600)\n    (the secret)\n",
        f'    token_file = "{ETC}/listmonk.token"\n',
        "    ExecStart=/bin/sh run --config /etc/bouncestream/config.toml\n",
        f"    LoadCredential=listmonk.token:{ETC}/listmonk.token\n",
        "systemctl enable bouncestream.service\n",
        "Nothing was changed",
    ):
        assert line in said


def test_a_service_that_does_not_start_is_told(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    here()
    it.fail("restart")
    assert call(it) == 1
    said = capsys.readouterr().out
    assert "systemctl restart bouncestream.service: Job failed." in said
    assert "journalctl -u bouncestream.service has more" in said


def test_why_it_does_not_start_is_shown(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    here()
    it.fail("restart")
    journal = it.machine.root.parent / "bin/journalctl"
    journal.write_text(
        "#!/bin/sh\necho \"$*\" | grep -q -- '-u bouncestream.service -n 8' && echo 'the port is taken'\n"
    )
    journal.chmod(0o755)
    call(it)
    assert "\n    the port is taken\n" in capsys.readouterr().out


def test_a_single_file_is_started_by_its_own_path_with_a_cache_to_unpack_to(
    it: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.frozen", True, raising=False)
    monkeypatch.setattr("sys.executable", "/var/cache/bouncestream/0815/bouncestream")
    monkeypatch.setenv("BOUNCESTREAM_FILE", "/bin/sh")
    here()
    call(it, program=None)
    text = it.disk(f"{UNITS}/bouncestream.service").read_text()
    assert "\nExecStart=/bin/sh run --config" in text
    assert "\nCacheDirectory=%n\nCacheDirectoryMode=0700\n" in text
    call(it, "shop", program=None, config=str(here(8026, name="shop.toml")))
    assert "\nCacheDirectory=%n\n" in it.disk(f"{UNITS}/bouncestream@.service").read_text()


def test_a_users_own_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    it = stage(tmp_path / "machine", monkeypatch, user=True)
    monkeypatch.chdir(tmp_path)
    here(outbox="/srv/ann/outbox.db")
    call(it)
    tree, home = it.tree(), "/home/ann/.config"
    assert tree[f"{home}/bouncestream/listmonk.token"] == (0o600, f"{TOKEN}\n")
    mode, text = tree[f"{home}/bouncestream/config.toml"]
    assert (mode, 'path = "/srv/ann/outbox.db"' in text) == (0o600, True)
    assert tree[f"{home}/systemd/user/bouncestream.service"][1] == unit(it.paths(), ["/bin/sh"])
    assert len(tree) == 4
    assert it.calls == ["--user show-environment", *(f"--user {line}" for line in STARTED)]
    state = it.disk("/home/ann/.local/state/bouncestream")
    assert not state.exists()
    Path("config.toml").write_text(Path("config.toml").read_text().replace('path = "/srv/ann/outbox.db"\n', ""))
    call(it, config="config.toml", force=True)
    assert state.stat().st_mode & 0o777 == 0o700
    assert (
        f'path = "/{state.relative_to(it.machine.root)}/outbox.db"'
        in it.tree()[f"{home}/bouncestream/config.toml"][1]
    )
    assert "sudo loginctl enable-linger" in capsys.readouterr().out


def test_the_command_is_found_by_its_name(it: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    here()
    link = it.disk(LINK)
    call(it)
    assert not link.is_symlink(), "/bin/sh is found already"
    program = Path("bouncestream").absolute()
    program.touch(0o755)
    with pytest.raises(UsageError, match="could not start"):
        call(it, program=str(program), force=True)
    monkeypatch.setattr(traps, "unreachable", lambda paths: "")
    call(it, program="bouncestream", force=True)
    assert link.readlink() == program
    link.unlink()
    link.symlink_to("/elsewhere")
    call(it, program="bouncestream")
    assert str(link.readlink()) == "/elsewhere"


def test_only_root_sets_up_a_service_of_the_machine(
    it: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here()
    other = stage(tmp_path / "other", monkeypatch, uid=1000)
    with pytest.raises(UsageError, match="Only root can install"):
        call(other)
    assert call(other, dry_run=True) == 0


def test_as_a_command(cli: Cli, tmp_path: Path) -> None:
    """From here, by whoever runs the tests: it prints, or refuses a Python where the service finds none."""
    write_config(tmp_path)
    done = cli("install", "--system", "--dry-run", "--program", "/bin/sh")
    assert done.returncode == 0, done.stderr
    assert "ExecStart=/bin/sh run --config" in done.stdout
    assert cli("install", "--program", "/no/such", "--dry-run").returncode == 64


def test_a_folder_that_the_service_may_not_enter(it: Stage) -> None:
    here()
    it.disk(ETC).mkdir(0o700)
    with pytest.raises(UsageError, match=r"may not enter /etc/bouncestream\. Next: chmod 755 /etc/bouncestream"):
        call(it)
    assert list(it.disk(ETC).iterdir()) == []
    it.disk(ETC).rmdir()
    before = os.umask(0o077)
    try:
        call(it)
    finally:
        os.umask(before)
    assert it.disk(ETC).stat().st_mode & 0o777 == 0o755
