# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream backfill` as a real process: a stand-in for the API behind a proxy, a sandbox for Listmonk."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from tests.cli.conftest import Cli, Done, environment, write_config
from tests.outbox import make
from tests.packages.program import command
from tests.providers.lists import lists
from tests.sources.backfill.stand_in import Api, standing_in

pytestmark = [pytest.mark.binary, pytest.mark.process]

HOOK = '[webhooks.news]\nprovider = "sendgrid"\npath_secret = "a-path-secret-of-length"\napi_key = "SG.{}"\n'
READ = timedelta(days=2)


def item(person: str, age: timedelta = READ, listing: str = "bounces") -> Any:
    return lists("sendgrid", datetime.now(UTC) - age, person)[listing].item


class Bridge:
    """The commands, beside a stand-in."""

    def __init__(self, api: Api, cli: Cli, folder: Path) -> None:
        self.api, self._cli, self.folder = api, cli, folder
        self.env = api.environment(folder)

    async def __call__(self, *args: str, code: int | None = 0, **more: Any) -> Done:
        done = await asyncio.to_thread(self._cli, "backfill", *args, env=self.env | more.pop("env", {}), **more)
        assert code is None or done.returncode == code, done.stderr + done.stdout
        return done

    async def summary(self, *args: str, code: int = 0) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((await self("news", *args, "--json", code=code)).stdout)
        return {name: value for name, value in told.items() if value and name not in ("since", "pages")}


@pytest.fixture
async def bridge(cli: Cli, tmp_path: Path, spawn: Any) -> AsyncIterator[Bridge]:
    """Two readers that bounced, a stranger, an old one, a new one, and a complaint; Listmonk has 105 readers."""
    (tmp_path / "readers").write_text("".join(f"reader{i}@example.com\n" for i in range(1, 106)))
    process = spawn("sandbox", "--listen", "127.0.0.1:0", "--subscribers", "readers")
    sandbox = process.wait_for("listens on").split("listens on ")[1].split(",")[0]
    write_config(tmp_path, sandbox, extra=HOOK.format("of-good-length"))
    shown = {
        "bounces": [
            item("reader1@example.com"),
            item("reader2@example.com"),
            item("other-application@example.net"),
            item("reader3@example.com", timedelta(days=40)),
            item("reader4@example.com", timedelta(hours=1)),
        ],
        "spam_reports": [item("reader5@example.com", listing="spam_reports")],
    }

    def answer(url: URL) -> Any:
        return shown.get(url.path.rpartition("/")[2], [])

    async with standing_in(answer) as api:
        yield Bridge(api, cli, tmp_path)


FOUND = {
    "hard": 2, "complaint": 1, "strangers": 1, "too_old": 1, "too_new": 1, "items": 6, "source": "news",
}  # fmt: skip


async def test_a_dry_run_counts_and_stores_nothing(bridge: Bridge, conn: sqlite3.Connection) -> None:
    assert await bridge.summary("--dry-run") == FOUND | {"dry_run": True}
    assert make.rows(conn, "recipient") == []
    done = await bridge("news", "--dry-run")
    assert "6 items of SendGrid since" in done.stdout
    assert "as source news would be stored:" in done.stdout
    assert "2  hard" in done.stdout
    assert "1  addresses that Listmonk does not have" in done.stdout
    assert all(
        len(line) <= 80 for line in (await bridge("news", "--dry-run", env={"COLUMNS": "80"})).stdout.split("\n")
    )


async def test_a_dry_run_needs_no_outbox(bridge: Bridge) -> None:
    assert await bridge.summary("--dry-run") == FOUND | {"dry_run": True}
    assert not (bridge.folder / "outbox.db").exists()


async def test_it_stores_once_and_repeats_nothing(bridge: Bridge, conn: sqlite3.Connection) -> None:
    assert await bridge.summary("--yes") == FOUND
    assert await bridge.summary("--yes") == {k: v for k, v in FOUND.items() if k not in ("hard", "complaint")} | {
        "duplicates": 3
    }
    assert make.rows(conn, "recipient, kind, state, source, provider") == [
        ("reader1@example.com", "hard", "pending", "news", "sendgrid"),
        ("reader2@example.com", "hard", "pending", "news", "sendgrid"),
        ("reader5@example.com", "complaint", "pending", "news", "sendgrid"),
    ]
    make.check_tally(conn)
    standing = json.loads(conn.execute("SELECT value FROM meta WHERE name = 'backfill:news'").fetchone()[0])
    assert (standing["started"], standing["place"]) == (True, None)


async def test_since_reaches_further(bridge: Bridge) -> None:
    assert (await bridge.summary("--dry-run", "--since", "90d"))["hard"] == 3
    told = await bridge.summary("--dry-run", "--since", "2000d")
    assert told["hard"] == 3
    assert "older items are left: the outbox remembers events since" in told["notes"][0]


async def test_it_asks_once_and_takes_no_for_an_answer(bridge: Bridge, conn: sqlite3.Connection) -> None:
    done = await bridge("news", code=64)
    assert "Store 3 missed events of news, to be delivered to Listmonk? Next: confirm with --yes." in done.stderr
    assert make.rows(conn, "recipient") == []


@pytest.mark.parametrize(("answer", "stored"), [("n", 0), ("y", 3)])
async def test_on_a_terminal_a_person_answers(
    bridge: Bridge, conn: sqlite3.Connection, answer: str, stored: int
) -> None:
    primary, secondary = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *command(), "backfill", "news",
        cwd=bridge.folder, env=environment(**bridge.env), stdin=secondary, stdout=secondary, stderr=secondary,
    )  # fmt: skip
    os.close(secondary)
    shown = b""
    while b"[y/N]" not in shown:
        shown += await asyncio.to_thread(os.read, primary, 4096)
    os.write(primary, f"{answer}\n".encode())
    while True:
        try:
            more = await asyncio.to_thread(os.read, primary, 4096)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        shown += more
    assert await process.wait() == (0 if stored else 64), shown
    os.close(primary)
    assert len(make.rows(conn, "recipient")) == stored


async def test_what_a_webhook_brought_is_known(bridge: Bridge, conn: sqlite3.Connection) -> None:
    event = make.event("reader1@example.com", occurred_at=datetime.now(UTC) - READ, source="news")
    make.submit(conn, event, now=datetime.now(UTC))
    assert (await bridge.summary("--yes"))["duplicates"] == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_without_permission(bridge: Bridge, status: int) -> None:
    bridge.api.answer = lambda url: (status, {"errors": [{"message": "SG.of-good-length is forbidden"}]}, {})
    done = await bridge("news", "--dry-run", code=1)
    assert "Next: at SendGrid give the API key Suppressions: Read Access" in done.stderr
    assert "SG.of-good" not in done.stderr + done.stdout


async def test_what_is_stored_before_an_error_is_told(bridge: Bridge, conn: sqlite3.Connection) -> None:
    seen = bridge.api.answer
    bridge.api.answer = lambda url: seen(url) if url.path.endswith("/bounces") else (403, {}, {})
    done = await bridge("news", "--yes", code=1)
    assert "2 events were stored before that. Next: fix it and run it again" in done.stderr
    assert len(make.rows(conn, "recipient")) == 2


async def test_a_limit_is_waited_for_and_said(bridge: Bridge) -> None:
    seen, first = bridge.api.answer, [True]

    def answer(url: URL) -> Any:
        return (429, {}, {"Retry-After": "1"}) if first and first.pop() else seen(url)

    bridge.api.answer = answer
    done = await bridge("news", "--dry-run")
    assert "api.sendgrid.com answered 429; waiting" in done.stderr


async def test_ctrl_c_ends_a_wait(bridge: Bridge) -> None:
    bridge.api.answer = lambda url: (429, {}, {"Retry-After": "3000"})
    process = await asyncio.create_subprocess_exec(
        *command(), "backfill", "news", "--dry-run",
        cwd=bridge.folder, env=environment(**bridge.env), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    assert b"waiting" in await process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, _ = await process.communicate()
    assert process.returncode == 130
    assert b"interrupted. Next: run it again" in out


async def test_killed_in_the_middle_and_again_nothing_is_doubled(bridge: Bridge, conn: sqlite3.Connection) -> None:
    """Three pages; it dies while it waits for the third, and then once more."""
    people = [f"reader{i}@example.com" for i in range(1, 51)]
    page = [item(people[i % 50]) for i in range(500)]
    asked = asyncio.Event()

    def answer(url: URL) -> Any:
        at = int(url.query["offset"]) // 500
        if not url.path.endswith("/bounces"):
            return []
        if at == 2 and deaths:
            asked.set()
            return 429, {}, {"Retry-After": "3000"}
        return [page[:200], page, page[:20]][at] if at else page

    bridge.api.answer = answer
    for deaths in (2, 1, 0):
        asked.clear()
        process = await asyncio.create_subprocess_exec(
            *command(), "backfill", "news", "--yes",
            cwd=bridge.folder, env=environment(**bridge.env), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        if deaths:
            await asyncio.wait_for(asked.wait(), 30)
            process.send_signal(signal.SIGKILL)
        out, _ = await process.communicate()
        assert process.returncode == (-9 if deaths else 0), out
    assert "went on where a run was cut off" in out.decode()
    rows = [recipient for (recipient,) in make.rows(conn, "recipient")]
    assert sorted(rows) == sorted(people)
    make.check_tally(conn)


async def test_of_many_hard_ones_it_asks_once_and_holds_none(bridge: Bridge, conn: sqlite3.Connection) -> None:
    bridge.api.answer = lambda url: (
        [item(f"reader{i}@example.com") for i in range(1, 106)] if url.path.endswith("/bounces") else []
    )
    done = await bridge("news", code=64)
    assert "This backfill tells Listmonk of more than 50 hard bounces (105" in done.stderr
    assert done.stderr.count("?") == 1
    assert make.rows(conn, "id") == []
    assert (await bridge.summary("--yes"))["hard"] == 105
    assert make.rows(conn, "count(*) FILTER (WHERE state = 'pending')") == [(105,)]
    assert make.rows(conn, "id") == conn.execute("SELECT outbox_id FROM let_go").fetchall()


@pytest.mark.parametrize(
    ("extra", "args", "words"),
    [
        (HOOK.format("x"), ("letters",), "There is no webhook 'letters'; there are: sendamatic, news."),
        (HOOK.format("x"), ("sendamatic",), "Sendamatic cannot be asked for missed webhooks. These can: brevo,"),
        (
            HOOK.partition("api_key")[0],
            ("news",),
            "webhooks.news.api_key is not set. Next: set it. An API key with",
        ),
        (HOOK.format("x"), ("news", "--since", "soon"), "--since soon"),
    ],
)
def test_wrong_usage(cli: Cli, tmp_path: Path, extra: str, args: tuple[str, ...], words: str) -> None:
    write_config(tmp_path, extra=extra)
    done = cli("backfill", *args)
    assert (done.returncode, done.stdout) == (64, "")
    assert words in done.stderr


async def test_a_listmonk_that_is_away(cli: Cli, tmp_path: Path) -> None:
    write_config(tmp_path, extra=HOOK.format("x"))
    async with standing_in(lambda url: []) as api:
        done = await asyncio.to_thread(cli, "backfill", "news", "--yes", env=api.environment(tmp_path))
    assert done.returncode == 3
    assert api.asked == []


async def test_a_running_bridge_waits_for_the_start_and_then_heals_by_itself(
    bridge: Bridge, conn: sqlite3.Connection, spawn: Any
) -> None:
    """`run` takes what a command beside it has stored, and shows how its own backfill stands."""
    config = (bridge.folder / "config.toml").read_text().replace("api_key", 'backfill = "6h"\napi_key')
    (bridge.folder / "config.toml").write_text(config)
    running = await asyncio.to_thread(spawn, "run", env=bridge.env)
    await asyncio.to_thread(running.wait_for, "listening on")
    await bridge.summary("--yes")
    end = time.monotonic() + 30
    while make.rows(conn, "count(*) FILTER (WHERE state IN ('verified', 'unstored'))") != [(3,)]:
        assert time.monotonic() < end, running.output
        await asyncio.sleep(0.1)
    assert await asyncio.to_thread(running.end) == 0
