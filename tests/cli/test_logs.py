# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import fcntl
import io
import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bouncestream import logs
from bouncestream.crypto.secret import Secret

log = logging.getLogger("bouncestream.relay")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("bouncestream")
    before = root.handlers[:], root.level, ours.level, logging.raiseExceptions
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    logging.raiseExceptions = before[3]


def start(style: str = "text", level: str = "info", **environ: str) -> io.StringIO:
    stream = io.StringIO()
    logs.start(style, level, stream=stream, environ=environ)
    return stream


def test_a_line_of_text() -> None:
    stream = start()
    log.warning("event %d is %s", 1, "dead")
    log.debug("not shown")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ warning relay: event 1 is dead\n", stream.getvalue())


def test_a_line_of_json() -> None:
    stream = start("json")
    log.info("it is %s", "ünï\x1b")
    line = json.loads(stream.getvalue())
    assert line.pop("at").endswith("Z")
    assert line == {"level": "info", "part": "relay", "message": "it is ünï\\x1b"}
    assert stream.getvalue().isascii()


def test_addresses_are_masked_and_secrets_never_shown() -> None:
    stream = start()
    log.error("about %s with %s", "ann@example.com", Secret("0123456789abcdef"))
    assert "about a•••@example.com with ***" in stream.getvalue()


def test_foreign_text_forges_no_line() -> None:
    stream = start()
    log.info("%s", "harmless\n2026-01-01T00:00:00Z error relay: forged\x1b[2J")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_below_journald_the_priority_comes_first_and_no_time() -> None:
    stream = start(level="debug", JOURNAL_STREAM="8:1")
    for level in (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG):
        log.log(level, "x")
    assert [line[:3] for line in stream.getvalue().splitlines()] == ["<3>", "<4>", "<6>", "<7>"]
    assert stream.getvalue().splitlines()[0] == "<3>error   relay: x"
    stream = start("json", JOURNAL_STREAM="8:1")
    log.info("x")
    assert stream.getvalue() == '<6>{"level": "info", "part": "relay", "message": "x"}\n'


def failing() -> None:
    try:
        raise ValueError("of ann@example.com\nforged")
    except ValueError:
        log.exception("it failed")


def test_an_exception_is_one_line_unless_debugged() -> None:
    stream = start()
    failing()
    assert stream.getvalue().endswith("it failed (ValueError: of a•••@example.com\\nforged)\n")
    stream = start(BOUNCESTREAM_DEBUG="1", JOURNAL_STREAM="8:1")
    failing()
    told = stream.getvalue()
    assert "Traceback" in told
    assert "ann@" not in told
    assert all(line.startswith("<3>") for line in told.splitlines())
    stream = start("json", BOUNCESTREAM_DEBUG="1")
    failing()
    assert "Traceback" in json.loads(stream.getvalue())["trace"]


def test_the_level_can_change_and_libraries_are_heard_from_warnings_on() -> None:
    stream = start(level="error")
    log.warning("no")
    logs.set_level("debug")
    log.debug("yes")
    logging.getLogger("aiohttp.server").info("no")
    logging.getLogger("aiohttp.server").warning("a library")
    assert re.findall(r": (.*)", stream.getvalue()) == ["yes", "a library"]


def test_a_broken_message_is_told_all_the_same() -> None:
    stream = start()
    log.info("needs %d", "x")
    assert "needs %d" in stream.getvalue()


def test_a_very_long_line_is_cut() -> None:
    stream = start()
    log.info("x" * 100_000)
    assert len(stream.getvalue()) < logs.LIMIT + 100


def aside(file: int) -> logs.Aside:
    with open(file, "w", encoding="utf-8", closefd=False) as stream:
        logs.start(stream=stream, environ={}, aside=True)
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logs.Aside)
    return handler


def test_nobody_waits_for_who_reads_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that hangs would else stop all that the bridge does."""
    monkeypatch.setattr("bouncestream.logs.PATIENCE", 0.05)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    handler = aside(writing)
    for number in range(3000):
        log.info("line %d of the log, ünï", number)
    handler.flush()  # nor does the end of the process
    with open(reading, "rb") as file:
        os.set_blocking(reading, False)
        seen = b""
        while b"left out" not in seen:
            seen += file.read() or b""
    lines = seen.decode().splitlines()
    assert [line.split()[-5] for line in lines[:100]] == [str(number) for number in range(100)]
    told = next(line for line in lines if "left out" in line)
    assert re.search(r" warning log: lines of the log that nobody took in time are left out: \d+$", told)
    os.close(writing)


def test_what_is_logged_is_written_by_the_end(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        handler = aside(file.fileno())
        for number in range(100):
            log.info("line %d", number)
        handler.flush()
        assert (tmp_path / "log").read_text().count("\n") == 100


def test_what_is_no_file_is_written_to_at_once() -> None:
    stream = io.StringIO()
    logs.start(stream=stream, environ={}, aside=True)
    log.info("a line")
    assert "a line" in stream.getvalue()
