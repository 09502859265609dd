# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the tree: imports go down only, pure rooms do no I/O, files are short and say what they are for."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "bouncestream"

#: A room (a module or a folder of `bouncestream`) and its floor. Rooms on one floor never import each other.
FLOORS = {
    "__init__": 0,
    "errors": 0,
    "record": 0,
    "event": 0,
    "alert": 0,
    "ports": 0,
    "missed": 0,
    "folders": 0,
    "metrics": 0,
    "health": 0,
    "printable": 0,
    "backoff": 0,
    "program": 0,
    "policy": 1,
    "decay": 1,
    "lease": 1,
    "brake": 1,
    "clock": 1,
    "descriptors": 1,
    "logs": 1,
    "supervisor": 1,
    "files": 1,
    "net": 1,
    "mail": 1,
    "crypto": 1,
    "settings": 1,
    "providers": 2,
    "config": 3,
    "judging": 4,
    "service": 4,
    "sources": 5,
    "outbox": 5,
    "sinks": 5,
    "relay": 6,
    "undo": 6,
    "alerts": 6,
    "doctor": 7,
    "sandbox": 6,
    "maintenance": 7,
    "survey": 7,
    "dashboard": 8,
    "fitting": 8,
    "app": 9,
    "cli": 10,
    "__main__": 11,
}

#: Floor 0 may import within itself only this way: values build on values.
WITHIN_FLOOR_0 = {
    ("ports", "event"),
    ("ports", "record"),
    ("missed", "event"),
    ("missed", "ports"),
    ("missed", "record"),
    ("folders", "ports"),
    ("folders", "record"),
    ("event", "record"),
    ("health", "printable"),
}

#: No sockets, files, clocks, threads or processes here, nor in what they import: bytes and values in, values out.
PURE = [
    "errors.py",
    "record.py",
    "event.py",
    "alert.py",
    "ports.py",
    "missed.py",
    "folders.py",
    "metrics.py",
    "printable.py",
    "policy.py",
    "decay.py",
    "lease.py",
    "brake",
    "mail",
    "crypto",
    "providers",
    "config/extract.py",
    "config/oauth.py",
    "sources/oauth/flows.py",
    "outbox/state.py",
    "sources/imap/login.py",
    "sources/imap/names.py",
    "sources/imap/replies.py",
    "settings",
    "sources/mailbox/rules.py",
    "sources/smtp/answers.py",
    "sources/smtp/body.py",
    "sources/smtp/recipients.py",
    "sources/smtp/trace.py",
    "judging",
    "backoff.py",
    "sinks/listmonk/answers.py",
    "sinks/listmonk/lookup.py",
    "sinks/listmonk/payload.py",
    "sinks/listmonk/permissions.py",
    "sinks/listmonk_db/deciding.py",
    "sinks/listmonk_db/known.py",
    "undo/judge.py",
    "relay/ledger.py",
    "relay/unverified.py",
    "relay/breaker.py",
    "alerts/bridges.py",
    "alerts/engine.py",
    "alerts/doubts.py",
    "alerts/lately.py",
    "alerts/missed.py",
    "alerts/reading.py",
    "alerts/rules.py",
    "alerts/baseline.py",
    "alerts/snapshot.py",
    "alerts/summary.py",
    "alerts/wording.py",
    "dashboard/frame.py",
    "dashboard/login.py",
    "dashboard/pages",
    "dashboard/parts.py",
    "dashboard/session.py",
    "dashboard/texts.py",
    "dashboard/verdict.py",
    "doctor/logs/access_log.py",
    "doctor/logs/campaigns.py",
    "doctor/logs/clicks.py",
    "doctor/logs/paths.py",
    "doctor/logs/tally.py",
    "doctor/logs/judge.py",
    "doctor/logs/people.py",
    "doctor/logs/findings.py",
    "doctor/campaign_mail/message.py",
    "doctor/campaign_mail/urls.py",
    "doctor/campaign_mail/body.py",
    "doctor/campaign_mail/headers.py",
    "doctor/campaign_mail/rewritten.py",
    "doctor/campaign_mail/rewriters.py",
    "doctor/proxies",
    "doctor/areas/bounces.py",
    "doctor/finding.py",
    "doctor/areas/pages.py",
    "doctor/areas/pixel.py",
    "doctor/probe/reply.py",
    "doctor/areas/root_url.py",
    "doctor/probe/snippets.py",
    "doctor/probe/target.py",
]
IMPURE = {
    "aiohttp",
    "aioimaplib",
    "aiosmtpd",
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


@cache
def imports(path: Path, *, names: bool = False) -> tuple[str, ...]:
    """Every imported module by its full name, also inside functions; without what is only for the type checker.
    `names`: also each name that is imported from a module, which may be a module itself."""
    return tuple(_imports(path, names=names))


def _imports(path: Path, *, names: bool) -> Iterator[str]:
    typing_only = {
        id(inner)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree(path)):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if names or node.module == PACKAGE.name:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            if names or node.module != PACKAGE.name:
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


@cache
def impurities(path: Path) -> list[str]:
    """What a file does or imports itself that a pure one must not."""
    found = sorted(IMPURE & set(imports(path, names=True)))
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in CLOCKS:
                found.append(f"line {node.lineno} asks what time it is")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            found.append(f"line {node.lineno} opens a file")
    return found


def file_of(package: Path, module: str) -> Path | None:
    """The file of a module of a package; None: it is none."""
    place = package.parent.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


@cache
def loaded(package: Path, path: Path) -> set[Path]:
    """The files of a package that an import of one of them runs at once: those that it names, and the packages
    that these lie in."""
    above = (parent / "__init__.py" for parent in path.parents if parent == package or package in parent.parents)
    found = {place for place in above if place.is_file()}
    for module in imports(path, names=True):
        parts = module.split(".")
        if parts[0] == package.name:
            paths = (file_of(package, ".".join(parts[:end])) for end in range(1, len(parts) + 1))
            found |= {place for place in paths if place is not None}
    return found - {path}


def impure_ways(package: Path, path: Path) -> list[str]:
    """What a file does that a pure one must not, by itself or through imports of imports, with the way to it."""
    ways, waiting, found = {path: (path,)}, [path], []
    while waiting:
        here = waiting.pop(0)
        way = " > ".join(str(step.relative_to(package)) for step in ways[here])
        found += [f"{way}: {what}" for what in impurities(here)]
        for other in sorted(loaded(package, here) - ways.keys()):
            ways[other] = (*ways[here], other)
            waiting.append(other)
    return found


@pytest.mark.parametrize("path", [path for path in FILES if is_pure(path)], ids=name_of)
def test_pure_rooms_do_no_io_and_know_no_clock_even_through_imports(path: Path) -> None:
    assert impure_ways(PACKAGE, path) == []


def test_each_pure_room_is_there() -> None:
    assert [room for room in PURE if not (PACKAGE / room).exists()] == []
    assert len(PURE) == len(set(PURE))


@pytest.mark.parametrize(
    ("files", "ways"),
    [
        ({"a": "import json"}, []),
        ({"a": "import socket"}, ["a.py: socket"]),
        ({"a": "import urllib.request"}, ["a.py: urllib.request"]),
        ({"a": "from urllib import request"}, ["a.py: urllib.request"]),
        ({"a": "def f():\n    import socket"}, ["a.py: socket"]),
        ({"a": "from tiny import b", "b": "from tiny.c import x", "c": "import os"}, ["a.py > b.py > c.py: os"]),
        ({"a": "import tiny.b", "b": "def f():\n    import tiny.c", "c": "import os"}, ["a.py > b.py > c.py: os"]),
        ({"a": "import tiny.b", "b": "import tiny.a\nopen('x')"}, ["a.py > b.py: line 2 opens a file"]),
        ({"a": "import tiny.b", "b": "datetime.now()"}, ["a.py > b.py: line 1 asks what time it is"]),
        ({"a": "from tiny.room.b import x", "room/b": "x = 1", "room/__init__": "import os"},
         ["a.py > room/__init__.py: os"]),
        ({"a": "import tiny.room.b", "room/b": "", "room/__init__": "import tiny.c", "c": "import os"},
         ["a.py > room/__init__.py > c.py: os"]),
        ({"a": "if TYPE_CHECKING:\n    import tiny.b", "b": "import os"}, []),
        ({"a": "if typing.TYPE_CHECKING:\n    pass\nelse:\n    import tiny.b", "b": "import os"},
         ["a.py > b.py: os"]),
        ({"a": "import tiny.b", "b": "import json", "c": "import os"}, []),
    ],
)  # fmt: skip
def test_an_impure_import_of_an_import_is_found(tmp_path: Path, files: dict[str, str], ways: list[str]) -> None:
    package = tmp_path / "tiny"
    (package / "room").mkdir(parents=True)
    for name, text in ({"__init__": "", "room/__init__": ""} | files).items():
        (package / f"{name}.py").write_text(text)
    assert impure_ways(package, package / "a.py") == ways


def test_a_pure_file_in_an_impure_package_is_found(tmp_path: Path) -> None:
    package = tmp_path / "tiny"
    (package / "room").mkdir(parents=True)
    (package / "room" / "__init__.py").write_text("import os")
    (package / "room" / "b.py").touch()
    assert impure_ways(package, package / "room" / "b.py") == ["room/b.py > room/__init__.py: os"]


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
    """Start-up and memory count on a small VPS; cryptography is imported when a proof needs it, not before."""
    allowed = {
        "aiohttp": {"sinks", "sources", "sandbox", "doctor", "net", "dashboard"},
        "apprise": {"alerts"},
        "aiosqlite": {"outbox"},
        "aioimaplib": {"sources"},
        "aiosmtpd": {"sources"},
        "rich": {"cli"},
        "htpy": {"dashboard"},
        "markupsafe": {"dashboard"},
        "cryptography": {"crypto"},
    }
    for path in FILES:
        for module in imports(path):
            library = module.split(".")[0]
            assert room_of(path) in allowed.get(library, {room_of(path)}), f"{path} imports {library}"
    for library, only in (("aiosqlite", "thread.py"), ("apprise", "sender.py"), ("smtplib", "sender.py")):
        users = [path for path in FILES if library in set(imports(path))]
        assert [path.name for path in users] == [only]


#: The rooms that a bridge with one webhook, and an outbox in a file, has loaded once it is ready: what a room more
#: takes of memory and of the time to start, each such bridge pays for nothing. And modules of other rooms.
LOADED = {
    "", "alerts", "brake", "cli", "config", "crypto", "judging", "maintenance", "net", "outbox", "providers",
    "relay", "settings", "sinks", "sinks.listmonk", "sources", "sources.listmonk_log", "sources.webhook",
}  # fmt: skip
LOADED_ALONE = {
    "mail.address", "mail.charsets", "mail.mime", "mail.reason", "mail.spellings", "outbox.sealing.state",
}  # fmt: skip
LIBRARIES_OF_OTHERS = (
    "aioimaplib", "aiosmtpd", "apprise", "cryptography", "difflib", "htpy", "psycopg", "rich", "smtplib",
)  # fmt: skip
READY = """
import asyncio, sys
from bouncestream.app import App
from bouncestream.cli import run
from bouncestream.config.load import load
asyncio.run(App(load(sys.argv[1])).run(ready=lambda app: asyncio.get_running_loop().call_later(0.3, app.stop)))
print(*sys.modules)
"""


@pytest.mark.process
def test_a_bridge_loads_only_what_its_configuration_uses(tmp_path: Path) -> None:
    """Not sealing, leases, PostgreSQL, the mail reader with the phrases of all languages, dashboard or doctor."""
    file = tmp_path / "config.toml"
    file.write_text(
        f'[server]\nlisten = "127.0.0.1:0"\n[outbox]\npath = "{tmp_path}/outbox.db"\n'
        '[listmonk]\nurl = "http://127.0.0.1:1"\ntoken = "0123456789abcdef-Listmonk"\n'
        '[webhooks.own]\nprovider = "generic"\ntoken = "a-token-of-24-characters"\n'
    )
    file.chmod(0o600)
    command = [sys.executable, "-c", READY, str(file)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert "bouncestream.sources.webhook.server" in loaded
    assert [name for name in LIBRARIES_OF_OTHERS if name in loaded] == []
    ours = {name.removeprefix("bouncestream").lstrip(".") for name in loaded if name.startswith("bouncestream")}
    rooms = {name: name if name in LOADED else name.rpartition(".")[0] for name in ours}
    packages = {name.rpartition(".")[0] for name in ours}
    odd = {name for name, room in rooms.items() if room not in LOADED and name not in LOADED_ALONE | packages}
    assert not odd, f"a bridge that does not use them loads {sorted(odd)}"


#: Who may begin tasks beside the supervisor: rooms that await them, or note their end, in the same function.
BEGINS_TASKS = {
    "supervisor.py": "owns them",
    "relay/posting.py": "in a TaskGroup",
    "outbox/db.py": "its writer is vital (`writing`), a commit is awaited, a checkpoint tells its own end",
    "outbox/postgres/db.py": "a look is awaited by the next one, or by the end",
    "outbox/alone.py": "renewals, which end with what they are for",
    "outbox/postgres/leasing.py": "awaited by who holds the lease, which is kept by a supervisor",
    "sources/oauth/tokens.py": "a refresh is awaited by whoever needs the token",
    "sources/oauth/login.py": "a command, which awaits it",
    "sources/imap/commands.py": "awaited until it is done",
    "sources/imap/session.py": "awaited until they are done",
    "sources/mailbox/listener.py": "only those that end others, awaited by `stop`",
    "sources/smtp/listener.py": "only those that end others, awaited by `stop`",
    "sources/listmonk_log/listener.py": "the stream: its end is seen at the next look, it ends with the listener",
    "sources/mailbox/connector.py": "awaited until it is done",
    "sources/mailbox/fetching.py": "awaited before the next batch",
    "sources/mailbox/visit.py": "a command, which awaits it",
    "maintenance/absence.py": "a look, which is awaited or cut off at once",
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


#: What only one file does; whoever needs it too asks that file.
ONLY_THERE = {
    "ClientSession": "net/http.py",
    "create_subprocess_exec": "net/child.py",
    "Popen": "cli/demo/dovecot.py",
    "executable": "program.py",
    "strerror": "net/failure.py",  # os.strerror; an error of a file has its own
    "fsync": "files.py",
    "flock": "files.py",
}


def test_what_is_done_in_one_place_is_done_nowhere_else() -> None:
    """HTTP calls, processes, the words of network errors, and what keeps a file whole."""
    found: dict[str, set[str]] = {name: set() for name in ONLY_THERE}
    for path in FILES:
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in found
                and (node.attr != "strerror" or (isinstance(node.value, ast.Name) and node.value.id == "os"))
            ):
                found[node.attr].add(str(path.relative_to(PACKAGE)))
    assert {name: sorted(places) for name, places in found.items()} == {
        name: [place] for name, place in ONLY_THERE.items()
    }


def test_a_module_has_one_name() -> None:
    """An alias is a second word for one thing, mostly that of an earlier time."""
    found = [
        f"{path.relative_to(ROOT)}: {node.module}.{one.name} as {one.asname}"
        for path in [*FILES, *sorted((ROOT / "tests").rglob("*.py"))]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == PACKAGE.name
        for one in node.names
        if one.asname and (ROOT / str(node.module).replace(".", "/") / f"{one.name}.py").exists()
    ]
    assert not found
