# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed is all of the package, and says that it has types (PEP 561)."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.wheel import PACKAGE, ROOT, files, main, missing


def test_who_says_that_it_is_typed_has_the_file_that_tells_it_to_type_checkers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "Typing :: Typed" in project["classifiers"]
    assert (PACKAGE / "py.typed").read_bytes() == b"", "not partial"
    assert "bouncestream/py.typed" in files()


@pytest.mark.parametrize("left_out", ["bouncestream/py.typed", "bouncestream/outbox/queries.sql"])
def test_a_wheel_that_lacks_a_file_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], left_out: str
) -> None:
    whole, part = tmp_path / "whole.whl", tmp_path / "part.whl"
    for wheel, names in ((whole, files()), (part, files() - {left_out})):
        with zipfile.ZipFile(wheel, "w") as archive:
            for name in names:
                archive.write(ROOT / name, name)
    assert missing(whole) == []
    assert main(whole) == 0
    assert missing(part) == [left_out]
    assert main(part) == 1
    assert f"lacks {left_out}" in capsys.readouterr().out
