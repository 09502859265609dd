# SPDX-License-Identifier: GPL-3.0-or-later
"""`bouncestream undo` as a process, beside a sandbox Listmonk that was told of bounces."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bouncestream.cli.undo import _drop, _to_come
from bouncestream.files import Lock
from bouncestream.outbox.caused import Scope
from bouncestream.sandbox import ApiUser, Sandbox, SandboxSettings
from bouncestream.sandbox.model import Version
from tests.cli.conftest import environment, write_config
from tests.packages.program import command
from tests.undo.conftest import PEOPLE, Stage

pytestmark = pytest.mark.process


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Three people are blocklisted by our bounces; nothing runs."""
    async with Sandbox(SandboxSettings(row_seconds=0, subscribers=PEOPLE)) as sandbox:
        stage = Stage(tmp_path / "outbox.db", sandbox)
        await stage.start()
        await stage.delivered(range(3))
        await stage.stop()
        write_config(tmp_path, sandbox.url)
        yield stage


async def undo(stage: Stage, *args: str) -> tuple[int, str, str]:
    """Its exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *command(),
        "undo",
        *args,
        cwd=stage.path.parent,
        env=environment(COLUMNS="300"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert b"Traceback" not in errors, errors
    return process.returncode or 0, out.decode(), errors.decode()


async def test_a_dry_run_and_then_the_thing_itself(stage: Stage) -> None:
    code, out, _ = await undo(stage, "--since", "1h", "--dry-run")
    assert code == 0
    assert out.count("would be restored") == 4
    assert "p1@example.com" not in out
    assert stage.blocklisted() == {0, 1, 2}
    stage.person(2).set_status("blocklisted")
    code, out, _ = await undo(stage, "--since", "1h", "--reveal")
    assert code == 0
    assert "p1@example.com: restored" in out
    assert "p2@example.com: left alone: it was changed in Listmonk since" in out
    assert "Subscribers: 2 restored, 1 left alone." in out
    assert stage.blocklisted() == {2}


async def test_for_programs(stage: Stage) -> None:
    code, out, _ = await undo(stage, "--domain", "EXAMPLE.com.", "--json")
    told: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert {one["result"] for one in told} == {"restored"}
    assert sorted(event for one in told for event in one["events"]) == [1, 2, 3]
    assert told[0]["place"].endswith(f"/admin/subscribers/{told[0]['subscriber']}")


async def test_a_campaign_by_its_number(stage: Stage) -> None:
    code, out, _ = await undo(stage, "--campaign", "1")
    assert (code, "Subscribers: 0 restored, 0 left alone." in out) == (0, True)
    for odd, words in (("99", "does not tell campaign 99"), ("letter", "neither the UUID nor the number")):
        code, _, errors = await undo(stage, "--campaign", odd)
        assert (code, words in errors) == (64, True)


async def test_something_must_be_named(stage: Stage) -> None:
    code, _, errors = await undo(stage)
    assert (code, "--since, --campaign or --domain" in errors) == (64, True)


async def test_an_older_listmonk_gets_a_list(stage: Stage) -> None:
    stage.sandbox.listmonk.version = Version.read("5.1.0")
    code, out, _ = await undo(stage, "--since", "all")
    assert code == 1
    assert "Listmonk v5.1.0 cannot change a subscriber without losing its lists" in out
    assert out.count("/admin/subscribers/") == 3
    assert "Subscribers: 3 to be enabled by hand, 0 left alone." in out
    assert stage.blocklisted() == {0, 1, 2}


async def test_two_at_once_are_one_too_many(stage: Stage) -> None:
    lock = Lock(stage.path.with_name("outbox.db.undo.lock"))
    assert lock.take()
    code, _, errors = await undo(stage, "--since", "all")
    assert (code, "Another undo" in errors) == (75, True)
    lock.release()
    assert (await undo(stage, "--since", "all"))[0] == 0


async def test_a_token_that_may_not(stage: Stage) -> None:
    user = stage.sandbox.settings.users["bridge"]
    stage.sandbox.settings.users["bridge"] = ApiUser(user.name, user.token, user.permissions - {"bounces:manage"})
    code, _, errors = await undo(stage, "--since", "all")
    assert code == 3
    assert "permission denied: bounces:manage" in errors
    assert stage.blocklisted() == {0, 1, 2}
    stage.sandbox.settings.users["bridge"] = user
    assert (await undo(stage, "--since", "all"))[0] == 0
    assert stage.blocklisted() == set()


async def test_listmonk_is_away(stage: Stage) -> None:
    stage.sandbox.fault("db_away")
    code, _, errors = await undo(stage, "--since", "all")
    assert code == 3
    assert "run the same command again" in errors


async def test_what_cannot_be_undone_and_what_would_do_it_again_is_said_first(stage: Stage) -> None:
    await stage.start()
    await stage.emit(range(5, 7), hold="operator")
    await stage.emit(range(7, 10), hold="brake")
    await stage.stop()
    settings = stage.sandbox.listmonk.stored_settings()
    actions = {**settings["bounce.actions"], "hard": {"count": 1, "action": "delete"}}
    stage.sandbox.listmonk.saved["bounce.actions"] = actions
    _, out, _ = await undo(stage, "--since", "all", "--dry-run")
    assert "Listmonk deletes subscribers at hard bounces: that cannot be undone." in out
    assert (
        "2 bounces of what is to be undone are held for another reason. If you release them, Listmonk may "
        "blocklist the subscribers again."
    ) in out
    assert "The brake holds 3 bounces of what is to be undone: Listmonk is not told unless you release them." in out
    assert "if the server was wrong: bouncestream brake drop." in out
    assert "not delivered yet" not in out
    assert next(_to_come({"": 1}, ""))[0] == (
        "1 bounce of what is to be undone is not delivered yet. Once delivered, Listmonk may blocklist the "
        "subscribers again."
    )


def test_what_the_brake_holds_is_dropped_by_what_it_can_be_named_by() -> None:
    since = datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert _drop(Scope(), "all") == "bouncestream brake drop"
    named = _drop(Scope(since, domain="example.com"), "2026-11-01 12:00")
    assert named == "bouncestream brake drop --domain example.com --since '2026-11-01 12:00'"
    named = _drop(Scope(campaign_uuid="5a0db0c5-0000-4000-8000-000000000001"), "")
    assert named == "bouncestream brake drop (it drops what it holds of other campaigns too)"
