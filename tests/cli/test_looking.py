# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking never writes: whatever only looks leaves each file of the outbox as it was, byte for byte, and no file
more: on an outbox of this version, on one of an older version, and where nothing can be written."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bouncestream.outbox import migrate
from bouncestream.ports import Unreadable
from tests.cli.conftest import Done, bounce, environment, write_config
from tests.cli.test_parser import COMMANDS
from tests.outbox import make

pytestmark = pytest.mark.process

FIXTURES = Path(__file__).parents[1] / "fixtures"
MAIL = str(FIXTURES / "mail" / "postfix_unknown_user.eml")

#: What only looks into the outbox, as it is called; and the exit code when all that it looks at can be read.
LOOKING = {
    "outbox list": (("outbox", "list"), 0),
    "outbox list --quarantine": (("outbox", "list", "--quarantine"), 0),
    "outbox list --unidentified": (("outbox", "list", "--unidentified"), 0),
    "outbox show": (("outbox", "show", "1"), 0),
    "outbox show --quarantine": (("outbox", "show", "1", "--quarantine"), 0),
    "outbox stats": (("outbox", "stats"), 0),
    "status": (("status",), None),  # the bridge of these tests does not run
    "explain": (("explain", "1", "--offline"), 0),
    "rejudge": (("rejudge",), 0),
    "check": (("check",), None),
    "doctor": (("doctor",), None),
    "import --dry-run": (("import", "--dry-run", "--since", "all", MAIL), 0),
    "backup": (("backup", "{elsewhere}/copy.db"), 0),
}
#: What changes the outbox, or has it changed by a running bridge.
CHANGING = {
    "run", "outbox replay", "outbox drop", "outbox release", "outbox copy", "outbox reopen",
    "backfill", "brake drop", "brake release", "key rotate", "person", "reconcile", "seal", "undo", "unseal",
}  # fmt: skip
#: What needs no outbox.
WITHOUT = {
    "init", "demo", "sandbox", "alert test", "parse", "doctor mail", "doctor logs", "proxy caddy", "proxy nginx",
    "proxy apache", "proxy traefik", "mailbox login", "mailbox test", "verp", "config example", "version",
    "completion", "help", "install", "uninstall", "key new", "provider guide", "provider list", "provider try",
    "deliver",
}  # fmt: skip
#: What looks for as long as it runs: test_dashboard.py has it.
SERVING = {"dashboard"}


def test_every_command_is_here() -> None:
    """Whoever adds a command says whether it only looks."""
    looking = {name.partition(" --")[0] for name in LOOKING}
    assert {" ".join(path) for path in COMMANDS} == looking | CHANGING | WITHOUT | SERVING


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A configuration, and an outbox as a stopped bridge leaves it."""
    home = tmp_path / "home"
    home.mkdir()
    write_config(home)
    with closing(make.connect(home / "outbox.db")) as conn:
        here = {"source": "sendamatic", "provider": "sendamatic"}
        make.submit(conn, make.event("ann@example.com", **here), raw=bounce("ann@example.com"), **here)
        make.submit(conn, unreadable=(Unreadable("odd"),), raw=b"{", **here)
    return home


def older(home: Path) -> None:
    """In its place one that an older program wrote."""
    (home / "outbox.db").write_bytes(gzip.decompress((FIXTURES / "outbox" / "version_4.db.gz").read_bytes()))


def bridge_was_killed(home: Path) -> None:
    """Its last event is in the log alone."""
    code = (
        "import os, sys; from pathlib import Path; from tests.outbox import make\n"
        "conn = make.connect(Path(sys.argv[1])); make.submit(conn, make.event('bob@example.com')); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(home / "outbox.db")], check=True, env=environment())
    assert (home / "outbox.db-wal").stat().st_size


def files(home: Path) -> dict[str, bytes]:
    """All that lies there. The -shm file is what processes tell each other, and no content."""
    return {file.name: b"" if file.name.endswith("-shm") else file.read_bytes() for file in sorted(home.iterdir())}


def call(home: Path, name: str, *before: str) -> Done:
    args = [arg.replace("{elsewhere}", str(home.parent)) for arg in LOOKING[name][0]]
    return subprocess.run(
        [*before, sys.executable, "-m", "bouncestream", *args],
        cwd=home,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def is_fine(done: Done, name: str) -> None:
    assert "Traceback" not in done.stderr
    assert LOOKING[name][1] in (done.returncode, None), done.stdout + done.stderr
    assert "older version" not in done.stdout + done.stderr


def looked(home: Path, name: str) -> None:
    before = files(home)
    is_fine(call(home, name), name)
    assert files(home) == before


@pytest.mark.parametrize("name", LOOKING)
def test_an_outbox_of_this_version(home: Path, name: str) -> None:
    looked(home, name)


@pytest.mark.parametrize("name", ["outbox list", "status", "check", "backup"])
def test_an_outbox_of_a_bridge_that_was_killed(home: Path, name: str) -> None:
    bridge_was_killed(home)
    looked(home, name)


@pytest.mark.parametrize("name", LOOKING)
def test_an_outbox_of_an_older_version(home: Path, name: str) -> None:
    older(home)
    before = files(home)
    done = call(home, name)
    assert files(home) == before
    if name == "backup":  # it keeps what an upgrade would change
        is_fine(done, name)
        return
    assert "Traceback" not in done.stderr
    told = " ".join((done.stdout + done.stderr).split())
    assert f"of an older version (schema 4; this bouncestream uses {migrate.newest()})" in told
    assert "start `bouncestream run`, which upgrades it" in told
    assert done.returncode in (1, 2, 3)


@pytest.fixture
def readonly(home: Path) -> Iterator[tuple[str, ...]]:
    """How to call a command so that the home is read-only to it. To root only a mount is that."""
    if os.geteuid() == 0:
        script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
        yield ("unshare", "-m", "sh", "-c", script, str(home))
        return
    modes = {path: path.stat().st_mode for path in (*home.iterdir(), home)}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    yield ()
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.mark.parametrize("name", LOOKING)
def test_where_nothing_can_be_written(home: Path, readonly: tuple[str, ...], name: str) -> None:
    before = files(home)
    is_fine(call(home, name, *readonly), name)
    assert files(home) == before


@pytest.mark.parametrize(
    "args", [("outbox", "release", "--all"), ("outbox", "drop", "--held", "--yes")], ids=" ".join
)
def test_a_command_that_changes_upgrades_it_and_says_so(home: Path, args: tuple[str, ...]) -> None:
    older(home)
    done = subprocess.run(
        [sys.executable, "-m", "bouncestream", *args], cwd=home, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"was upgraded from schema 4 to {migrate.newest()}" in done.stderr
    with closing(sqlite3.connect(home / "outbox.db")) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (migrate.newest(),)
