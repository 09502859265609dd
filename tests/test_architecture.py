# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the tree: imports go down only, pure rooms do no I/O, files are short and say what they are for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "bouncestream"

#: A room (a module or a folder of `bouncestream`) and its floor. Rooms on one floor never import each other.
FLOORS = {
    "__init__": 0,
    "errors": 0,
    "event": 0,
    "alert": 0,
    "ports": 0,
    "metrics": 0,
    "health": 0,
    "printable": 0,
    "retry": 0,
    "policy": 1,
    "clock": 1,
    "descriptors": 1,
    "logs": 1,
    "supervisor": 1,
    "mail": 1,
    "crypto": 1,
    "settings": 1,
    "providers": 2,
    "config": 3,
    "sources": 4,
    "outbox": 4,
    "sinks": 4,
    "relay": 5,
    "ops": 5,
    "doctor": 5,
    "sandbox": 5,
    "app": 6,
    "cli": 7,
    "__main__": 8,
}

#: Floor 0 may import within itself only this way: values build on values.
WITHIN_FLOOR_0 = {("ports", "event"), ("health", "printable")}

#: No sockets, files, clocks, threads or processes here: bytes and values in, values out.
PURE = [
    "errors.py",
    "event.py",
    "alert.py",
    "ports.py",
    "metrics.py",
    "printable.py",
    "policy.py",
    "mail",
    "crypto",
    "providers",
    "config/oauth.py",
    "sources/oauth_flows.py",
    "outbox/state.py",
    "sources/imap_login.py",
    "sources/imap_names.py",
    "sources/imap_replies.py",
    "sources/mailbox_rules.py",
    "sources/returned.py",
    "retry.py",
    "sinks/answers.py",
    "sinks/payload.py",
    "sinks/permissions.py",
    "sinks/verify.py",
    "sinks/unread.py",
    "relay/breaker.py",
    "sources/returned.py",
    "ops/alerts.py",
    "ops/doubts.py",
    "ops/lately.py",
    "ops/reading.py",
    "ops/rules.py",
    "ops/habits.py",
    "ops/snapshot.py",
    "ops/summary.py",
    "ops/wording.py",
    "doctor/access_log.py",
    "doctor/log_clicks.py",
    "doctor/log_fast.py",
    "doctor/log_paths.py",
    "doctor/log_tally.py",
    "doctor/log_judge.py",
    "doctor/log_people.py",
    "doctor/log_words.py",
    "doctor/received_letter.py",
    "doctor/received_urls.py",
    "doctor/received.py",
    "doctor/received_headers.py",
    "doctor/received_rewritten.py",
    "doctor/rewriters.py",
    "doctor/proxies",
    "doctor/bounces.py",
    "doctor/catalogue.py",
    "doctor/certificate.py",
    "doctor/finding.py",
    "doctor/pages.py",
    "doctor/pixel.py",
    "doctor/reply.py",
    "doctor/root_url.py",
    "doctor/snippets.py",
    "doctor/target.py",
]
IMPURE = {
    "aiohttp",
    "aioimaplib",
    "aiosqlite",
    "asyncio",
    "http",
    "io",
    "os",
    "pathlib",
    "random",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time"), ("time", "monotonic")}

FILES = sorted(PACKAGE.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE.parent))


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every imported module by its full name, also inside functions; without what is only for the type checker."""
    typing_only = {
        id(inner)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree(path)):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "bouncestream":
                yield from (f"bouncestream.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_go_down_only(path: Path) -> None:
    room = room_of(path)
    for module in imports(path):
        if not module.startswith("bouncestream."):
            continue
        other = module.split(".")[1]
        if other == "__version__" or other == room:
            continue
        assert other in FLOORS, f"{other} has no floor yet"
        below = FLOORS[other] < FLOORS[room] or (FLOORS[room] == 0 and (room, other) in WITHIN_FLOOR_0)
        assert below, f"{room} (floor {FLOORS[room]}) imports {module} (floor {FLOORS[other]})"


def is_pure(path: Path) -> bool:
    inside = str(path.relative_to(PACKAGE))
    return any(inside == room or inside.startswith(room + "/") for room in PURE)


@pytest.mark.parametrize("path", [path for path in FILES if is_pure(path)], ids=name_of)
def test_pure_rooms_do_no_io_and_know_no_clock(path: Path) -> None:
    assert not IMPURE & set(imports(path))
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in CLOCKS, f"line {node.lineno} asks what time it is"
        assert not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# SPDX-License-Identifier: GPL-3.0-or-later\n")
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(tree(path)), "the module has no docstring"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_public_functions_and_classes_have_docstrings(path: Path) -> None:
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith(
            "_"
        ):
            assert ast.get_docstring(node), f"{node.name} (line {node.lineno}) has none"


def test_heavy_libraries_are_imported_only_where_they_are_used() -> None:
    """Start-up and memory count on a small VPS; cryptography is not needed at all yet."""
    allowed = {
        "aiohttp": {"sinks", "sources", "sandbox", "cli", "ops", "doctor"},
        "apprise": {"ops"},
        "aiosqlite": {"outbox"},
        "aioimaplib": {"sources"},
        "rich": {"cli"},
        "cryptography": set(),
    }
    for path in FILES:
        for module in imports(path):
            library = module.split(".")[0]
            assert room_of(path) in allowed.get(library, {room_of(path)}), f"{path} imports {library}"
    for library, only in (("aiosqlite", "thread.py"), ("apprise", "errand.py"), ("smtplib", "errand.py")):
        users = [path for path in FILES if library in set(imports(path))]
        assert [path.name for path in users] == [only]


#: Who may begin tasks beside the supervisor: rooms that await them, or note their end, in the same function.
BEGINS_TASKS = {
    "supervisor.py": "owns them",
    "relay/posting.py": "in a TaskGroup",
    "outbox/db.py": "its writer is vital (`writing`), a commit is awaited, a checkpoint tells its own end",
    "sources/oauth.py": "a refresh is awaited by whoever needs the token",
    "sources/oauth_login.py": "a command, which awaits it",
    "sources/imap_commands.py": "awaited until it is done",
    "sources/imap_session.py": "awaited until they are done",
    "sources/mailbox.py": "only those that end others, awaited by `stop`",
    "sources/mailbox_gate.py": "awaited until it is done",
    "sources/mailbox_reading.py": "awaited before the next batch",
    "sources/mailbox_trial.py": "a command, which awaits it",
    "sandbox/server.py": "a tool for trying",
}


def test_a_task_that_lasts_has_a_supervisor() -> None:
    """A task whose end nobody notices is a promise that is silently not kept."""
    found = set()
    for path in FILES:
        if room_of(path) in ("cli", "doctor"):  # they end with their command
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in ("create_task", "ensure_future", "TaskGroup"):
                found.add(str(path.relative_to(PACKAGE)))
    assert found == BEGINS_TASKS.keys()
