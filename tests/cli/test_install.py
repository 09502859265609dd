# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from bouncestream.cli.install import LINK, install
from bouncestream.config.example import render as example
from bouncestream.config.load import load
from bouncestream.errors import ConfigError, UsageError
from bouncestream.service import traps
from bouncestream.service.unit import unit
from tests.cli.conftest import SECRET, TOKEN, Cli, write_config
from tests.service.stage import Stage, arguments, stage

pytestmark = pytest.mark.process

ETC, UNITS = "/etc/bouncestream", "/etc/systemd/system"
STARTED = ["daemon-reload", "enable bouncestream.service", "restart bouncestream.service"]


@pytest.fixture
def it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A machine, and a folder beside it to be in."""
    made = stage(tmp_path / "machine", monkeypatch)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return made


def here(port: int = 8025, outbox: str = "/var/lib/bouncestream/outbox.db", name: str = "config.toml") -> Path:
    """A configuration with secrets, in the present folder, as `init` leaves one."""
    path = write_config(Path.cwd(), times="")
    text = path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}")
    path.write_text("# my own comment\n" + text.replace(f"{Path.cwd()}/outbox.db", outbox))
    return path.rename(name)


def call(it: Stage, name: str = "", **more: object) -> int:
    return install(arguments(name=name, **more), it.machine, it.place(name))


def test_it_sets_up_the_whole_service(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    source = here()
    assert call(it) == 3, "its Listmonk is not there"
    tree = it.tree()
    assert tree[f"{ETC}/listmonk.token"] == (0o600, f"{TOKEN}\n")
    assert tree[f"{ETC}/webhooks.sendamatic.secret"] == (0o600, f"{SECRET}\n")
    mode, text = tree[f"{ETC}/config.toml"]
    assert (mode, "# my own comment" in text, TOKEN in text, SECRET in text) == (0o644, True, False, False)
    assert f'token_file = "{ETC}/listmonk.token"' in text
    assert tree[f"{UNITS}/bouncestream.service"] == (0o644, unit(it.place(), ["/bin/sh"]))
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


def test_what_the_operator_changed_stays_and_is_shown(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    source = here()
    call(it)
    config, file = it.disk(f"{ETC}/config.toml"), it.disk(f"{UNITS}/bouncestream.service")
    config.write_text(config.read_text() + '[log]\nlevel = "debug"\n')
    file.write_text(file.read_text().replace("MemoryMax=512M", "MemoryMax=1G"))
    before = it.tree()
    capsys.readouterr()
    call(it, config=str(source))
    said = capsys.readouterr().out
    assert it.tree() == before
    assert f"{ETC}/config.toml was changed, and stays as it is" in said
    assert '    -level = "debug"\n' in said
    assert f"{UNITS}/bouncestream.service was changed, and stays as it is" in said
    assert "    -MemoryMax=1G\n    +MemoryMax=512M\n" in said
    assert TOKEN not in said
    call(it, config=str(source), force=True)
    assert "debug" not in config.read_text()
    assert "MemoryMax=512M" in file.read_text()


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


def test_several_services_on_one_machine(it: Stage) -> None:
    here()
    call(it)
    assert it.calls == STARTED
    shop = here(port=8026, outbox="/opt/shop/outbox.db", name="shop.toml")
    call(it, "shop", config=str(shop))
    assert it.calls == [line.replace("bouncestream", "bouncestream@shop") for line in STARTED]
    tree = it.tree()
    assert 'path = "/var/lib/bouncestream-shop/outbox.db"' in tree["/etc/bouncestream-shop/config.toml"][1]
    assert "/etc/bouncestream-shop/" in tree[f"{UNITS}/bouncestream@shop.service.d/secrets.conf"][1]
    news = here(port=8026, name="news.toml")
    with pytest.raises(UsageError, match=r"listens on port 8026 already. Next: .* such as 127.0.0.1:8027"):
        call(it, "news", config=str(news))
    with pytest.raises(UsageError, match=r"There is no /etc/bouncestream-news/config\.toml yet"):
        call(it, "news")
    assert it.tree() == tree


def test_an_outbox_where_the_service_cannot_write(it: Stage) -> None:
    """A new one is put where it can; one that is there is left to the operator."""
    here(outbox="/srv/mine/outbox.db")
    it.disk("/srv/mine").mkdir(parents=True)
    it.disk("/srv/mine/outbox.db").touch()
    with pytest.raises(UsageError, match=r"The outbox /srv/mine/outbox.db lies where the service cannot write"):
        call(it)
    it.disk("/srv/mine/outbox.db").unlink()
    call(it)
    it.disk("/var/lib/bouncestream").mkdir(parents=True)
    it.disk("/var/lib/bouncestream/outbox.db").touch()
    call(it, "shop", config=str(here(port=8026, name="shop.toml")))
    shop = it.disk("/etc/bouncestream-shop/config.toml").read_text()
    assert 'path = "/var/lib/bouncestream-shop/outbox.db"' in shop, "the other one is another service's"
    assert 'path = "/var/lib/bouncestream/outbox.db"' in it.disk(f"{ETC}/config.toml").read_text()


def test_a_commented_secret_is_not_shown_to_everyone(it: Stage) -> None:
    path = here()
    path.write_text(path.read_text() + '# secret = "the-former-one-0815-of-mine"\n')
    line = len(path.read_text().splitlines())
    with pytest.raises(UsageError, match=f"line {line}: this comment looks like a secret"):
        call(it)
    assert not it.disk(ETC).exists()


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


def test_there_is_nothing_to_install(it: Stage) -> None:
    with pytest.raises(UsageError, match=r"no configuration to install. Next: `bouncestream init --output /etc/b"):
        call(it)
    Path("config.toml").write_text(example())
    with pytest.raises(UsageError, match=r"config\.toml is the example"):
        call(it)


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


def test_the_unit_of_a_package_is_left_to_it(it: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would hide each newer one that the package brings."""
    packaged = it.disk("/usr/bin/bouncestream")
    packaged.parent.mkdir()
    packaged.symlink_to("/bin/sh")
    monkeypatch.setattr("bouncestream.cli.install._PACKAGED", packaged)
    monkeypatch.setattr("sys.frozen", True, raising=False)
    monkeypatch.setattr("sys.executable", "/bin/sh")
    monkeypatch.setattr(traps, "unreachable", lambda paths: "")
    theirs = it.disk("/usr/lib/systemd/system/bouncestream.service")
    theirs.parent.mkdir(parents=True)
    theirs.write_text(unit(it.place(), [str(packaged)]))
    here()
    call(it, program=None)
    assert not it.disk(f"{UNITS}/bouncestream.service").exists()
    assert it.disk(f"{UNITS}/bouncestream.service.d/secrets.conf").exists()
    assert it.calls == STARTED
    theirs.write_text("another")
    call(it, program=None)
    assert f"ExecStart={packaged} run" in it.disk(f"{UNITS}/bouncestream.service").read_text()


def test_a_wrong_configuration_changes_nothing(it: Stage) -> None:
    here().write_text("[listmonk]\n")
    before = it.tree()
    with pytest.raises(ConfigError):
        call(it)
    assert it.tree() == before


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
    assert tree[f"{home}/systemd/user/bouncestream.service"][1] == unit(it.place(), ["/bin/sh"])
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
