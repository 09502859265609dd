# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

import pytest

from bouncestream.cli import opened
from bouncestream.cli.opened import as_root, config_path
from bouncestream.config.example import render
from bouncestream.errors import ConfigError


def test_where_the_configuration_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(opened, "_PLACES", ("config.toml", str(tmp_path / "etc.toml")))
    asked, named = Namespace(config=None), {"BOUNCESTREAM_CONFIG": "named.toml"}
    assert config_path(Namespace(config="given.toml"), named) == "given.toml"
    assert config_path(asked, named) == "named.toml"
    assert config_path(asked, {}) == "config.toml"
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
    with pytest.raises(ConfigError, match="is the example that comes with bouncestream") as told:
        config_path(asked, {})
    assert str(here) in str(told.value)
    assert "bouncestream init --output config.toml" in str(told.value)
    for named in (Namespace(config="config.toml"), asked):
        with pytest.raises(ConfigError, match="is the example"):
            config_path(named, {"BOUNCESTREAM_CONFIG": "config.toml"})
    assert config_path(asked, {"BOUNCESTREAM__LISTMONK__TOKEN": "x"}) is None
    (tmp_path / "etc.toml").touch()
    assert config_path(asked, {}) == str(tmp_path / "etc.toml")
    here.write_text(render() + '\n[webhooks.shop]\nprovider = "generic"\n')
    assert config_path(asked, {}) == "config.toml"


def test_root_is_warned_and_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "Next: run it as a user of its own" in as_root()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert as_root() == ""
