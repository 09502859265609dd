# SPDX-License-Identifier: GPL-3.0-or-later
"""Without MOVE a mail is removed only after the server has said that it was copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.health import Status
from tests.mailserver.dovecot import letter
from tests.mailserver.liar import Liar, Lie
from tests.mailserver.scripted import Peer
from tests.sources.mailbox.test_listener import bounce
from tests.sources.mailbox.test_numbers import reading

WITHOUT_MOVE = "IMAP4rev1 SASL-IR IDLE UIDPLUS AUTH=PLAIN"


def folder() -> Liar:
    """Bounces 101 and 102, and a mail of a person, which its owner has flagged for deletion."""
    server = Liar([bounce(1), bounce(2), letter()], capabilities=WITHOUT_MOVE)
    server.mails[103].flags.add("\\Deleted")
    return server


async def test_what_was_copied_is_removed_and_nothing_else(tmp_path: Path) -> None:
    server = folder()
    async with reading(server, tmp_path, after="move") as reader:
        await reader.until(lambda: server.gone == [101, 102])
        await reader.listening()
    assert server.copied == [101, 102]
    assert list(server.mails) == [103]


def copyuid(text: str) -> Lie:
    async def lie(server: Liar, peer: Peer, rest: str) -> None:
        peer.done(f"OK {text} done")

    return lie


@pytest.mark.parametrize(
    ("lie", "gone"),
    [
        (copyuid(""), []),
        (copyuid("[COPYUID 9 101 501]"), [101]),
        (copyuid("[COPYUID 9 101:102 501]"), []),
        (copyuid("[COPYUID 9 101:103 501:503]"), [101, 102]),
        (copyuid("[COPYUID 9 1:4294967295 1:4294967295]"), []),
        (copyuid("[COPYUID 9 103 501]"), []),
    ],
)
async def test_what_was_not_surely_copied_stays(tmp_path: Path, lie: Lie, gone: list[int]) -> None:
    server = folder()
    server.lies["UID COPY"] = lie
    async with reading(server, tmp_path, after="move") as reader:
        await reader.stored(2)
        if len(gone) < 2:
            await reader.told("does not report what it copied (COPYUID)", Status.YELLOW)
        await reader.until(lambda: reader.query("SELECT count(*) FROM marks") == [(0,)])
    assert server.gone == gone
    assert set(server.mails) == {101, 102, 103} - set(gone)
    assert all("\\Seen" in server.mails[uid].flags for uid in {101, 102} - set(gone))
    assert server.mails[103].flags == {"\\Deleted"}
    assert all("103" not in command for command in server.asked("UID STORE") + server.asked("UID EXPUNGE"))


@pytest.mark.parametrize("all_flagged", [True, False])
async def test_only_a_server_that_leaves_nothing_flagged_is_said_to_remove_too_much(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, all_flagged: bool
) -> None:
    """Else it was another connection, of which the answer to EXPUNGE tells as well."""
    server = folder()
    server.mails[server.add(letter())].flags.add("\\Deleted")

    async def more(server: Liar, peer: Peer, rest: str) -> None:
        server.expunge(peer, sorted(server.mails) if all_flagged else [101, 102, 103])
        peer.done()

    server.lies["UID EXPUNGE"] = more
    async with reading(server, tmp_path, after="move") as reader:
        await reader.until(lambda: server.gone[:3] == [101, 102, 103])
        await reader.listening()
    assert ("the server removed 4 mails instead of 2" in caplog.text) is all_flagged
