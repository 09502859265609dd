# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import LoginRefused, TokenError
from bouncestream.sources.oauth.file import TokenFile, token_path

BOX = Mailbox(
    name="bounces", user="b@example.com", auth="xoauth2", oauth_provider="microsoft", oauth_client_id="id"
)


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(token_path(tmp_path / "outbox.db", "bounces"), BOX)


def test_what_is_written_is_read_and_is_for_its_owner_alone(file: TokenFile) -> None:
    assert file.path.name == "outbox.db.bounces.token"
    old = os.umask(0)
    try:
        mark = file.write("first")
    finally:
        os.umask(old)
    assert file.read().refresh_token == "first"
    assert file.read().mark == mark == file.mark()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.write("second") != mark
    assert file.read().refresh_token == "second"
    assert "second" not in repr(file.read())
    assert [path.name for path in file.path.parent.iterdir()] == ["outbox.db.bounces.token"]


def test_a_rehearsal_changes_nothing(file: TokenFile) -> None:
    file.write("first")
    mark = file.mark()
    file.rehearse("first")
    assert file.mark() == mark
    assert len(list(file.path.parent.iterdir())) == 1


def test_what_a_kill_left_behind_is_written_over(file: TokenFile) -> None:
    aside = file.path.with_name(f"{file.path.name}.new")
    aside.write_text("half")
    aside.chmod(0o644)
    file.write("whole")
    assert file.read().refresh_token == "whole"
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_nobody_has_logged_in(file: TokenFile) -> None:
    with pytest.raises(LoginRefused, match="run `bouncestream mailbox login bounces`"):
        file.read()
    assert file.mark() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"for": "x"}', b'{"for": 1, "refresh_token": "r"}'])
def test_a_damaged_file_names_the_command(file: TokenFile, content: bytes) -> None:
    file.path.write_bytes(content)
    with pytest.raises(LoginRefused, match=r"damaged\. Next: run `bouncestream mailbox login bounces`"):
        file.read()


@pytest.mark.parametrize(
    "other",
    [
        replace(BOX, user="c@example.com"),
        replace(BOX, oauth_client_id="other"),
        replace(BOX, oauth_provider="", oauth_token_url="https://evil.example/token"),
    ],
)
def test_a_permission_is_for_one_user_application_and_provider(file: TokenFile, other: Mailbox) -> None:
    file.write("secret")
    assert TokenFile(file.path, replace(BOX, user="B@Example.com")).read().refresh_token == "secret"
    with pytest.raises(LoginRefused, match="another user, application or provider") as caught:
        TokenFile(file.path, other).read()
    assert "secret" not in str(caught.value)


def test_a_link_in_its_place_is_not_followed(file: TokenFile, tmp_path: Path) -> None:
    file.write("secret")
    moved = file.path.rename(tmp_path / "elsewhere")
    file.path.symlink_to(moved)
    with pytest.raises(LoginRefused, match="cannot be read"):
        file.read()
    file.write("new")  # the link is replaced, what it led to is not touched
    assert json.loads(moved.read_text())["refresh_token"] == "secret"


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "missing" / "x.token", BOX)
    with pytest.raises(TokenError, match=r"No such file or directory\. Next: free space") as caught:
        file.write("secret")
    assert "secret" not in str(caught.value)


def test_root_leaves_the_file_to_the_owner_of_the_directory(
    file: TokenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sudo bouncestream mailbox login` for a service that runs as somebody else."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _, user, group: given.append((user, group)))
    file.write("secret")
    owner = file.path.parent.stat()
    assert given == [(owner.st_uid, owner.st_gid)]


async def test_the_lock_lets_one_in_at_a_time(file: TokenFile) -> None:
    async with file.locked(1.0):
        with pytest.raises(TokenError, match="Another bouncestream holds"):
            async with file.locked(0.1):
                pass
        waiting = asyncio.create_task(_enter(file))
        await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 10)


async def _enter(file: TokenFile) -> None:
    async with file.locked(10.0):
        pass
