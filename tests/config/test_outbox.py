# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the outbox is, and what a bridge is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.config.load import load
from bouncestream.config.model import Config
from bouncestream.config.outbox import Bridge, Outbox
from bouncestream.crypto.sealed import new_key
from bouncestream.errors import ConfigError, UsageError
from bouncestream.outbox.place import Server, called, file_of, place_of

TEXT = '[listmonk]\ntoken = "kx8TQv2mWq9Lr4Zb"\n'


def read(tmp_path: Path, text: str, **options: bool) -> Config:
    file = tmp_path / "config.toml"
    file.touch(0o600)
    file.write_text(TEXT + text)
    return load(file, {}, **options)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///bouncestream",
        "postgres://bridge@db.example.org/x",
        "postgresql://bridge@db1:5432,db2:5433/x?target_session_attrs=read-write&sslmode=verify-full",
        "postgresql://bridge@%2Frun%2Fpostgresql/x",
    ],
)
def test_a_url_of_libpq_is_taken(tmp_path: Path, url: str) -> None:
    config = read(
        tmp_path, f'[outbox]\nurl = "{url}"\npassword = "x1"\n[bridge]\nname = "one"\n', with_secrets=False
    )
    place = place_of(config)
    assert isinstance(place, Server)
    assert (place.url, place.bridge) == (url, "one")
    assert place.password is not None and place.password.reveal() == "x1"
    assert config.outbox.where == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://bridge:swordfish@db/x", "contains a password, which belongs into outbox.password"),
        ("postgresql://db/x?user=a&password=swordfish", "contains a password"),
        ("mysql://db/x", "is not a URL of PostgreSQL"),
        ("outbox.db", "is not a URL of PostgreSQL"),
    ],
)
def test_another_is_refused_in_words(tmp_path: Path, url: str, why: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, f'[outbox]\nurl = "{url}"\n')
    assert f"{why}" in str(refused.value)


def test_it_can_be_sealed(tmp_path: Path) -> None:
    text = f'[outbox]\nurl = "postgresql://db/x"\n[privacy]\nseal = true\nkey = "{new_key()}"\n'
    config = read(tmp_path, text, with_secrets=False)
    assert config.privacy.seal


def test_a_file_is_a_place_too() -> None:
    config = Config(outbox=Outbox(path="/var/x.db"))
    assert place_of(config) == file_of(config, "That", "nothing") == Path("/var/x.db")
    with pytest.raises(UsageError, match=r"That is for an outbox in a file.* Next: do this"):
        file_of(Config(outbox=Outbox(url="postgresql://db/x")), "That", "do this")


def test_a_bridge_is_called_as_its_host() -> None:
    assert called(Config())
    assert called(Config(bridge=Bridge(name="one"))) == "one"


@pytest.mark.parametrize("name", ["a b", "a'b", "x" * 64])
def test_a_name_is_a_word(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="no name of a bridge"):
        read(tmp_path, f'[bridge]\nname = "{name}"\n')
