# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from bouncestream.cli import opened
from bouncestream.cli.opened import config_path


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
