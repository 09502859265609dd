# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import TOKEN
from tests.cli.init.conftest import Terminal

Start = Callable[..., Terminal]
URL = "http://127.0.0.1:1"


@pytest.mark.parametrize("keys", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize("hidden", [False, True])
def test_it_can_be_ended_at_each_question(terminal: Start, tmp_path: Path, keys: str, hidden: bool) -> None:
    at = terminal("init")
    if hidden:
        at.answer("Listmonk's URL", URL)
        at.answer("API user", "")
        at.wait_for("(not shown) > ")
        assert not at.echoes
    else:
        at.wait_for("Listmonk's URL")
        at.wait_for(" > ")
    if keys == "\x03":
        assert at.interrupt() == 130
    else:
        at.type(keys)
        assert at.end() == 64
    assert "nothing was written" in " ".join(at.screen.split())
    assert at.echoes, "the terminal is as it was"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_something_is_tried(terminal: Start, tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        (tmp_path / "token").write_text(TOKEN)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        at = terminal("init", "--listmonk-url", url, "--token-file", "token")
        at.answer("API user", "")
        at.wait_for("trying Listmonk")
        connection, _ = silent.accept()
        at.type("\x03")
        assert at.end() == 130
        connection.close()
    assert "nothing was written" in " ".join(at.screen.split())
    assert not (tmp_path / "config.toml").exists()


def test_what_is_no_text_is_asked_again(terminal: Start) -> None:
    at = terminal("init", env={"PYTHONIOENCODING": "utf-8:strict"})
    at.wait_for("Listmonk's URL")
    at.wait_for(" > ")
    at.type(b"http://\xff\xfe\n")
    at.answer("✘", URL)
    at.wait_for("API user")
    at.wait_for(" > ")
    at.type(b"\xff\n")
    at.answer("✘", "")
    at.wait_for("(not shown) > ")
    at.type(b"\xff\xfe\xff\xfe-some-token-of-it\n")
    at.wait_for("✘ That is not a Listmonk token")
    at.type("\x03")
    assert at.end() == 130


def test_a_typing_error_is_corrected_with_the_keys_of_a_terminal(terminal: Start) -> None:
    at = terminal("init", "--token-file", "-", "--provider", "none")
    at.wait_for("Listmonk's URL")
    at.wait_for(" > ")
    at.type("tp://127.0.0.1:1\x1b[H\x1b[D")  # to the beginning of the line
    at.type("ht\n")
    at.wait_for("API user")
    at.wait_for(" > ")
    at.type("\x03")
    assert at.end() == 130
    assert "✘" not in at.screen


def test_a_terminal_that_is_closed_leaves_nothing(terminal: Start, tmp_path: Path) -> None:
    at = terminal("init")
    at.wait_for("Listmonk's URL")
    at.process.send_signal(signal.SIGHUP)
    assert at.end() == -signal.SIGHUP
    assert list(tmp_path.iterdir()) == []
