# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from bouncestream.cli import out
from tests.cli.conftest import environment


def test_a_plain_table_is_aligned_and_safe(capsys: pytest.CaptureFixture[str]) -> None:
    out.table(("a", "long name"), [("1\x1b[2J", "x"), ("2", "")], title="things")
    assert capsys.readouterr().out == "things\na         long name\n1\\x1b[2J  x\n2\n"


def test_an_empty_table_is_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    out.table(("a", "b"), [])
    assert capsys.readouterr().out == "a  b\n"


def test_fields_leave_out_what_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    out.fields([("a", "1"), ("long", "2\n3"), ("none", "")])
    assert capsys.readouterr().out == "a     1\nlong  2\\n3\n"


def test_json_is_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    out.json_line({"a": "\x1b\u202e\udc80é"})
    assert capsys.readouterr().out == '{"a": "\\u001b\\u202e\\udc80\\u00e9"}\n'


@pytest.mark.process
def test_a_terminal_gets_colours_and_a_pipe_none(tmp_path: Path) -> None:
    code = (
        "from bouncestream.cli import out; out.table(('a',), [('dead\\x1b[2J',), ('dead',)]); "
        "out.mark('✘', 'bad\\x1b[2J', 'fix it'); out.heading('head'); out.fields([('a', 'b')])"
    )
    parent, child = pty.openpty()
    done = subprocess.run([sys.executable, "-c", code], stdout=child, env=environment(TERM="xterm-256color"))
    os.close(child)
    told = b""
    try:
        while part := os.read(parent, 65536):
            told += part
    except OSError:  # the other end is closed
        pass
    os.close(parent)
    assert done.returncode == 0
    assert b"\x1b[31mdead" in told
    assert b"\x1b[2J" not in told
    assert "✘".encode() in told


def test_csv_holds_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    cells = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "plain", 'a "b", c', "", 7, None]
    out.csv([f"c{n}" for n in range(len(cells))], [cells])
    head, line, _ = capsys.readouterr().out.split("\r\n")
    assert head.startswith("c0,c1")
    found = next(csv.reader([line]))
    assert found == [
        "'=1+1",
        "'+1",
        "'-1",
        "'@SUM(A1)",
        "\\x09=1",
        "' =1",
        "'＝1",
        "plain",
        'a "b", c',
        "",
        "7",
        "",
    ]
