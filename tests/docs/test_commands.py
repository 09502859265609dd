# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that the documents name can be called, exit codes and make's targets are those that there are."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from bouncestream.cli import build_parser, exits
from bouncestream.cli.parser import Parser
from tests.docs import pages
from tests.docs.document import DOCUMENTS, OPERATORS, ROOT, everywhere, first_cells, name, spans, text


def commands() -> list[str]:
    """All commands of ours in shell blocks and in the running text."""
    found = []
    for block in everywhere("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            found += re.findall(r"^(?:sudo )?(?:\.venv/bin/)?(bouncestream .*)", line)
    for span in spans():
        if span.startswith(("bouncestream ", "outbox ", "run --")) and span not in (
            "bouncestream outbox",
            "outbox replay",
        ):
            found.append("bouncestream " + span.removeprefix("bouncestream "))
    return found


@cache
def parser() -> Parser:
    """Of all commands; made once, as that takes as long as to parse hundreds of them."""
    return build_parser()


@pytest.mark.parametrize("command", sorted({*commands()}))
def test_commands_parse(command: str) -> None:
    words = shlex.split(command.replace("$(date +%F)", "today"), comments=True)[1:]
    if words in (["outbox", "replay"], ["outbox", "release"], ["verp"]):  # named, not called
        words.append("1")
    if words == ["outbox", "copy"]:
        words += ["--to", "1"]
    parser().parse_args(words)


def test_every_command_has_its_line_and_its_page() -> None:
    for command, _ in pages.commands(parser()):
        page = f"commands/{command.partition(' ')[0]}.md"
        assert f"[`{command}`]({page})" in text("reference/commands.md")
        assert f"bouncestream {command}" in text(f"reference/{page}")
    assert len(commands()) > 25


def test_exit_codes() -> None:
    known = {value for key, value in vars(exits).items() if key.isupper() and isinstance(value, int)}
    listed = {int(code) for code in first_cells(text("reference/exit-codes.md")) if code.isdigit()}
    assert listed == known | {2}, "2 is of `doctor`: finding.exit_code"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_make_knows_what_is_told_to_make(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)(?:sudo )?make ([a-z]+)", text(path), re.MULTILINE)) <= targets


def test_the_tools_of_a_contributor_are_told() -> None:
    told = " ".join(text(path) for path in DOCUMENTS if path not in OPERATORS or path.name == "README.md")
    assert {"run", "test", "check", "chaos", "soak", "bench", "lock", "docs"} <= {
        *re.findall(r"\bmake ([a-z]+)", told)
    }
