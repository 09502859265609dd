# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether readers can unsubscribe by mail: what check and doctor say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config, Listmonk, Mail, Server
from bouncestream.config.outbox import Outbox
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.areas.unsubscription import judge, judge_campaigns
from bouncestream.doctor.engine import examine, examine_inside
from bouncestream.mail.unsubscription import campaign_headers
from bouncestream.sandbox import BRIDGE_PERMISSIONS, ApiUser, Sandbox, SandboxSettings
from bouncestream.sandbox.model import Letter

SET, NEW, OLD = Mail(unsubscribe=("unsub+*@example.org",)), (6, 2, 0), (6, 1, 0)
ON, OFF = {"privacy.unsubscribe_header": True}, {"privacy.unsubscribe_header": False}
HEADERS = campaign_headers("unsub+*@example.org")
TOKEN = "q7Xw2LmZ9rTk4VbN"


def test_the_headers() -> None:
    assert HEADERS == [
        {
            "List-Unsubscribe": "<{{ UnsubscribeURL . }}>, <mailto:unsub+{{ .Subscriber.UUID }}@example.org"
            "?subject=unsubscribe%20{{ .Campaign.UUID }}>"
        },
        {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    ]


@pytest.mark.parametrize(
    ("mail", "settings", "version", "mailbox", "expected", "words"),
    [
        (SET, ON, NEW, True, "unsubscribe-header-on", "then switch off Settings, Privacy"),
        (SET, ON, (), True, "unsubscribe-header-on", json.dumps(HEADERS)),
        (SET, OFF, NEW, True, "unsubscribe-mail-set", json.dumps(HEADERS)),
        (SET, None, NEW, True, "unsubscribe-mail-set", "must be off"),
        (SET, ON, OLD, True, "unsubscribe-mail-old", "upgrade Listmonk"),
        (SET, ON, NEW, False, "unsubscribe-mail-unread", "[mailboxes.NAME]"),
        (Mail(), ON, NEW, True, "", ""),
        (Mail(), OFF, NEW, True, "", ""),
    ],
)
def test_the_settings(
    mail: Mail, settings: Any, version: tuple[int, ...], mailbox: bool, expected: str, words: str
) -> None:
    found = judge(mail, settings, version, mailbox=mailbox)
    assert [one.id for one in found] == ([expected] if expected else [])
    assert all(words in one.fix for one in found)


def campaign(headers: Any, status: str = "running") -> dict[str, Any]:
    return {"name": "Autumn", "status": status, "headers": headers}


@pytest.mark.parametrize(
    ("one", "mail", "settings", "expected"),
    [
        (campaign(HEADERS), SET, OFF, []),
        (campaign([{"list-unsubscribe": HEADERS[0]["List-Unsubscribe"].replace("{{ ", "{{- ")}]), SET, OFF, []),
        (campaign(None), SET, OFF, ["campaign-no-unsubscribe"]),
        (campaign([{"X": "1"}, None]), Mail(), OFF, ["campaign-no-unsubscribe"]),
        (campaign(HEADERS), Mail(), OFF, []),
        (campaign(campaign_headers("other+*@example.org")), SET, OFF, ["campaign-unsubscribe-unknown"]),
        (campaign([{"List-Unsubscribe": "<{{ UnsubscribeURL . }}>"}]), SET, OFF, ["campaign-unsubscribe-unknown"]),
        (campaign([]), SET, ON, []),
        (campaign([]), SET, None, []),
        (campaign([], "draft"), SET, OFF, []),
        (campaign([]), SET, OFF | {"smtp": [{"email_headers": [{"List-Unsubscribe": "<x>"}]}]}, []),
    ],
)
def test_campaigns(one: dict[str, Any], mail: Mail, settings: Any, expected: list[str]) -> None:
    assert [found.id for found in judge_campaigns(mail, [one], settings, NEW)] == expected


def test_the_fix_is_what_this_listmonk_can_do() -> None:
    (one,) = judge_campaigns(SET, [campaign([])], OFF, NEW)
    assert json.dumps(HEADERS) in one.fix
    (two,) = judge_campaigns(SET, [campaign([])], OFF, OLD)
    assert two.fix == "switch on Settings, Privacy, List-Unsubscribe header"


async def test_check_and_doctor_say_it(tmp_path: Path) -> None:
    settings = SandboxSettings(
        users={"bridge": ApiUser("bridge", TOKEN, BRIDGE_PERMISSIONS)},
        campaigns={"5a0db0c5-0000-4000-8000-000000000001": Letter("Autumn", status="running")},
    )
    async with Sandbox(settings) as sandbox:
        config = Config(
            server=Server(listen="127.0.0.1:0"),
            listmonk=Listmonk(url=sandbox.url, user="bridge", token=Secret(TOKEN)),
            mail=SET,
            mailboxes={"b": Mailbox(name="b", host="127.0.0.1", port=1, user="b", password=Secret("p"))},
            outbox=Outbox(path=str(tmp_path / "outbox.db")),
        )
        assert "unsubscribe-header-on" in {one.id for one in await examine_inside(config)}
        sandbox.listmonk.saved["privacy.unsubscribe_header"] = False
        found = {one.id for one in await examine(config)}
        assert {"unsubscribe-mail-set", "campaign-no-unsubscribe"} <= found
