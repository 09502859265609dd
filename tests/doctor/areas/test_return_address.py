# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether bounces can come to a return address for each subscriber: what check and doctor say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bouncestream.config.mailbox import Mailbox
from bouncestream.config.model import Config, Listmonk, Mail, Server
from bouncestream.config.outbox import Outbox
from bouncestream.crypto.secret import Secret
from bouncestream.doctor.areas.return_address import judge, judge_campaigns
from bouncestream.doctor.engine import examine, examine_inside
from bouncestream.doctor.finding import Finding
from bouncestream.sandbox import BRIDGE_PERMISSIONS, ApiUser, Sandbox, SandboxSettings
from bouncestream.sandbox.model import Letter

BOX = Mailbox(name="b", host="imap.example.org", user="bounces@example.org", password=Secret("p"))
SET = Mail(verp=("bounces+*@example.org",))
NEW, OLD, UNKNOWN = (6, 2, 0), (6, 1, 0), ()
PATH = "bounces+{{ .Subscriber.UUID }}@example.org"
TOKEN = "q7Xw2LmZ9rTk4VbN"


@pytest.mark.parametrize(
    ("mail", "boxes", "version", "expected", "words"),
    [
        (SET, [BOX], NEW, "verp-set", '[{"Return-Path": "bounces+{{ .Subscriber.UUID }}@example.org"}]'),
        (SET, [], UNKNOWN, "verp-set", "each campaign needs it"),
        (SET, [BOX], OLD, "verp-old", "upgrade Listmonk"),
        (Mail(), [BOX], NEW, "verp-unset", 'verp = ["bounces+*@example.org"]'),
        (Mail(), [Mailbox(name="b", user="me")], NEW, "verp-unset", "bounces+{{ .Subscriber.UUID }}@your.domain"),
        (Mail(), [BOX], OLD, "", ""),
        (Mail(), [], NEW, "", ""),
    ],
)
def test_the_settings(
    mail: Mail, boxes: list[Mailbox], version: tuple[int, ...], expected: str, words: str
) -> None:
    found = judge(mail, boxes, version)
    assert [one.id for one in found] == ([expected] if expected else [])
    assert all(words in one.fix for one in found)


def campaign(path: str = "", status: str = "running", name: str = "Autumn") -> dict[str, Any]:
    return {"name": name, "status": status, "headers": [{"X-Other": "1"}, {"return-path": path}] if path else []}


def judged(
    *campaigns: Any, mail: Mail = SET, version: tuple[int, ...] = NEW, mailbox: bool = True
) -> list[Finding]:
    return judge_campaigns(mail, campaigns, version, mailbox=mailbox)


@pytest.mark.parametrize("path", [PATH, "<Bounces+{{.Subscriber.UUID}}@example.org>", PATH.replace("{{ ", "{{- ")])
def test_a_campaign_with_the_header_is_well(path: str) -> None:
    assert judged(campaign(path)) == []


def test_a_campaign_without_it_is_told_where_listmonk_could_make_it() -> None:
    (one,) = judged(campaign(), campaign("fixed@example.org", name="Winter"), campaign(PATH, name="good"))
    assert (one.id, one.evidence) == ("campaign-no-verp", {"campaigns": ["Autumn", "Winter"]})
    assert PATH in one.fix
    signed = Mail(verp=SET.verp, verp_secret=Secret("a-key-of-these-tests"))
    assert judged(campaign(), mail=signed) == judged(campaign(), mail=Mail()) == []
    assert judged(campaign(), version=OLD) == judged(campaign(), version=UNKNOWN) == []


def test_an_address_that_is_not_read_is_told() -> None:
    (one,) = judged(campaign(PATH.replace("bounces", "returns")))
    assert one.id == "campaign-verp-unknown"
    assert 'verp = ["bounces+*@example.org", "returns+*@example.org"]' in one.fix
    assert [one.id for one in judged(campaign(PATH), mail=Mail())] == ["campaign-verp-unknown"]
    assert judged(campaign(PATH), mail=Mail(), mailbox=False) == []


def test_braces_that_are_sent_as_they_stand_are_an_error() -> None:
    (one,) = judged(campaign(PATH), version=OLD, mail=Mail(), mailbox=False)
    assert (one.id, one.level) == ("campaign-verp-literal", "error")


def test_what_is_over_is_not_judged_but_for_the_last_one() -> None:
    assert judged(campaign(status="draft"), campaign(status="cancelled")) == []
    sent = [campaign(PATH, "finished"), campaign("", "finished", "older")]
    assert judged(*sent) == []
    assert [one.evidence for one in judged(*reversed(sent))] == [{"campaigns": ["older"]}]


@pytest.mark.parametrize("odd", [None, {}, "x", [1, {"Return-Path": 7}], [{"Return-Path": None}]])
def test_headers_of_any_form_are_read(odd: object) -> None:
    assert [one.id for one in judged({"status": "running", "headers": odd})] == ["campaign-no-verp"]


async def test_check_tells_of_the_settings_and_the_doctor_of_campaigns_too(tmp_path: Path) -> None:
    letter = Letter("Autumn", status="running", headers=({"Return-Path": PATH.replace("bounces", "returns")},))
    settings = SandboxSettings(
        users={"me": ApiUser("me", TOKEN, BRIDGE_PERMISSIONS)},
        campaigns={"5a0db0c5-0000-4000-8000-000000000001": letter},
    )
    async with Sandbox(settings) as sandbox:
        config = Config(
            listmonk=Listmonk(url=sandbox.url, user="me", token=Secret(TOKEN)),
            outbox=Outbox(path=str(tmp_path / "outbox.db")),
            server=Server(listen="127.0.0.1:0"),
            mail=SET,
        )
        inside = {one.id for one in await examine_inside(config)}
        every = {one.id for one in await examine(config)}
    assert "verp-set" in inside & every
    assert "campaign-verp-unknown" in every - inside
