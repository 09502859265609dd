# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import sqlite3
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from bouncestream.cli import main, opened, outbox_change, outbox_look, rejudge
from bouncestream.cli.opened import as_root, config_path
from bouncestream.config.example import render
from bouncestream.config.model import Config
from bouncestream.config.outbox import Outbox
from bouncestream.errors import ConfigError, NoConfiguration
from bouncestream.event import Kind
from bouncestream.ports import Unreadable
from tests.cli.conftest import bounce
from tests.outbox import make


def test_where_the_configuration_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(opened, "_PLACES", ("config.toml", str(tmp_path / "etc.toml")))
    asked, named = Namespace(config=None), {"BOUNCESTREAM_CONFIG": "named.toml"}
    assert config_path(Namespace(config="given.toml"), named) == "given.toml"
    assert config_path(asked, named) == "named.toml"
    with pytest.raises(NoConfiguration) as none:
        config_path(asked, {})
    assert [place.partition(": ")[0] for place in none.value.problems] == [
        "$BOUNCESTREAM_CONFIG", str(tmp_path / "config.toml"), str(tmp_path / "etc.toml"), "the environment"
    ]  # fmt: skip
    assert config_path(asked, {"BOUNCESTREAM__LISTMONK__TOKEN": "x"}) is None
    (tmp_path / "etc.toml").touch()
    assert config_path(asked, {}) == str(tmp_path / "etc.toml")
    (tmp_path / "config.toml").touch()
    assert config_path(asked, {"BOUNCESTREAM__LISTMONK__TOKEN": "x"}) == "config.toml"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "  \n"])
def test_the_example_is_never_taken_for_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(opened, "_PLACES", ("config.toml", str(tmp_path / "etc.toml")))
    asked, here = Namespace(config=None), tmp_path / "config.toml"
    here.write_bytes(render().replace("\n", ends).encode())
    with pytest.raises(ConfigError, match="is the unchanged example configuration") as told:
        config_path(asked, {})
    assert str(here) in str(told.value)
    assert "bouncestream init --output config.toml" in str(told.value)
    for named in (Namespace(config="config.toml"), asked):
        with pytest.raises(ConfigError, match="is the unchanged example"):
            config_path(named, {"BOUNCESTREAM_CONFIG": "config.toml"})
    assert config_path(asked, {"BOUNCESTREAM__LISTMONK__TOKEN": "x"}) is None
    (tmp_path / "etc.toml").touch()
    assert config_path(asked, {}) == str(tmp_path / "etc.toml")
    here.write_text(render() + '\n[webhooks.shop]\nprovider = "generic"\n')
    assert config_path(asked, {}) == "config.toml"


def test_root_is_warned_and_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "Next: run it as its own user" in as_root()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert as_root() == ""


@pytest.mark.parametrize(
    ("line", "most"),
    [
        ("outbox list --json", 1),
        ("outbox show 1", 1),
        ("outbox stats", 1),
        ("status --json", 1),
        ("explain 1 --offline", 1),
        ("rejudge", 1),
        # of those that change it, one that writes and one that reads
        ("rejudge --apply", 2),
        ("outbox replay --quarantine", 2),
        ("outbox drop --pending --yes", 2),
        ("outbox release --all", 2),
    ],
)
def test_a_command_opens_the_outbox_once(
    config: Path,
    tmp_path: Path,
    conn: sqlite3.Connection,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    most: int,
) -> None:
    """Whatever the number of events: each connection costs as much as many of them."""
    here: dict[str, Any] = {"source": "sendamatic", "provider": "sendamatic"}
    monkeypatch.setattr(rejudge, "_PAGE", 3)
    monkeypatch.setattr(outbox_look, "_PAGE", 3)
    monkeypatch.setattr(outbox_change, "_STEP", 3)
    monkeypatch.setattr(outbox_change, "_ITEMS", 3)
    for number in range(10):
        raw = bounce(f"r{number}@example.com")
        make.submit(conn, make.event(f"r{number}@example.com", Kind.SOFT, **here), raw=raw, **here)
        make.submit(conn, unreadable=(Unreadable("odd"),), raw=bounce(f"q{number}@example.com"), **here)
    opened = []
    connect = sqlite3.connect

    def counted(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(args)
        return connect(*args, **options)

    monkeypatch.setattr(sqlite3, "connect", counted)
    monkeypatch.chdir(tmp_path)
    assert main(line.split()) in (0, 1)
    assert len(opened) == most


def test_whether_there_may_be_an_outbox(tmp_path: Path) -> None:
    """On a server there may be one, though no file is there."""
    file = tmp_path / "outbox.db"
    assert not opened.has_outbox(Config(outbox=Outbox(path=str(file))))
    assert opened.has_outbox(Config(outbox=Outbox(path=str(file), url="postgresql://db/bouncestream")))
    file.touch()
    assert opened.has_outbox(Config(outbox=Outbox(path=str(file))))
