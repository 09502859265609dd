# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bouncestream.cli import build_parser, doctor, doctor_files, exits
from bouncestream.cli.manual import MANUAL
from tests.cli.conftest import environment


def leaves(
    parser: argparse.ArgumentParser, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not any(action.required for action in inner):
        yield path, parser
    for action in inner:
        for name, sub in action.choices.items():
            yield from leaves(sub, (*path, name))


COMMANDS = dict(leaves(build_parser()))


def test_all_commands_are_there() -> None:
    assert {" ".join(path) for path in COMMANDS} == {
        "init",
        "install",
        "uninstall",
        "run",
        "demo",
        "sandbox",
        "check",
        "dashboard",
        "doctor",
        "status",
        "alert test",
        "parse",
        "explain",
        "rejudge",
        "import",
        "backfill",
        "doctor mail",
        "doctor logs",
        "proxy caddy",
        "proxy nginx",
        "proxy apache",
        "proxy traefik",
        "brake release",
        "brake drop",
        "undo",
        "outbox list",
        "outbox show",
        "outbox stats",
        "outbox replay",
        "outbox copy",
        "outbox reopen",
        "outbox drop",
        "outbox release",
        "person",
        "reconcile",
        "deliver",
        "mailbox login",
        "mailbox test",
        "provider list",
        "provider guide",
        "provider try",
        "verp",
        "backup",
        "config example",
        "completion",
        "help",
        "version",
        "key new",
        "key rotate",
        "seal",
        "unseal",
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_command_exists_and_explains_every_option(path: tuple[str, ...]) -> None:
    parser = COMMANDS[path]
    assert callable(parser.get_default("run"))
    assert parser.description
    assert all(action.help for action in parser._actions)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_help_fits_80_columns_and_ends_with_examples_and_exit_codes(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = COMMANDS[path].format_help()
    assert max(map(len, text.splitlines())) <= 80
    examples, _, codes = text.partition("\nexamples:\n")[2].partition("\n\nexit codes: ")
    for line in examples.splitlines():
        words = shlex.split(line)[1:]
        assert words[: len(path)] == list(path)
        assert callable(build_parser().parse_args(words).run)
    assert codes.startswith("0 fine; ")
    assert "64 wrong usage" in " ".join(codes.split())
    assert "exit code" not in text.partition("examples:")[0].lower(), "they are told once"


def test_the_manual_is_of_the_commands_that_there_are() -> None:
    assert set(MANUAL) == {" ".join(path) for path in COMMANDS}
    known = {value for key, value in vars(exits).items() if key.isupper() and isinstance(value, int)} | {2}
    assert {code for entry in MANUAL.values() for code in entry.codes} <= known


@pytest.mark.process
def test_only_the_called_command_is_imported() -> None:
    code = "import sys; from bouncestream import cli; cli.main(['backup', '--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    imported = {name.rpartition(".")[2] for name in done.stdout.split() if name.startswith("bouncestream.cli.")}
    assert "backup" in imported
    assert not imported & {"init", "run", "doctor", "status", "outbox_look", "mailbox", "config"}


@pytest.mark.parametrize("argv", [["--help"], ["no-such", "--help"], ["--debug", "version", "--help"]])
def test_every_command_is_listed_whichever_is_called(argv: list[str]) -> None:
    called = build_parser(argv)
    assert called.format_help() == build_parser().format_help()


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_that_is_called_has_all_its_options(path: tuple[str, ...]) -> None:
    assert dict(leaves(build_parser(["--debug", *path])))[path].format_help() == COMMANDS[path].format_help()


@pytest.mark.parametrize("text", ["-1", "x", "²"])
def test_a_limit_is_a_number(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(["outbox", "list", f"--limit={text}"])
    assert ended.value.code == 64


def test_what_stands_before_an_inner_command_of_the_doctor_counts_too() -> None:
    parse = build_parser().parse_args
    for words in (
        ["doctor", "--json", "-c", "f", "mail", "m.eml"],
        ["doctor", "mail", "--json", "-c", "f", "m.eml"],
    ):
        args = parse(words)
        assert (args.run, args.json, args.config, args.file) == (doctor_files.mail, True, "f", "m.eml")
    alone = parse(["doctor"])
    assert (alone.run, alone.json, alone.config, alone.outside) == (doctor.run, False, None, None)
    assert parse(["doctor", "logs", "a", "b"]).json is False
