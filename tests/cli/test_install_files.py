# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import grp
from pathlib import Path

import pytest

from bouncestream.config.example import render as example
from bouncestream.errors import ConfigError, UsageError
from bouncestream.service import traps
from bouncestream.service.unit import unit
from tests.cli.conftest import TOKEN
from tests.cli.install_stage import ETC, STARTED, UNITS, call, fresh, here
from tests.service.stage import Stage

pytestmark = pytest.mark.process


@pytest.fixture
def it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return fresh(tmp_path, monkeypatch)


def test_what_the_operator_changed_stays_and_is_shown(it: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    source = here()
    call(it)
    config, file = it.disk(f"{ETC}/config.toml"), it.disk(f"{UNITS}/bouncestream.service")
    config.write_text(config.read_text() + '[log]\nlevel = "debug"\n')
    file.write_text(file.read_text().replace("MemoryMax=512M", "MemoryMax=1G"))
    before = it.tree()
    call(it, dry_run=True)
    assert "    -MemoryMax=1G\n    +MemoryMax=512M\n" in capsys.readouterr().out
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


def test_the_service_is_put_into_the_groups_of_its_sockets(it: Stage) -> None:
    """… but not into one that is not there: with that it would not even start."""
    config, group = here(), grp.getgrgid(0).gr_name
    listeners = [("mta", group), ("other", "no-such-group"), ("own", "")]
    for name, given in listeners:
        listener = f'[smtp.{name}]\nlisten = "unix:/run/bouncestream/{name}.sock"\nsocket_group = "{given}"\n'
        config.write_text(f'{config.read_text()}{listener}recipients = ["b@example.org"]\n')
    call(it)
    beside = f"{UNITS}/bouncestream.service.d/secrets.conf"
    assert f"\nSupplementaryGroups={group}\nPrivateUsers=no\nSystemCallFilter=@chown\n" in it.tree()[beside][1]
    it.disk(f"{ETC}/config.toml").write_text(it.disk(f"{ETC}/config.toml").read_text().partition("[smtp.")[0])
    call(it)
    assert "Groups=" not in it.tree()[beside][1]


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


def test_there_is_nothing_to_install(it: Stage) -> None:
    with pytest.raises(UsageError, match=r"no configuration to install. Next: `bouncestream init --output /etc/b"):
        call(it)
    Path("config.toml").write_text(example())
    with pytest.raises(UsageError, match=r"config\.toml is the example"):
        call(it)


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
    theirs.write_text(unit(it.paths(), [str(packaged)]))
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


def test_who_may_read_a_file_is_put_right(it: Stage) -> None:
    """A configuration that is for root alone keeps the service from starting; a secret is for root alone."""
    here()
    call(it)
    it.disk(f"{ETC}/config.toml").chmod(0o600)
    it.disk(f"{ETC}/listmonk.token").chmod(0o644)
    call(it, config="config.toml")
    tree = it.tree()
    assert tree[f"{ETC}/config.toml"][0] == 0o644
    assert tree[f"{ETC}/listmonk.token"] == (0o600, f"{TOKEN}\n")


def test_the_services_own_configuration_by_another_path_is_no_copy(
    it: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It must not be told to be deleted."""
    it.disk(ETC).mkdir()
    here().rename(it.disk(f"{ETC}/config.toml"))
    monkeypatch.chdir(it.disk(ETC))
    call(it, config="config.toml")
    assert TOKEN not in it.disk(f"{ETC}/config.toml").read_text()
    assert "still holds the secrets" not in capsys.readouterr().out
