# SPDX-License-Identifier: GPL-3.0-or-later
"""Which areas are examined for whom, and in which order the findings are told."""

from __future__ import annotations

from pathlib import Path

from bouncestream.cli.doctor import report
from bouncestream.config.model import Config, Listmonk, Outbox, Server
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.catalogue import UNEXAMINED
from bouncestream.doctor.engine import examine, examine_inside, examine_listmonk, in_order
from bouncestream.doctor.finding import Finding, Level
from bouncestream.sandbox import BRIDGE_PERMISSIONS, ApiUser, Sandbox, SandboxSettings

TOKEN = "0123456789abcdef"


def test_the_order_and_the_exit_codes(capsys) -> None:
    def one(ident: str, level: Level, topic: str) -> Finding:
        return Finding(ident, level, topic, f"{ident} was seen", "why", "first\n\n    second")

    fine, warns = one("tls-ok", Level.OK, "tls"), one("tls-expires-soon", Level.WARNING, "tls")
    error, open_question = one("pixel-path", Level.ERROR, "pixel"), one(UNEXAMINED, Level.WARNING, "doctor")
    assert in_order([error, fine, warns, fine]) == [warns, fine, error]
    assert report([fine], as_json=False) == 0
    assert report([fine, warns], as_json=False) == 1
    assert report([warns, error, open_question], as_json=False) == 2
    capsys.readouterr()
    assert report([warns, open_question], as_json=False) == 3
    said = capsys.readouterr().out
    assert said.splitlines() == [
        "TLS",
        "⚠ tls-expires-soon was seen [tls-expires-soon]",
        "  why: why",
        "  fix: first",
        "",
        "      second",
        "",
        "The examination",
        f"⚠ {UNEXAMINED} was seen [{UNEXAMINED}]",
        "  why: why",
        "  fix: first",
        "",
        "      second",
        "",
        "It could not be examined, or not all of it: see above.",
    ]


async def test_check_and_init_find_what_the_doctor_finds(tmp_path: Path) -> None:
    users = {"me": ApiUser("me", TOKEN, BRIDGE_PERMISSIONS - {"bounces:get"})}
    async with Sandbox(SandboxSettings(users=users, webhooks_enabled=False)) as sandbox:
        config = Config(
            listmonk=Listmonk(url=sandbox.url, user="me", token=Secret(TOKEN)),
            outbox=Outbox(path=str(tmp_path / "outbox.db")),
            server=Server(listen="127.0.0.1:0"),
        )
        every, inside = await examine(config), await examine_inside(config)
        told_of_listmonk = await examine_listmonk(config.listmonk)

    def of(found: list[Finding], *topics: str) -> list[Finding]:
        return [one for one in found if one.topic in topics]

    same = ("configuration", "listmonk", "bounces", "mailbox", "alerts")
    assert of(inside, *same) == of(every, *same)
    assert told_of_listmonk == of(every, "listmonk", "bounces")
    assert {one.id for one in of(inside, "bouncestream")} == {one.id for one in of(every, "bouncestream")}
    assert {"bounces-webhooks-off", "permission-read"} <= {one.id for one in inside}
    assert of(every, "doctor") and not of(inside, "doctor"), "the public side is the doctor's"
