# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests are in the fast tier, and what keeps it so.

`make check` runs the fast tier (`pytest --fast`): all tests that start no process, and so need no daemon, no free
port of their own and no tool of the machine. `make test` runs all tests.

A test that starts processes says so, with `@pytest.mark.process` (a whole file with `pytestmark`), or by asking for
one of the fixtures named below. That is enforced, not trusted: in whichever tier, any other test that starts a
process fails, and the process is not started. A test that starts none, but computes or waits for more than a few
seconds, has `@pytest.mark.long`, and is left to `make test` as well.

CI runs the fast tier on two versions of Python. What says the same on each (it reads the tree, or throws much junk
at code of ours) has `@pytest.mark.once`, and is left out with `--again`.

What `deploy/build` makes is asked by the tests of tests/packages, and by all others with `@pytest.mark.binary`. Its
path is in BOUNCESTREAM_PROGRAM; CI sets it and runs those alone (`pytest -m binary`). Where it is not set, a test
that asks for the fixture `built` is not selected, and the others start the program of this folder. One that needs a
program that is broken on purpose has `@pytest.mark.wrapped`, and is not selected where a built one is asked. In the
same way BOUNCESTREAM_BASE names a Debian by debootstrap, and BOUNCESTREAM_IMAGE a container's image, for the tests
that ask for the fixtures `base` and `image`.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.postgres.fixtures import cluster, pg_url, pgbouncer, primary
from tests.sinks.listmonk_db.fixtures import listmonk_tables

__all__ = ["cluster", "listmonk_tables", "pg_url", "pgbouncer", "primary"]

#: Whoever asks for one of these fixtures starts a process.
STARTERS = {
    "built",
    "cli",
    "cluster",
    "dovecot",
    "forks",
    "image",
    "listmonk_tables",
    "pg_url",
    "pgbouncer",
    "primary",
    "spawn",
    "terminal",
    "theatre",
}
#: Threads of this name work for a fixture of the whole session, beside tests that have nothing to do with it.
BACKSTAGE = "backstage"
#: What the interpreter tells of (PEP 578) when a process is started by any of its means.
EVENTS = {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"}


class Guard:
    """Refuses each start of a process while `watching`, and remembers it."""

    def __init__(self) -> None:
        self.watching = False
        self.refused: list[str] = []
        sys.addaudithook(self.heard)

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An event of the interpreter. Raises RuntimeError, so that no process is started."""
        if self.watching and event in EVENTS and not threading.current_thread().name.startswith(BACKSTAGE):
            self.refused.append(f"{event} {arguments[:2]}"[:200])
            raise RuntimeError("a test without @pytest.mark.process starts a process")


GUARD = Guard()

# A shell starts its background jobs with Ctrl-C ignored, and so would be the programs that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="only tests that start no process (see tests/conftest.py)")
    parser.addoption("--again", action="store_true", help="without those that ran on another Python")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Collected tests are millions of objects that stay: the garbage collector need not look at them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if STARTERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("process")
        if {"built", "image"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("binary")
    slow = {item for item in items if any(item.iter_markers("process")) or any(item.iter_markers("long"))}
    out = set()
    if config.getoption("--fast"):
        out |= slow
    if config.getoption("--again"):
        out |= {item for item in items if any(item.iter_markers("once"))} - slow
    if not os.environ.get("BOUNCESTREAM_PROGRAM"):
        out |= {item for item in items if "built" in getattr(item, "fixturenames", ())}
    else:
        out |= {item for item in items if any(item.iter_markers("wrapped"))}
    for name in ("base", "image"):
        if not os.environ.get(f"BOUNCESTREAM_{name.upper()}"):
            out |= {item for item in items if name in getattr(item, "fixturenames", ())}
    if out:
        config.hook.pytest_deselected(items=list(out))
        items[:] = [item for item in items if item not in out]
    _longest_first(items)


def _longest_first(items: list[pytest.Item]) -> None:
    """Put the files first that may take longest, and those last that start no process: processes that share the
    files come to their ends together, as none is left with a long one. (Makefile: --no-loadscope-reorder)"""
    turns: dict[Path, float] = {}
    for item in items:
        limit = item.get_closest_marker("timeout")
        turn = -limit.args[0] if limit is not None else not any(item.iter_markers("process"))
        turns[item.path] = min(turn, turns.get(item.path, turn))
    items.sort(key=lambda item: turns[item.path])


def _guarded(item: pytest.Item) -> Generator[None, Any, Any]:
    """One step of a test. It fails even where the code under test has taken the refusal for an error of its own."""
    GUARD.refused.clear()
    GUARD.watching = not any(item.iter_markers("process"))
    try:
        return (yield)
    finally:
        GUARD.watching = False
        if GUARD.refused:
            pytest.fail(f"it starts a process, so mark it with @pytest.mark.process: {GUARD.refused[0]}")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    return (yield from _guarded(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    return (yield from _guarded(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    return (yield from _guarded(item))
