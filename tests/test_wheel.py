# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed is all of the package, and says that it has types (PEP 561)."""

from __future__ import annotations

import argparse
import io
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from bouncestream import __version__
from bouncestream.cli.parser import build_parser
from tests.wheel import PACKAGE, ROOT, Call, faults, files, helps, main, missing


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
    assert missing(part) == [left_out]
    assert main(part) == 1
    assert f"lacks {left_out}" in capsys.readouterr().out


def program(**broken: tuple[int, str]) -> Call:
    """The program as it is installed, but for what is broken; computed here, as no process is needed for it."""

    def call(*arguments: str) -> tuple[int, str]:
        if (line := "_".join(arguments).strip("-")) in broken:
            return broken[line]
        if arguments[-1] == "--help":
            out = io.StringIO()
            with redirect_stdout(out), pytest.raises(SystemExit) as ended:
                build_parser(arguments).parse_args(arguments)
            return int(str(ended.value.code)), out.getvalue()
        return 0, {
            ("version",): f"bouncestream {__version__} (Python 3)\n",
            ("config", "example"): (ROOT / "config.toml").read_text("utf-8"),
        }.get(arguments, "")

    return call


def test_each_command_that_a_help_text_lists_is_asked_for_its_help() -> None:
    called = [line for line, code, _ in helps(program())]
    expected = [" ".join([*path, "--help"]) for path in every_path(build_parser())]
    assert sorted(called) == sorted(expected)
    assert "doctor logs --help" in called


def every_path(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from every_path(inner, (*path, name))


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({}, ""),
        ({"outbox_list_--help": (1, "ImportError")}, "`bouncestream outbox list --help` ends with 1: ImportError"),
        ({"help": (0, "usage: bouncestream")}, "lists 1 commands"),
        ({"version": (0, "bouncestream 0.0.1")}, "`bouncestream version` does not tell"),
        ({"config_example": (0, "")}, "is not config.toml"),
        ({"demo_--once": (1, "no outbox")}, "`bouncestream demo --once` ends with 1: no outbox"),
    ],
)
def test_what_an_installed_program_does_not_do_is_told(broken: dict[str, tuple[int, str]], words: str) -> None:
    found = faults(program(**broken), __version__)
    assert [words in fault for fault in found] == [True] * bool(words)
